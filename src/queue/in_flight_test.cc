#include "queue/in_flight.h"

#include "queue/quarantine.h"
#include "store/testing.h"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

class InFlightTest : public testing::Test {
  protected:
    std::unique_ptr<InFlight> open() { return InFlight::open(path_).value(); }

    // The process ends, by a fault or by a kill, and another begins.
    std::unique_ptr<InFlight> again(std::unique_ptr<InFlight> before, bool crash) {
        if (crash) InFlight::mark_crash();
        before.reset();
        return open();
    }

    store::testing::TempFolder folder_;
    std::string path_ = folder_ / "in-flight";
    QueueId one_ = QueueId::make();
    QueueId two_ = QueueId::make();
};

TEST_F(InFlightTest, what_was_in_flight_at_a_crash_is_suspected) {
    auto record = open();
    record->begin(one_);
    record->begin(two_);
    record->begin(two_);
    record->end(two_);
    record->begin(QueueId::make());
    const QueueId ended = QueueId::make();
    record->begin(ended);
    record->end(ended);
    record = again(std::move(record), true);
    EXPECT_EQ(record->suspects().size(), 3);
    EXPECT_TRUE(
        std::ranges::none_of(record->suspects(), [&](const Suspect& s) { return s.id == ended; }));
    for (const Suspect& suspect : record->suspects()) EXPECT_EQ(suspect.crashes, 1);
}

TEST_F(InFlightTest, a_kill_suspects_nobody_and_forgets_nobody) {
    auto record = open();
    record->begin(one_);
    record = again(std::move(record), false);
    EXPECT_TRUE(record->suspects().empty());
    record->begin(one_);
    record = again(std::move(record), true);
    record->begin(two_);
    record = again(std::move(record), false);
    ASSERT_EQ(record->suspects().size(), 1);
    EXPECT_EQ(record->suspects()[0].id, one_);
    EXPECT_EQ(record->suspects()[0].crashes, 1);
}

TEST_F(InFlightTest, crashes_are_counted_until_it_ends_well) {
    auto record = open();
    for (unsigned crashes = 1; crashes <= 3; ++crashes) {
        record->begin(one_, crashes == 3);
        record->begin(two_);
        record = again(std::move(record), true);
        ASSERT_EQ(record->suspects().size(), 2);
        const auto found = std::ranges::find(record->suspects(), one_, &Suspect::id);
        EXPECT_EQ(found->crashes, crashes);
        EXPECT_EQ(found->alone, crashes == 3);
    }
    record->begin(two_);
    record->end(two_);
    record->forget(one_);
    record = again(std::move(record), true);
    EXPECT_TRUE(record->suspects().empty());
}

TEST_F(InFlightTest, more_than_fit_go_unrecorded) {
    auto record = open();
    std::vector<QueueId> many;
    for (int i = 0; i < 5000; ++i) many.push_back(QueueId::make());
    for (const QueueId& id : many) record->begin(id);
    for (const QueueId& id : many) record->end(id);
    record->begin(one_);
    record = again(std::move(record), true);
    ASSERT_EQ(record->suspects().size(), 1);
    EXPECT_EQ(record->suspects()[0].id, one_);
}

TEST_F(InFlightTest, a_damaged_file_begins_anew) {
    std::ofstream(path_) << std::string(1000, 'x');
    auto record = open();
    EXPECT_TRUE(record->suspects().empty());
    record->begin(one_);
    record = again(std::move(record), true);
    EXPECT_EQ(record->suspects().size(), 1);
}

TEST_F(InFlightTest, no_folder_is_an_error_with_a_mend) {
    const auto opened = InFlight::open(folder_ / "missing/in-flight");
    ASSERT_FALSE(opened);
    EXPECT_FALSE(opened.error().mend.empty());
}

std::vector<Suspect> suspects(std::size_t count) {
    std::vector<Suspect> made;
    for (std::size_t i = 0; i < count; ++i) made.push_back({QueueId::make(), 1, false});
    return made;
}

TEST(QuarantineTest, groups_are_an_eighth_and_everybody_is_in_one) {
    Quarantine quarantine(suspects(80));
    std::size_t seen = 0;
    for (;;) {
        const auto group = quarantine.next_group();
        if (group.empty()) break;
        EXPECT_EQ(group.size(), 10);
        EXPECT_FALSE(quarantine.group_is_done());
        for (const QueueId& id : group) {
            EXPECT_FALSE(quarantine.is_alone(id));
            quarantine.tried(id);
        }
        EXPECT_TRUE(quarantine.group_is_done());
        seen += group.size();
    }
    EXPECT_EQ(seen, 80);
}

TEST(QuarantineTest, the_least_suspected_are_tried_first) {
    auto some = suspects(3);
    some[0].crashes = 4;
    some[1].crashes = 2;
    Quarantine quarantine(some);
    EXPECT_EQ(quarantine.next_group().front(), some[2].id);
    EXPECT_TRUE(quarantine.is_alone(some[2].id));
    EXPECT_EQ(quarantine.next_group().front(), some[1].id);
    EXPECT_EQ(quarantine.next_group().front(), some[0].id);
}

TEST(QuarantineTest, three_crashes_the_last_alone_are_a_verdict) {
    auto some = suspects(4);
    some[0].crashes = 3;
    some[0].alone = true;
    some[1].crashes = 5;  // among others: it may be one of them
    some[2].crashes = 2;
    some[2].alone = true;
    const Quarantine quarantine(some);
    ASSERT_EQ(quarantine.guilty().size(), 1);
    EXPECT_EQ(quarantine.guilty()[0].id, some[0].id);
    EXPECT_EQ(quarantine.waiting().size(), 3);
}

}  // namespace
}  // namespace posthaste::queue
