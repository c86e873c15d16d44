#include "store/committer.h"

#include "store/fake_engine.h"
#include "store/testing.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::store {
namespace {

using testing::changes_of;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::FakeEngine;
using testing::make_message;
using testing::settle_all;
using ::testing::SizeIs;

Error full() {
    return {ErrorKind::store_full, "cannot write: no space left", "free some disk space"};
}

Error broken() {
    return {ErrorKind::store_failed, "cannot sync: input/output error", ""};
}

Changes report_of(const AddMessage& message) {
    AddMessage report = make_message();
    report.row.kind = MessageKind::dsn;
    Changes changes;
    changes.emplace_back(std::move(report));
    changes.emplace_back(settle_all(message));
    return changes;
}

bool any_mail(std::span<const Changes* const> submissions) {
    return std::ranges::any_of(submissions,
                               [](const Changes* changes) { return brings_mail(*changes); });
}

// Holds the committer inside `apply`, so that what is submitted meanwhile waits together.
class Gate {
  public:
    // Waits until the committer stands in it.
    void wait_for_committer() { entered_.get_future().wait(); }

    void open() { opened_.set_value(); }

    void pass_once() {
        if (std::exchange(used_, true)) return;
        entered_.set_value();
        opened_.get_future().wait();
    }

  private:
    bool used_ = false;
    std::promise<void> entered_;
    std::promise<void> opened_;
};

// Answers in the order they came.
class Answers {
  public:
    Committer::Done next() {
        ++expected_;
        return [this](Result<void> result) {
            const std::lock_guard lock(mutex_);
            results_.push_back(std::move(result));
            if (results_.size() == expected_) all_.notify_all();
        };
    }

