#include "queue/scheduler.h"

#include "queue/scheduler_testing.h"

#include <set>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Bench;

Site site_of(std::string key, std::size_t deliveries, std::size_t recipients = 100,
             bool mixes = false) {
    return {std::move(key), deliveries, recipients, mixes, seconds(3600)};
}

std::vector<std::size_t> sizes(const std::vector<Pick>& picks) {
    std::vector<std::size_t> all;
    for (const Pick& pick : picks) all.push_back(pick.what.items.size());
    return all;
}

// Until the window of `domain`'s site is fully open.
void warm(Bench& bench, const std::string& domain, int transactions = 200) {
    for (int i = 0; i < transactions; ++i) {
        bench.add("warm", domain);
        for (const Pick& pick : bench.start()) bench.end_well(pick);
    }
}

TEST(Scheduler, AMessageIsHandedOutAndForgotten) {
    Bench bench;
    const QueueId id = bench.add("anna", "example.org", 3);
    EXPECT_EQ(bench.scheduler.counts().waiting, 3U);
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    EXPECT_EQ(picks[0].what.id, id);
    EXPECT_EQ(picks[0].site_key, "mx:example.org");
    ASSERT_EQ(picks[0].what.items.size(), 3U);
    EXPECT_EQ(picks[0].what.items[2].index, 2U);
    EXPECT_EQ(bench.scheduler.counts().in_flight, 3U);
    bench.end_well(picks[0]);
    EXPECT_FALSE(bench.scheduler.knows(id));
    EXPECT_EQ(bench.scheduler.counts().in_flight, 0U);
    EXPECT_EQ(bench.scheduler.counts().waiting, 0U);
}

TEST(Scheduler, ABrokenGroupComesInQuartersAndAloneInTheEnd) {
    Bench bench;
    bench.sites["example.org"] = site_of("mx:example.org", 50);
    warm(bench, "example.org", 2000);
    bench.add("anna", "example.org", 41);
    const std::vector<std::vector<std::size_t>> wanted{
        {41}, {8, 8, 8, 8, 8, 1}, {2, 2, 2, 2}, {1, 1}, {1}};
    for (const auto& expected : wanted) {
        const auto picks = bench.start();
        EXPECT_EQ(sizes(picks), expected);
        for (std::size_t i = 0; i + 1 < picks.size(); ++i) {
            if (i > 0) bench.end_well(picks[i]);
        }
        if (picks.size() > 1) bench.end_well(picks.back());
        ASSERT_FALSE(picks.empty());
        for (const auto& item : picks[0].what.items)
            bench.scheduler.split(item.entry, picks[0].what.items.size());
        bench.end_badly(picks[0], SiteSignal::good);
        bench.pass(minutes(6));
    }
}

TEST(Scheduler, WhoIsNotSuspectedStaysTogether) {
    Bench bench;
    bench.sites["example.org"] = site_of("mx:example.org", 50, 3);
    warm(bench, "example.org", 2000);
    bench.add("anna", "example.org", 6);
    const auto picks = bench.start();
    ASSERT_EQ(sizes(picks), (std::vector<std::size_t>{3, 3}));
    for (const auto& item : picks[1].what.items) bench.scheduler.split(item.entry, 3);
    for (const auto& pick : picks) bench.end_badly(pick, SiteSignal::good);
    bench.pass(minutes(6));
    EXPECT_EQ(sizes(bench.start()), (std::vector<std::size_t>{3, 1, 1, 1}));
}

TEST(Scheduler, WhatIsDeferredComesWhenItIsDueAndNotBefore) {
    Bench bench;
    bench.add("anna", "example.org");
    bench.end_badly(bench.start().at(0), SiteSignal::good);
    bench.pass(minutes(4) + seconds(59));
    EXPECT_TRUE(bench.start().empty());
    ASSERT_TRUE(bench.scheduler.next_wake(bench.now));
    EXPECT_LE(*bench.scheduler.next_wake(bench.now), bench.now.steady + seconds(2));
    bench.pass(seconds(2));
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    EXPECT_EQ(picks[0].what.items[0].attempts, 1U);
}

