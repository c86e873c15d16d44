// Engine: one database behind the store. `apply` is called by the committer's thread alone; queries
// come from any thread, block, and have a bounded number of readers. The conformance suite
// (conformance.h) is what every engine must pass.
#pragma once

#include "base/result.h"
#include "store/change.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace posthaste::store {

class Engine {
  public:
    virtual ~Engine() = default;

    // All of them in one transaction, synced before it returns; all of one Part. Errors: store_full
    // (nothing was written, later calls may work), store_failed (a write or sync failed: never call
    // apply again). Any other error: nothing was written, and one of the submissions may be at
    // fault (the committer then tries them alone). Content files of messages that ended are removed
    // later, behind the commit.
    virtual Result<void> apply(std::span<const Changes* const> submissions) = 0;

    // Housekeeping in a quiet moment: checkpoint, shrink the file. Committer's thread; one call is
    // short, and is repeated while `wants_maintenance`.
    virtual void maintain() = 0;

    virtual bool wants_maintenance() const { return false; }

    // A failed write or sync that was met outside `apply` (a checkpoint), as store_failed. Any
    // thread.
    virtual std::optional<Error> failure() const { return std::nullopt; }

    // A write or sync failed elsewhere in the store: write and sync nothing more, closing included.
    // Any thread.
    virtual void stop_writing(const Error&) {}

    // Queries. Errors: io (the text says what is damaged or cannot be read), timeout, busy (all
    // readers are taken).
    virtual Result<std::optional<ClockMark>> clock_mark() = 0;
    // By id, then index; not bound by the readers' deadline. `visit` must not call the engine.
    virtual Result<void> for_each_open(const std::function<void(const OpenRecipient&)>& visit) = 0;
    // The body's octets are not loaded: `octets` is null, and `file` is empty when the body is
    // inline.
    virtual Result<std::optional<Message>> message(const QueueId& id) = 0;
    virtual Result<std::optional<std::string>> inline_body(const QueueId& id) = 0;
    virtual Result<std::vector<QueueSummary>> list(const QueueFilter& filter) = 0;
    virtual Result<QueueCounts> counts() = 0;
    virtual Result<std::vector<std::string>> content_files() = 0;  // named by rows, for the sweep

    // Records of the history that were not forgotten yet, behind that number; by number, and no
    // more than fit into a few megabytes.
    virtual Result<std::vector<RecordRow>> waiting_records(std::uint64_t after,
                                                           std::size_t limit) = 0;
    virtual std::uint64_t last_record() const = 0;  // its number; any thread

    virtual Result<std::vector<DomainRow>> domains() = 0;
    virtual Result<std::optional<DomainRow>> domain(std::string_view name) = 0;
    virtual Result<std::vector<AccountRow>> accounts() = 0;
    virtual Result<std::optional<AccountRow>> account(std::string_view address) = 0;
    virtual Result<std::vector<AppPasswordRow>> app_passwords(std::string_view account) = 0;
    virtual Result<std::optional<AppPasswordRow>> app_password_by_digest(
        std::string_view digest) = 0;
    virtual Result<std::vector<DkimKeyRow>> dkim_keys() = 0;  // by domain and selector
    virtual Result<std::optional<SetupLinkRow>> setup_link_by_digest(std::string_view digest) = 0;
    virtual Result<std::vector<FormerPasswordRow>> former_passwords() = 0;
    virtual Result<std::vector<SignInRow>> sign_ins() = 0;  // by number
    virtual Result<std::vector<FactRow>> facts() = 0;
    virtual Result<std::vector<SentMarkRow>> sent_marks() = 0;
    virtual Result<std::vector<KeptRow>> kept(std::string_view kind) = 0;  // by key
    virtual Result<std::optional<KeptRow>> kept(std::string_view kind, std::string_view key) = 0;
    // The row of an account and key, one that is only watched too.
    virtual Result<std::optional<SuppressionRow>> suppression(std::string_view account,
                                                              std::string_view folded) = 0;
    virtual Result<std::vector<SuppressionRow>> suppressions(
        const SuppressionFilter& filter) = 0;  // listed ones
    // Of either state, whose time is over; the oldest first.
    virtual Result<std::vector<SuppressionRow>> expired_suppressions(Timestamp now,
                                                                     std::size_t limit) = 0;
    // All of them; not bound by the readers' deadline. `visit` must not call the engine.
    using VisitSuppression = std::function<void(std::string_view account, std::string_view folded,
                                                SuppressionState state)>;
    virtual Result<void> for_each_suppression(const VisitSuppression& visit) = 0;
    virtual Result<std::vector<ReportCountRow>> report_counts() = 0;
    virtual Result<std::vector<DigestRow>> digests() = 0;
    virtual Result<std::optional<Digest>> digest(std::string_view account) = 0;
    virtual std::string server_secret()
        const = 0;  // 32 random octets made with the store; keys digests and caches

    // A consistent copy while running, into a folder that is missing or empty; messages in it are
    // held. Content files are copied too; messages that ended meanwhile are left out. On an error
    // the copy is removed again.
    virtual Result<void> backup(const std::string& folder) = 0;
};

}  // namespace posthaste::store
