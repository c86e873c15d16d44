// A DNS answer as the resolver keeps it, and how it is made of what libunbound says. Pure.
#pragma once

#include "base/time.h"
#include "net/resolver.h"

#include <memory>
#include <string>
#include <vector>

namespace posthaste::net::detail {

enum class DnsType : std::uint16_t {
    a = 1,
    cname = 5,
    soa = 6,
    mx = 15,
    txt = 16,
    aaaa = 28,
    tlsa = 52,
    system = 0xff01,  // ours: addresses by /etc/hosts and the system's library
};

// libunbound's result, copied. `rcode` -1: it could not be asked.
struct RawAnswer {
    int rcode = -1;
    bool secure = false;
    bool bogus = false;
    std::string why_bogus;
    int ttl = 0;
    std::vector<std::string> data;
    std::string canonical{};  // where the CNAMEs led to, as libunbound writes names
};

struct DnsAnswer {
    DnsStatus status = DnsStatus::failed;
    std::vector<MxRecord> mx;
    std::vector<IpAddress> addresses;
    std::vector<std::string> texts;
    bool secure = false;
    std::string why;
    std::vector<TlsaRecord> tlsa{};
    std::string canonical{};
    bool bogus = false;
};

using DnsAnswerPtr = std::shared_ptr<const DnsAnswer>;

DnsAnswer interpret(DnsType type, const std::string& name, const RawAnswer& raw);

// How long to keep it: not so short that a burst of mail asks again each time, not so long that a
// mistake in a zone outlives its repair by hours.
std::chrono::seconds time_to_keep(const DnsAnswer& answer, int ttl);

}  // namespace posthaste::net::detail
