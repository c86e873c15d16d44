// The queue over a real store, with a courier that does what the test says.
#include "queue/queue.h"

#include "runtime/callback.h"
#include "runtime/task_group.h"
#include "runtime/timer.h"
#include "store/testing.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using mail::Notify;
using mail::Verdict;
using store::testing::mailbox;
using namespace std::chrono_literals;

mail::Outcome outcome(Verdict verdict, mail::Cause cause = mail::Cause::none) {
    mail::Outcome o;
    o.verdict = verdict;
    o.cause = cause;
    o.code = verdict == Verdict::delivered ? 250 : verdict == Verdict::deferred ? 450 : 550;
    o.status = {static_cast<std::uint8_t>(o.code / 100), 1, 1};
    o.reply = "said so";
    o.remote_host = "mx.example.net";
    o.remote_ip = "192.0.2.25";
    return o;
}

// By the local part: "ok", "bad", "later"; a test may change its mind by `answers`.
class FakeCourier final : public Courier {
  public:
    // Mail of "boss" and what a person says goes another way.
    std::string route_for(std::string_view, const Origin& origin) const override {
        return std::string(origin.account == "boss" && origin.route.empty() ? "express"
                                                                            : origin.route);
    }

    bool has_route(std::string_view name) const override {
        return name == "express" || name == "second";
    }

    runtime::Task<Location> locate(mail::Domain domain, std::string route) override {
        Location location;
        location.hold = domain.ascii() == "held.example";
        if (domain.ascii() == "nowhere.example") {
            location.otherwise = outcome(Verdict::failed, mail::Cause::bad_domain);
        } else {
            location.site = Site{"mx:" + domain.ascii(), 10, 100, false, 60s};
            if (!route.empty()) location.site->key = "relay:" + route;
            location.site->route = std::move(route);
        }
        co_return location;
    }

    runtime::Task<ParcelReport> deliver(Parcel parcel) override {
        if (before_delivery) before_delivery();
        if (parcel.recipients.front().address.local() == "throws") throw std::bad_alloc();
        if (gate) {
            auto opened = gate->wait(Deadline::after(60s));
            auto waited = co_await std::move(opened);
            static_cast<void>(waited);
        }
        ParcelReport report;
        report.signal = SiteSignal::good;
        if (parcel.recipients.front().address.domain().ascii() == "down.example") {
            report.signal = SiteSignal::trouble;
            report.turned_away = true;
            for (const auto& recipient : parcel.recipients)
                report.outcomes.emplace_back(recipient.index, outcome(Verdict::deferred));
            co_return report;
        }
        const bool broken = !breaks_off.empty() &&
                            std::ranges::any_of(parcel.recipients, [this](const auto& recipient) {
                                return recipient.address.local() == breaks_off;
                            });
        if (broken) {
            report.broken_group = parcel.recipients.size();
            for (const auto& recipient : parcel.recipients)
                report.outcomes.emplace_back(recipient.index, outcome(Verdict::deferred));
            co_return report;
        }
        for (const auto& recipient : parcel.recipients) {
            report.outcomes.emplace_back(recipient.index, answer(recipient.address));
        }
        if (tells_tries) report.tries.push_back({.host = "mx.example.net"});
        MutexLock lock(mutex_);
        parcels_.push_back(std::move(parcel));
        co_return report;
    }

    mail::Outcome answer(const mail::Mailbox& address) {
        MutexLock lock(mutex_);
        const auto found = answers_.find(address.local());
        if (found != answers_.end()) return found->second;
        if (address.local().starts_with("bad")) {
            return outcome(Verdict::failed, mail::Cause::invalid_recipient);
        }
        if (address.local().starts_with("later")) return outcome(Verdict::deferred);
        return outcome(Verdict::delivered);
    }

    void set(const std::string& local, mail::Outcome o) {
        MutexLock lock(mutex_);
        answers_[local] = std::move(o);
    }

    std::vector<Parcel> parcels() {
        MutexLock lock(mutex_);
        return parcels_;
    }

    std::optional<runtime::Callback<void>> gate;  // set before the queue starts
    std::function<void()> before_delivery;        // the same
    bool tells_tries = false;                     // the same
    std::string breaks_off;  // local part whose transactions are broken off; the same

  private:
    Mutex mutex_;
    std::map<std::string, mail::Outcome> answers_ PH_GUARDED_BY(mutex_);
    std::vector<Parcel> parcels_ PH_GUARDED_BY(mutex_);
};

