#include "delivery/tls/tls_policy.h"

#include "base/ascii.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

bool lists(const StsPolicy& policy, std::string_view mx_host) {
    if (mx_host.ends_with('.')) mx_host.remove_suffix(1);
    for (std::string_view pattern : policy.mx) {
        if (pattern.ends_with('.')) pattern.remove_suffix(1);
        if (!pattern.starts_with("*.")) {
            if (ascii::equals_ignore_case(pattern, mx_host)) return true;
            continue;
        }
        // The asterisk is one whole label, the left-most (RFC 8461 §4.1; RFC 6125 §6.4.3).
        const auto dot = mx_host.find('.');
        if (dot == std::string_view::npos || dot == 0) continue;
        if (ascii::equals_ignore_case(pattern.substr(1), mx_host.substr(dot))) return true;
    }
    return false;
}

std::string_view to_string(TlsResult result) {
    switch (result) {
        case TlsResult::success:
            return "success";
        case TlsResult::starttls_not_supported:
            return "starttls-not-supported";
        case TlsResult::certificate_host_mismatch:
            return "certificate-host-mismatch";
        case TlsResult::certificate_expired:
            return "certificate-expired";
        case TlsResult::certificate_not_trusted:
            return "certificate-not-trusted";
        case TlsResult::validation_failure:
            return "validation-failure";
        case TlsResult::tlsa_invalid:
            return "tlsa-invalid";
        case TlsResult::dnssec_invalid:
            return "dnssec-invalid";
        case TlsResult::dane_required:
            return "dane-required";
        case TlsResult::sts_policy_fetch_error:
            return "sts-policy-fetch-error";
        case TlsResult::sts_policy_invalid:
            return "sts-policy-invalid";
        case TlsResult::sts_webpki_invalid:
            return "sts-webpki-invalid";
    }
    std::unreachable();
}

std::string_view to_string(TlsPolicy::Level level) {
    switch (level) {
        case TlsPolicy::Level::none:
            return "none";
        case TlsPolicy::Level::may:
            return "may";
        case TlsPolicy::Level::encrypt:
            return "encrypt";
        case TlsPolicy::Level::verify:
            return "verify";
        case TlsPolicy::Level::sts:
            return "sts";
        case TlsPolicy::Level::dane:
            return "dane";
    }
    std::unreachable();
}

