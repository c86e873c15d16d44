// Resolver: MX, A, AAAA by libunbound, validating only after a self-test has passed, so that a
// resolver that strips signatures never stops the mail. One for the process, thread-safe; answers
// come back to the caller's worker. Own bounded cache in front (a cached answer through libunbound
// costs 42 to 160 us); one query at a time for a name, however many ask. Answers are hostile input:
// what is no host name is left out, lists are cut.
#pragma once

#include "base/ip.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "net/tlsa.h"
#include "runtime/task.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::net {

enum class DnsStatus {
    ok,
    no_data,  // the name exists, the type does not
    no_name,  // NXDOMAIN
    failed,   // SERVFAIL, timeout, refused, malformed, bogus: temporary
};

struct MxRecord {
    std::uint16_t preference = 0;
    std::string host;  // lower case, no trailing dot; "" is the root of a null MX
};

struct MxAnswer {
    DnsStatus status = DnsStatus::failed;
    std::vector<MxRecord> records;
    bool secure = false;  // signed, with every CNAME that led to it
    std::string why;      // failed: a sentence
    std::string name{};   // the domain itself, or what its CNAMEs led to
    bool bogus = false;   // failed because a signature is wrong
};

struct AddressAnswer {
    DnsStatus status =
        DnsStatus::failed;  // ok when either family has one; failed only if none and one failed
    std::vector<IpAddress> addresses;
    bool secure = false;
    std::string why;
    std::string name{};       // the host itself, or what its CNAMEs led to
    bool bogus = false;       // failed because a signature is wrong
    bool incomplete = false;  // one family has addresses, and about the other nothing is known now
};

// TLSA records, or a CNAME alone. An answer that is not `secure` says nothing to rely on.
struct TlsaAnswer {
    DnsStatus status = DnsStatus::failed;
    std::vector<TlsaRecord> records{};  // as they came, usable or not
    bool secure = false;
    std::string why{};
    bool bogus = false;
};

struct AliasAnswer {
    DnsStatus status = DnsStatus::failed;  // ok: it is an alias; no_data: it is none
    bool secure = false;
    std::string why{};
};

// Whether DNSSEC can be used here, as the resolver's self-test found.
struct DnsValidation {
    bool works = false;
    std::string why_not{};  // a sentence part; empty while it is not known yet
};

struct TxtAnswer {
    DnsStatus status = DnsStatus::failed;
    std::vector<std::string> texts;  // one a record, its character-strings joined
    std::string why;
};

class Resolver {
  public:
    struct Options {
        std::vector<std::string> servers;  // "127.0.0.1:5353"; empty: the system's
        std::string trust_anchor_file;     // empty: Debian's root key
        bool validate = true;              // DNSSEC; false: neither used nor tested
        std::size_t cache_entries = 20'000;
    };

    // Errors: syntax (a server), not_found and the like (the trust anchor), io.
    static Result<std::unique_ptr<Resolver>> make(Options options, Log& log);
    virtual ~Resolver() = default;

    // At most 100 records, in the order of their preference. A name with MX records of which none
    // names a host is `failed`.
    virtual runtime::Task<MxAnswer> mx(std::string domain, Deadline deadline) = 0;
    // A and AAAA in parallel, CNAMEs followed; IPv6 addresses first, as DNS gave them. DNS only. An
    // IP address stands for itself.
    virtual runtime::Task<AddressAnswer> addresses(std::string host, Deadline deadline) = 0;
    // /etc/hosts and single-label names too, then DNS: for a relay named in the configuration. By
    // the system's own library, or, with servers named above, by /etc/hosts and these.
    virtual runtime::Task<AddressAnswer> system_addresses(std::string host, Deadline deadline) = 0;
    // Asked anew each time, past every cache of ours: for a person who has just mended a record
    // (a failure may be remembered for 5 s). At most 20 records, 8 KiB in all; not validated.
    virtual runtime::Task<TxtAnswer> txt(std::string name, Deadline deadline) = 0;

    // The same as often as mail needs it: kept for as long as DNS says, like MX and addresses.
    virtual runtime::Task<TxtAnswer> kept_txt(std::string name, Deadline deadline) {
        return txt(std::move(name), deadline);
    }

    // TLSA records of "_25._tcp.mx.example.org", CNAMEs followed; at most 100. Ask only for hosts
    // whose addresses are secure: other name servers often fail at the question (RFC 7672 §2.1.3).
    virtual runtime::Task<TlsaAnswer> tlsa(std::string name, Deadline deadline) = 0;
    // The CNAME at that very name, not followed: whether the first link of a chain is signed when
    // its end is not (RFC 7672 §2.2.2).
    virtual runtime::Task<AliasAnswer> alias(std::string name, Deadline deadline) = 0;

    // Any thread.
    virtual DnsValidation validation() const = 0;
};

// Whether `text` names a server as Resolver::Options::servers has them. Errors: syntax.
Result<void> check_name_server(const std::string& text);

}  // namespace posthaste::net
