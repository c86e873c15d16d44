// Engine: one database behind the store. `apply` is called by the committer's thread alone; queries come from
// any thread, block, and have a bounded number of readers. The conformance suite (conformance_test.cc) is
// what every engine must pass.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/change.h"

namespace posthaste::store {

class Engine {
  public:
    virtual ~Engine() = default;

    // All of them in one transaction, synced before it returns. Errors: store_full (nothing was written,
    // later calls may work), store_failed (a write or sync failed: never call apply again).
    virtual Result<void> apply(std::span<const Changes* const> submissions) = 0;

    // Housekeeping in a quiet moment: checkpoint, shrink the file. Committer's thread.
    virtual void maintain() = 0;

    virtual Result<std::optional<ClockMark>> clock_mark() = 0;
    virtual Result<void> for_each_open(const std::function<void(const OpenRecipient&)>& visit) = 0;
    virtual Result<std::optional<Message>> message(const QueueId& id) = 0;
    virtual Result<std::optional<std::string>> inline_body(const QueueId& id) = 0;
    virtual Result<std::vector<QueueSummary>> list(const QueueFilter& filter) = 0;
    virtual Result<QueueCounts> counts() = 0;
    virtual Result<std::vector<std::string>> content_files() = 0;  // named by rows, for the sweep

    virtual Result<std::vector<DomainRow>> domains() = 0;
    virtual Result<std::optional<DomainRow>> domain(std::string_view name) = 0;
    virtual Result<std::vector<AccountRow>> accounts() = 0;
    virtual Result<std::optional<AccountRow>> account(std::string_view address) = 0;
    virtual Result<std::vector<AppPasswordRow>> app_passwords(std::string_view account) = 0;
    virtual Result<std::optional<AppPasswordRow>> app_password_by_digest(std::string_view digest) = 0;
    virtual std::string server_secret() const = 0;  // 32 random octets made with the store; keys digests and caches

    // A consistent copy while running; messages in it are held. Content files are copied too.
    virtual Result<void> backup(const std::string& folder) = 0;
};

}  // namespace posthaste::store
