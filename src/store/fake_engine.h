// An engine without a disk, for tests of the committer: remembers what was applied and fails as it
// is told.
#pragma once

#include "base/mutex.h"
#include "store/engine.h"

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace posthaste::store::testing {

class FakeEngine final : public Engine {
  public:
    // Called with each batch before it is applied; its error is the batch's.
    std::function<Result<void>(std::span<const Changes* const>)> on_apply;

    Result<void> apply(std::span<const Changes* const> submissions) override {
        if (on_apply) PH_CHECK(on_apply(submissions));
        const MutexLock lock(mutex_);
        batches_.push_back(submissions.size());
        for (const Changes* const changes : submissions) applied_.push_back(*changes);
        return {};
    }

    void maintain() override {
        const MutexLock lock(mutex_);
        ++maintained_;
        wants_maintenance_ = false;
    }

    bool wants_maintenance() const override {
        const MutexLock lock(mutex_);
        return wants_maintenance_;
    }

    std::optional<Error> failure() const override {
        const MutexLock lock(mutex_);
        return failure_;
    }

    void stop_writing(const Error& error) override {
        const MutexLock lock(mutex_);
        failure_ = error;
    }

    void fail(Error error) { stop_writing(error); }

    void want_maintenance() {
        const MutexLock lock(mutex_);
        wants_maintenance_ = true;
    }

    std::vector<std::size_t> batches() const {
        const MutexLock lock(mutex_);
        return batches_;
    }

    std::vector<Changes> applied() const {
        const MutexLock lock(mutex_);
        return applied_;
    }

    int maintained() const {
        const MutexLock lock(mutex_);
        return maintained_;
    }

    Result<std::optional<ClockMark>> clock_mark() override { return std::nullopt; }

    Result<void> for_each_open(const std::function<void(const OpenRecipient&)>&) override {
        return {};
    }

    Result<std::optional<Message>> message(const QueueId&) override { return std::nullopt; }

    Result<std::optional<std::string>> inline_body(const QueueId&) override { return std::nullopt; }

    Result<std::vector<QueueSummary>> list(const QueueFilter&) override { return {}; }

    Result<QueueCounts> counts() override { return {}; }

    Result<std::vector<std::string>> content_files() override { return {}; }

    Result<std::vector<DomainRow>> domains() override { return {}; }

    Result<std::optional<DomainRow>> domain(std::string_view) override { return std::nullopt; }

    Result<std::vector<AccountRow>> accounts() override { return {}; }

    Result<std::optional<AccountRow>> account(std::string_view) override { return std::nullopt; }

    Result<std::vector<AppPasswordRow>> app_passwords(std::string_view) override { return {}; }

    Result<std::optional<AppPasswordRow>> app_password_by_digest(std::string_view) override {
        return std::nullopt;
    }

    Result<std::vector<DkimKeyRow>> dkim_keys() override { return {}; }

    Result<std::optional<SetupLinkRow>> setup_link_by_digest(std::string_view) override {
        return std::nullopt;
    }

    Result<std::vector<FormerPasswordRow>> former_passwords() override { return {}; }

    Result<std::vector<SignInRow>> sign_ins() override { return {}; }

    Result<std::vector<RecordRow>> waiting_records(std::uint64_t, std::size_t) override {
        return {};
    }

    std::uint64_t last_record() const override { return 0; }

    Result<std::vector<FactRow>> facts() override { return {}; }

    Result<std::vector<KeptRow>> kept(std::string_view) override { return {}; }

    Result<std::optional<KeptRow>> kept(std::string_view, std::string_view) override {
        return std::nullopt;
    }

    Result<std::vector<SentMarkRow>> sent_marks() override { return {}; }

    Result<std::optional<SuppressionRow>> suppression(std::string_view, std::string_view) override {
        return std::nullopt;
    }

    Result<std::vector<SuppressionRow>> suppressions(const SuppressionFilter&) override {
        return {};
    }

    Result<std::vector<SuppressionRow>> expired_suppressions(Timestamp, std::size_t) override {
        return {};
    }

    Result<void> for_each_suppression(const VisitSuppression&) override { return {}; }

    Result<std::vector<ReportCountRow>> report_counts() override { return {}; }

    Result<std::vector<DigestRow>> digests() override { return {}; }

    Result<std::optional<Digest>> digest(std::string_view) override { return std::nullopt; }

    std::string server_secret() const override { return std::string(32, 's'); }

    Result<void> backup(const std::string&) override { return {}; }

  private:
    mutable Mutex mutex_;
    std::vector<std::size_t> batches_ PH_GUARDED_BY(mutex_);
    std::vector<Changes> applied_ PH_GUARDED_BY(mutex_);
    std::optional<Error> failure_ PH_GUARDED_BY(mutex_);
    bool wants_maintenance_ PH_GUARDED_BY(mutex_) = false;
    int maintained_ PH_GUARDED_BY(mutex_) = 0;
};

}  // namespace posthaste::store::testing
