// TLS policy: what one host of a next hop must show before it gets mail, decided from the route's
// level, the host's TLSA records (DANE, RFC 7672), the domain's MTA-STS policy (RFC 8461) and the
// sender's wish (RFC 8689), as delivery.md 2.2 has it. Pure: looks nothing up, connects nowhere.
//
// MTA-STS and TLS reports belong to others; what an attempt needs of them is declared here.
#pragma once

#include "base/ip.h"
#include "base/time.h"
#include "mail/domain.h"
#include "runtime/task.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::delivery {

// ---- MTA-STS, as an attempt needs it

enum class StsMode : std::uint8_t { none, testing, enforce };

struct StsPolicy {
    StsMode mode = StsMode::none;
    std::vector<std::string> mx;  // patterns: A-labels, lower case; "*.example.com" is one label
    std::string id;               // of the TXT record it was fetched for
    // Short and printable; equal for policies that promise the same (mode and patterns), whatever
    // their domains and ids. It becomes part of the site's key, so that a domain whose policy can
    // never match does not touch others on the same hosts (delivery.md 0.1).
    std::string fingerprint;
    std::vector<std::string> lines;  // of the body, for the policy-string of TLS reports
};

// Whether the policy lists that host: the name in the MX record, not what it is an alias of
// (RFC 8461 §4.1).
bool lists(const StsPolicy& policy, std::string_view mx_host);

// Safe on every worker.
class StsPolicies {
  public:
    virtual ~StsPolicies() = default;

    // Of the domain as it was looked up, before CNAMEs. From memory as a rule; an unknown one is
    // waited for until `deadline` at most (S-1), then it is as if there were none and the fetch
    // ends in the background. Nothing: no policy, or mode "none".
    virtual runtime::Task<std::optional<StsPolicy>> policy_of(mail::Domain domain,
                                                              Deadline deadline) = 0;

    // Before mail fails for good because of `policy` (S-7): asks DNS whether it is still the
    // domain's. False: another one is there, or the question has no answer now, so mail waits.
    virtual runtime::Task<bool> is_current(mail::Domain domain, StsPolicy policy,
                                           Deadline deadline) = 0;
};

// ---- TLS sessions, for the reports of RFC 8460

// The names of the registry by `to_string`: "starttls-not-supported" and so on (RFC 8460 §4.3).
enum class TlsResult : std::uint8_t {
    success,
    starttls_not_supported,
    certificate_host_mismatch,
    certificate_expired,
    certificate_not_trusted,
    validation_failure,
    tlsa_invalid,
    dnssec_invalid,
    dane_required,
    sts_policy_fetch_error,
    sts_policy_invalid,
    sts_webpki_invalid,
};

std::string_view to_string(TlsResult result);

// How one session that tried TLS, or the policy that forbade it, came out.
struct TlsSession {
    enum class PolicyType : std::uint8_t { no_policy_found, sts, tlsa };

    PolicyType type = PolicyType::no_policy_found;
    std::string policy_domain;  // the next hop's domain; of tlsa the TLSA base domain
    std::string domain;         // the next hop's domain, whose _smtp._tls record is asked
    std::vector<std::string> policy_strings;  // "3 1 1 ab12…", or the lines of the STS policy
    std::vector<std::string> mx_patterns;     // of sts
    TlsResult result = TlsResult::success;
    std::string reason;  // failure-reason-code: a short token or sentence, may be empty
    std::string mx_host;
    std::string helo;  // the first word of its EHLO reply; empty when it was never heard
    std::optional<IpAddress> sending_ip;    // nothing: no connection was made
    std::optional<IpAddress> receiving_ip;  // likewise
};

// Told once for each session that tried TLS (reused connections add nothing) and once for each host
// that a policy shut out before a connection. Never of mail that says "TLS-Required: no", which TLS
// reports do themselves. Safe on every worker, never waits, bounded by itself.
class TlsSessionSink {
  public:
    virtual ~TlsSessionSink() = default;
    virtual void note(const TlsSession& session) = 0;
};

}  // namespace posthaste::delivery