    std::vector<Result<void>> wait() {
        std::unique_lock lock(mutex_);
        all_.wait(lock, [this] { return results_.size() == expected_; });
        return results_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable all_;
    std::atomic<std::size_t> expected_{0};
    std::vector<Result<void>> results_;
};

Committer::Options options() {
    Committer::Options o;
    o.gather_from = 0;
    return o;
}

TEST(Committer, what_waits_together_is_committed_together) {
    FakeEngine engine;
    Gate gate;
    engine.on_apply = [&](auto) -> Result<void> {
        gate.pass_once();
        return {};
    };
    Committer committer(engine, options());
    Answers answers;
    committer.submit(changes_of(make_message()), answers.next());
    gate.wait_for_committer();
    for (int i = 0; i < 50; ++i) committer.submit(changes_of(make_message()), answers.next());
    gate.open();
    const auto results = answers.wait();
    for (const auto& result : results) EXPECT_TRUE(result);
    EXPECT_THAT(engine.batches(), ElementsAre(1, 50));
    EXPECT_EQ(committer.counts().commits, 2u);
    EXPECT_EQ(committer.counts().submissions, 51u);
    EXPECT_EQ(committer.health(), Health::ok);
}

TEST(Committer, a_batch_is_bounded_in_octets) {
    FakeEngine engine;
    Gate gate;
    engine.on_apply = [&](auto) -> Result<void> {
        gate.pass_once();
        return {};
    };
    Committer committer(engine, options());
    Answers answers;
    committer.submit(changes_of(make_message()), answers.next());
    gate.wait_for_committer();
    for (int i = 0; i < 100; ++i)
        committer.submit(changes_of(make_message(1, std::string(200'000, 'x'))), answers.next());
    gate.open();
    answers.wait();
    EXPECT_THAT(engine.batches(), SizeIs(4));
    EXPECT_THAT(engine.batches(), Each(::testing::Le(42u)));
}

TEST(Committer, queue_and_directory_are_never_in_one_batch_and_keep_their_order) {
    FakeEngine engine;
    Gate gate;
    engine.on_apply = [&](auto submissions) -> Result<void> {
        gate.pass_once();
        for (const Changes* changes : submissions)
            EXPECT_EQ(part_of(*changes), part_of(*submissions.front()));
        return {};
    };
    Committer committer(engine, options());
    Answers answers;
    committer.submit(changes_of(make_message()), answers.next());
    gate.wait_for_committer();
    committer.submit(changes_of(make_message()), answers.next());
    committer.submit(changes_of(PutDomain{{.name = "a.example", .created = {}}}), answers.next());
    committer.submit(changes_of(make_message()), answers.next());
    gate.open();
    answers.wait();
    EXPECT_THAT(engine.batches(), ElementsAre(1, 1, 1, 1));
    EXPECT_EQ(committer.directory_generation(), 1u);
}

TEST(Committer, one_bad_submission_does_not_hurt_the_others) {
    FakeEngine engine;
    Gate gate;
    engine.on_apply = [&](auto submissions) -> Result<void> {
        gate.pass_once();
        for (const Changes* changes : submissions)
            if (std::get<AddMessage>(changes->front()).row.account == "bad")
                return fail(ErrorKind::conflict, "twice");
        return {};
    };
    Committer committer(engine, options());
    Answers answers;
    committer.submit(changes_of(make_message()), answers.next());
    gate.wait_for_committer();
    for (const bool bad : {false, true, false}) {
        AddMessage message = make_message();
        if (bad) message.row.account = "bad";
        committer.submit(changes_of(std::move(message)), answers.next());
    }
    gate.open();
    const auto results = answers.wait();
    EXPECT_TRUE(results[1]);
    ASSERT_FALSE(results[2]);
    EXPECT_EQ(results[2].error().kind, ErrorKind::conflict);
    EXPECT_TRUE(results[3]);
    EXPECT_EQ(committer.health(), Health::ok);
}

TEST(Committer, too_much_waiting_is_refused_and_outcomes_have_room_again) {
    FakeEngine engine;
    Gate gate;
    engine.on_apply = [&](auto) -> Result<void> {
        gate.pass_once();
        return {};
    };
    Committer::Options o = options();
    o.max_waiting = 2;
    Committer committer(engine, o);
    Answers answers;
    const AddMessage first = make_message();
    committer.submit(changes_of(first), answers.next());
    gate.wait_for_committer();
    for (int i = 0; i < 3; ++i) committer.submit(changes_of(make_message()), answers.next());
    for (int i = 0; i < 3; ++i) committer.submit(changes_of(settle_all(first)), answers.next());
    gate.open();
    const auto results = answers.wait();
    std::size_t busy = 0;
    for (const auto& result : results)
        if (!result) {
            EXPECT_EQ(result.error().kind, ErrorKind::busy);
            EXPECT_FALSE(result.error().mend.empty());
            ++busy;
        }
    EXPECT_EQ(busy, 2u);  // the third message and the third outcome
    EXPECT_THAT(engine.batches(), ElementsAre(1, 4));
}

TEST(Committer, octets_that_wait_are_bounded_too) {
    FakeEngine engine;
    Gate gate;
    engine.on_apply = [&](auto) -> Result<void> {
        gate.pass_once();
        return {};
    };
    Committer::Options o = options();
    o.max_waiting_octets = 1'000'000;
    Committer committer(engine, o);
    Answers answers;
    committer.submit(changes_of(make_message()), answers.next());
    gate.wait_for_committer();
    for (int i = 0; i < 10; ++i)
        committer.submit(changes_of(make_message(1, std::string(200'000, 'x'))), answers.next());
    gate.open();
    std::size_t taken = 0;
    for (const auto& result : answers.wait()) taken += result ? 1 : 0;
    EXPECT_EQ(taken, 1u + 4u);
}

TEST(Committer, full_refuses_mail_and_lets_reports_and_outcomes_through_from_the_reserve) {
    const testing::TempFolder folder;
    FakeEngine engine;
    Gate gate;
    std::atomic<bool> reserve_used{false};
    engine.on_apply = [&](auto submissions) -> Result<void> {
        gate.pass_once();
        if (engine.batches().empty()) return {};
        // There is room once the reserve is given up.
        reserve_used = !std::filesystem::exists(folder / "reserve");
        if (any_mail(submissions) || !reserve_used) return std::unexpected(full());
        return {};
    };
    Committer::Options o = options();
    o.folder = folder.path();
    o.floor_octets = 0;
    o.reserve_octets = 1 << 16;
    Committer committer(engine, o);
    Answers answers;
    const AddMessage first = make_message();
    committer.submit(changes_of(first), answers.next());
    gate.wait_for_committer();
    committer.submit(changes_of(make_message()), answers.next());
    committer.submit(report_of(first), answers.next());
    committer.submit(changes_of(settle_all(first)), answers.next());
    gate.open();
    const auto results = answers.wait();
    // In one batch the refused mail is answered first.
    ASSERT_FALSE(results[1]);
    EXPECT_EQ(results[1].error().kind, ErrorKind::store_full);
    EXPECT_TRUE(results[2]);
    EXPECT_TRUE(results[3]);
    EXPECT_TRUE(reserve_used);
    EXPECT_EQ(committer.health(), Health::full);
    EXPECT_NE(committer.health_text().find("free some disk space"), std::string::npos);
    // Mail that comes now is refused without asking the engine.
    const auto applied = engine.applied().size();
    EXPECT_EQ(committer.submit_and_wait(changes_of(make_message())).error().kind,
              ErrorKind::store_full);
    EXPECT_EQ(engine.applied().size(), applied);
}

TEST(Committer, full_recovers_by_itself_and_makes_the_reserve_again) {
    const testing::TempFolder folder;
    FakeEngine engine;
    std::atomic<bool> disk_full{true};
    engine.on_apply = [&](auto) -> Result<void> {
        return disk_full ? Result<void>(std::unexpected(full())) : Result<void>();
    };
    Committer::Options o = options();
    o.folder = folder.path();
    o.floor_octets = 0;
    o.reserve_octets = 1 << 16;
    Committer committer(engine, o);
    EXPECT_EQ(committer.submit_and_wait(report_of(make_message())).error().kind,
              ErrorKind::store_full);
    EXPECT_EQ(committer.health(), Health::full);
    disk_full = false;
    const auto give_up = Deadline::after(Seconds(20));
    while (committer.health() != Health::ok && !give_up.passed()) std::this_thread::yield();
    EXPECT_EQ(committer.health(), Health::ok);
    EXPECT_TRUE(std::filesystem::exists(folder / "reserve"));
    EXPECT_TRUE(committer.submit_and_wait(changes_of(make_message())));
}

TEST(Committer, the_floor_refuses_mail_before_the_disk_is_full) {
    const testing::TempFolder folder;
    FakeEngine engine;
    Committer::Options o = options();
    o.folder = folder.path();
    o.floor_octets = std::uint64_t{1} << 60;
    Committer committer(engine, o);
    EXPECT_EQ(committer.submit_and_wait(changes_of(make_message())).error().kind,
              ErrorKind::store_full);
    EXPECT_TRUE(committer.submit_and_wait(report_of(make_message())));
    EXPECT_TRUE(committer.submit_and_wait(changes_of(settle_all(make_message()))));
    EXPECT_TRUE(
        committer.submit_and_wait(changes_of(PutDomain{{.name = "a.example", .created = {}}})));
    EXPECT_EQ(committer.health(), Health::full);
}

class RefusedContent : public ::testing::TestWithParam<ErrorKind> {};

TEST_P(RefusedContent, is_removed_when_it_was_surely_not_written) {
    const testing::TempFolder folder;
    FakeEngine engine;
    engine.on_apply = [&](auto) -> Result<void> { return fail(GetParam(), "no"); };
    Committer::Options o = options();
    o.content_folder = folder.path();
    Committer committer(engine, o);
    AddMessage message = make_message();
    message.row.body = Body{.octets = nullptr, .file = message.row.id.to_string(), .size = 1};
    const std::string path = folder / message.row.body.file;
    testing::write_whole(path, "x");
    EXPECT_FALSE(committer.submit_and_wait(changes_of(std::move(message))));
    EXPECT_EQ(std::filesystem::exists(path), GetParam() == ErrorKind::store_failed);
}

INSTANTIATE_TEST_SUITE_P(Committer, RefusedContent,
                         ::testing::Values(ErrorKind::store_full, ErrorKind::conflict,
                                           ErrorKind::io, ErrorKind::store_failed),
                         [](const auto& row) { return std::string(to_string(row.param)); });

TEST(Committer, a_failed_sync_is_the_end_until_a_restart) {
    FakeEngine engine;
    int calls = 0;
    engine.on_apply = [&](auto) -> Result<void> {
        ++calls;
        return std::unexpected(broken());
    };
    const QueueClock clock(std::nullopt);
    Committer::Options o = options();
    o.clock = &clock;
    {
        Committer committer(engine, o);
        for (int i = 0; i < 3; ++i) {
            const auto result = committer.submit_and_wait(changes_of(make_message()));
            ASSERT_FALSE(result);
            EXPECT_EQ(result.error().kind, ErrorKind::store_failed);
            EXPECT_FALSE(result.error().mend.empty());
        }
        EXPECT_EQ(committer.submit_and_wait(changes_of(settle_all(make_message()))).error().kind,
                  ErrorKind::store_failed);
        EXPECT_EQ(committer.health(), Health::failed);
        EXPECT_NE(committer.health_text().find("restart"), std::string::npos);
        EXPECT_NE(committer.health_text().find(broken().text), std::string::npos);
    }
    EXPECT_EQ(calls, 1);  // the clock is not saved either
}

TEST(Committer, a_failure_met_elsewhere_stops_everything) {
    FakeEngine engine;
    Committer committer(engine, options());
    EXPECT_TRUE(committer.submit_and_wait(changes_of(make_message())));
    committer.report_failure("cannot sync /x/content/Y");
    EXPECT_EQ(committer.health(), Health::failed);
    EXPECT_TRUE(engine.failure());  // the engine syncs nothing more
    EXPECT_EQ(committer.submit_and_wait(changes_of(make_message())).error().kind,
              ErrorKind::store_failed);
    EXPECT_THAT(engine.batches(), SizeIs(1));
}

TEST(Committer, a_failed_checkpoint_stops_everything) {
    FakeEngine engine;
    Committer committer(engine, options());
    EXPECT_TRUE(committer.submit_and_wait(changes_of(make_message())));
    engine.fail(broken());
    EXPECT_EQ(committer.submit_and_wait(changes_of(make_message())).error().kind,
              ErrorKind::store_failed);
    EXPECT_EQ(committer.health(), Health::failed);
}

TEST(Committer, the_end_commits_what_waits_and_saves_the_clock) {
    FakeEngine engine;
    Gate gate;
    engine.on_apply = [&](auto) -> Result<void> {
        gate.pass_once();
        return {};
    };
    const QueueClock clock(std::nullopt);
    Answers answers;
    {
        Committer::Options o = options();
        o.clock = &clock;
        auto committer = std::make_unique<Committer>(engine, o);
        gate.wait_for_committer();  // in its first save of the clock
        for (int i = 0; i < 5; ++i) committer->submit(changes_of(make_message()), answers.next());
        gate.open();
        committer.reset();
    }
    for (const auto& result : answers.wait()) EXPECT_TRUE(result);
    const auto applied = engine.applied();
    ASSERT_THAT(applied, SizeIs(7));
    EXPECT_TRUE(std::holds_alternative<SaveClock>(applied.front().front()));
    EXPECT_TRUE(std::holds_alternative<SaveClock>(applied.back().front()));
}

TEST(Committer, tidies_up_in_a_quiet_moment) {
    FakeEngine engine;
    Committer committer(engine, options());
    engine.want_maintenance();
    EXPECT_TRUE(committer.submit_and_wait(changes_of(make_message())));
    const auto give_up = Deadline::after(Seconds(20));
    while (engine.maintained() == 0 && !give_up.passed()) std::this_thread::yield();
    EXPECT_EQ(engine.maintained(), 1);
}

TEST(Committer, a_callback_may_submit) {
    FakeEngine engine;
    std::promise<Result<void>> second;
    Committer committer(engine, options());
    committer.submit(changes_of(make_message()), [&](Result<void> result) {
        EXPECT_TRUE(result);
        committer.submit(changes_of(make_message()),
                         [&](Result<void> again) { second.set_value(std::move(again)); });
    });
    EXPECT_TRUE(second.get_future().get());
}

TEST(Committer, many_threads) {
    FakeEngine engine;
    Committer::Options o;
    std::atomic<int> answered{0};
    {
        Committer committer(engine, o);
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 200; ++i)
                    if (committer.submit_and_wait(changes_of(make_message()))) ++answered;
            });
        }
    }
    EXPECT_EQ(answered, 1600);
    EXPECT_THAT(engine.applied(), SizeIs(1600));
}

}  // namespace
}  // namespace posthaste::store
