#include "delivery/tls/tls_policy.h"

#include "delivery/testing.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

TEST(StsPolicyLists, TheHostsItNamesAndOneLabelForAnAsterisk) {
    StsPolicy policy;
    policy.mx = {"mx.example.com", "*.backup.example"};

    struct Case {
        const char* host;
        bool listed;
    };

    constexpr Case kCases[] = {
        {"mx.example.com", true},    {"MX.example.com.", true},
        {"mx2.example.com", false},  {"a.backup.example", true},
        {"backup.example", false},   {"a.b.backup.example", false},
        {".backup.example", false},  {"", false},
        {"x.mx.example.com", false}, {"abackup.example", false},
    };
    for (const auto& one : kCases) EXPECT_EQ(lists(policy, one.host), one.listed) << one.host;
    EXPECT_FALSE(lists(StsPolicy{}, "mx.example.com"));
}

TEST(TlsResult, HasTheNameOfTheRegistry) {
    EXPECT_EQ(to_string(TlsResult::starttls_not_supported), "starttls-not-supported");
    EXPECT_EQ(to_string(TlsResult::sts_webpki_invalid), "sts-webpki-invalid");
}

using Level = TlsPolicy::Level;
using Kind = DaneAnswer::Kind;

StsPolicy sts(StsMode mode, std::vector<std::string> mx) {
    StsPolicy policy;
    policy.mode = mode;
    policy.mx = std::move(mx);
    policy.lines = {"version: STSv1"};
    return policy;
}

const StsPolicy kListed = sts(StsMode::enforce, {"mx.example.org"});
const StsPolicy kOthers = sts(StsMode::enforce, {"other.example.org"});
const StsPolicy kTesting = sts(StsMode::testing, {"mx.example.org"});
const StsPolicy kOff = sts(StsMode::none, {});

net::TlsaRecord leaf() {
    return {3, 1, 1, std::string(32, 'x')};
}

DaneAnswer dane(Kind kind) {
    DaneAnswer answer;
    answer.kind = kind;
    if (kind == Kind::usable || kind == Kind::unusable) answer.base = "mx.example.org";
    if (kind == Kind::usable) answer.records = {leaf()};
    if (kind == Kind::failed) answer.why = "a wrong signature";
    return answer;
}

// "sts", or "4.7.5" and the like for a host that is out of reach.
std::string decided(const TlsQuestion& question) {
    const auto policy = decide(question);
    if (policy) {
        return std::string(to_string(policy->level)) + (policy->wants_keyword ? "+keyword" : "") +
               (policy->clear_at_once ? "+clear" : "");
    }
    return judge(policy.error().incident, {}).outcome.status.to_string();
}

TlsQuestion question() {
    TlsQuestion question;
    question.host = "mx.example.org";
    question.domain = question.expanded = "example.org";
    return question;
}

// delivery.md 2.2, line by line.
TEST(TlsDecision, OfRouteDaneAndMtaSts) {
    struct Case {
        const char* name;
        TlsLevel route;
        Kind dane;
        const StsPolicy* sts;
        const char* wanted;
    };

    const Case kCases[] = {
        {"nothing promised", TlsLevel::may, Kind::absent, nullptr, "may"},
        {"usable records", TlsLevel::may, Kind::usable, nullptr, "dane"},
        {"DANE before MTA-STS", TlsLevel::may, Kind::usable, &kListed, "dane"},
        {"DANE, whatever MTA-STS lists", TlsLevel::may, Kind::usable, &kOthers, "dane"},
        {"no answer is never weaker", TlsLevel::may, Kind::failed, nullptr, "4.7.5"},
        {"nor weaker with MTA-STS", TlsLevel::may, Kind::failed, &kListed, "4.7.5"},
        {"unusable records", TlsLevel::may, Kind::unusable, nullptr, "encrypt"},
        {"raised by MTA-STS", TlsLevel::may, Kind::unusable, &kListed, "sts"},
        {"unusable, and in testing", TlsLevel::may, Kind::unusable, &kTesting, "encrypt"},
        {"enforced", TlsLevel::may, Kind::absent, &kListed, "sts"},
        {"not in the policy", TlsLevel::may, Kind::absent, &kOthers, "4.7.5"},
        {"testing keeps nobody out", TlsLevel::may, Kind::absent, &kTesting, "may"},
        {"opted out", TlsLevel::may, Kind::absent, &kOff, "may"},
        {"the operator wants TLS", TlsLevel::encrypt, Kind::absent, nullptr, "encrypt"},
        {"and the domain more", TlsLevel::encrypt, Kind::usable, nullptr, "dane"},
        {"the operator says no", TlsLevel::none, Kind::usable, &kListed, "none"},
        {"the operator's certificate", TlsLevel::verify, Kind::usable, &kOthers, "verify"},
        {"dane without records", TlsLevel::dane, Kind::absent, nullptr, "may"},
        {"dane with records", TlsLevel::dane, Kind::usable, nullptr, "dane"},
        {"dane-only without records", TlsLevel::dane_only, Kind::absent, &kListed, "4.7.5"},
        {"dane-only, unusable", TlsLevel::dane_only, Kind::unusable, nullptr, "4.7.5"},
        {"dane-only with records", TlsLevel::dane_only, Kind::usable, nullptr, "dane"},
    };
    for (const Case& one : kCases) {
        TlsQuestion asked = question();
        asked.route = one.route;
        asked.dane = dane(one.dane);
        if (one.sts != nullptr) asked.sts = *one.sts;
        EXPECT_EQ(decided(asked), one.wanted) << one.name;
    }
}

