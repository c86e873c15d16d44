// Counts names that strangers choose, within a bound: when it is full the rarest gives way, so that
// a flood of random names displaces others of its kind and not those that are asked for daily.
// Thread-safe.
#pragma once

#include "base/mutex.h"
#include "net/tls.h"

#include <map>
#include <string>
#include <vector>

namespace posthaste::net::detail {

class NameCounter {
  public:
    explicit NameCounter(std::size_t at_most = 100) : at_most_(at_most) {}

    // What is no host name is not counted.
    void add(const std::string& name) const;
    std::vector<TlsServerContext::Uncovered> list() const;  // most asked for first

  private:
    struct Entry {
        std::uint64_t count = 0;
        Timestamp last;
    };

    const std::size_t at_most_;
    mutable Mutex mutex_;
    mutable std::map<std::string, Entry> entries_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::net::detail
