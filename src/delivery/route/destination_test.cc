#include "delivery/route/destination.h"

#include "delivery/route/address_share.h"
#include "delivery/testing.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using mail::Verdict;
using net::DnsStatus;

struct MxRow {
    const char* name;
    const char* domain;
    DnsStatus status;
    std::vector<net::MxRecord> records;
    const char* wanted;  // the site, or the status of the outcome
};

class MxAnswers : public testing::TestWithParam<MxRow> {};

TEST_P(MxAnswers, Is) {
    testing_tools::Loop loop;
    testing_tools::FakeResolver resolver;
    resolver.set_mx(GetParam().domain, {GetParam().status, GetParam().records, false, ""});
    const DestinationRules rules{{"mail.example.com", "out2.example.com"}, {}, false};
    const auto answer =
        loop.run(find_destination(resolver, *mail::Domain::parse(GetParam().domain), rules));
    ASSERT_TRUE(answer);
    const auto& got = *answer;
    if (got) {
        EXPECT_EQ(got->site(), GetParam().wanted);
    } else {
        EXPECT_EQ(got.error().status.to_string(), GetParam().wanted);
        EXPECT_EQ(got.error().verdict,
                  got.error().status.cls == 5 ? Verdict::failed : Verdict::deferred);
        EXPECT_FALSE(got.error().reply.empty());
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, MxAnswers,
    testing::Values(
        MxRow{"records",
              "example.org",
              DnsStatus::ok,
              {{20, "C.example"}, {10, "b.example"}, {10, "a.example"}, {10, "b.example"}},
              "mx:a.example,b.example|c.example"},
        MxRow{"no_records", "example.org", DnsStatus::no_data, {}, "mx:example.org"},
        MxRow{"no_such_domain", "example.org", DnsStatus::no_name, {}, "5.1.2"},
        MxRow{"dns_is_down", "example.org", DnsStatus::failed, {}, "4.4.3"},
        MxRow{"null_mx", "example.org", DnsStatus::ok, {{0, ""}}, "5.1.10"},
        MxRow{"null_mx_beside_others",
              "example.org",
              DnsStatus::ok,
              {{0, ""}, {5, "a.example"}},
              "mx:a.example"},
        MxRow{"addresses_where_names_belong",
              "example.org",
              DnsStatus::ok,
              {{0, "192.0.2.1"}},
              "mx:nowhere example.org"},
        MxRow{"we_are_the_best",
              "example.org",
              DnsStatus::ok,
              {{10, "Mail.Example.com"}, {20, "a.example"}},
              "5.4.6"},
        MxRow{"we_are_the_second",
              "example.org",
              DnsStatus::ok,
              {{10, "a.example"}, {20, "mail.example.com"}, {20, "b.example"}, {30, "c.example"}},
              "mx:a.example"},
        MxRow{"another_name_of_ours",
              "example.org",
              DnsStatus::ok,
              {{10, "a.example"}, {20, "out2.example.com"}, {30, "c.example"}},
              "mx:a.example"},
        MxRow{"a_literal", "[192.0.2.1]", DnsStatus::ok, {{0, "a.example"}}, "5.1.2"},
        MxRow{"a_single_label", "localhost", DnsStatus::ok, {{0, "a.example"}}, "5.1.2"}),
    [](const auto& row) { return std::string(row.param.name); });

// delivery.md R-3.
TEST(Destination, LiteralsAreForThoseWhoWantThem) {
    testing_tools::Loop loop;
    testing_tools::FakeResolver resolver;
    DestinationRules rules{{"mail.example.com"}, {*IpAddress::parse("192.0.2.9")}, true};
    const auto find = [&](const char* domain) {
        auto found = loop.run(find_destination(resolver, *mail::Domain::parse(domain), rules));
        if (!*found) return found->error().status.to_string();
        return ((*found)->literal ? "literal " : "") + (*found)->hosts.at(0).name;
    };
    EXPECT_EQ(find("[192.0.2.1]"), "literal 192.0.2.1");
    EXPECT_EQ(find("[IPv6:2001:db8::1]"), "literal 2001:db8::1");
    for (const char* inside : {"[127.0.0.1]", "[10.1.2.3]", "[IPv6:::1]", "[224.0.0.1]",
                               "[0.0.0.0]", "[169.254.1.1]", "[192.0.2.9]"})
        EXPECT_EQ(find(inside), "5.4.4") << inside;
    rules.address_literals = false;
    EXPECT_EQ(find("[192.0.2.1]"), "5.1.2");
}

// delivery.md, criterion 1.
TEST(Destination, EqualsAreShuffledAndOthersAreNot) {
    Destination destination;
    destination.hosts = {{10, "a"}, {10, "b"}, {20, "c"}};
    int a_first = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto order = shuffle(destination);
        ASSERT_EQ(order[2].name, "c");
        a_first += order[0].name == "a" ? 1 : 0;
    }
    EXPECT_GT(a_first, 430);
    EXPECT_LT(a_first, 570);
}