class QueueTest : public testing::Test {
  protected:
    QueueTest() : log_({LogFormat::logfmt, LogLevel::error, 2, 1024}) {
        options_.hostname = "mail.example.com";
        options_.admin = "postmaster@example.com";
    }

    ~QueueTest() override { close(); }

    void open() {
        auto store = store::Store::open(
            {.path = folder_ / "store", .create = true, .committer = {}, .content_memory = 1 << 20},
            log_);
        ASSERT_TRUE(store) << store.error().text;
        store_ = std::move(*store);
    }

    void start() {
        if (!store_) open();
        workers_ = std::make_unique<runtime::WorkerPool>(2);
        blocking_ = std::make_unique<runtime::BlockingPool>("blocking", 2, 1000);
        workers_->start();
        queue_ = std::make_unique<Queue>(options_, *store_, courier_, *workers_, *blocking_, log_,
                                         [this](const Event& event) {
                                             std::lock_guard lock(mutex_);
                                             events_.push_back(event);
                                             changed_.notify_all();
                                         });
        auto started = queue_->start();
        ASSERT_TRUE(started) << started.error().text;
    }

    void close(std::chrono::seconds grace = 5s) {
        if (queue_) {
            std::promise<void> stopped;
            queue_->stop(Deadline::after(grace), [&] { stopped.set_value(); });
            EXPECT_EQ(stopped.get_future().wait_for(20s), std::future_status::ready);
            workers_->stop_and_join();
            blocking_->stop();
        }
        queue_.reset();
        workers_.reset();
        blocking_.reset();
        store_.reset();
    }

    // Runs a task on the second worker, as a session would.
    template <class T>
    Result<T> run(std::function<runtime::Task<Result<T>>()> make) {
        std::promise<Result<T>> promise;
        runtime::TaskGroup group((*workers_)[1], log_);
        (*workers_)[1].post([&] { group.spawn(keep<T>(make(), promise)); });
        Result<T> result = promise.get_future().get();
        std::promise<void> passed;
        (*workers_)[1].post([&] { passed.set_value(); });
        passed.get_future().wait();
        return result;
    }

    template <class T>
    static runtime::Task<void> keep(runtime::Task<Result<T>> task,
                                    std::promise<Result<T>>& promise) {
        auto result = co_await std::move(task);
        promise.set_value(std::move(result));
    }

    Submission submission(const std::vector<std::string>& to,
                          const std::string& from = "alice@example.com") {
        Submission s;
        s.id = QueueId::make();
        s.account = "alice@example.com";
        if (!from.empty()) s.envelope.sender = mailbox(from);
        for (const auto& address : to)
            s.envelope.recipients.push_back({mailbox(address), Notify::unset, ""});
        s.header = "From: alice@example.com\r\nSubject: Lunch\r\nMessage-ID: <1@example.com>\r\n";
        s.body = store::testing::inline_body("Hello\r\n");
        return s;
    }

    QueueId submit(Submission s) {
        const QueueId id = s.id;
        auto result = run<void>([&] { return queue_->submit(std::move(s)); });
        EXPECT_TRUE(result) << result.error().text;
        return id;
    }

    std::size_t act(std::function<runtime::Task<Result<std::size_t>>()> make) {
        auto result = run<std::size_t>(std::move(make));
        EXPECT_TRUE(result) << result.error().text;
        return result.value_or(0);
    }

    // Until so many events of the type have come.
    std::vector<Event> wait_for(EventType type, std::size_t count) {
        std::unique_lock lock(mutex_);
        const auto enough = [&] {
            return static_cast<std::size_t>(std::ranges::count(events_, type, &Event::type)) >=
                   count;
        };
        EXPECT_TRUE(changed_.wait_for(lock, 20s, enough))
            << count << " times " << to_string(type) << " did not happen";
        std::vector<Event> found;
        std::ranges::copy_if(events_, std::back_inserter(found),
                             [&](const Event& e) { return e.type == type; });
        return found;
    }

    std::size_t count(EventType type) {
        std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::ranges::count(events_, type, &Event::type));
    }

    std::uint64_t messages_in_store() { return store_->engine().counts()->messages; }

    // What was sent as a report.
    std::vector<Parcel> reports() {
        auto parcels = courier_.parcels();
        std::erase_if(parcels,
                      [](const Parcel& p) { return p.message->kind != store::MessageKind::dsn; });
        return parcels;
    }

    Log log_;
    store::testing::TempFolder folder_;
    Queue::Options options_;
    FakeCourier courier_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<runtime::WorkerPool> workers_;
    std::unique_ptr<runtime::BlockingPool> blocking_;
    std::unique_ptr<Queue> queue_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Event> events_;
};

