#include "delivery/tls/tls_assurance.h"

#include "base/ascii.h"

#include <algorithm>

namespace posthaste::delivery {

namespace {

using Kind = TlsAssurance::Kind;
using Level = TlsPolicy::Level;

// A name in a certificate and one of ours; an asterisk is the whole left-most label.
bool is_for(std::string_view in_certificate, std::string_view name) {
    if (!in_certificate.starts_with("*.")) return ascii::equals_ignore_case(in_certificate, name);
    const auto dot = name.find('.');
    return dot != std::string_view::npos && dot > 0 &&
           ascii::equals_ignore_case(in_certificate.substr(1), name.substr(dot));
}

// The same records under the same base domain, and a certificate that holds for this next hop too:
// one that only names another next hop's domain does not (delivery.md 2.8).
bool holds_for(const TlsAssurance& shown, const net::TlsDane& wanted) {
    if (!ascii::equals_ignore_case(shown.dane.base, wanted.base)) return false;
    if (shown.dane.records != wanted.records) return false;
    if (shown.by_leaf || is_for(shown.matched, wanted.base)) return true;
    return std::ranges::any_of(
        wanted.more_names, [&](const std::string& name) { return is_for(shown.matched, name); });
}

}  // namespace

TlsAssurance assurance_of(const TlsPolicy& policy, const net::TlsInfo* info, bool tls_was_offered,
                          bool keyword) {
    TlsAssurance shown;
    shown.tls_was_offered = tls_was_offered;
    if (info == nullptr) return shown;
    shown.keyword = keyword;
    shown.kind = Kind::encrypted;
    // What happened to be right without being asked for is not relied upon.
    if (!info->verified || !is_verified(policy.level)) return shown;
    shown.kind = policy.dane ? Kind::dane : Kind::verified;
    shown.name = policy.name;
    if (!policy.dane) return shown;
    shown.dane = *policy.dane;
    shown.by_leaf = info->matched_record.starts_with('3');
    shown.matched = info->matched_name;
    return shown;
}

bool satisfies(const TlsAssurance& shown, const TlsPolicy& policy) {
    if (policy.wants_keyword && !shown.keyword) return false;
    switch (policy.level) {
        case Level::none:
            return true;
        case Level::may:
            return shown.kind != Kind::clear || !shown.tls_was_offered;
        case Level::encrypt:
            return shown.kind != Kind::clear;
        case Level::verify:
        case Level::sts:
            return shown.kind == Kind::verified &&
                   ascii::equals_ignore_case(shown.name, policy.name);
        case Level::dane:
            return shown.kind == Kind::dane && policy.dane && holds_for(shown, *policy.dane);
    }
    std::unreachable();
}

}  // namespace posthaste::delivery