TEST(Destination, ALongListStillHasAShortName) {
    Destination one, other;
    for (int i = 0; i < 100; ++i) {
        one.hosts.push_back({10, "host" + std::to_string(i) + ".example.org"});
    }
    other.hosts = one.hosts;
    other.hosts.back().name = "z";
    EXPECT_LT(one.site().size(), 500U);
    EXPECT_NE(one.site(), other.site());
}

struct AddressRow {
    const char* address;
    bool allowed;
    bool allowed_if_private;
};

class Allowed : public testing::TestWithParam<AddressRow> {};

TEST_P(Allowed, Is) {
    const auto address = IpAddress::parse(GetParam().address);
    ASSERT_TRUE(address);
    EXPECT_EQ(is_allowed(*address, false), GetParam().allowed);
    EXPECT_EQ(is_allowed(*address, true), GetParam().allowed_if_private);
}

INSTANTIATE_TEST_SUITE_P(
    All, Allowed,
    testing::Values(AddressRow{"192.0.2.1", true, true}, AddressRow{"127.0.0.1", false, true},
                    AddressRow{"10.0.0.1", false, true}, AddressRow{"172.16.5.5", false, true},
                    AddressRow{"192.168.1.1", false, true}, AddressRow{"100.64.0.1", false, true},
                    AddressRow{"169.254.1.1", false, true}, AddressRow{"0.0.0.0", false, false},
                    AddressRow{"0.1.2.3", false, true}, AddressRow{"224.0.0.1", false, false},
                    AddressRow{"::1", false, true}, AddressRow{"::", false, false},
                    AddressRow{"fe80::1", false, true}, AddressRow{"fd00::1", false, true},
                    AddressRow{"ff02::1", false, false}, AddressRow{"2001:db8::1", true, true},
                    AddressRow{"::ffff:127.0.0.1", false, true}));

TEST(Addresses, BothFamiliesAreTriedInTurn) {
    std::vector<IpAddress> all;
    for (const char* text : {"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4",
                             "2001:db8::5", "2001:db8::6", "192.0.2.1"}) {
        all.push_back(*IpAddress::parse(text));
    }
    auto ordered = order_addresses(all, false, 5);
    ASSERT_EQ(ordered.size(), 5U);
    EXPECT_EQ(ordered[0].to_string(), "192.0.2.1");
    EXPECT_EQ(ordered[1].to_string(), "2001:db8::1");
    ordered = order_addresses(all, true, 5);
    EXPECT_EQ(ordered[0].to_string(), "2001:db8::1");
    EXPECT_EQ(ordered[1].to_string(), "192.0.2.1");
}

struct ShareRow {
    const char* name;
    const char* list;   // of the whole plan, in the order of trying: 4 and 6
    const char* tried;  // the same, of those that are
};

class Share : public testing::TestWithParam<ShareRow> {};

TEST_P(Share, Is) {
    AddressShare share(5);
    const std::string_view list = GetParam().list;
    std::string tried;
    for (std::size_t i = 0; i < list.size() && !share.is_full(); ++i) {
        const char other = list[i] == '4' ? '6' : '4';
        const auto others = static_cast<std::size_t>(std::ranges::count(list.substr(i), other));
        if (!share.may_try(list[i] == '4', others)) continue;
        share.tried(list[i] == '4');
        tried += list[i];
    }
    EXPECT_EQ(tried, GetParam().tried);
}

INSTANTIATE_TEST_SUITE_P(
    All, Share,
    testing::Values(ShareRow{"few", "464", "464"}, ShareRow{"one_family", "44444444", "44444"},
                    ShareRow{"a_small_family_is_kept", "4444446", "44446"},
                    ShareRow{"two_are_no_more_than_half", "44444466", "44466"},
                    ShareRow{"else_half_and_half", "444444666", "44466"},
                    ShareRow{"the_odd_one_is_of_the_best", "66664444", "66644"},
                    ShareRow{"in_turn", "46464646", "46464"}, ShareRow{"late", "6444444", "64444"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Families, ADeadOneRestsForTenMinutes) {
    FamilyMemory memory;
    const SteadyTime now = SteadyTime{} + std::chrono::hours(1);
    memory.timed_out("mx:a", *IpAddress::parse("192.0.2.1"), now);
    EXPECT_TRUE(memory.is_bad("mx:a", true, now + std::chrono::minutes(9)));
    EXPECT_FALSE(memory.is_bad("mx:a", true, now + std::chrono::minutes(11)));
    EXPECT_FALSE(memory.is_bad("mx:a", false, now));
    EXPECT_FALSE(memory.is_bad("mx:b", true, now));
}

TEST(Destination, DomainsThatDnsVouchesForAreASiteOfTheirOwn) {
    Destination destination;
    destination.hosts = {{10, "mx.example.net"}};
    const std::string unsigned_site = destination.site();
    destination.secure = true;
    EXPECT_NE(destination.site(), unsigned_site);
    EXPECT_EQ(destination.hosts_key(), unsigned_site) << "the hosts are the same";
}

}  // namespace
}  // namespace posthaste::delivery
