// What a sender asks of the time, what a person lifts, and whether nothing got lost: over the
// scheduler and the rows of the store.
#include "queue/bounce.h"
#include "queue/decision.h"
#include "queue/scheduler_testing.h"
#include "store/testing.h"

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Bench;

// delivery.md, criterion 31: a greylisting host that wants 300 s.
TEST(Retry, TheSecondAttemptComesAfterFiveToSevenMinutes) {
    store::AddMessage message = store::testing::make_message();
    message.row.accepted = store::QueueTime(hours(1000));
    message.row.expires = message.row.accepted + hours(120);
    std::vector<std::optional<Seconds>> asked{std::nullopt, Seconds(300)};
    for (const auto& wait : asked) {
        for (int percent = 0; percent < 100; ++percent) {
            mail::Outcome outcome;
            outcome.verdict = mail::Verdict::deferred;
            outcome.code = 451;
            outcome.cause = mail::Cause::greylisted;
            outcome.retry_after = wait;
            const Decision decision = decide({message.row, message.recipients[0], outcome, 0,
                                              message.row.accepted, now(), percent / 100.0},
                                             RetrySchedules().human);
            const auto next = decision.update.next_at - message.row.accepted;
            ASSERT_GE(next, seconds(300)) << percent;
            ASSERT_LE(next, seconds(420)) << percent;
        }
    }
}

TEST(Retry, TheTimeOfAMessageCountsFromItsRelease) {
    store::AddMessage message = store::testing::make_message();
    message.row.accepted = store::QueueTime(hours(1000));
    message.row.release = message.row.accepted + hours(48);
    message.row.expires = message.row.release + hours(2);
    EXPECT_EQ(message.row.starts(), message.row.release);
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::deferred;
    const Decision decision = decide({message.row, message.recipients[0], outcome, 0,
                                      message.row.release + minutes(1), now(), 0},
                                     RetrySchedules().human);
    EXPECT_EQ(decision.update.to, store::RecipientUpdate::To::open);
    EXPECT_EQ(decision.update.next_at, message.row.release + minutes(6));
}

TEST(Reports, WhoSetATimeHearsWhoTookItOver) {
    struct Row {
        const char* name;
        mail::ByMode mode;
        bool trace;
        bool keeps_time;
        mail::Notify notify;
        bool told;
    };

    const Row rows[] = {
        {"no time", mail::ByMode::none, false, false, mail::Notify::unset, false},
        {"N to who does not know it", mail::ByMode::notify, false, false, mail::Notify::unset,
         true},
        {"N to who knows it", mail::ByMode::notify, false, true, mail::Notify::unset, false},
        {"NT to who knows it", mail::ByMode::notify, true, true, mail::Notify::unset, true},
        {"never is never", mail::ByMode::notify, true, false, mail::Notify::never, false},
    };
    for (const Row& row : rows) {
        store::AddMessage message = store::testing::make_message();
        message.row.by_mode = row.mode;
        message.row.by_trace = row.trace;
        message.recipients[0].notify = row.notify;
        mail::Outcome outcome;
        outcome.verdict = mail::Verdict::delivered;
        outcome.remote_ip = "192.0.2.25";
        outcome.remote_takes_by = row.keeps_time;
        EXPECT_EQ(success_report_due(message.row, message.recipients[0], outcome), row.told)
            << row.name;
    }
}

Site stopped_site(std::string key, Seconds stop) {
    Site site{std::move(key), 10, 100, false, hours(100)};
    site.suspend = stop;
    site.trouble = std::make_shared<const mail::Outcome>();
    return site;
}

