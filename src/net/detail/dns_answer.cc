#include "net/detail/dns_answer.h"

#include "base/ascii.h"
#include "net/detail/host_name.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace posthaste::net::detail {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRecordsAtMost = 100;
constexpr std::size_t kTextsAtMost = 20;
constexpr std::size_t kTextOctetsAtMost = 8 << 10;  // of all of them

constexpr Seconds kAtLeast = 30s;
constexpr Seconds kPositiveAtMost = 6h;
constexpr Seconds kNegativeAtMost = 15min;
constexpr Seconds kFailure = 5s;

constexpr int kNoError = 0;
constexpr int kServFail = 2;
constexpr int kNoName = 3;
constexpr int kRefused = 5;

std::string failure(const std::string& name, const RawAnswer& raw) {
    if (raw.bogus) {
        return fmt::format("the DNS answer for {} has a wrong signature (DNSSEC): {}", name,
                           raw.why_bogus.substr(0, 200));
    }
    switch (raw.rcode) {
        case -1:
            return fmt::format("DNS could not be asked for {}", name);
        case kServFail:
            return fmt::format("the name servers of {} do not answer (SERVFAIL)", name);
        case kRefused:
            return fmt::format("the DNS server refuses to answer for {} (REFUSED)", name);
        default:
            return fmt::format("DNS gave error {} for {}", raw.rcode, name);
    }
}

void take_mx(DnsAnswer& answer, const std::string& name, const RawAnswer& raw) {
    for (const auto& octets : raw.data) {
        auto data = parse_mx_data(octets);
        if (!data || (!data->host.empty() && !is_host_name(data->host))) continue;
        answer.mx.push_back({static_cast<std::uint16_t>(data->preference), std::move(data->host)});
    }
    std::ranges::sort(answer.mx, [](const MxRecord& a, const MxRecord& b) {
        return std::tie(a.preference, a.host) < std::tie(b.preference, b.host);
    });
    if (answer.mx.size() > kRecordsAtMost) answer.mx.resize(kRecordsAtMost);
    if (!answer.mx.empty()) return;
    answer.status = DnsStatus::failed;
    answer.why = fmt::format("the MX records of {} name no host", name);
}

void take_texts(DnsAnswer& answer, const std::string& name, const RawAnswer& raw) {
    std::size_t octets = 0;
    for (const auto& data : raw.data) {
        auto text = parse_txt_data(data);
        if (!text) continue;
        octets += text->size();
        if (answer.texts.size() >= kTextsAtMost || octets > kTextOctetsAtMost) {
            answer.texts.clear();
            answer.status = DnsStatus::failed;
            answer.why = fmt::format(
                "{} has more texts in DNS than are read: over {}, or over {} "
                "octets",
                name, kTextsAtMost, kTextOctetsAtMost);
            return;
        }
        answer.texts.push_back(std::move(*text));
    }
    if (!answer.texts.empty()) return;
    answer.status = DnsStatus::failed;
    answer.why = fmt::format("the TXT records of {} are malformed", name);
}

void take_tlsa(DnsAnswer& answer, const std::string& name, const RawAnswer& raw) {
    for (const auto& octets : raw.data) {
        if (answer.tlsa.size() >= kRecordsAtMost) break;
        if (auto record = parse_tlsa_data(octets)) answer.tlsa.push_back(std::move(*record));
    }
    if (!answer.tlsa.empty()) return;
    answer.status = DnsStatus::failed;
    answer.why = fmt::format("the TLSA records of {} are malformed", name);
}

// Where CNAMEs led to, if that is a name to go on with.
std::string canonical_name(const std::string& name, const RawAnswer& raw) {
    std::string canonical = ascii::to_lower(raw.canonical);
    if (canonical.ends_with('.')) canonical.pop_back();
    return is_host_name(canonical) ? canonical : name;
}

void take_addresses(DnsAnswer& answer, const std::string& name, const RawAnswer& raw, bool v4) {
    for (const auto& octets : raw.data) {
        if (octets.size() != (v4 ? 4U : 16U) || answer.addresses.size() >= kRecordsAtMost) continue;
        if (v4) {
            std::array<std::uint8_t, 4> address;
            std::copy(octets.begin(), octets.end(), address.begin());
            answer.addresses.push_back(IpAddress::v4(address));
        } else {
            std::array<std::uint8_t, 16> address;
            std::copy(octets.begin(), octets.end(), address.begin());
            answer.addresses.push_back(IpAddress::v6(address));
        }
    }
    if (!answer.addresses.empty()) return;
    answer.status = DnsStatus::failed;
    answer.why = fmt::format("the address records of {} are malformed", name);
}

}  // namespace

DnsAnswer interpret(DnsType type, const std::string& name, const RawAnswer& raw) {
    DnsAnswer answer;
    if (raw.bogus || (raw.rcode != kNoError && raw.rcode != kNoName)) {
        answer.why = failure(name, raw);
        answer.bogus = raw.bogus;
        return answer;
    }
    answer.secure = raw.secure;
    answer.canonical = canonical_name(name, raw);
    if (raw.rcode == kNoName) {
        answer.status = DnsStatus::no_name;
        return answer;
    }
    if (raw.data.empty()) {
        answer.status = DnsStatus::no_data;
        return answer;
    }
    answer.status = DnsStatus::ok;
    if (type == DnsType::mx) take_mx(answer, name, raw);
    if (type == DnsType::txt) take_texts(answer, name, raw);
    if (type == DnsType::tlsa) take_tlsa(answer, name, raw);
    if (type == DnsType::a || type == DnsType::aaaa)
        take_addresses(answer, name, raw, type == DnsType::a);
    return answer;
}

std::chrono::seconds time_to_keep(const DnsAnswer& answer, int ttl) {
    switch (answer.status) {
        case DnsStatus::ok:
            return std::clamp(Seconds(ttl), kAtLeast, kPositiveAtMost);
        case DnsStatus::no_data:
        case DnsStatus::no_name:
            return std::clamp(Seconds(ttl), kAtLeast, kNegativeAtMost);
        case DnsStatus::failed:
            break;
    }
    return kFailure;
}

}  // namespace posthaste::net::detail