namespace {

using Level = TlsPolicy::Level;
using Answer = std::expected<TlsPolicy, TlsRefusal>;

constexpr Seconds kDaneLookUp{30};
constexpr Seconds kStsPatience{10};

bool lets_domains_decide(TlsLevel level) {
    return level == TlsLevel::may || level == TlsLevel::encrypt || level == TlsLevel::dane ||
           level == TlsLevel::dane_only;
}

// The operator's level of the route, where neither domain nor sender has anything to say.
TlsPolicy of_route(const TlsQuestion& question) {
    TlsPolicy policy;
    policy.name = question.host;
    switch (question.route) {
        case TlsLevel::none:
            policy.level = Level::none;
            policy.words = "the route says that TLS is not used";
            break;
        case TlsLevel::may:
            policy.level = Level::may;
            policy.words =
                "the domain promises nothing about TLS: it is used if the host offers it";
            break;
        case TlsLevel::encrypt:
            policy.level = Level::encrypt;
            policy.words = "the route asks for TLS, whoever answers";
            break;
        case TlsLevel::verify:
            policy.level = Level::verify;
            policy.words = "the route asks for TLS and a certificate for the host's name";
            break;
        case TlsLevel::dane:
        case TlsLevel::dane_only:
            // Without records: no weaker than what such a next hop gets by default.
            policy.level = question.smarthost ? Level::verify : Level::may;
            policy.words = question.smarthost
                               ? "the host has no TLSA records: a certificate for its name is asked"
                               : "the host has no TLSA records: TLS is used if it is offered";
            break;
    }
    // A login is said to nobody who could be anybody.
    if (question.login && policy.level < Level::encrypt) policy.level = Level::encrypt;
    return policy;
}

TlsSession session_of(const TlsQuestion& question, TlsSession::PolicyType type) {
    TlsSession session;
    session.type = type;
    session.domain = question.domain;
    session.policy_domain = question.domain;
    session.mx_host = question.host;
    if (type == TlsSession::PolicyType::tlsa) {
        session.policy_domain = question.dane.base;
        session.policy_strings = question.dane.strings;
    }
    if (type == TlsSession::PolicyType::sts && question.sts) {
        session.policy_strings = question.sts->lines;
        session.mx_patterns = question.sts->mx;
    }
    return session;
}

TlsRefusal refuse(TlsSession session, TlsResult result, std::string reason, What what,
                  std::string text) {
    TlsRefusal refusal;
    refusal.incident = {Stage::starttls, what, {}, std::move(text)};
    session.result = result;
    session.reason = std::move(reason);
    refusal.session = std::move(session);
    refusal.is_reported = true;
    return refusal;
}

TlsPolicy by_dane(const TlsQuestion& question) {
    TlsPolicy policy;
    policy.level = Level::dane;
    policy.name = question.dane.base;
    policy.promised = true;
    net::TlsDane dane;
    dane.base = question.dane.base;
    dane.records = question.dane.records;
    // The next hop's own names count only when DNS led from them to the host with signatures
    // (RFC 7672 §3.2.2).
    const auto add = [&](const std::string& name) {
        if (!name.empty() && name != dane.base &&
            std::ranges::find(dane.more_names, name) == dane.more_names.end())
            dane.more_names.push_back(name);
    };
    if (question.secure && !question.smarthost) {
        add(question.domain);
        add(question.expanded);
    }
    policy.dane = std::move(dane);
    policy.words = fmt::format(
        "{} has {} TLSA record{} in a signed zone: its certificate must be "
        "one of them",
        question.dane.base, question.dane.records.size(),
        question.dane.records.size() == 1 ? "" : "s");
    policy.session = session_of(question, TlsSession::PolicyType::tlsa);
    policy.is_reported = true;
    return policy;
}

TlsRefusal not_in_sts(const TlsQuestion& question) {
    std::string patterns;
    for (std::size_t i = 0; i < question.sts->mx.size() && i < 4; ++i) {
        patterns += (i > 0 ? ", " : "") + question.sts->mx[i].substr(0, 80);
    }
    auto refusal =
        refuse(session_of(question, TlsSession::PolicyType::sts), TlsResult::validation_failure,
               "mtasts-policy-mx-mismatch", What::policy,
               fmt::format("the MTA-STS policy of {} does not list {}, only: {}", question.domain,
                           question.host, patterns.empty() ? "no host at all" : patterns));
    refusal.by_sts = true;
    return refusal;
}

// MTA-STS, where DANE has no say; `floor` is what holds without it.
Answer by_sts(const TlsQuestion& question, TlsPolicy floor) {
    const StsPolicy& sts = *question.sts;
    if (sts.mode == StsMode::enforce) {
        if (!lists(sts, question.host)) return std::unexpected(not_in_sts(question));
        TlsPolicy policy;
        policy.level = Level::sts;
        policy.name = question.host;
        policy.promised = true;
        policy.words = fmt::format("the MTA-STS policy of {} asks for a certificate for {}",
                                   question.domain, question.host);
        policy.session = session_of(question, TlsSession::PolicyType::sts);
        policy.is_reported = true;
        return policy;
    }
    floor.session = session_of(question, TlsSession::PolicyType::sts);
    floor.is_reported = true;
    if (!lists(sts, question.host)) {
        floor.session.result = TlsResult::validation_failure;
        floor.session.reason = "mtasts-policy-mx-mismatch";
    }
    floor.words = fmt::format(
        "the MTA-STS policy of {} is in testing: it is looked at, not kept to", question.domain);
    return floor;
}

// DANE, then MTA-STS, then the route.
Answer by_domain(const TlsQuestion& question) {
    const DaneAnswer& dane = question.dane;
    TlsPolicy floor = of_route(question);
    floor.session = session_of(question, TlsSession::PolicyType::no_policy_found);
    floor.is_reported = !question.smarthost && floor.level != Level::none;
    const bool with_dane = may_use_dane(question);
    if (with_dane) {
        switch (dane.kind) {
            case DaneAnswer::Kind::failed:
                return std::unexpected(
                    refuse(session_of(question, TlsSession::PolicyType::tlsa),
                           dane.bogus ? TlsResult::dnssec_invalid : TlsResult::tlsa_invalid,
                           "tlsa-lookup-failed", What::policy,
                           fmt::format("the TLSA records of {} cannot be had: {}", question.host,
                                       dane.why)));
            case DaneAnswer::Kind::usable:
                return by_dane(question);
            case DaneAnswer::Kind::unusable:
                if (question.route == TlsLevel::dane_only) break;
                floor.level = std::max(floor.level, Level::encrypt);
                floor.promised = true;
                floor.words = fmt::format(
                    "{} has TLSA records in a signed zone, none of a kind that "
                    "mail can use: TLS is asked for, whoever answers",
                    dane.base);
                floor.session = session_of(question, TlsSession::PolicyType::tlsa);
                floor.session.result = TlsResult::tlsa_invalid;
                floor.session.reason = "no-usable-record";
                break;
            case DaneAnswer::Kind::absent:
                break;
        }
    }
    if (question.route == TlsLevel::dane_only) {
        return std::unexpected(refuse(
            session_of(question, TlsSession::PolicyType::tlsa), TlsResult::dane_required,
            "no-usable-tlsa", What::policy,
            fmt::format(
                "the route demands DANE (tls = \"dane-only\"), and {} has no usable TLSA "
                "record that DNS vouches for{}",
                question.host,
                question.validates ? "" : "; nothing is, since DNSSEC is not validated here")));
    }
    if (question.sts && question.sts->mode != StsMode::none && may_use_sts(question))
        return by_sts(question, std::move(floor));
    return floor;
}

// RFC 8689 §4.2.1: the host is found safely, proven, and knows the keyword.
Answer with_requiretls(const TlsQuestion& question, TlsPolicy policy) {
    policy.wants_keyword = true;
    if (is_verified(policy.level)) return policy;
    const bool listed = question.sts && question.sts->mode == StsMode::enforce &&
                        lists(*question.sts, question.host);
    if (!question.smarthost && !question.secure && !listed) {
        TlsRefusal refusal;
        refusal.incident = {
            Stage::starttls,
            // Never for good on a doubt of ours.
            question.in_doubt ? What::policy : What::insecure_path,
            {},
            fmt::format("the sender asks for verified TLS all the way (REQUIRETLS), and that {} is "
                        "the mail server of {} is neither signed in DNS nor in an MTA-STS policy",
                        question.host, question.domain)};
        return std::unexpected(std::move(refusal));
    }
    policy.level = Level::verify;
    policy.name = question.host;
    policy.words = "the sender asks for verified TLS all the way (REQUIRETLS)";
    return policy;
}

}  // namespace

