#include "queue/routing_key.h"
#include "queue/scheduler_testing.h"

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Bench;

TEST(SchedulerAdmin, AHeldMessageWaitsInEveryState) {
    Bench bench;
    const QueueId in_time = bench.add("anna", "a.example", 1, minutes(5));
    const QueueId locating = bench.add("anna", "b.example");
    EXPECT_TRUE(bench.scheduler.hold(in_time));
    EXPECT_TRUE(bench.scheduler.hold(locating));
    EXPECT_FALSE(bench.scheduler.hold(locating)) << "held already";
    bench.add("x", "c.example");
    bench.add("x", "c.example");
    const QueueId ready = bench.add("anna", "c.example");
    bench.locate();
    EXPECT_TRUE(bench.scheduler.hold(ready));
    EXPECT_EQ(bench.scheduler.counts().held, 3U);
    for (const Pick& pick : bench.start()) bench.end_well(pick);
    bench.pass(hours(1));
    EXPECT_TRUE(bench.start().empty());
    for (const QueueId& id : {in_time, locating, ready}) {
        EXPECT_TRUE(bench.scheduler.release(id, bench.now));
        EXPECT_FALSE(bench.scheduler.release(id, bench.now));
    }
    EXPECT_EQ(bench.start().size(), 3U);
}

TEST(SchedulerAdmin, WhatIsInFlightIsHeldWhenItComesBack) {
    Bench bench;
    const QueueId id = bench.add("anna", "a.example");
    const auto picks = bench.start();
    EXPECT_TRUE(bench.scheduler.hold(id));
    bench.end_badly(picks.at(0), SiteSignal::good, seconds(1));
    bench.pass(hours(1));
    EXPECT_TRUE(bench.start().empty());
    EXPECT_TRUE(bench.scheduler.release(id, bench.now));
    EXPECT_EQ(bench.start().size(), 1U);
}

TEST(SchedulerAdmin, AHeldMessageDoesNotExpire) {
    Bench bench;
    bench.lifetime = hours(1);
    const QueueId id = bench.add_to("anna", {"a.example"}, {}, true);
    bench.pass(hours(48));
    EXPECT_TRUE(bench.scheduler.take_expired().empty());
    EXPECT_TRUE(bench.scheduler.release(id, bench.now));
    EXPECT_EQ(bench.start().size(), 1U) << "and gets one attempt when it is released";
}

TEST(SchedulerAdmin, RetryWakesADeadSiteAndASuspendedOne) {
    for (const bool suspended : {false, true}) {
        Bench bench;
        std::vector<QueueId> ids;
        for (int i = 0; i < 3; ++i) {
            ids.push_back(bench.add("anna", "a.example"));
            for (const Pick& pick : bench.start()) {
                const std::optional<Seconds> suspend =
                    suspended ? std::optional<Seconds>(minutes(30)) : std::nullopt;
                bench.scheduler.free_slot(pick, {SiteSignal::trouble, {}, suspend, {}}, bench.now,
                                          0);
                for (const auto& item : pick.what.items) {
                    bench.scheduler.wait(item.entry, bench.now.queue + hours(1), 1, bench.now);
                }
            }
        }
        ids.push_back(bench.add("anna", "a.example"));
        ASSERT_TRUE(bench.start().empty());
        for (const QueueId& id : ids) EXPECT_TRUE(bench.scheduler.retry(id, "", bench.now));
        EXPECT_GE(bench.start().size(), 1U);
    }
}

TEST(SchedulerAdmin, RetryOfADomainLeavesTheOthers) {
    Bench bench;
    const QueueId id = bench.add_to("anna", {"a.example", "b.example"}, hours(1));
    EXPECT_FALSE(bench.scheduler.retry(id, "c.example", bench.now));
    EXPECT_TRUE(bench.scheduler.retry(id, "b.example", bench.now));
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    EXPECT_EQ(picks[0].site_key, "mx:b.example");
}

TEST(SchedulerAdmin, CancelTakesWhatWaitsAndMarksWhatRuns) {
    Bench bench;
    const QueueId id = bench.add_to("anna", {"a.example", "b.example", "b.example"});
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 2U);
    bench.end_badly(picks[1], SiteSignal::good);
    const Taken taken = bench.scheduler.take_for_cancel(id, {"", true});
    ASSERT_EQ(taken.items.size(), 2U);
    EXPECT_TRUE(bench.scheduler.cancelled(picks[0].what.items[0].entry));
    EXPECT_TRUE(bench.scheduler.cancel_reported(taken.items[0].entry));
    for (const auto& item : taken.items) bench.scheduler.finish(item.entry);
    EXPECT_TRUE(bench.scheduler.knows(id));
    bench.end_well(picks[0]);
    EXPECT_FALSE(bench.scheduler.knows(id));
}