// Criterion 37: somebody else has been at the store.
TEST_F(QueueTest, ARecipientThatIsInOnePlaceOnlyIsToldByName) {
    options_.reconcile_every = 1s;
    courier_.set("later", outcome(Verdict::deferred));
    start();
    MetricsRegistry metrics;
    queue_->register_metrics(metrics);
    const auto unaccounted = [&] {
        const std::string text = metrics.render();
        const std::string name = "\nposthaste_queue_unaccounted ";
        const auto at = text.find(name);
        return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + name.size());
    };
    submit(submission({"later@example.net"}));
    const QueueId gone = submit(submission({"later@example.net"}));
    wait_for(EventType::deferred, 2);
    store::Settlement end;
    end.id = gone;
    end.updates.resize(1);
    end.updates[0].to = store::RecipientUpdate::To::done;
    std::promise<bool> written;
    store_->committer().submit(
        {end}, [&](const Result<void>& done) { written.set_value(done.has_value()); });
    ASSERT_TRUE(written.get_future().get());
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (unaccounted() != 1 && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    EXPECT_EQ(unaccounted(), 1);
}

TEST_F(QueueTest, KeepsBackAndComesBackInTime) {
    start();
    Submission kept = submission({"kept@example.net"});
    kept.envelope.release = now() + 3600s;
    const QueueId id = submit(std::move(kept));
    Submission back = submission({"later@example.net"});
    back.envelope.by = {3600s, mail::ByMode::give_back, false};
    const QueueId back_id = submit(std::move(back));
    wait_for(EventType::deferred, 1);
    auto message = store_->engine().message(id);
    ASSERT_TRUE(message && *message);
    const auto& row = (*message)->row;
    EXPECT_GT(row.release, row.accepted + 3590s);
    EXPECT_EQ(row.expires, row.release + options_.retry.human.expire);
    EXPECT_EQ((*message)->recipients[0].next_at, row.release);
    message = store_->engine().message(back_id);
    ASSERT_TRUE(message && *message);
    EXPECT_EQ((*message)->row.expires, (*message)->row.by);
    EXPECT_EQ((*message)->row.by, (*message)->row.accepted + 3600s);
    close();
    start();  // it is known what it waits for
    Selection all;
    all.all = true;
    EXPECT_EQ(count(EventType::delivered), 0U);
    EXPECT_EQ(act([&] { return queue_->retry(all); }), 2U);
    wait_for(EventType::delivered, 1);
}

TEST_F(QueueTest, DeliversWithFreshContentAndForgets) {
    start();
    const QueueId id = submit(submission({"ok1@example.net", "ok2@example.net", "ok@example.org"}));
    const auto delivered = wait_for(EventType::delivered, 3);
    EXPECT_EQ(delivered[0].id, id);
    EXPECT_EQ(delivered[0].attempt, 1);
    EXPECT_EQ(wait_for(EventType::accepted, 1).at(0).text, "3 recipients");
    EXPECT_EQ(messages_in_store(), 0U);
    const auto parcels = courier_.parcels();
    ASSERT_EQ(parcels.size(), 2U) << "one for each site";
    ASSERT_TRUE(parcels[0].message->body.octets) << "not read back";
    EXPECT_EQ(*parcels[0].message->body.octets, "Hello\r\n");
    EXPECT_EQ(queue_->status().waiting, 0U);
}

TEST_F(QueueTest, FailuresOfOneMessageBecomeOneReport) {
    start();
    auto mail = submission({"bad1@example.net", "ok@example.net", "bad2@example.org"});
    const QueueId id = submit(std::move(mail));
    wait_for(EventType::failed, 2);
    wait_for(EventType::delivered, 2);  // one of them the report
    const auto sent = reports();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_FALSE(sent[0].message->sender);
    EXPECT_EQ(sent[0].recipients.at(0).address.to_string(), "alice@example.com");
    const std::string text = *sent[0].message->body.octets;
    EXPECT_NE(text.find("bad1@example.net"), std::string::npos);
    EXPECT_NE(text.find("bad2@example.org"), std::string::npos);
    EXPECT_NE(text.find(id.to_string()), std::string::npos);
    EXPECT_NE(sent[0].message->header->find("In-Reply-To: <1@example.com>"), std::string::npos);
    EXPECT_EQ(messages_in_store(), 0U);
}

