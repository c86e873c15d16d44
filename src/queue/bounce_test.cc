#include "queue/bounce.h"

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

const SteadyTime kNow = SteadyTime{} + std::chrono::hours(1);

TEST(Waves, GatherForAMinute) {
    Waves waves;
    const QueueId id = QueueId::make();
    waves.note(id, kNow, false);
    waves.note(id, kNow + Seconds(50), false);
    EXPECT_FALSE(waves.take_due(kNow + Seconds(59)));
    EXPECT_EQ(waves.next(), kNow + Seconds(60));
    EXPECT_EQ(waves.take_due(kNow + Seconds(60)), id);
    EXPECT_FALSE(waves.take_due(kNow + Seconds(600)));
    EXPECT_EQ(waves.size(), 0U);
}

TEST(Waves, EndWhenNobodyIsOpen) {
    Waves waves;
    const QueueId id = QueueId::make();
    waves.note(id, kNow, false);
    waves.note(id, kNow + Seconds(5), true);
    EXPECT_EQ(waves.take_due(kNow + Seconds(5)), id);
}

TEST(Waves, AreTriedAgainLater) {
    Waves waves;
    const QueueId a = QueueId::make();
    const QueueId b = QueueId::make();
    waves.note(a, kNow, true);
    waves.note(b, kNow, false);
    EXPECT_EQ(waves.take_due(kNow), a);
    waves.again_at(a, kNow + Seconds(30));
    EXPECT_TRUE(waves.has(a));
    EXPECT_FALSE(waves.take_due(kNow + Seconds(29)));
    EXPECT_EQ(waves.take_due(kNow + Seconds(30)), a);
}

struct AutomaticRow {
    const char* name;
    const char* header;
    bool automatic;
};

class Automatic : public testing::TestWithParam<AutomaticRow> {};

TEST_P(Automatic, Is) {
    EXPECT_EQ(is_automatic(GetParam().header), GetParam().automatic);
}

INSTANTIATE_TEST_SUITE_P(
    All, Automatic,
    testing::Values(AutomaticRow{"a_person", "Subject: hello\r\n", false},
                    AutomaticRow{"auto_submitted", "auto-submitted: auto-generated\r\n", true},
                    AutomaticRow{"auto_submitted_no", "Auto-Submitted: no\r\n", false},
                    AutomaticRow{"bulk", "Precedence: Bulk\r\n", true},
                    AutomaticRow{"precedence_first_class", "Precedence: first-class\r\n", false},
                    AutomaticRow{"list", "List-Id: <x.example.org>\r\n", true},
                    AutomaticRow{"no_header_at_all", "", false}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace posthaste::queue