TEST(SchedulerAdmin, CancelOfAHundredThousandForADeadSiteIsQuick) {
    Bench bench;
    for (int i = 0; i < 3; ++i) {
        bench.add("anna", "a.example");
        for (const Pick& pick : bench.start()) bench.end_badly(pick, SiteSignal::trouble, hours(9));
    }
    for (int i = 0; i < 100'000; ++i) bench.add("a" + std::to_string(i % 7), "a.example");
    bench.locate();
    const auto ids = bench.scheduler.messages_to("a.example");
    ASSERT_EQ(ids.size(), 100'003U);
    for (const QueueId& id : ids) {
        for (const auto& item : bench.scheduler.take_for_cancel(id, {}).items) {
            bench.scheduler.finish(item.entry);
        }
    }
    EXPECT_EQ(bench.scheduler.counts().waiting, 0U);
    EXPECT_TRUE(bench.scheduler.messages().empty());
}

TEST(SchedulerAdmin, ARouteThatHoldsWaitsForTheOtherRecipients) {
    Bench bench;
    const QueueId id = bench.add_to("anna", {"held.example", "free.example"});
    while (const auto domain = bench.scheduler.next_to_locate()) {
        if (bench.scheduler.domain_name(*domain) == "held.example") {
            EXPECT_TRUE(bench.scheduler.located_hold(*domain, nullptr, bench.now).empty());
        } else {
            bench.scheduler.located(*domain, {"mx:free", 10, 100, false, seconds(60)}, bench.now);
        }
    }
    EXPECT_TRUE(bench.scheduler.take_route_held().empty());
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    EXPECT_EQ(picks[0].site_key, "mx:free");
    bench.end_well(picks[0]);
    EXPECT_EQ(bench.scheduler.take_route_held(), std::vector<QueueId>{id});
    EXPECT_TRUE(bench.scheduler.hold(id));
}

TEST(SchedulerAdmin, QuarantineEndsAndNoOtherHoldWithIt) {
    Bench bench;
    const auto locate = [&] {
        while (const auto domain = bench.scheduler.next_to_locate()) {
            if (bench.scheduler.domain_name(*domain) == "held.example")
                bench.scheduler.located_hold(*domain, nullptr, bench.now);
            else
                bench.scheduler.located(*domain, {"mx:free", 10, 100, false, seconds(60)},
                                        bench.now);
        }
    };
    const QueueId by_route = bench.add("anna", "held.example");
    const QueueId by_person = bench.add("anna", "free.example");
    const QueueId free = bench.add("anna", "free.example");
    for (const QueueId& id : {by_route, by_person, free}) {
        EXPECT_TRUE(bench.scheduler.quarantine(id));
        EXPECT_FALSE(bench.scheduler.is_held(id)) << "nobody has said so";
        EXPECT_EQ(bench.scheduler.keeping(id), Keeping::quarantine);
    }
    locate();
    Pick pick;
    EXPECT_FALSE(bench.scheduler.pick(pick, bench.now));
    EXPECT_TRUE(bench.scheduler.hold(by_person)) << "a person's word counts meanwhile";
    EXPECT_TRUE(bench.scheduler.end_quarantine(by_route, bench.now));
    EXPECT_FALSE(bench.scheduler.end_quarantine(by_person, bench.now));
    EXPECT_TRUE(bench.scheduler.end_quarantine(free, bench.now));
    EXPECT_FALSE(bench.scheduler.end_quarantine(free, bench.now)) << "once";
    locate();
    ASSERT_TRUE(bench.scheduler.pick(pick, bench.now));
    EXPECT_EQ(pick.what.id, free);
    Pick another;
    EXPECT_FALSE(bench.scheduler.pick(another, bench.now));
    EXPECT_TRUE(bench.scheduler.is_held(by_person));
    EXPECT_EQ(bench.scheduler.keeping(by_person), Keeping::hold);
    EXPECT_EQ(bench.scheduler.keeping(free), Keeping::nothing);
    EXPECT_EQ(bench.scheduler.keeping(QueueId{}), Keeping::ended);
    EXPECT_EQ(bench.scheduler.take_route_held(), std::vector<QueueId>{by_route});
    EXPECT_TRUE(bench.scheduler.quarantine(by_route));
    EXPECT_TRUE(bench.scheduler.release(by_route, bench.now)) << "a person frees it of both";
}

TEST(SchedulerAdmin, AMessageIsSentAnotherWay) {
    Bench bench;
    bench.sites["example.org"] = {"mx:dead", 10, 100, false, seconds(60)};
    bench.sites["example.org second"] = {"relay:second", 10, 100, true, seconds(60), "second"};
    const QueueId ready = bench.add("anna", "example.org");
    const QueueId later = bench.add("anna", "example.org", 1, minutes(5));
    const QueueId other = bench.add("bert", "example.org");
    bench.locate();
    const auto second = [](std::string_view domain) { return routing_key(domain, "second"); };
    for (const QueueId& id : {ready, later}) bench.scheduler.reroute(id, second, bench.now);
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 2U);
    for (const Pick& pick : picks) {
        const bool moved = pick.what.id == ready;
        EXPECT_EQ(pick.site_key, moved ? "relay:second" : "mx:dead");
        EXPECT_EQ(pick.route, moved ? "second" : "");
    }
    // Found by its domain as before, in flight or not.
    EXPECT_EQ(bench.scheduler.messages_to("example.org").size(), 3U);
    EXPECT_EQ(bench.scheduler.recipients_to(later, "example.org").size(), 1U);
    EXPECT_TRUE(bench.scheduler.messages_to("example").empty());
    // What is in flight takes the new way when it is tried again.
    bench.scheduler.reroute(other, second, bench.now);
    for (const Pick& pick : picks) bench.end_badly(pick, SiteSignal::neutral);
    bench.pass(minutes(6));
    for (int left = 3; left > 0;) {
        const auto again = bench.start();
        ASSERT_FALSE(again.empty());
        for (const Pick& pick : again) EXPECT_EQ(pick.site_key, "relay:second");
        for (const Pick& pick : again) bench.end_well(pick);
        left -= static_cast<int>(again.size());
    }
    EXPECT_TRUE(bench.scheduler.messages().empty());
}

}  // namespace
}  // namespace posthaste::queue
