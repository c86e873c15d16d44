#include "net/detail/dns_cache.h"

#include <gtest/gtest.h>

namespace posthaste::net::detail {
namespace {

using namespace std::chrono_literals;

DnsAnswerPtr answer(DnsStatus status) {
    DnsAnswer one;
    one.status = status;
    return std::make_shared<const DnsAnswer>(one);
}

TEST(DnsCache, OneQueryForAllWhoAsk) {
    DnsCache cache(10);
    SteadyTime moment{};
    auto first = cache.look(DnsType::mx, "a.example", moment);
    auto second = cache.look(DnsType::mx, "a.example", moment);
    auto other_type = cache.look(DnsType::a, "a.example", moment);
    EXPECT_TRUE(first.start);
    EXPECT_FALSE(second.start);
    EXPECT_TRUE(second.waiting);
    EXPECT_TRUE(other_type.start);
    cache.land(DnsType::mx, "a.example", answer(DnsStatus::ok), moment + 10s);
    auto known = cache.look(DnsType::mx, "a.example", moment + 9s);
    ASSERT_TRUE(known.answer);
    EXPECT_EQ(known.answer->status, DnsStatus::ok);
    auto expired = cache.look(DnsType::mx, "a.example", moment + 10s);
    EXPECT_FALSE(expired.answer);
    EXPECT_TRUE(expired.start);
}

TEST(DnsCache, TheLeastUsedIsForgotten) {
    DnsCache cache(2);
    SteadyTime moment{};
    auto put = [&](const std::string& name) {
        cache.land(DnsType::a, name, answer(DnsStatus::ok), moment + 1h);
    };
    put("a");
    put("b");
    EXPECT_TRUE(cache.look(DnsType::a, "a", moment).answer);
    put("c");
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_TRUE(cache.look(DnsType::a, "a", moment).answer);
    EXPECT_FALSE(cache.look(DnsType::a, "b", moment).answer);
    put("c");  // again: no second entry
    EXPECT_EQ(cache.size(), 2U);
    cache.clear();
    EXPECT_EQ(cache.size(), 0U);
}

TEST(DnsCache, QueriesUnderWayAreBounded) {
    DnsCache cache(2);
    SteadyTime moment{};
    for (int i = 0; i < 4096; ++i)
        ASSERT_TRUE(cache.look(DnsType::a, std::to_string(i), moment).start);
    auto full = cache.look(DnsType::a, "one more", moment);
    EXPECT_FALSE(full.start || full.waiting || full.answer);
    auto joined = cache.look(DnsType::a, "7", moment);
    EXPECT_TRUE(joined.waiting);
    cache.land(DnsType::a, "7", answer(DnsStatus::failed), moment);
    EXPECT_TRUE(cache.look(DnsType::a, "one more", moment).start);
}

}  // namespace
}  // namespace posthaste::net::detail
