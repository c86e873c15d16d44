// Limits that sites share, lanes, what is told of a dead site, and memory.
#include "queue/scheduler_testing.h"

#include <deque>
#include <map>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Bench;

Site site_of(std::string key, std::size_t deliveries) {
    return {std::move(key), deliveries, 100, false, hours(100)};
}

// delivery.md, criterion 33: the provider's rate over all its sites.
TEST(SchedulerLimits, AProvidersRateHoldsOverAllItsPaths) {
    Bench bench;
    for (const char* domain : {"a.example", "b.example", "c.example"}) {
        Site site = site_of(std::string("mx:") + domain, 10);
        site.paces = {{"provider:p", RateLimit::parse("10/min,max_burst=1").value()}};
        bench.sites[domain] = site;
        for (int i = 0; i < 5; ++i) bench.add("anna", domain, 20);
    }
    std::deque<SteadyTime> started;
    std::map<std::string, std::size_t> by_site;
    const SteadyTime begin = bench.now.steady;
    while (bench.now.steady < begin + minutes(15)) {
        for (const Pick& pick : bench.start()) {
            by_site[pick.site_key] += pick.what.items.size();
            ASSERT_EQ(pick.what.items.size(), 1U) << "recipients are counted, not messages";
            if (!started.empty()) {
                ASSERT_GE(bench.now.steady - started.back(), milliseconds(5500));
            }
            started.push_back(bench.now.steady);
            while (started.front() <= bench.now.steady - minutes(1)) started.pop_front();
            ASSERT_LE(started.size(), 10U);
            bench.end_well(pick);
        }
        bench.pass(milliseconds(100));
    }
    std::size_t all = 0;
    for (const auto& [site, count] : by_site) {
        all += count;
        EXPECT_GE(count, 40U) << site << " has its turn";
    }
    EXPECT_GE(all, 140U) << "the rate is used";
}

TEST(SchedulerLimits, AProvidersConnectionsAreCountedOverAllItsSites) {
    Bench bench;
    for (int i = 0; i < 20; ++i) {
        const std::string domain = "d" + std::to_string(i) + ".example";
        Site site = site_of("mx:" + domain, 10);
        site.caps = {{"provider:google", 5}};
        bench.sites[domain] = site;
        for (int m = 0; m < 10; ++m) bench.add("anna", domain);
    }
    std::deque<Pick> running;
    std::map<std::string, int> served;
    for (int transactions = 0; transactions < 200; ++transactions) {
        for (Pick& pick : bench.start()) running.push_back(std::move(pick));
        ASSERT_LE(running.size(), 5U);
        ASSERT_FALSE(running.empty()) << "nobody is forgotten in the line";
        ++served[running.front().site_key];
        bench.end_well(running.front());
        running.pop_front();
    }
    EXPECT_EQ(served.size(), 20U);
    EXPECT_EQ(bench.scheduler.counts().waiting, 0U);
}

TEST(SchedulerLimits, AConnectionIsNotKeptWhileAnotherSiteWaitsForItsPlace) {
    Bench bench;
    for (const char* domain : {"a.example", "b.example"}) {
        Site site = site_of(std::string("mx:") + domain, 10);
        site.caps = {{"p", 1}};
        bench.sites[domain] = site;
    }
    bench.add("anna", "a.example");
    auto picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    EXPECT_FALSE(picks[0].close_after);
    bench.add("anna", "b.example");
    EXPECT_TRUE(bench.start().empty());
    bench.add("anna", "a.example");
    EXPECT_TRUE(bench.start().empty());
    bench.end_well(picks[0]);
    picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    EXPECT_EQ(picks[0].site_key, "mx:b.example");
    EXPECT_TRUE(picks[0].close_after);
}

