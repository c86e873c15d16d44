// What comes back, over a real store and queue.
#include "queue/returns/returns.h"

#include "queue/story.h"
#include "runtime/task_group.h"
#include "store/testing.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using store::testing::mailbox;

class NoCourier final : public Courier {
  public:
    runtime::Task<Location> locate(mail::Domain, std::string) override {
        Location location;
        location.otherwise.verdict = mail::Verdict::deferred;
        co_return location;
    }

    runtime::Task<ParcelReport> deliver(Parcel) override { co_return ParcelReport{}; }
};

class Listener final : public AfterthoughtListener {
  public:
    Result<void> heard(const Afterthought& afterthought) override {
        if (fails) return fail(ErrorKind::io, "the list cannot be written");
        thoughts.push_back(afterthought);
        return {};
    }

    bool fails = false;
    std::vector<Afterthought> thoughts;
};

class ReturnsTest : public ::testing::Test {
  protected:
    ReturnsTest() {
        auto opened = store::Store::open(
            {.path = folder_ / "store", .create = true, .committer = {}, .content_memory = 1 << 20},
            log_);
        EXPECT_TRUE(opened);
        store_ = std::move(*opened);
        workers_.start();
        Queue::Options of_queue;
        of_queue.hostname = "mail.example.com";
        of_queue.admin = "admin@example.com";
        of_queue.reports.per_hour = 2;
        queue_ = std::make_unique<Queue>(std::move(of_queue), *store_, courier_, workers_,
                                         blocking_, log_, [](const Event&) {});
        EXPECT_TRUE(queue_->start());
        verp_ = std::make_shared<const mail::Verp>(store_->engine().server_secret(),
                                                   *mail::Domain::parse("bounce.example.com"));
        Returns::Options options;
        options.verp = verp_;
        options.listeners = {&listener_};
        returns_ =
            std::make_unique<Returns>(std::move(options), *queue_, *store_, blocking_, log_,
                                      [this](const Event& event) { events_.push_back(event); });
        accept();
    }

    ~ReturnsTest() override {
        std::promise<void> stopped;
        queue_->stop(Deadline::after(Seconds(5)), [&] { stopped.set_value(); });
        EXPECT_EQ(stopped.get_future().wait_for(Seconds(20)), std::future_status::ready);
        workers_.stop_and_join();
        blocking_.stop();
        queue_.reset();
    }

    void add_account(store::ReportWish wish) {
        store::AccountRow row;
        row.address = "ana@example.com";
        row.reports = wish;
        EXPECT_TRUE(store_->committer().submit_and_wait({store::PutAccount{std::move(row)}}));
    }

    // As the history has it; the message itself is gone.
    void accept(store::Profile profile = store::Profile::human) {
        store::AddMessage added;
        added.row.profile = profile;
        added.row.id = id_;
        added.row.account = "ana@example.com";
        added.row.sender = mailbox("ana@example.com");
        added.row.header = std::make_shared<const std::string>(
            "Subject: Offer\r\nMessage-ID: <offer-1@example.com>\r\n");
        added.row.accepted_wall = now();
        for (const std::string to : {"bob@example.org", "carol@example.org"}) {
            store::RecipientRow row;
            row.index = static_cast<std::uint32_t>(added.recipients.size());
            row.address = mailbox(to);
            added.recipients.push_back(std::move(row));
        }
        EXPECT_TRUE(store_->committer().submit_and_wait({tell_accepted(added, {})}));
    }

    Returned bounce(std::string address, std::optional<std::uint32_t> recipient = {}) {
        Returned returned;
        returned.token = mail::Verp::Token{id_, recipient};
        returned.reading.kind = mail::report::Kind::bounce;
        returned.reading.confidence = 100;
        returned.reading.basis = "dsn";
        mail::report::ReportedRecipient one;
        one.final_address = std::move(address);
        one.action = mail::report::Action::failed;
        one.status = mail::EnhancedStatus{5, 1, 1};
        returned.reading.report.recipients.push_back(std::move(one));
        return returned;
    }