TEST(TlsDecision, OfWhatTheSenderWishes) {
    struct Case {
        const char* name;
        store::TlsWish wish;
        bool secure;
        Kind dane;
        const StsPolicy* sts;
        const char* wanted;
    };
    using enum store::TlsWish;
    const Case kCases[] = {
        {"no policy is kept", optional, true, Kind::usable, &kOthers, "may+clear"},
        {"nor asked for", optional, true, Kind::failed, nullptr, "may+clear"},
        {"REQUIRETLS by DANE", required, true, Kind::usable, nullptr, "dane+keyword"},
        {"by MTA-STS", required, false, Kind::absent, &kListed, "sts+keyword"},
        {"by DNSSEC and a certificate", required, true, Kind::absent, nullptr, "verify+keyword"},
        {"by unusable records too", required, true, Kind::unusable, nullptr, "verify+keyword"},
        {"nothing proves the host", required, false, Kind::absent, nullptr, "5.7.4"},
        {"testing proves nothing", required, false, Kind::absent, &kTesting, "5.7.4"},
        {"never weaker", required, true, Kind::failed, nullptr, "4.7.5"},
    };
    for (const Case& one : kCases) {
        TlsQuestion asked = question();
        asked.wish = one.wish;
        asked.secure = one.secure;
        asked.dane = dane(one.dane);
        if (one.sts != nullptr) asked.sts = *one.sts;
        EXPECT_EQ(decided(asked), one.wanted) << one.name;
    }
    TlsQuestion doubt = question();
    doubt.wish = required;
    doubt.in_doubt = true;
    EXPECT_EQ(decided(doubt), "4.7.5") << "never for good on a doubt";
    TlsQuestion demanded = question();
    demanded.wish = optional;
    demanded.route = TlsLevel::encrypt;
    EXPECT_EQ(decided(demanded), "encrypt") << "what the operator demands stands";
    demanded.route = TlsLevel::dane_only;
    EXPECT_EQ(decided(demanded), "4.7.5");
}

TEST(TlsDecision, OfASmarthost) {
    TlsQuestion asked = question();
    asked.smarthost = true;
    asked.secure = true;
    asked.dane = dane(Kind::usable);
    for (const auto& [level, wanted] : {std::pair{TlsLevel::none, "none"},
                                        {TlsLevel::may, "may"},
                                        {TlsLevel::encrypt, "encrypt"},
                                        {TlsLevel::verify, "verify"},
                                        {TlsLevel::dane, "dane"},
                                        {TlsLevel::dane_only, "dane"}}) {
        asked.route = level;
        EXPECT_EQ(decided(asked), wanted);
    }
    asked.dane = {};
    asked.route = TlsLevel::dane;
    EXPECT_EQ(decided(asked), "verify") << "no weaker than by default";
    asked.route = TlsLevel::may;
    asked.login = true;
    EXPECT_EQ(decided(asked), "encrypt") << "a login is not said in clear";
    asked.login = false;
    asked.route = TlsLevel::verify;
    asked.wish = store::TlsWish::required;
    asked.secure = false;
    EXPECT_EQ(decided(asked), "verify+keyword") << "the operator says who it is";
}

TEST(TlsDecision, NamesThatAnAuthoritysCertificateMayHold) {
    TlsQuestion asked = question();
    asked.dane = dane(Kind::usable);
    asked.expanded = "example.net";
    EXPECT_TRUE(decide(asked)->dane->more_names.empty()) << "an unsigned MX record names nobody";
    asked.secure = true;
    const std::vector<std::string> kBoth{"example.org", "example.net"};
    EXPECT_EQ(decide(asked)->dane->more_names, kBoth);
    EXPECT_EQ(decide(asked)->name, "mx.example.org");
}

