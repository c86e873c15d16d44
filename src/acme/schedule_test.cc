#include "acme/schedule.h"

#include <gtest/gtest.h>

namespace posthaste::acme {
namespace {

using std::chrono::days;

constexpr Timestamp kNow{Seconds(1'800'000'000)};
constexpr std::string_view kUrl = "https://ca.test/dir";

Timestamp in(Seconds wait) {
    return kNow + wait;
}

TEST(AcmeSchedule, renews_at_two_thirds) {
    EXPECT_EQ(renewal_time(kNow, kNow + days(90)), kNow + days(60));
    EXPECT_EQ(renewal_time(kNow, kNow), kNow);
    EXPECT_EQ(renewal_time(kNow, kNow - days(1)), kNow) << "a certificate that makes no sense";
}

TEST(AcmeSchedule, waits_double_up_to_a_bound) {
    EXPECT_EQ(wait_after(1, Seconds(300), Seconds(43'200)), Seconds(300));
    EXPECT_EQ(wait_after(2, Seconds(300), Seconds(43'200)), Seconds(600));
    EXPECT_EQ(wait_after(9, Seconds(300), Seconds(43'200)), Seconds(43'200));
    EXPECT_EQ(wait_after(4'000'000'000U, Seconds(300), Seconds(43'200)), Seconds(43'200));
    EXPECT_EQ(wait_after(1, Seconds(0), Seconds(0)), Seconds(1)) << "never without a pause";
    for (int i = 0; i < 200; ++i) {
        EXPECT_GE(with_jitter(Seconds(100)), Seconds(100));
        EXPECT_LE(with_jitter(Seconds(100)), Seconds(125));
    }
}

TEST(AcmeSchedule, a_wait_that_a_wrong_clock_wrote_is_not_believed) {
    Trouble trouble;
    trouble.note({ErrorKind::io, "x", {}}, kNow, Seconds(600));
    EXPECT_FALSE(trouble.may_try(kNow));
    EXPECT_TRUE(trouble.may_try(in(Seconds(601))));
    trouble.next = kNow + days(3650);
    EXPECT_TRUE(trouble.may_try(kNow));
    trouble.note({ErrorKind::io, "x", {}}, kNow + days(3650), Seconds(600));
    EXPECT_TRUE(trouble.may_try(kNow)) << "it was noted in the future";
}

SetView view(std::vector<std::string> certified, Seconds age, days life = days(90)) {
    return {{"a", "b"}, std::move(certified), kNow - age, kNow - age + life};
}

Trouble waiting(Seconds wait) {
    Trouble trouble;
    trouble.note({ErrorKind::dns, "x", {}}, kNow, wait);
    return trouble;
}

TEST(AcmePlan, says_what_to_order) {
    SetState fine;
    fine.directory = kUrl;
    SetState b_waits = fine;
    b_waits.names["b"] = waiting(Seconds(60));
    SetState all_wait = fine;
    all_wait.trouble = waiting(Seconds(60));
    SetState elsewhere = fine;
    elsewhere.directory = "https://other.test/dir";
    using Names = std::vector<std::string>;

    struct {
        const char* what;
        SetView set;
        SetState state;
        Names names;
    } const cases[] = {
        {"nothing there yet", {{"a", "b"}, {}, {}, {}}, {}, {"a", "b"}},
        {"all is well", view({"a", "b"}, days(10)), fine, {}},
        {"old", view({"a", "b"}, days(61)), fine, {"a", "b"}},
        {"by another authority", view({"a", "b"}, days(1)), elsewhere, {"a", "b"}},
        {"a new name", view({"a"}, days(1)), fine, {"a", "b"}},
        {"a new name that waits", view({"a"}, days(1)), b_waits, {}},
        {"old, and a name waits", view({"a"}, days(61)), b_waits, {"a"}},
        {"a certified name keeps its place", view({"a", "b"}, days(61)), b_waits, {"a", "b"}},
        {"until the end is near", view({"a", "b"}, days(80)), b_waits, {"a"}},
        {"the whole set waits", view({"a", "b"}, days(61)), all_wait, {}},
    };

    for (const auto& [what, set, state, names] : cases)
        EXPECT_EQ(plan_order(set, state, kUrl, kNow).names, names) << what;
}

TEST(AcmeState, survives_a_restart) {
    SetState state;
    state.directory = kUrl;
    state.trouble = waiting(Seconds(60));
    state.names["b"] = waiting(Seconds(90));
    state.names["b"].text = "says \"no\"\n";
    auto again = parse_state(to_json(state));
    ASSERT_TRUE(again.has_value());
    auto expected = state;
    expected.names["b"].text = again->names["b"].text;  // made printable
    EXPECT_EQ(*again, expected);
}

TEST(AcmeState, nonsense_is_harmless) {
    for (std::string_view text : {"", "[]", "{", "null"})
        EXPECT_FALSE(parse_state(text).has_value()) << text;
    auto odd = parse_state(
        R"({"directory":7,"trouble":{"failures":-5,"next":99999999999999999},"names":{"a":[]}})");
    ASSERT_TRUE(odd.has_value());
    EXPECT_EQ(odd->trouble.failures, 0U);
    EXPECT_TRUE(odd->trouble.may_try(kNow));
}

}  // namespace
}  // namespace posthaste::acme
