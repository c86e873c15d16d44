#include "trap/magic.h"

#include <string>

#include <gtest/gtest.h>

namespace posthaste::trap {
namespace {

using mail::Cause;
using mail::Verdict;

struct Row {
    std::string name;
    std::string local;
    std::uint32_t attempts = 0;
    bool kept = true;
    bool slow = false;
    Verdict verdict = Verdict::delivered;
    int code = 0;
    std::string status{};
};

class MagicTest : public testing::TestWithParam<Row> {};

TEST_P(MagicTest, answers) {
    const Row& row = GetParam();
    const Magic magic = magic_of(row.local, row.attempts);
    EXPECT_EQ(magic.slow, row.slow);
    ASSERT_EQ(!magic.refusal.has_value(), row.kept);
    if (row.kept) return;
    EXPECT_EQ(magic.refusal->verdict, row.verdict);
    EXPECT_EQ(magic.refusal->code, row.code);
    EXPECT_EQ(magic.refusal->status.to_string(), row.status);
    EXPECT_FALSE(magic.refusal->reply.empty());
}

constexpr auto kDefer = Verdict::deferred;
constexpr auto kFail = Verdict::failed;

INSTANTIATE_TEST_SUITE_P(
    Addresses, MagicTest,
    testing::Values(Row{"plain", "bob"}, Row{"empty", ""},
                    Row{"local_error", "451", 0, false, false, kDefer, 451, "4.3.0"},
                    Row{"no_such_user", "550", 0, false, false, kFail, 550, "5.1.1"},
                    Row{"again", "450", 7, false, false, kDefer, 450, "4.2.0"},
                    Row{"closing", "421", 0, false, false, kDefer, 421, "4.3.2"},
                    Row{"too_large", "552", 0, false, false, kFail, 552, "5.2.2"},
                    Row{"policy", "554", 0, false, false, kFail, 554, "5.7.1"},
                    Row{"unknown_temporary", "499", 0, false, false, kDefer, 499, "4.0.0"},
                    Row{"unknown_permanent", "599", 0, false, false, kFail, 599, "5.0.0"},
                    Row{"lowest", "400", 0, false, false, kDefer, 400, "4.0.0"},
                    Row{"good_code_is_a_name", "250"}, Row{"six_hundred", "600"},
                    Row{"four_digits", "4510"}, Row{"two_digits", "45"}, Row{"letters", "45x"},
                    Row{"with_detail", "451+x"},
                    Row{"greylist_first", "greylist", 0, false, false, kDefer, 451, "4.7.1"},
                    Row{"greylist_second", "greylist", 1},
                    Row{"upper_case", "GreyList", 0, false, false, kDefer, 451, "4.7.1"},
                    Row{"quota", "quota", 3, false, false, kDefer, 452, "4.2.2"},
                    Row{"slow", "slow", 0, true, true},
                    Row{"timeout", "timeout", 0, false, true, kDefer, 0, "4.4.1"}),
    [](const auto& info) { return info.param.name; });

TEST(MagicTest, greylisting_is_named_as_the_cause) {
    EXPECT_EQ(magic_of("greylist", 0).refusal->cause, Cause::greylisted);
}

}  // namespace
}  // namespace posthaste::trap