TEST(Scheduler, DomainsOfOneSiteShareItsLimitButNotATransaction) {
    Bench bench;
    bench.sites["a.example"] = bench.sites["b.example"] = site_of("mx:shared", 2);
    bench.add_to("anna", {"a.example", "b.example", "a.example"});
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 2U);
    EXPECT_EQ(picks[0].what.items.size(), 2U);
    EXPECT_EQ(picks[1].what.items.size(), 1U);
    EXPECT_NE(picks[0].slot, picks[1].slot);
}

TEST(Scheduler, ARelayTakesSeveralDomainsInOneTransaction) {
    Bench bench;
    bench.sites["a.example"] = bench.sites["b.example"] = site_of("relay:x:25", 2, 100, true);
    bench.add_to("anna", {"a.example", "b.example", "a.example"});
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    EXPECT_EQ(picks[0].what.items.size(), 3U);
}

TEST(Scheduler, ATransactionHasAtMostTheSitesRecipients) {
    Bench bench;
    bench.sites["example.org"] = site_of("mx:x", 10, 100);
    bench.add("anna", "example.org", 250);
    auto picks = bench.start();
    ASSERT_EQ(picks.size(), 2U);  // a new window
    EXPECT_EQ(picks[0].what.items.size(), 100U);
    // It took 30 and said that it takes no more (delivery.md O-15).
    bench.scheduler.free_slot(picks[0], {SiteSignal::good, 30, {}, {}}, bench.now, 0);
    for (std::size_t i = 0; i < 100; ++i) {
        const Handle entry = picks[0].what.items[i].entry;
        if (i < 30) {
            bench.scheduler.finish(entry);
        } else {
            EXPECT_TRUE(bench.scheduler.again(entry, bench.now));
        }
    }
    picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    EXPECT_EQ(picks[0].what.items.size(), 30U);
    EXPECT_EQ(picks[0].what.items[0].attempts, 0U) << "not charged";
}

TEST(Scheduler, AttemptsThatDoNotCountEnd) {
    Bench bench;
    bench.add("anna", "example.org");
    for (int i = 0; i < 1000; ++i) {
        const auto picks = bench.start();
        ASSERT_EQ(picks.size(), 1U);
        bench.scheduler.free_slot(picks[0], {SiteSignal::good, {}, {}, {}}, bench.now, 0);
        if (!bench.scheduler.again(picks[0].what.items[0].entry, bench.now)) {
            EXPECT_GT(i, 10);
            return;
        }
    }
    FAIL() << "for ever";
}