TEST_F(QueueTest, ManyFailuresOfOneMessageAreOneReport) {
    start();
    std::vector<std::string> to;
    for (int i = 0; i < 250; ++i) to.push_back("bad" + std::to_string(i) + "@example.net");
    submit(submission(to));
    wait_for(EventType::failed, 250);
    wait_for(EventType::delivered, 1);
    const auto sent = reports();
    ASSERT_EQ(sent.size(), 1U);
    auto reader = store_->read_content(*sent[0].message);
    ASSERT_TRUE(reader);
    std::string text;
    for (;;) {
        const auto piece = reader->next();
        ASSERT_TRUE(piece);
        if (piece->empty()) break;
        text += *piece;
    }
    for (const auto& address : {to.front(), to.back()})
        EXPECT_NE(text.find("Final-Recipient: rfc822; " + address), std::string::npos);
}

// One recipient that the host answers with 421, each time: the others get their mail all the same.
TEST_F(QueueTest, OneRecipientThatEndsConnectionsDoesNotKeepTheOthersFromTheirMail) {
    courier_.breaks_off = "breaks";
    options_.retry.human.steps = {Seconds(1)};
    start();
    std::vector<std::string> to;
    for (int i = 0; i < 40; ++i) to.push_back("ok" + std::to_string(i) + "@example.net");
    to.insert(to.begin() + 20, "breaks@example.net");
    submit(submission(to));
    wait_for(EventType::delivered, 40);
    for (const Event& event : wait_for(EventType::delivered, 40)) EXPECT_LE(event.attempt, 4);
    EXPECT_EQ(queue_->status().waiting + queue_->status().in_flight, 1U) << "it is still tried";
}

TEST_F(QueueTest, NobodyIsToldWhoDidNotWantIt) {
    start();
    auto never = submission({"bad@example.net"});
    never.envelope.recipients[0].notify = Notify::never;
    submit(std::move(never));
    submit(submission({"bad@example.net"}, ""));
    wait_for(EventType::failed, 2);
    EXPECT_EQ(messages_in_store(), 0U);
    EXPECT_TRUE(reports().empty());
}

TEST_F(QueueTest, AReportThatFailsIsDropped) {
    start();
    submit(submission({"bad@example.net"}, "bad.sender@example.com"));
    const auto failed = wait_for(EventType::failed, 2);
    EXPECT_EQ(failed[1].recipient, "bad.sender@example.com");
    EXPECT_EQ(failed[1].account, "");
    EXPECT_EQ(reports().size(), 1U);
    EXPECT_EQ(messages_in_store(), 0U);
}

TEST_F(QueueTest, SuccessIsReportedWhenAskedForAndTheHopDoesNot) {
    start();
    auto mail = submission({"ok@example.net", "ok2@example.net"});
    mail.envelope.recipients[0].notify = Notify::success;
    submit(std::move(mail));
    wait_for(EventType::delivered, 3);
    const auto sent = reports();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].message->body.octets->find("Action: relayed"), std::string::npos);
    EXPECT_EQ(sent[0].message->body.octets->find("ok2@"), std::string::npos);
}

TEST_F(QueueTest, ADomainThatDoesNotExistFailsWithoutAnAttempt) {
    start();
    submit(submission({"x@nowhere.example"}));
    const auto failed = wait_for(EventType::failed, 1);
    EXPECT_EQ(failed[0].recipient, "x@nowhere.example");
    wait_for(EventType::delivered, 1);
    EXPECT_EQ(courier_.parcels().size(), 1U) << "the report alone";
}

TEST_F(QueueTest, WhatWasOpenIsDeliveredAfterARestart) {
    start();
    submit(submission({"later@example.net", "ok@example.net"}));
    wait_for(EventType::deferred, 1);
    wait_for(EventType::delivered, 1);
    close();
    courier_.set("later", outcome(Verdict::delivered));
    start();
    EXPECT_EQ(queue_->status().waiting, 1U);
    EXPECT_EQ(act([&] { return queue_->retry({{}, "", true}); }), 1U);
    const auto delivered = wait_for(EventType::delivered, 2);
    EXPECT_EQ(delivered[1].recipient, "later@example.net");
    EXPECT_EQ(delivered[1].attempt, 2);
    EXPECT_EQ(courier_.parcels().back().recipients.at(0).last.reply, "said so");
    EXPECT_EQ(messages_in_store(), 0U);
}