TEST(TlsDecision, WhatReportsSay) {
    TlsQuestion asked = question();
    EXPECT_EQ(decide(asked)->session.type, TlsSession::PolicyType::no_policy_found);
    EXPECT_TRUE(decide(asked)->is_reported);
    asked.sts = kTesting;
    asked.sts->mx = {"other.example.org"};
    auto policy = decide(asked);
    EXPECT_EQ(policy->session.type, TlsSession::PolicyType::sts);
    EXPECT_EQ(policy->session.reason, "mtasts-policy-mx-mismatch");
    asked.sts = kOthers;
    auto refused = decide(asked);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().by_sts && refused.error().is_reported);
    EXPECT_EQ(refused.error().session.result, TlsResult::validation_failure);
    asked.dane = dane(Kind::failed);
    asked.dane.bogus = true;
    EXPECT_EQ(decide(asked).error().session.result, TlsResult::dnssec_invalid);
    asked.dane = dane(Kind::usable);
    asked.dane.strings = {"3 1 1 78"};
    policy = decide(asked);
    EXPECT_EQ(policy->session.policy_domain, "mx.example.org");
    EXPECT_EQ(policy->session.domain, "example.org");
    EXPECT_EQ(policy->session.policy_strings, asked.dane.strings);
    asked.wish = store::TlsWish::optional;
    EXPECT_FALSE(decide(asked)->is_reported) << "a report about reports would never end";
}

// ---- which hosts have TLSA records to go by (RFC 7672 §2.2)

class LookForDane : public ::testing::Test {
  protected:
    DaneAnswer look(bool secure = true) {
        auto looking = look_for_dane(resolver_, "mx.test", 25, secure, Deadline::after(Seconds(5)));
        return *loop_.run(std::move(looking));
    }

    void addresses(bool secure, const std::string& name = "mx.test",
                   net::DnsStatus status = net::DnsStatus::ok) {
        resolver_.set_addresses(
            "mx.test", {status, {*IpAddress::parse("192.0.2.1")}, secure, "", name, false});
    }

    void records(const std::string& base, bool secure = true,
                 std::vector<net::TlsaRecord> all = {leaf()}) {
        resolver_.set_tlsa("_25._tcp." + base, {net::DnsStatus::ok, std::move(all), secure});
    }

    bool asked(const std::string& name) const {
        return std::ranges::find(resolver_.asked, name) != resolver_.asked.end();
    }

    testing_tools::Loop loop_;
    testing_tools::FakeResolver resolver_;
};

TEST_F(LookForDane, SignedAllTheWay) {
    addresses(true);
    records("mx.test");
    const auto found = look();
    EXPECT_EQ(found.kind, Kind::usable);
    EXPECT_EQ(found.base, "mx.test");
    EXPECT_EQ(found.strings.size(), 1U);
}

TEST_F(LookForDane, NobodyIsAskedWhereNothingIsSigned) {
    records("mx.test");
    addresses(true);
    EXPECT_EQ(look(false).kind, Kind::absent) << "an unsigned MX record";
    EXPECT_TRUE(resolver_.asked.empty());
    addresses(false);
    EXPECT_EQ(look().kind, Kind::absent);
    EXPECT_FALSE(asked("_25._tcp.mx.test"));
}

TEST_F(LookForDane, TheNameBehindAnAliasFirst) {
    addresses(true, "real.test");
    records("mx.test", true, {{3, 1, 1, std::string(32, 'a')}});
    EXPECT_EQ(look().base, "mx.test");
    EXPECT_TRUE(asked("_25._tcp.real.test"));
    records("real.test");
    EXPECT_EQ(look().base, "real.test");
}

TEST_F(LookForDane, ASignedAliasIntoAnUnsignedZone) {
    addresses(false, "real.unsigned.test");
    records("mx.test");
    records("real.unsigned.test");
    EXPECT_EQ(look().kind, Kind::absent) << "no alias that is signed";
    resolver_.set_alias("mx.test", {net::DnsStatus::ok, false, ""});
    EXPECT_EQ(look().kind, Kind::absent) << "an alias that is not signed";
    resolver_.set_alias("mx.test", {net::DnsStatus::ok, true, ""});
    EXPECT_EQ(look().base, "mx.test");
    EXPECT_FALSE(asked("_25._tcp.real.unsigned.test"));
    resolver_.set_alias("mx.test", {net::DnsStatus::failed, false, "SERVFAIL"});
    EXPECT_EQ(look().kind, Kind::failed);
}

TEST_F(LookForDane, WhatIsThereAndOfNoUse) {
    addresses(true);
    EXPECT_EQ(look().kind, Kind::absent) << "no records";
    records("mx.test", false);
    EXPECT_EQ(look().kind, Kind::absent) << "unsigned ones say nothing";
    records("mx.test", true, {{0, 0, 1, std::string(32, 'x')}, {1, 1, 1, std::string(32, 'x')}});
    EXPECT_EQ(look().kind, Kind::unusable);
    resolver_.set_tlsa("_25._tcp.mx.test",
                       {net::DnsStatus::failed, {}, false, "a wrong signature", true});
    const auto failed = look();
    EXPECT_EQ(failed.kind, Kind::failed);
    EXPECT_TRUE(failed.bogus);
    EXPECT_EQ(failed.why, "a wrong signature");
}

}  // namespace
}  // namespace posthaste::delivery