    static runtime::Task<void> keep(runtime::Task<Result<ReturnAnswer>> task,
                                    std::promise<Result<ReturnAnswer>>& promise) {
        auto result = co_await std::move(task);
        promise.set_value(std::move(result));
    }

    Result<ReturnAnswer> take(Returned returned) {
        std::promise<Result<ReturnAnswer>> promise;
        runtime::TaskGroup group(workers_[1], log_);
        workers_[1].post([&] { group.spawn(keep(returns_->take(std::move(returned)), promise)); });
        auto result = promise.get_future().get();
        std::promise<void> passed;
        workers_[1].post([&] { passed.set_value(); });
        passed.get_future().wait();
        return result;
    }

    ReturnEnd end_of(Returned returned) {
        auto answer = take(std::move(returned));
        EXPECT_TRUE(answer) << answer.error().text;
        return answer ? answer->end : ReturnEnd::not_understood;
    }

    std::size_t reports() { return store_->engine().counts()->messages; }

    Log log_{{LogFormat::logfmt, LogLevel::error, 2, 1024}};
    store::testing::TempFolder folder_;
    NoCourier courier_;
    Listener listener_;
    std::unique_ptr<store::Store> store_;
    runtime::WorkerPool workers_{2};
    runtime::BlockingPool blocking_{"blocking", 2, 1000};
    std::unique_ptr<Queue> queue_;
    std::shared_ptr<const mail::Verp> verp_;
    std::vector<Event> events_;
    std::unique_ptr<Returns> returns_;
    QueueId id_ = QueueId::make();
};

TEST_F(ReturnsTest, bounce_is_told_once_to_everybody_who_must_hear_of_it) {
    EXPECT_EQ(end_of(bounce("bob@example.org")), ReturnEnd::taken);
    ASSERT_EQ(listener_.thoughts.size(), 1U);
    EXPECT_EQ(listener_.thoughts[0].kind, Afterthought::Kind::bounced);
    EXPECT_EQ(listener_.thoughts[0].id, id_);
    EXPECT_EQ(listener_.thoughts[0].address, "bob@example.org");
    EXPECT_EQ(listener_.thoughts[0].account, "ana@example.com");
    EXPECT_EQ(listener_.thoughts[0].outcome.cause, mail::Cause::invalid_recipient);
    ASSERT_EQ(events_.size(), 2U);
    EXPECT_EQ(events_[1].type, EventType::accepted) << "the report";
    EXPECT_EQ(events_[0].type, EventType::bounced);
    EXPECT_EQ(events_[0].status, "5.1.1");
    EXPECT_EQ(reports(), 1U);
    EXPECT_EQ(end_of(bounce("bob@example.org")), ReturnEnd::repeated);
    EXPECT_EQ(end_of(bounce("x@elsewhere.example", 0)), ReturnEnd::repeated);
    EXPECT_EQ(reports(), 1U);
    EXPECT_EQ(end_of(bounce("x@elsewhere.example", 1)), ReturnEnd::taken);
    EXPECT_EQ(listener_.thoughts.size(), 2U);
    EXPECT_EQ(reports(), 2U);
}

TEST_F(ReturnsTest, more_than_an_hour_bears_waits_for_the_digest) {
    add_account(store::ReportWish::usual);
    EXPECT_EQ(end_of(bounce("bob@example.org")), ReturnEnd::taken);
    EXPECT_EQ(end_of(bounce("carol@example.org")), ReturnEnd::taken);
    EXPECT_EQ(reports(), 2U) << "as many as an hour has";
    const QueueId second = std::exchange(id_, QueueId::make());
    accept();
    EXPECT_EQ(end_of(bounce("bob@example.org")), ReturnEnd::taken);
    EXPECT_EQ(reports(), 2U);
    const auto digest = store_->engine().digest("ana@example.com");
    ASSERT_TRUE(digest && *digest);
    ASSERT_EQ((*digest)->lines.size(), 1U);
    EXPECT_EQ((*digest)->lines[0].message, id_);
    EXPECT_NE(second, id_);
    EXPECT_EQ((*digest)->lines[0].subject, "Offer");
    EXPECT_EQ(end_of(bounce("bob@example.org")), ReturnEnd::repeated);
}