TEST(SchedulerLimits, LimitsThatChangeWhileMailWaitsAreHeldAtOnce) {
    Bench bench;
    Site site = site_of("mx:x", 10);
    site.paces = {{"p", RateLimit::parse("1/h,max_burst=1").value()}};
    site.provider = "p";
    bench.sites["a.example"] = site;
    for (int i = 0; i < 5; ++i) bench.add("anna", "a.example");
    auto picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    bench.end_well(picks[0]);
    EXPECT_TRUE(bench.start().empty());
    bench.sites["a.example"].paces.clear();
    bench.sites["a.example"].max_deliveries = 1;
    bench.scheduler.refresh(picks[0].site, bench.now);
    picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    bench.sites["a.example"].suspend = seconds(7200);
    bench.scheduler.refresh(kNone, bench.now);
    bench.end_well(picks[0]);
    EXPECT_TRUE(bench.start().empty()) << "stopped by a rule";
    bench.pass(hours(2) + seconds(2));
    EXPECT_EQ(bench.start().size(), 1U);
}

// delivery.md 3.2: 8:4:1, and the high lane at most 80 % while others wait.
TEST(SchedulerLimits, LanesShareASite) {
    struct Row {
        std::map<Lane, int> wanted;  // of 130 transactions
    };

    const Row rows[] = {{{{Lane::high, 80}, {Lane::normal, 40}, {Lane::low, 10}}},
                        {{{Lane::high, 104}, {Lane::low, 26}}},
                        {{{Lane::normal, 104}, {Lane::low, 26}}},
                        {{{Lane::normal, 104}, {Lane::report, 26}}},
                        {{{Lane::low, 130}}}};
    for (const Row& row : rows) {
        Bench bench;
        bench.sites["a.example"] = site_of("mx:x", 1);
        std::map<QueueId, Lane> lanes;
        for (int i = 0; i < 200; ++i) {
            for (const auto& [lane, count] : row.wanted) {
                bench.lane = lane;
                lanes[bench.add("anna", "a.example")] = lane;
            }
        }
        std::map<Lane, int> served;
        for (int i = 0; i < 130; ++i) {
            const auto picks = bench.start();
            ASSERT_EQ(picks.size(), 1U);
            ++served[lanes.at(picks[0].what.id)];
            bench.end_well(picks[0]);
        }
        for (const auto& [lane, count] : row.wanted) {
            EXPECT_NEAR(served[lane], count, 6) << static_cast<int>(lane);
        }
    }
}

TEST(SchedulerLimits, AFloodInALaneDelaysNobodyInAnotherForLong) {
    Bench bench;
    bench.sites["a.example"] = site_of("mx:x", 1);
    bench.lane = Lane::high;
    for (int i = 0; i < 50; ++i) bench.add("flood", "a.example", 1000);
    for (int i = 0; i < 20; ++i) bench.end_well(bench.start().at(0));
    for (const Lane lane : {Lane::normal, Lane::low, Lane::report}) {
        bench.lane = lane;
        const QueueId other = bench.add("anna", "a.example");
        int transactions = 0;
        for (bool found = false; !found; ++transactions) {
            ASSERT_LT(transactions, 20) << static_cast<int>(lane);
            const auto picks = bench.start();
            found = picks.at(0).what.id == other;
            bench.end_well(picks[0]);
        }
    }
}