TEST_F(QueueTest, AReportThatWasDueIsMadeAfterARestart) {
    open();
    auto message = store::testing::make_message(2);
    message.recipients[0].state = store::RecipientState::report_due;
    message.recipients[0].last = outcome(Verdict::failed, mail::Cause::mailbox_full);
    message.recipients[0].last_attempt = now();
    message.recipients.pop_back();
    ASSERT_TRUE(store_->committer().submit_and_wait(store::testing::changes_of(message)));
    start();
    wait_for(EventType::delivered, 1);
    ASSERT_EQ(reports().size(), 1U);
    EXPECT_NE(reports()[0].message->body.octets->find("is full"), std::string::npos);
    EXPECT_EQ(messages_in_store(), 0U);
    close();
    start();
    EXPECT_EQ(queue_->status().waiting, 0U) << "exactly once";
}

TEST_F(QueueTest, WhatComesForADeadSiteIsToldAndNotCharged) {
    start();
    for (int i = 0; i < 3; ++i) {
        submit(submission({"first@down.example"}));
        wait_for(EventType::deferred, static_cast<std::size_t>(i) + 1);
    }
    const QueueId id = submit(submission({"one@down.example", "two@down.example"}));
    const auto delayed = wait_for(EventType::delayed, 2);
    EXPECT_EQ(delayed[0].id, id);
    EXPECT_EQ(delayed[0].attempt, 0);
    EXPECT_EQ(delayed[0].text, "said so") << "what the site answered last";
    ASSERT_TRUE(delayed[0].next);
    EXPECT_GT(*delayed[0].next, 50s);
    EXPECT_LE(*delayed[0].next, 75s);
    const auto stored = store_->engine().message(id);
    ASSERT_TRUE(stored && *stored);
    for (const auto& recipient : (*stored)->recipients) {
        EXPECT_EQ(recipient.attempts, 0U);
        EXPECT_EQ(recipient.last.reply, "said so");
        EXPECT_GT(recipient.next_at, store_->clock().now_queue() + 40s);
    }
    EXPECT_EQ(queue_->status().waiting, 5U);
}

TEST_F(QueueTest, ProfilesDecideHowLongIsTried) {
    start();
    auto shop = submission({"later@example.net"});
    shop.profile = store::Profile::transactional;
    const QueueId id = submit(std::move(shop));
    const auto deferred = wait_for(EventType::deferred, 1);
    ASSERT_TRUE(deferred[0].next);
    EXPECT_GE(*deferred[0].next, 60s);
    EXPECT_LE(*deferred[0].next, 70s);
    const auto stored = store_->engine().message(id);
    ASSERT_TRUE(stored && *stored);
    EXPECT_EQ((*stored)->row.expires - (*stored)->row.accepted, std::chrono::hours(24));
}

TEST_F(QueueTest, SendersAreToldOfADelayOnce) {
    options_.retry.human.delay_warning = 1s;
    start();
    submit(submission({"later@example.net"}));
    auto list = submission({"later@example.org"});
    list.header += "List-Id: <x.example.com>\r\n";
    submit(std::move(list));
    wait_for(EventType::delayed, 1);
    wait_for(EventType::delivered, 1);
    ASSERT_EQ(reports().size(), 1U);
    EXPECT_NE(reports()[0].message->body.octets->find("Action: delayed"), std::string::npos);
    close();
    start();  // the mark is in the store
    EXPECT_EQ(act([&] { return queue_->retry({{}, "", true}); }), 2U);
    wait_for(EventType::deferred, 4);
    EXPECT_EQ(count(EventType::delayed), 1U);
}