TlsSession bogus_dns(std::string domain, std::string host) {
    TlsSession session;
    session.type = TlsSession::PolicyType::tlsa;
    session.policy_domain = host.empty() ? domain : host;
    session.domain = std::move(domain);
    session.result = TlsResult::dnssec_invalid;
    session.reason = host.empty() ? "mx-lookup-bogus" : "address-lookup-bogus";
    session.mx_host = std::move(host);
    return session;
}

bool may_use_dane(const TlsQuestion& question) {
    // What the operator demands stands, whatever the message says of the domain's wishes.
    if (question.route == TlsLevel::dane_only) return true;
    if (question.wish == store::TlsWish::optional) return false;
    if (question.smarthost) return question.route == TlsLevel::dane;
    return lets_domains_decide(question.route);
}

bool may_use_sts(const TlsQuestion& question) {
    return question.wish != store::TlsWish::optional && lets_domains_decide(question.route);
}

Answer decide(const TlsQuestion& question) {
    if (question.wish == store::TlsWish::optional && question.route != TlsLevel::dane_only) {
        TlsPolicy policy = of_route(question);
        policy.clear_at_once = policy.level == Level::may;
        if (policy.level == Level::may)
            policy.words = "the message says \"TLS-Required: no\": it matters more that it arrives";
        return policy;
    }
    Answer answer = by_domain(question);
    if (answer && question.wish == store::TlsWish::required)
        return with_requiretls(question, std::move(*answer));
    return answer;
}

