// For tests: a store of its own in a folder that goes away.
#pragma once

#include "accounts/directory.h"
#include "base/assert.h"
#include "store/store.h"
#include "store/testing.h"

#include <fcntl.h>
#include <memory>

namespace posthaste::accounts::testing {

class TempStore {
  public:
    TempStore() {
        store::Store::Options options;
        options.path = folder_ / "store";
        options.committer.floor_octets = 0;
        options.committer.reserve_octets = 0;
        auto opened = store::Store::open(options, log_);
        PH_ASSERT(opened.has_value());
        store_ = std::move(*opened);
    }

    store::Store& store() { return *store_; }

    Log& log() { return log_; }

    Directory directory() { return Directory(*store_); }

    // Panics of the set-up are not what a test is about.
    void add_account(const std::string& address, const std::string& password) {
        PH_ASSERT(directory().add_account(address, "", Secret(password)).has_value());
    }

    void add_domain(const std::string& name) {
        PH_ASSERT(directory().add_domain(name).has_value());
    }

  private:
    store::testing::TempFolder folder_;
    Log log_{{.level = LogLevel::error, .fd = open("/dev/null", O_WRONLY | O_CLOEXEC)}};
    std::unique_ptr<store::Store> store_;
};

}  // namespace posthaste::accounts::testing