TEST_F(QueueTest, AnAttemptThatBreaksOffWithinTheServerIsOneAndEnds) {
    options_.retry.human.expire = 2s;
    start();
    const QueueId id = submit(submission({"throws@example.net"}));
    const Event broke = wait_for(EventType::deferred, 1)[0];
    EXPECT_EQ(broke.attempt, 1);
    EXPECT_EQ(broke.text, "our server had to break off (std::bad_alloc)");
    EXPECT_FALSE(broke.delays);  // nobody was asked
    for (int i = 0; i < 100 && count(EventType::expired) == 0; ++i) {
        act([&] { return queue_->retry({{id}, "", false}); });
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_EQ(wait_for(EventType::expired, 1)[0].status, "5.4.7");
}

TEST_F(QueueTest, WhatIsNotChargedIsToldAllTheSame) {
    mail::Outcome busy = outcome(Verdict::deferred);
    busy.charge_attempt = false;
    courier_.set("busy", busy);
    courier_.tells_tries = true;
    start();
    const QueueId id = submit(submission({"busy@example.net"}));
    wait_for(EventType::deferred, 1);  // what is not charged is repeated so often and no more
    std::size_t tries = 0;
    const auto told = store_->history().of({id}, Deadline::after(20s));
    ASSERT_TRUE(told);
    for (const auto& row : told->front()) {
        if (row.type != store::RecordType::outcome) continue;
        tries += store::decode_outcome(row.data).value().tries.size();
    }
    EXPECT_GT(tries, 1U);
}

TEST_F(QueueTest, ExpiryQuotesTheLastAnswer) {
    options_.retry.human.expire = 2s;  // the last attempt is a tenth of it before the end
    start();
    const QueueId id = submit(submission({"later@example.net"}));
    wait_for(EventType::deferred, 1);
    EXPECT_EQ(act([&] { return queue_->retry({{id}, "", false}); }), 1U);
    for (int i = 0; i < 100 && count(EventType::expired) == 0; ++i) {
        wait_for(EventType::deferred, 1);
        act([&] { return queue_->retry({{id}, "", false}); });
    }
    const auto expired = wait_for(EventType::expired, 1);
    EXPECT_EQ(expired[0].status, "5.4.7");
    EXPECT_EQ(expired[0].code, 450);
    wait_for(EventType::delivered, 1);
    EXPECT_NE(reports().at(0).message->body.octets->find("said so"), std::string::npos);
}

TEST_F(QueueTest, PersonsHoldReleaseAndCancel) {
    start();
    const QueueId id = submit(submission({"later@example.net", "later@example.org"}));
    wait_for(EventType::deferred, 2);
    EXPECT_EQ(act([&] { return queue_->hold({{}, "example.org", false}); }), 1U);
    EXPECT_EQ(act([&] { return queue_->hold({{id}, "", false}); }), 0U) << "held already";
    EXPECT_EQ(store_->engine().counts()->held, 1U);
    EXPECT_EQ(act([&] { return queue_->retry({{}, "", true}); }), 0U);
    EXPECT_EQ(act([&] { return queue_->release({{id}, "", false}); }), 1U);
    EXPECT_EQ(act([&] { return queue_->cancel({{}, "example.org", false}, false); }), 1U);
    EXPECT_EQ(store_->engine().counts()->recipients, 1U);
    EXPECT_EQ(count(EventType::cancelled), 1U);
    EXPECT_TRUE(reports().empty());
    EXPECT_EQ(act([&] { return queue_->cancel({{id}, "", false}, true); }), 1U);
    wait_for(EventType::cancelled, 2);
    wait_for(EventType::delivered, 1);
    EXPECT_EQ(reports().size(), 1U);
    EXPECT_EQ(messages_in_store(), 0U);
    EXPECT_EQ(act([&] { return queue_->cancel({{id}, "", false}, true); }), 0U) << "it is gone";
    EXPECT_EQ(count(EventType::held), 1U);
    EXPECT_EQ(count(EventType::released), 1U);
}

TEST_F(QueueTest, ARouteThatHoldsHoldsTheMessage) {
    start();
    submit(submission({"x@held.example", "ok@example.net"}));
    wait_for(EventType::held, 1);
    EXPECT_EQ(count(EventType::delivered), 1U);
    EXPECT_EQ(store_->engine().counts()->held, 1U);
    EXPECT_EQ(queue_->status().held, 1U);
}

TEST_F(QueueTest, RoutesByOriginAndByAPersonOutliveARestart) {
    courier_.set("later", outcome(Verdict::deferred));
    start();
    auto boss = submission({"ok@example.net"});
    boss.account = "boss";
    submit(std::move(boss));
    const QueueId id = submit(submission({"later@example.net"}));
    wait_for(EventType::delivered, 1);
    wait_for(EventType::deferred, 1);
    const auto chosen = [&](const char* route) {
        return act([&] { return queue_->retry({{id}, "", false, route}); });
    };
    EXPECT_EQ(chosen("second"), 1U);
    wait_for(EventType::deferred, 2);
    close();
    start();
    EXPECT_EQ(act([&] { return queue_->retry({{id}, "", false}); }), 1U);
    wait_for(EventType::deferred, 3);
    EXPECT_EQ(chosen("rules"), 1U);
    wait_for(EventType::deferred, 4);
    std::vector<std::string> sites;
    for (const Parcel& parcel : courier_.parcels())
        sites.push_back((parcel.message->id == id ? "" : "boss: ") + parcel.site + " " +
                        parcel.route);
    std::ranges::sort(sites);
    const std::vector<std::string> expected{"boss: relay:express express", "mx:example.net ",
                                            "mx:example.net ", "relay:second second",
                                            "relay:second second"};
    EXPECT_EQ(sites, expected);
    const auto unknown =
        run<std::size_t>([&] { return queue_->retry({{id}, "", false, "third"}); });
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, ErrorKind::not_found);
}

