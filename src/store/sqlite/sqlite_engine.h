// The embedded engine: queue.db and directory.db in the store's folder, each with a write-ahead
// log, synced at every commit. The folder is locked by whoever opens the engine (store/folder.h).
#pragma once

#include "base/mutex.h"
#include "store/engine.h"
#include "store/sqlite/database.h"
#include "store/sqlite/housekeeper.h"

#include <memory>
#include <string>

namespace posthaste::store::sqlite {

class SqliteEngine final : public Engine {
  public:
    struct Options {
        std::string folder;
        std::string content_folder;
        bool create = true;
        // The folder has held a whole store: a file of it that is missing or empty was lost, and
        // is not made anew.
        bool expected = false;
        Readers::Options readers;
    };

    // Errors: not_found, unsupported, io, store_full.
    static Result<std::unique_ptr<SqliteEngine>> open(const Options& options);
    ~SqliteEngine() override;

    Result<void> apply(std::span<const Changes* const> submissions) override;
    void maintain() override;
    bool wants_maintenance() const override;
    std::optional<Error> failure() const override;

    void stop_writing(const Error& error) override { fail_for_good(error); }

    Result<std::optional<ClockMark>> clock_mark() override;
    Result<void> for_each_open(const std::function<void(const OpenRecipient&)>& visit) override;
    Result<std::optional<Message>> message(const QueueId& id) override;
    Result<std::optional<std::string>> inline_body(const QueueId& id) override;
    Result<std::vector<QueueSummary>> list(const QueueFilter& filter) override;
    Result<QueueCounts> counts() override;
    Result<std::vector<std::string>> content_files() override;

    Result<std::vector<RecordRow>> waiting_records(std::uint64_t after, std::size_t limit) override;

    std::uint64_t last_record() const override { return last_record_; }

    Result<std::vector<DomainRow>> domains() override;
    Result<std::optional<DomainRow>> domain(std::string_view name) override;
    Result<std::vector<AccountRow>> accounts() override;
    Result<std::optional<AccountRow>> account(std::string_view address) override;
    Result<std::vector<AppPasswordRow>> app_passwords(std::string_view account) override;
    Result<std::optional<AppPasswordRow>> app_password_by_digest(std::string_view digest) override;
    Result<std::vector<DkimKeyRow>> dkim_keys() override;
    Result<std::optional<SetupLinkRow>> setup_link_by_digest(std::string_view digest) override;

    Result<std::vector<FormerPasswordRow>> former_passwords() override;
    Result<std::vector<SignInRow>> sign_ins() override;
    Result<std::vector<FactRow>> facts() override;
    Result<std::vector<KeptRow>> kept(std::string_view kind) override;
    Result<std::optional<KeptRow>> kept(std::string_view kind, std::string_view key) override;
    Result<std::vector<SentMarkRow>> sent_marks() override;

    Result<std::optional<SuppressionRow>> suppression(std::string_view account,
                                                      std::string_view folded) override;
    Result<std::vector<SuppressionRow>> suppressions(const SuppressionFilter& filter) override;
    Result<std::vector<SuppressionRow>> expired_suppressions(Timestamp now,
                                                             std::size_t limit) override;
    Result<void> for_each_suppression(const VisitSuppression& visit) override;
    Result<std::vector<ReportCountRow>> report_counts() override;
    Result<std::vector<DigestRow>> digests() override;
    Result<std::optional<Digest>> digest(std::string_view account) override;

    std::string server_secret() const override { return server_secret_; }

    Result<void> backup(const std::string& folder) override;

  private:
    struct Half {  // one database as the committer sees it
        std::unique_ptr<Database> database;
        std::size_t number = 0;  // the housekeeper's
        int log_pages = 0;       // set by SQLite's hook at each commit
        bool shrunk = false;     // pages were given back that a checkpoint must cut off
    };

    SqliteEngine(Options options, std::unique_ptr<Database> queue,
                 std::unique_ptr<Database> directory);
    Result<void> start();
    Result<void> load_secret();
    void watch_log(Half& part);

    Result<void> write(Half& part, std::span<const Changes* const> submissions,
                       std::vector<std::string>& ended);
    void restart_log_if_wanted(Half& part);
    bool shrink(Half& part);  // true: there is more to give back
    void fail_for_good(const Error& error);

    const Options options_;
    std::string server_secret_;
    std::int64_t last_content_ = 0;  // committer's thread
    std::atomic<std::uint64_t> last_record_{0};
    std::atomic<bool> unmaintained_{true};
    std::atomic<bool> failed_{false};
    mutable Mutex mutex_;
    std::optional<Error> failure_ PH_GUARDED_BY(mutex_);
    Half queue_;
    Half directory_;
    std::unique_ptr<Housekeeper> housekeeper_;  // ends first
};

}  // namespace posthaste::store::sqlite