namespace {

DaneAnswer dane_failed(const net::TlsaAnswer& answer) {
    DaneAnswer dane;
    dane.kind = DaneAnswer::Kind::failed;
    dane.bogus = answer.bogus;
    dane.why = answer.why.empty() ? "DNS gave no answer" : answer.why;
    return dane;
}

runtime::Task<DaneAnswer> ask_tlsa(net::Resolver& resolver, std::string base, std::uint16_t port,
                                   Deadline deadline) {
    DaneAnswer dane;
    auto asking = resolver.tlsa(fmt::format("_{}._tcp.{}", port, base), deadline);
    const auto answer = co_await std::move(asking);
    // Malformed ones were signed too: they are records that nobody can use.
    if (answer.status == net::DnsStatus::failed) co_return dane_failed(answer);
    if (answer.status != net::DnsStatus::ok || !answer.secure) co_return dane;
    dane.base = std::move(base);
    for (const net::TlsaRecord& record : answer.records) dane.strings.push_back(to_string(record));
    dane.records = net::usable_records(answer.records);
    dane.kind = dane.records.empty() ? DaneAnswer::Kind::unusable : DaneAnswer::Kind::usable;
    co_return dane;
}

}  // namespace

runtime::Task<DaneAnswer> look_for_dane(net::Resolver& resolver, std::string host,
                                        std::uint16_t port, bool secure, Deadline deadline) {
    DaneAnswer dane;
    if (!secure || IpAddress::parse(host)) co_return dane;
    auto asking = resolver.addresses(host, deadline);
    const auto addresses = co_await std::move(asking);
    if (addresses.status != net::DnsStatus::ok) co_return dane;  // nobody will connect
    const std::string expanded = addresses.name.empty() ? host : addresses.name;
    std::vector<std::string> bases;
    if (addresses.secure) {
        if (expanded != host) bases.push_back(expanded);
        bases.push_back(host);
    } else if (expanded != host) {
        // The chain ends in an unsigned zone; its first link may be signed all the same.
        auto asking_alias = resolver.alias(host, deadline);
        const auto alias = co_await std::move(asking_alias);
        if (alias.status == net::DnsStatus::failed) {
            dane.kind = DaneAnswer::Kind::failed;
            dane.why = alias.why.empty() ? "DNS gave no answer" : alias.why;
            co_return dane;
        }
        if (alias.status == net::DnsStatus::ok && alias.secure) bases.push_back(host);
    }
    for (std::string& base : bases) {
        auto asking_records = ask_tlsa(resolver, base, port, deadline);
        dane = co_await std::move(asking_records);
        if (dane.kind != DaneAnswer::Kind::absent) break;
    }
    co_return dane;
}

runtime::Task<Answer> find_tls_policy(net::Resolver& resolver, StsPolicies* sts,
                                      TlsQuestion question, std::uint16_t port) {
    if (may_use_dane(question)) {
        const Deadline deadline = Deadline::after(kDaneLookUp);
        auto looking = look_for_dane(resolver, question.host, port, question.secure, deadline);
        question.dane = co_await std::move(looking);
    }
    auto domain = mail::Domain::parse(question.domain);
    if (sts != nullptr && may_use_sts(question) && domain && !domain->is_literal()) {
        auto asking = sts->policy_of(std::move(*domain), Deadline::after(kStsPatience));
        question.sts = co_await std::move(asking);
    }
    co_return decide(question);
}

}  // namespace posthaste::delivery