// What the other side has taken and the disk does not know yet goes out again after a crash.
TEST_F(QueueTest, WhatAPersonReleasesItsRouteHoldsNoMore) {
    start();
    const QueueId id = submit(submission({"later@held.example"}));
    const QueueId other = submit(submission({"x@held.example"}));
    wait_for(EventType::held, 2);
    EXPECT_EQ(act([&] { return queue_->release({{id}, "", false}); }), 1U);
    wait_for(EventType::deferred, 1);
    close();
    courier_.set("later", outcome(Verdict::delivered));
    start();
    EXPECT_EQ(act([&] { return queue_->retry({{id}, "", false}); }), 1U);
    wait_for(EventType::delivered, 1);
    EXPECT_EQ(count(EventType::held), 2U) << "the other one stays, and this one is not held again";
    EXPECT_TRUE(store_->engine().message(other)->has_value());
}

TEST_F(QueueTest, ADiskThatIsBehindBoundsWhatACrashWouldRepeat) {
    constexpr std::size_t kMost = 3;
    constexpr std::size_t kMessages = 20;
    options_.max_deliveries = kMost;
    std::promise<void> disk_goes_on;
    std::once_flag once;
    courier_.before_delivery = [&] {
        if (courier_.answer(mailbox("later@example.net")).verdict != Verdict::delivered) return;
        std::call_once(once, [&] {
            std::promise<void> stalled;
            store::Changes changes;
            changes.push_back(store::SaveClock{store_->clock().mark()});
            store_->committer().submit(std::move(changes), [&](const Result<void>&) {
                stalled.set_value();
                disk_goes_on.get_future().wait();
            });
            stalled.get_future().wait();
        });
    };
    start();
    for (std::size_t i = 0; i < kMessages; ++i)
        submit(submission({"later@d" + std::to_string(i) + ".example"}));
    wait_for(EventType::deferred, kMessages);
    const auto so_far = courier_.parcels().size();
    courier_.set("later", outcome(Verdict::delivered));
    EXPECT_EQ(act([&] { return queue_->retry({{}, "", true}); }), kMessages);
    // Each of these passes through the dispatcher, behind whatever it would have started.
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (courier_.parcels().size() < so_far + kMost && std::chrono::steady_clock::now() < give_up)
        act([&] { return queue_->hold({{QueueId::make()}, "", false}); });
    for (int i = 0; i < 20; ++i) act([&] { return queue_->hold({{QueueId::make()}, "", false}); });
    EXPECT_EQ(courier_.parcels().size(), so_far + kMost);
    disk_goes_on.set_value();
    wait_for(EventType::delivered, kMessages);
    EXPECT_EQ(messages_in_store(), 0U);
}

TEST_F(QueueTest, ATransactionInFlightFinishesBeforeTheStop) {
    courier_.gate.emplace();
    start();
    submit(submission({"ok@example.net"}));
    std::promise<void> stopped;
    queue_->stop(Deadline::after(20s), [&] { stopped.set_value(); });
    (*courier_.gate)({});
    EXPECT_EQ(stopped.get_future().wait_for(20s), std::future_status::ready);
    workers_->stop_and_join();
    queue_.reset();
    EXPECT_LE(courier_.parcels().size(), 1U);
    EXPECT_EQ(messages_in_store(), 1U - courier_.parcels().size());
}

TEST_F(QueueTest, WhatDoesNotFinishInTimeStaysOpenAndUncharged) {
    courier_.gate.emplace();
    start();
    courier_.set("ok", outcome(Verdict::deferred));
    submit(submission({"ok@example.net"}));
    close(0s);
    open();
    std::vector<store::OpenRecipient> left;
    ASSERT_TRUE(store_->engine().for_each_open([&](const auto& open) { left.push_back(open); }));
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].attempts, 0U);
}

