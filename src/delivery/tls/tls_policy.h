// TLS policy: what one host of a next hop must show before it gets mail, decided from the route's
// level, the host's TLSA records (DANE, RFC 7672), the domain's MTA-STS policy (RFC 8461) and the
// sender's wish (RFC 8689), as delivery.md 2.2 has it. Pure: looks nothing up, connects nowhere.
//
// MTA-STS and TLS reports belong to others; what an attempt needs of them is declared here.
#pragma once

#include "base/ip.h"
#include "base/time.h"
#include "delivery/attempt/failure.h"
#include "delivery/delivery.h"
#include "mail/domain.h"
#include "net/tls.h"
#include "runtime/task.h"
#include "store/values.h"

#include <cstdint>
#include <expected>
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

// What reports are told when DNS answered with a wrong signature, so that no connection was made
// (RFC 8460 §4.3.2.1): about the MX records of the domain, or, with a host, about its addresses.
TlsSession bogus_dns(std::string domain, std::string host = {});

// Told once for each session that tried TLS (reused connections add nothing) and once for each host
// that a policy shut out before a connection. Never of mail that says "TLS-Required: no", which TLS
// reports do themselves. Safe on every worker, never waits, bounded by itself.
class TlsSessionSink {
  public:
    virtual ~TlsSessionSink() = default;
    virtual void note(const TlsSession& session) = 0;
};

// ---- the decision

// What DNS says of one host's TLSA records, as `look_for_dane` found it.
struct DaneAnswer {
    enum class Kind : std::uint8_t {
        absent,    // none, or nothing that is signed: DANE has no say
        failed,    // the question has no answer, or a wrong signature: the host is out of reach
        unusable,  // signed, and none that SMTP can use: encryption is promised, nothing more
        usable,
    };

    Kind kind = Kind::absent;
    bool bogus = false;                      // failed: a wrong signature
    std::string base{};                      // TLSA base domain
    std::vector<net::TlsaRecord> records{};  // the usable ones
    std::vector<std::string> strings{};      // all of them, for reports
    std::string why{};                       // failed: a sentence part
};

struct TlsQuestion {
    TlsLevel route = TlsLevel::may;
    bool smarthost = false;  // named by the operator, so that no lookup decides who it is
    bool login = false;      // we have something to say that nobody else may hear
    store::TlsWish wish = store::TlsWish::none;
    std::string host{};      // as the MX record, or the configuration, has it
    std::string domain{};    // the next hop: what was looked up
    std::string expanded{};  // what its CNAMEs led to, if anything else
    bool secure = false;     // the MX answer (or that there is none) was signed
    bool validates = true;   // DNSSEC is validated here
    bool in_doubt = false;   // that nothing is signed may be our own trouble, or a passing one
    std::optional<StsPolicy> sts{};
    DaneAnswer dane{};
};

// What a session with one host must show before it carries mail.
struct TlsPolicy {
    enum class Level : std::uint8_t {
        none,
        may,      // TLS if offered, unchecked
        encrypt,  // TLS, unchecked
        verify,   // authority and name, as the operator or the sender wants it
        sts,      // the same, as the domain's MTA-STS policy wants it
        dane,     // a TLSA record
    };

    Level level = Level::may;
    std::string name{};                  // SNI, and the name to verify
    std::optional<net::TlsDane> dane{};  // of that level
    bool wants_keyword = false;          // REQUIRETLS must be offered within TLS
    bool clear_at_once = false;          // the sender says that TLS does not matter
    bool promised = false;               // by DNS or the domain: a failure is 4.7.5
    std::string words{};                 // why it is so, a sentence for log and story
    // What reports say of its sessions; `is_reported` false: nothing.
    bool is_reported = false;
    TlsSession session{};
};

// "none", "may", "encrypt", "verify", "sts", "dane": of Outcome::tls_policy.
std::string_view to_string(TlsPolicy::Level level);

// Whether a session that was made for that level is one whose other side is proven.
constexpr bool is_verified(TlsPolicy::Level level) {
    return level >= TlsPolicy::Level::verify;
}

// Why this host gets no mail now.
struct TlsRefusal {
    Incident incident;
    TlsSession session{};  // for the reports
    bool is_reported = false;
    bool by_sts = false;  // the domain's MTA-STS policy shuts it out (S-7)
};

// delivery.md 2.2, 2.3, 2.5.
std::expected<TlsPolicy, TlsRefusal> decide(const TlsQuestion& question);

// Whether mail for that question may use DANE at all; spares the lookups where it may not.
bool may_use_dane(const TlsQuestion& question);
bool may_use_sts(const TlsQuestion& question);

// The TLSA records of a host (RFC 7672 §2.2.1, §2.2.2), after its addresses, which are in the
// resolver's cache as a rule. `secure`: how the host's name was found.
runtime::Task<DaneAnswer> look_for_dane(net::Resolver& resolver, std::string host,
                                        std::uint16_t port, bool secure, Deadline deadline);

// All of it for one host: looks up what may have a say, and decides. Takes 30 s of DNS at most, and
// 10 s of an unknown MTA-STS policy (S-1). `sts` may be null.
runtime::Task<std::expected<TlsPolicy, TlsRefusal>> find_tls_policy(net::Resolver& resolver,
                                                                    StsPolicies* sts,
                                                                    TlsQuestion question,
                                                                    std::uint16_t port);

}  // namespace posthaste::delivery