TEST_F(ReturnsTest, account_hears_as_it_has_chosen) {
    add_account(store::ReportWish::digest);
    EXPECT_EQ(end_of(bounce("bob@example.org")), ReturnEnd::taken);
    EXPECT_EQ(reports(), 0U);
    const auto digest = store_->engine().digest("ana@example.com");
    ASSERT_TRUE(digest && *digest);
    EXPECT_EQ((*digest)->lines.size(), 1U);
}

TEST_F(ReturnsTest, newsletter_is_told_of_none) {
    id_ = QueueId::make();
    accept(store::Profile::bulk);
    EXPECT_EQ(end_of(bounce("bob@example.org")), ReturnEnd::taken);
    EXPECT_EQ(reports(), 0U) << "nobody reads them one by one";
    EXPECT_EQ(listener_.thoughts.size(), 1U) << "lists and history have it";
}

TEST_F(ReturnsTest, listener_that_cannot_write_lets_the_bounce_come_again) {
    listener_.fails = true;
    EXPECT_FALSE(take(bounce("bob@example.org")));
    EXPECT_TRUE(events_.empty());
    EXPECT_EQ(reports(), 0U);
    listener_.fails = false;
    EXPECT_EQ(end_of(bounce("bob@example.org")), ReturnEnd::taken);
    EXPECT_EQ(reports(), 1U);
}

TEST_F(ReturnsTest, message_that_nobody_knows_of_is_refused) {
    auto returned = bounce("bob@example.org");
    returned.token->id = QueueId::make();
    EXPECT_EQ(end_of(std::move(returned)), ReturnEnd::unknown_message);
    EXPECT_TRUE(events_.empty());
}

TEST_F(ReturnsTest, complaint_finds_its_message_by_token_or_by_id_and_recipient) {
    Returned complaint;
    complaint.reading.kind = mail::report::Kind::complaint;
    complaint.reading.confidence = 100;
    complaint.reading.basis = "abuse";
    complaint.reading.original.message_id = "<offer-1@example.com>";
    EXPECT_EQ(end_of(complaint), ReturnEnd::unknown_message) << "the id alone is known to many";
    complaint.reading.feedback.original_recipients = {"eve@example.org"};
    EXPECT_EQ(end_of(complaint), ReturnEnd::unknown_message) << "who did not get it";
    complaint.reading.feedback.original_recipients = {"Carol@example.org"};
    EXPECT_EQ(end_of(complaint), ReturnEnd::taken);
    ASSERT_EQ(listener_.thoughts.size(), 1U);
    EXPECT_EQ(listener_.thoughts[0].feedback, "abuse");
    EXPECT_EQ(listener_.thoughts[0].index, 1U);
    EXPECT_EQ(reports(), 0U) << "the sender is told nothing";
    complaint.reading.original = {};
    complaint.reading.original.return_path = verp_->address({id_, {}}).to_string();
    EXPECT_EQ(end_of(complaint), ReturnEnd::repeated);
    complaint.reading.original.return_path.clear();
    complaint.reading.original.reference = verp_->make({id_, {}});
    complaint.reading.feedback.original_recipients = {"bob@example.org"};
    EXPECT_EQ(end_of(complaint), ReturnEnd::taken);
    // A token made by somebody else.
    complaint.reading.original.reference = mail::Verp("x", verp_->domain()).make({id_, {}});
    EXPECT_EQ(end_of(complaint), ReturnEnd::unknown_message);
}

}  // namespace
}  // namespace posthaste::queue
