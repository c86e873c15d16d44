#include "delivery/tls/tls_assurance.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using Level = TlsPolicy::Level;

net::TlsaRecord record(int usage, char fill = 'x') {
    return {static_cast<std::uint8_t>(usage), 1, 1, std::string(32, fill)};
}

TlsPolicy policy(Level level, std::string name = "mx.example.org") {
    TlsPolicy made;
    made.level = level;
    made.name = std::move(name);
    return made;
}

TlsPolicy dane(net::TlsaRecord wanted, std::vector<std::string> more = {},
               std::string base = "mx.example.org") {
    TlsPolicy made = policy(Level::dane, base);
    made.dane = net::TlsDane{std::move(base), {std::move(wanted)}, std::move(more)};
    return made;
}

net::TlsInfo info(bool verified, std::string matched_name = {}, std::string matched_record = {}) {
    net::TlsInfo made;
    made.verified = verified;
    made.matched_name = std::move(matched_name);
    made.matched_record = std::move(matched_record);
    return made;
}

TlsAssurance in_tls(const TlsPolicy& opened_for, const net::TlsInfo& shown, bool keyword = false) {
    return assurance_of(opened_for, &shown, false, keyword);
}

// delivery.md 2.8, line by line.
TEST(TlsAssurance, ForWhoseMailItIsEnough) {
    const auto clear = assurance_of(policy(Level::may), nullptr, false, false);
    const auto clear_by_choice = assurance_of(policy(Level::none), nullptr, true, false);
    const auto unchecked = in_tls(policy(Level::may), info(false));
    // Right by chance, and nobody asked.
    const auto by_chance = in_tls(policy(Level::may), info(true, "mx.example.org"));
    const auto verified = in_tls(policy(Level::sts), info(true, "mx.example.org"));
    const auto by_leaf = in_tls(dane(record(3)), info(true, "", "3 1 1 78"));
    const auto by_base = in_tls(dane(record(2)), info(true, "mx.example.org", "2 1 1 78"));
    const auto by_domain =
        in_tls(dane(record(2), {"example.org"}), info(true, "example.org", "2 1 1 78"));
    const auto by_asterisk = in_tls(dane(record(2)), info(true, "*.example.org", "2 1 1 78"));

    struct Case {
        const char* name;
        const TlsAssurance& shown;
        TlsPolicy wanted;
        bool enough;
    };

    const Case kCases[] = {
        {"clear, none", clear, policy(Level::none), true},
        {"clear, may", clear, policy(Level::may), true},
        {"clear though TLS was offered, may", clear_by_choice, policy(Level::may), false},
        {"clear though TLS was offered, none", clear_by_choice, policy(Level::none), true},
        {"clear, encrypt", clear, policy(Level::encrypt), false},
        {"clear, sts", clear, policy(Level::sts), false},
        {"clear, dane", clear, dane(record(3)), false},
        {"unchecked, may", unchecked, policy(Level::may), true},
        {"unchecked, encrypt", unchecked, policy(Level::encrypt), true},
        {"unchecked, sts", unchecked, policy(Level::sts), false},
        {"unchecked, verify", unchecked, policy(Level::verify), false},
        {"unchecked, dane", unchecked, dane(record(3)), false},
        {"by chance, sts", by_chance, policy(Level::sts), false},
        {"verified, may", verified, policy(Level::may), true},
        {"verified, encrypt", verified, policy(Level::encrypt), true},
        {"verified, sts", verified, policy(Level::sts), true},
        {"verified, verify", verified, policy(Level::verify), true},
        {"verified, another name", verified, policy(Level::sts, "mx2.example.org"), false},
        {"verified, dane", verified, dane(record(3)), false},
        {"leaf, may", by_leaf, policy(Level::may), true},
        {"leaf, sts", by_leaf, policy(Level::sts), false},
        {"leaf, the same records", by_leaf, dane(record(3)), true},
        {"leaf, for another domain", by_leaf, dane(record(3), {"other.example"}), true},
        {"leaf, other records", by_leaf, dane(record(3, 'y')), false},
        {"leaf, another base", by_leaf, dane(record(3), {}, "mx2.example.org"), false},
        {"authority by base", by_base, dane(record(2), {"other.example"}), true},
        {"authority by domain", by_domain, dane(record(2), {"example.org"}), true},
        {"authority by another's domain", by_domain, dane(record(2), {"other.example"}), false},
        {"authority by asterisk", by_asterisk, dane(record(2)), true},
    };
    for (const Case& one : kCases)
        EXPECT_EQ(satisfies(one.shown, one.wanted), one.enough) << one.name;
}

TEST(TlsAssurance, RequireTlsWantsItsKeyword) {
    TlsPolicy wanted = policy(Level::sts);
    wanted.wants_keyword = true;
    EXPECT_FALSE(satisfies(in_tls(policy(Level::sts), info(true)), wanted));
    EXPECT_TRUE(satisfies(in_tls(policy(Level::sts), info(true), true), wanted));
    EXPECT_FALSE(satisfies(in_tls(policy(Level::may), info(false), true), wanted));
}

}  // namespace
}  // namespace posthaste::delivery