// delivery.md, criterion 30: what comes while a site is dead is told so once, uncharged, and waits
// for its next probe.
TEST(SchedulerLimits, WhatComesWhileASiteIsDeadIsToldOnceAndWaitsForTheProbe) {
    Bench bench;
    const auto trouble = std::make_shared<const mail::Outcome>();
    for (int i = 0; i < 3; ++i) {
        bench.add("anna", "a.example");
        for (const Pick& pick : bench.start()) {
            bench.scheduler.free_slot(pick, {SiteSignal::trouble, {}, {}, trouble}, bench.now, 0);
            for (const auto& item : pick.what.items)
                bench.scheduler.wait(item.entry, bench.now.queue + hours(20), 1, bench.now);
        }
    }
    for (int i = 0; i < 100; ++i) bench.add("anna", "a.example", 2);
    EXPECT_TRUE(bench.start().empty());
    auto delayed = bench.scheduler.take_delayed();
    ASSERT_EQ(delayed.size(), 100U);
    for (const auto& one : delayed) {
        EXPECT_EQ(one.until, bench.now.steady + minutes(1));
        EXPECT_EQ(one.what.trouble, trouble);
        ASSERT_EQ(one.what.items.size(), 2U);
        for (const auto& item : one.what.items) {
            EXPECT_EQ(item.attempts, 0U);
            bench.scheduler.wait(item.entry, bench.now.queue + minutes(1), 0, bench.now);
        }
    }
    EXPECT_EQ(bench.scheduler.counts().waiting, 203U);
    bench.pass(seconds(59));
    EXPECT_TRUE(bench.start().empty());
    bench.pass(seconds(3));
    auto probe = bench.start();
    ASSERT_EQ(probe.size(), 1U);
    EXPECT_TRUE(bench.scheduler.take_delayed().empty()) << "once";
    bench.end_badly(probe[0], SiteSignal::trouble, hours(20));
    bench.pass(minutes(2) + seconds(1));
    probe = bench.start();
    ASSERT_EQ(probe.size(), 1U);
    EXPECT_TRUE(bench.scheduler.take_delayed().empty());
    bench.end_well(probe[0]);
    std::size_t delivered = 0;
    for (auto picks = bench.start(); !picks.empty(); picks = bench.start()) {
        for (const Pick& pick : picks) {
            delivered += pick.what.items.size();
            bench.end_well(pick);
        }
    }
    EXPECT_EQ(delivered, 196U) << "on recovery all go";
}

TEST(SchedulerLimits, ASiteThrivesWhileOthersRunThereAndItTookMailLately) {
    Bench bench;
    bench.sites["a.example"] = site_of("mx:x", 10);
    for (int i = 0; i < 20; ++i) bench.add("anna", "a.example");
    auto picks = bench.start();
    ASSERT_EQ(picks.size(), 2U);
    const Handle site = picks[0].site;
    EXPECT_FALSE(bench.scheduler.thrives(site, bench.now)) << "nothing has worked yet";
    bench.end_well(picks[0]);
    EXPECT_TRUE(bench.scheduler.thrives(site, bench.now));
    bench.end_well(picks[1]);
    EXPECT_FALSE(bench.scheduler.thrives(site, bench.now)) << "nothing else runs";
    picks = bench.start();
    ASSERT_GE(picks.size(), 2U);
    bench.pass(minutes(2));
    EXPECT_FALSE(bench.scheduler.thrives(site, bench.now)) << "that was long ago";
}

// The bound of the issue: at most 100 octets for each waiting recipient, one a message at worst.
TEST(SchedulerLimits, AWaitingRecipientTakesAtMostAHundredOctets) {
    for (const std::size_t count : {100'000U, 524'289U, 1'000'000U}) {
        Bench bench;
        for (std::size_t i = 0; i < count; ++i) {
            bench.add("anna", "a.example", 1, seconds(3600 + i % 7200));
        }
        const double each =
            static_cast<double>(bench.scheduler.octets()) / static_cast<double>(count);
        EXPECT_LE(each, 100) << count;
        EXPECT_GE(each, 80) << "nothing is forgotten in the sum";
    }
}

TEST(SchedulerLimits, ABacklogThatIsGoneGivesItsMemoryBack) {
    Bench bench;
    bench.sites["a.example"] = site_of("mx:x", 100);
    for (int i = 0; i < 100'000; ++i) bench.add("anna", "a.example");
    EXPECT_GT(bench.scheduler.octets(), 8'000'000U);
    for (auto picks = bench.start(); !picks.empty(); picks = bench.start()) {
        for (const Pick& pick : picks) bench.end_well(pick);
    }
    EXPECT_EQ(bench.scheduler.counts().waiting, 0U);
    EXPECT_LT(bench.scheduler.octets(), 500'000U);
}

}  // namespace
}  // namespace posthaste::queue