TEST_F(QueueTest, ManySubmissionsAtOnceAllArrive) {
    start();
    constexpr int kMany = 500;
    std::atomic<int> accepted = 0;
    std::promise<void> all;
    runtime::TaskGroup group((*workers_)[1], log_);
    const auto one = [](Queue* queue, Submission s, std::atomic<int>* ok,
                        std::promise<void>* end) -> runtime::Task<void> {
        auto submitting = queue->submit(std::move(s));
        auto result = co_await std::move(submitting);
        if (result && ++*ok == kMany) end->set_value();
    };
    (*workers_)[1].post([&] {
        for (int i = 0; i < kMany; ++i) {
            group.spawn(one(queue_.get(),
                            submission({"ok@d" + std::to_string(i % 20) + ".example"}), &accepted,
                            &all));
        }
    });
    EXPECT_EQ(all.get_future().wait_for(30s), std::future_status::ready);
    EXPECT_EQ(wait_for(EventType::delivered, kMany).size(), static_cast<std::size_t>(kMany));
    EXPECT_EQ(messages_in_store(), 0U);
    std::promise<void> passed;
    (*workers_)[1].post([&] { passed.set_value(); });
    passed.get_future().wait();
}

// Knows one address, and what it was told.
class FakeMemory final : public RecipientMemory {
  public:
    bool may_be_listed(const std::string& account, const mail::Mailbox& to) const override {
        return account == "alice@example.com" && to.local().starts_with("listed");
    }

    std::optional<mail::Outcome> refusal(const std::string&, const mail::Mailbox& to) override {
        if (to.local() == "listed_once") return std::nullopt;
        mail::Outcome o;
        o.verdict = Verdict::failed;
        o.cause = mail::Cause::suppressed;
        o.status = {5, 1, 1};
        o.reply = "it refused mail before";
        return o;
    }

    void ended(const EndedRecipient& one) override {
        MutexLock lock(mutex_);
        ended_.push_back(one);
    }

    std::vector<EndedRecipient> ended() {
        MutexLock lock(mutex_);
        return ended_;
    }

  private:
    Mutex mutex_;
    std::vector<EndedRecipient> ended_ PH_GUARDED_BY(mutex_);
};

TEST_F(QueueTest, WhatIsOnTheListEndsAtOnceAndIsReported) {
    FakeMemory memory;
    options_.memory = &memory;
    start();
    submit(submission({"ok@example.net", "listed@example.net", "listed_once@example.net"}));
    const auto suppressed = wait_for(EventType::suppressed, 1);
    EXPECT_EQ(suppressed[0].recipient, "listed@example.net");
    EXPECT_EQ(suppressed[0].text, "it refused mail before");
    wait_for(EventType::delivered, 3);  // the report among them
    EXPECT_EQ(count(EventType::suppressed), 1U);
    ASSERT_EQ(reports().size(), 1U);
    EXPECT_EQ(messages_in_store(), 0U);
    close();
}

TEST_F(QueueTest, AMessageToNobodyElseEndsToo) {
    FakeMemory memory;
    options_.memory = &memory;
    start();
    auto never = submission({"listed@example.net"});
    never.envelope.recipients[0].notify = Notify::never;
    submit(std::move(never));
    wait_for(EventType::suppressed, 1);
    submit(submission({"listed@example.net"}));
    wait_for(EventType::delivered, 1);  // of the report
    for (int i = 0; i < 2000 && messages_in_store() > 0; ++i) std::this_thread::yield();
    EXPECT_EQ(reports().size(), 1U);
    close();
}

TEST_F(QueueTest, TheEndsOfProgramsMailAreTold) {
    FakeMemory memory;
    options_.memory = &memory;
    start();
    auto program = submission({"bad@example.net", "ok@example.net"});
    program.profile = store::Profile::transactional;
    const QueueId id = submit(std::move(program));
    submit(submission({"bad2@example.net"}));
    wait_for(EventType::failed, 2);
    wait_for(EventType::delivered, 2);
    close();
    auto ended = memory.ended();
    ASSERT_EQ(ended.size(), 2U);  // a person's own failures are nobody's business
    std::ranges::sort(ended, {}, [](const auto& one) { return one.recipient.local(); });
    EXPECT_EQ(ended[0].id, id);
    EXPECT_EQ(ended[0].what, EventType::failed);
    EXPECT_EQ(ended[0].outcome.cause, mail::Cause::invalid_recipient);
    EXPECT_EQ(ended[1].what, EventType::delivered);
}

}  // namespace
}  // namespace posthaste::queue