// delivery.md, criterion 22: an account with 100,000 messages at a site, then another with one.
TEST(Scheduler, OneAccountsFloodDelaysAnotherByATurn) {
    Bench bench;
    bench.sites["example.org"] = site_of("mx:x", 5);
    for (int i = 0; i < 100'000; ++i) bench.add("flood", "example.org");
    std::deque<Pick> running;
    const auto step = [&] {
        for (Pick& pick : bench.start()) running.push_back(std::move(pick));
        bench.end_well(running.front());
        running.pop_front();
    };
    for (int i = 0; i < 500; ++i) step();
    const QueueId other = bench.add("anna", "example.org");
    int transactions = 0;
    for (;; ++transactions) {
        ASSERT_LT(transactions, 20);
        bool found = false;
        for (Pick& pick : bench.start()) {
            found |= pick.what.id == other;
            running.push_back(std::move(pick));
        }
        if (found) break;
        bench.end_well(running.front());
        running.pop_front();
    }
}

// delivery.md, criterion 23: one account, one message with 50,000 recipients, then one with one.
TEST(Scheduler, ABigMessageDelaysASmallOneOfItsAccountByAFewTransactions) {
    Bench bench;
    bench.sites["example.org"] = site_of("mx:x", 1);
    bench.add("anna", "example.org", 50'000);
    for (int i = 0; i < 10; ++i) bench.end_well(bench.start().at(0));
    const QueueId other = bench.add("anna", "example.org");
    int transactions = 0;
    for (;; ++transactions) {
        ASSERT_LT(transactions, 3);
        const auto picks = bench.start();
        if (picks.at(0).what.id == other) break;
        bench.end_well(picks.at(0));
    }
}

TEST(Scheduler, AccountsShareASiteByRecipients) {
    Bench bench;
    bench.sites["example.org"] = site_of("mx:x", 1);
    for (int i = 0; i < 30; ++i) bench.add("lists", "example.org", 100);
    for (int i = 0; i < 300; ++i) bench.add("anna", "example.org", 1);
    std::map<std::size_t, std::size_t> served;  // by size of the transaction
    for (int i = 0; i < 220; ++i) {
        const auto picks = bench.start();
        served[picks.at(0).what.items.size()] += picks[0].what.items.size();
        bench.end_well(picks[0]);
    }
    EXPECT_NEAR(static_cast<double>(served[1]), static_cast<double>(served[100]), 120);
}

TEST(Scheduler, SitesTakeTurnsUnderTheServersLimit) {
    Bench bench({.max_deliveries = 4, .max_locating = 64, .idle_names = 100});
    for (const char* domain : {"a.example", "b.example", "c.example", "d.example"}) {
        for (int i = 0; i < 10; ++i) bench.add("anna", domain);
    }
    std::set<std::string> sites;
    for (const Pick& pick : bench.start()) sites.insert(pick.site_key);
    EXPECT_EQ(sites.size(), 4U);
    EXPECT_EQ(bench.scheduler.running(), 4U);
}

TEST(Scheduler, TheLowestSlotIsTakenFirst) {
    Bench bench;
    bench.sites["example.org"] = site_of("mx:x", 10);
    warm(bench, "example.org");
    for (int i = 0; i < 3; ++i) bench.add("anna", "example.org");
    const auto picks = bench.start();
    ASSERT_EQ(picks.size(), 3U);
    EXPECT_EQ(picks[2].slot, 2U);
    bench.end_well(picks[1]);
    bench.add("anna", "example.org");
    EXPECT_EQ(bench.start().at(0).slot, 1U);
}

// delivery.md, criterion 30.
TEST(Scheduler, ADeadSiteGetsOneProbeAnInterval) {
    Bench bench;
    bench.sites["example.org"] = site_of("mx:x", 10);
    for (int i = 0; i < 3; ++i) {
        bench.add("anna", "example.org");
        for (const Pick& pick : bench.start())
            bench.end_badly(pick, SiteSignal::trouble, hours(20));
    }
    for (int i = 0; i < 10'000; ++i) bench.add("anna", "example.org");
    EXPECT_TRUE(bench.start().empty());
    std::vector<long> probes;
    const auto begin = bench.now.steady;
    while (bench.now.steady < begin + minutes(185)) {
        bench.pass(seconds(10));
        const auto picks = bench.start();
        ASSERT_LE(picks.size(), 1U);
        if (picks.empty()) continue;
        probes.push_back(std::chrono::duration_cast<minutes>(bench.now.steady - begin).count());
        bench.end_badly(picks[0], SiteSignal::trouble, hours(20));
    }
    ASSERT_EQ(probes.size(), 8U);  // after 1, 3, 7, 15, 30, 60, 120, 180 min
    EXPECT_EQ(bench.scheduler.counts().waiting, 10'003U)
        << "nobody ended, or was charged, without a try";

    // It comes back: all of it goes.
    while (bench.scheduler.counts().waiting > 0) {
        const auto picks = bench.start();
        for (const Pick& pick : picks) bench.end_well(pick);
        if (picks.empty()) bench.pass(minutes(30));
        ASSERT_LT(bench.now.steady, begin + hours(40));
    }
}

// Behind a rate, a cap or very many others nothing is down, and yet its time passes.
TEST(Scheduler, WhoWaitsForItsTurnTooLongExpires) {
    Bench bench;
    bench.lifetime = hours(1);
    bench.sites["example.org"] = {"mx:slow", 1, 100, false, seconds(60)};
    const QueueId tried = bench.add("anna", "example.org");
    for (const Pick& pick : bench.start()) bench.end_badly(pick, SiteSignal::good, minutes(1));
    bench.add("anna", "example.org");
    ASSERT_EQ(bench.start().size(), 1U) << "it takes the one place, and keeps it";
    bench.pass(minutes(2));
    const QueueId never = bench.add("anna", "example.org");
    const auto expired_after = [&](minutes time) {
        std::vector<QueueId> ids;
        for (auto left = time; left > minutes(0); left -= minutes(5)) bench.pass(minutes(5));
        for (const Taken& taken : bench.scheduler.take_expired()) {
            ids.push_back(taken.id);
            for (const auto& item : taken.items) bench.scheduler.finish(item.entry);
        }
        return ids;
    };
    EXPECT_TRUE(expired_after(minutes(50)).empty());
    EXPECT_EQ(expired_after(minutes(30)), std::vector<QueueId>{tried});
    EXPECT_TRUE(expired_after(hours(20)).empty()) << "an attempt is its due";
    EXPECT_EQ(expired_after(hours(6)), std::vector<QueueId>{never});
}

TEST(Scheduler, WhoWaitsForADeadSiteExpiresThereWithItsTrouble) {
    Bench bench;
    bench.lifetime = hours(1);
    const QueueId id = bench.add("anna", "example.org");
    bench.add("anna", "example.org");
    auto outcome = std::make_shared<mail::Outcome>();
    outcome->reply = "connection refused";
    for (int i = 0; i < 3; ++i) {
        if (i > 0) bench.add("bert", "example.org");
        for (const Pick& pick : bench.start()) {
            bench.scheduler.free_slot(pick, {SiteSignal::trouble, {}, {}, outcome}, bench.now, 0);
            for (const auto& item : pick.what.items) {
                bench.scheduler.wait(item.entry, bench.now.queue + minutes(1), 1, bench.now);
            }
        }
    }
    std::size_t expired = 0;
    for (int i = 0; i < 240; ++i) {
        bench.pass(seconds(60));
        for (const Pick& pick : bench.start()) {
            bench.scheduler.free_slot(pick, {SiteSignal::trouble, {}, {}, outcome}, bench.now, 0);
            for (const auto& item : pick.what.items) {
                bench.scheduler.wait(item.entry, bench.now.queue + minutes(1), 1, bench.now);
            }
        }
        for (const Taken& taken : bench.scheduler.take_expired()) {
            EXPECT_GE(i, 58);
            ASSERT_EQ(taken.trouble, outcome);
            expired += taken.items.size();
            for (const auto& item : taken.items) bench.scheduler.finish(item.entry);
        }
        if (bench.scheduler.counts().waiting == 0) break;
    }
    EXPECT_GE(expired, 3U);
    EXPECT_FALSE(bench.scheduler.knows(id));
}

TEST(Scheduler, ASuspendedSiteWaitsAndThenGoesOn) {
    Bench bench;
    bench.add("anna", "example.org");
    const auto picks = bench.start();
    bench.scheduler.free_slot(picks[0], {SiteSignal::neutral, {}, minutes(5), {}}, bench.now, 0);
    bench.scheduler.wait(picks[0].what.items[0].entry, bench.now.queue + seconds(1), 1, bench.now);
    bench.pass(minutes(4));
    EXPECT_TRUE(bench.start().empty());
    bench.pass(minutes(1) + seconds(2));
    EXPECT_EQ(bench.start().size(), 1U);
}

TEST(Scheduler, AfterASuspensionOneTransactionShowsWhetherItIsMended) {
    Bench bench;
    bench.sites["example.org"] = site_of("relay:x", 10);
    warm(bench, "example.org");
    for (int i = 0; i < 10; ++i) bench.add("anna", "example.org");
    auto picks = bench.start();
    ASSERT_EQ(picks.size(), 10U);
    for (const Pick& pick : picks) {
        bench.scheduler.free_slot(pick, {SiteSignal::neutral, {}, minutes(5), {}}, bench.now, 0);
        bench.scheduler.wait(pick.what.items[0].entry, bench.now.queue + seconds(1), 1, bench.now);
    }
    bench.pass(minutes(5) + seconds(2));
    picks = bench.start();
    ASSERT_EQ(picks.size(), 1U);
    bench.end_well(picks[0]);
    EXPECT_EQ(bench.start().size(), 9U);
}

TEST(Scheduler, SendersAreToldOnceThatItTakesLonger) {
    Bench bench;
    bench.warn_after = hours(4);
    const QueueId waiting = bench.add("anna", "example.org", 3);
    bench.end_badly(bench.start().at(0), SiteSignal::good, hours(10));
    for (int i = 0; i < 2; ++i) {  // a site that is dead
        const QueueId id = bench.add("anna", "dead.example");
        for (const Pick& pick : bench.start()) bench.end_badly(pick);
        static_cast<void>(id);
    }
    bench.pass(hours(3));
    EXPECT_TRUE(bench.scheduler.take_warnings().empty());
    bench.pass(hours(1) + seconds(1));
    EXPECT_EQ(bench.scheduler.take_warnings().size(), 3U);
    bench.pass(hours(5));
    EXPECT_TRUE(bench.scheduler.take_warnings().empty());
    EXPECT_TRUE(bench.scheduler.knows(waiting));
}

TEST(Scheduler, ADomainThatMovesTakesItsMailAlong) {
    Bench bench;
    bench.sites["a.example"] = bench.sites["b.example"] = site_of("mx:old", 10);
    bench.sites["a.example"].good_for = seconds(30);
    for (int i = 0; i < 3; ++i) {
        bench.add("anna", "a.example");
        for (const Pick& pick : bench.start())
            bench.end_badly(pick, SiteSignal::trouble, hours(20));
    }
    for (int i = 0; i < 2; ++i) bench.add("anna", "a.example");
    bench.add("anna", "b.example");
    ASSERT_TRUE(bench.start().empty()) << "dead";
    bench.sites["a.example"] = site_of("mx:new", 10);
    bench.pass(seconds(61));
    const auto probe = bench.start();
    ASSERT_EQ(probe.size(), 1U);
    bench.end_badly(probe[0], SiteSignal::trouble, hours(20));
    const auto moved = bench.start();
    ASSERT_GE(moved.size(), 1U);
    EXPECT_EQ(moved[0].site_key, "mx:new");
}

TEST(Scheduler, ADomainThatCannotBeLocatedGivesItsMailBack) {
    Bench bench;
    bench.add("anna", "example.org", 2);
    bench.add("bert", "example.org", 1);
    const auto domain = bench.scheduler.next_to_locate();
    ASSERT_TRUE(domain);
    EXPECT_FALSE(bench.scheduler.next_to_locate()) << "asked once for all";
    const auto all = bench.scheduler.not_located(*domain, bench.now);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].items.size(), 2U);
    for (const Taken& taken : all) {
        for (const auto& item : taken.items) {
            bench.scheduler.wait(item.entry, bench.now.queue + seconds(60), 1, bench.now);
        }
    }
    bench.pass(seconds(61));
    EXPECT_EQ(bench.start().size(), 2U);
}

TEST(Scheduler, ALocationIsUsedAsLongAsItIsGood) {
    Bench bench;
    bench.sites["example.org"] = {"mx:x", 10, 100, false, seconds(60)};
    for (int i = 0; i < 10; ++i) {
        bench.add("anna", "example.org");
        for (const Pick& pick : bench.start()) bench.end_well(pick);
        bench.pass(seconds(5));
    }
    EXPECT_EQ(bench.lookups["example.org"], 1);
    bench.pass(seconds(60));
    bench.add("anna", "example.org");
    EXPECT_EQ(bench.start().size(), 1U);
    EXPECT_EQ(bench.lookups["example.org"], 2);
}

TEST(Scheduler, NamesWithoutMailAreForgottenAtLast) {
    Bench bench({.max_deliveries = 500, .max_locating = 64, .idle_names = 10});
    for (int i = 0; i < 1000; ++i) {
        bench.add("a" + std::to_string(i), "d" + std::to_string(i) + ".example");
        for (const Pick& pick : bench.start()) bench.end_well(pick);
    }
    bench.add("anna", "d1.example");
    EXPECT_EQ(bench.start().size(), 1U);
}

TEST(Scheduler, AnswersOfManyThreadsWorthOfWorkKeepTheBooks) {
    Bench bench;
    std::uint64_t seed = 7;
    const auto random = [&seed](std::uint64_t below) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return (seed >> 33) % below;
    };
    for (int i = 0; i < 12; ++i) {
        bench.sites["d" + std::to_string(i) + ".example"] =
            site_of("mx:" + std::to_string(i % 5), 4, 3, i % 5 == 0);
    }
    std::vector<Pick> running;
    std::vector<QueueId> ids;
    std::size_t open = 0;
    for (int round = 0; round < 20'000; ++round) {
        switch (random(8)) {
            case 0:
            case 1: {
                std::vector<std::string> domains;
                for (std::uint64_t n = 1 + random(5); n > 0; --n) {
                    domains.push_back("d" + std::to_string(random(12)) + ".example");
                }
                open += domains.size();
                ids.push_back(bench.add_to("a" + std::to_string(random(4)), domains,
                                           seconds(random(2) * random(500))));
                break;
            }
            case 2:
                bench.pass(seconds(random(300)));
                break;
            case 3:
                if (!ids.empty()) bench.scheduler.hold(ids[random(ids.size())]);
                break;
            case 4:
                if (!ids.empty()) bench.scheduler.release(ids[random(ids.size())], bench.now);
                break;
            case 5:
                if (!ids.empty() && random(4) == 0) {
                    const auto taken = bench.scheduler.take_for_cancel(ids[random(ids.size())], {});
                    open -= taken.items.size();
                    for (const auto& item : taken.items) bench.scheduler.finish(item.entry);
                } else if (!ids.empty()) {
                    bench.scheduler.retry(ids[random(ids.size())], "", bench.now);
                }
                break;
            case 6:
                for (Pick& pick : bench.start()) running.push_back(std::move(pick));
                break;
            default:
                while (!running.empty() && random(5) > 0) {
                    if (random(3) > 0) {
                        open -= running.back().what.items.size();
                        bench.end_well(running.back());
                    } else {
                        bench.end_badly(running.back(),
                                        random(2) == 0 ? SiteSignal::trouble : SiteSignal::good,
                                        seconds(random(400)));
                    }
                    running.pop_back();
                }
        }
        const auto counts = bench.scheduler.counts();
        ASSERT_EQ(counts.waiting + counts.in_flight + counts.held, open) << "round " << round;
    }
    // Everything ends.
    for (const QueueId& id : ids) bench.scheduler.release(id, bench.now);
    for (int i = 0; i < 100'000 && open > 0; ++i) {
        for (Pick& pick : bench.start()) running.push_back(std::move(pick));
        for (const Pick& pick : running) {
            open -= pick.what.items.size();
            bench.end_well(pick);
        }
        if (running.empty()) bench.pass(minutes(10));
        running.clear();
    }
    EXPECT_EQ(open, 0U);
    for (const QueueId& id : ids) EXPECT_FALSE(bench.scheduler.knows(id));
}

}  // namespace
}  // namespace posthaste::queue