// After `posthaste overrides clear`.
TEST(Scheduler, WhatWaitedForARuleGoesWhenAPersonLiftsIt) {
    Bench bench;
    bench.sites["a.example"] = stopped_site("mx:a", hours(2));
    bench.add("anna", "a.example");
    EXPECT_TRUE(bench.start().empty());
    auto delayed = bench.scheduler.take_delayed();
    ASSERT_EQ(delayed.size(), 1U);
    // As the dispatcher does: it waits for the end of the stop.
    const auto& item = delayed[0].what.items.at(0);
    bench.scheduler.wait(item.entry, bench.now.queue + hours(2), item.attempts, bench.now);
    bench.add("anna", "a.example");
    bench.start();
    delayed = bench.scheduler.take_delayed();
    for (const auto& one : delayed) {
        for (const auto& other : one.what.items)
            EXPECT_TRUE(bench.scheduler.again(other.entry, bench.now));
    }
    bench.pass(minutes(1));
    EXPECT_TRUE(bench.start().empty());

    bench.sites["a.example"].suspend.reset();
    bench.scheduler.refresh(kNone, bench.now);
    bench.pass(seconds(1));
    const auto picks = bench.start();
    std::size_t recipients = 0;
    for (const Pick& pick : picks) recipients += pick.what.items.size();
    EXPECT_EQ(recipients, 2U);
}

TEST(Scheduler, ALoginThatWasRefusedIsTriedOnceMoreThen) {
    Bench bench;
    for (int i = 0; i < 3; ++i) bench.add("anna", "a.example");
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 2U);
    for (const Pick& pick : picks) {
        bench.scheduler.free_slot(
            pick, {SiteSignal::neutral, {}, hours(1), std::make_shared<const mail::Outcome>()},
            bench.now, 0);
        bench.scheduler.finish(pick.what.items[0].entry);
    }
    EXPECT_TRUE(bench.start().empty());
    bench.scheduler.refresh(kNone, bench.now);
    EXPECT_EQ(bench.start().size(), 1U) << "on trial";
}

TEST(Scheduler, TellsWhoIsOpenByName) {
    Bench bench;
    const QueueId first = bench.add("anna", "a.example", 3);
    const QueueId second = bench.add("anna", "b.example", 1, seconds(60));
    using Keys = std::vector<std::pair<QueueId, std::uint32_t>>;
    Keys expected{{first, 0}, {first, 1}, {first, 2}, {second, 0}};
    std::ranges::sort(expected);
    EXPECT_EQ(bench.scheduler.open_keys(), expected);
    auto picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    EXPECT_EQ(bench.scheduler.open_keys(), expected) << "what is in flight is open";
    bench.end_well(picks[0]);
    EXPECT_EQ(bench.scheduler.open_keys(), (Keys{{second, 0}}));
}

// Each of our addresses has a path of its own at a site; a person asks about the site.
TEST(Scheduler, TheStateOfASiteIsThatOfAllItsPaths) {
    Bench bench;
    for (const char* source : {"s1", "s2"}) {
        const std::string name = std::string("a.example  ") + source;
        Site site{std::string("mx:a from ") + source, 10, 100, false, hours(100)};
        site.source = source;
        bench.sites[name] = site;
        for (int i = 0; i < 5; ++i) bench.add("anna", name);
    }
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 4U) << "a window of two for each";
    EXPECT_EQ(std::ranges::count(picks, "s1", &Pick::source), 2);
    auto status = bench.scheduler.site_status("mx:a", bench.now);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->state, "up");
    EXPECT_EQ(status->waiting, 6U);
    EXPECT_EQ(status->running, 4U);
    for (const Pick& pick : picks) {
        if (pick.source == "s1")
            bench.end_badly(pick);
        else
            bench.end_well(pick);
    }
    // One address is refused until its path is down; the other goes on.
    for (int i = 0; i < 5; ++i) {
        for (const Pick& pick : bench.start()) {
            if (pick.source == "s1")
                bench.end_badly(pick);
            else
                bench.end_well(pick);
        }
    }
    status = bench.scheduler.site_status("mx:a", bench.now);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->state, "partly down");
    EXPECT_EQ(bench.scheduler.site_status("mx:a from s1", bench.now)->state, "down");
    EXPECT_EQ(bench.scheduler.site_status("mx:a from s2", bench.now)->state, "up");
    EXPECT_FALSE(bench.scheduler.site_status("mx:b", bench.now));
}

}  // namespace
}  // namespace posthaste::queue
