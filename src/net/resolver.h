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
    bool secure = false;
    std::string why;  // failed: a sentence
};

struct AddressAnswer {
    DnsStatus status =
        DnsStatus::failed;  // ok when either family has one; failed only if none and one failed
    std::vector<IpAddress> addresses;
    bool secure = false;
    std::string why;
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
};

// Whether `text` names a server as Resolver::Options::servers has them. Errors: syntax.
Result<void> check_name_server(const std::string& text);

}  // namespace posthaste::net
