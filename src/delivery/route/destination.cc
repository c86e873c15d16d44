#include "delivery/route/destination.h"

#include "base/ascii.h"
#include "base/random.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using mail::Cause;
using mail::Verdict;

constexpr Seconds kLookUp{30};
constexpr Seconds kDnsRetry{60};
constexpr std::size_t kLongestSite = 400;
constexpr std::size_t kMostRemembered = 10'000;
constexpr auto kFamilyRest = std::chrono::minutes(10);

mail::Outcome end(mail::EnhancedStatus status, Cause cause, std::string text) {
    mail::Outcome outcome;
    outcome.verdict = status.cls == 5 ? Verdict::failed : Verdict::deferred;
    outcome.status = status;
    outcome.cause = cause;
    outcome.reply = std::move(text);
    return outcome;
}

bool is_usable_name(const std::string& name) {
    // An address where a name should be leads nowhere, whatever some programs make of it.
    return !name.empty() && name.size() <= 253 && !IpAddress::parse(name);
}

void sort(std::vector<MxHost>& hosts) {
    std::ranges::sort(hosts, [](const MxHost& a, const MxHost& b) {
        return std::pair(a.preference, std::string_view(a.name)) <
               std::pair(b.preference, std::string_view(b.name));
    });
    hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
}

// delivery.md R-3: never into this machine or its network, whatever is allowed of MX hosts.
DestinationAnswer judge_literal(const mail::Domain& domain, const DestinationRules& rules) {
    const auto address = IpAddress::parse(domain.literal_address());
    if (!rules.address_literals || !address) {
        return std::unexpected(
            end({5, 1, 2}, Cause::routing, "mail to a bare IP address is not delivered"));
    }
    if (!is_allowed(*address, false) || is_ours(*address, rules)) {
        return std::unexpected(end(
            {5, 4, 4}, Cause::routing,
            fmt::format("{} lies inside a private network or on this machine", domain.ascii())));
    }
    Destination destination;
    destination.literal = true;
    destination.hosts.push_back({0, address->to_string()});
    return destination;
}

}  // namespace

std::string Destination::hosts_key() const {
    if (!nowhere.empty()) return "mx:nowhere " + nowhere;
    std::string key = "mx:";
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        if (i > 0) key += hosts[i].preference == hosts[i - 1].preference ? ',' : '|';
        key += hosts[i].name;
    }
    if (key.size() <= kLongestSite) return key;
    return fmt::format("{}~{:016x}", key.substr(0, kLongestSite), std::hash<std::string>{}(key));
}

std::string Destination::site() const {
    return hosts_key() + (secure ? " dnssec" : "");
}

DestinationAnswer judge_mx(const mail::Domain& domain, const net::MxAnswer& answer,
                           const DestinationRules& rules) {
    const std::string& name = domain.ascii();
    Destination destination;
    destination.secure = answer.secure;
    destination.expanded = answer.name.empty() ? domain.ascii() : answer.name;
    switch (answer.status) {
        case net::DnsStatus::no_name:
            return std::unexpected(end({5, 1, 2}, Cause::bad_domain,
                                       fmt::format("the domain {} does not exist", name)));
        case net::DnsStatus::failed: {
            NoDestination outcome =
                end({4, 4, 3}, Cause::dns_failure,
                    answer.why.empty()
                        ? fmt::format("the MX records of {} cannot be looked up now", name)
                        : answer.why);
            outcome.retry_after = kDnsRetry;
            outcome.bogus = answer.bogus;
            return std::unexpected(std::move(outcome));
        }
        case net::DnsStatus::no_data:
            destination.implicit = true;
            destination.hosts.push_back({0, name});
            return destination;
        case net::DnsStatus::ok:
            break;
    }
    if (answer.records.size() == 1 && answer.records.front().host.empty()) {
        return std::unexpected(end({5, 1, 10}, Cause::null_mx,
                                   fmt::format("{} announces that it accepts no mail", name)));
    }
    for (const net::MxRecord& record : answer.records) {
        if (is_usable_name(record.host)) {
            destination.hosts.push_back({record.preference, ascii::to_lower(record.host)});
        }
    }
    if (destination.hosts.empty()) {
        destination.nowhere = name;
        return destination;
    }
    sort(destination.hosts);
    const auto us = std::ranges::find_if(
        destination.hosts, [&](const MxHost& host) { return is_own_name(host.name, rules); });
    if (us != destination.hosts.end()) {
        const std::uint16_t level = us->preference;
        std::erase_if(destination.hosts,
                      [&](const MxHost& host) { return host.preference >= level; });
    }
    if (destination.hosts.empty()) {
        return std::unexpected(loops_back(name));
    }
    return destination;
}

mail::Outcome loops_back(const std::string& domain) {
    return end({5, 4, 6}, Cause::loop,
               fmt::format("mail for {} loops back to this server", domain));
}

runtime::Task<DestinationAnswer> find_destination(net::Resolver& resolver, mail::Domain domain,
                                                  const DestinationRules& rules) {
    if (domain.is_literal()) co_return judge_literal(domain, rules);
    if (domain.is_single_label()) {
        co_return std::unexpected(
            end({5, 1, 2}, Cause::bad_domain,
                fmt::format("{} is no complete domain name", domain.ascii())));
    }
    auto asking = resolver.mx(domain.ascii(), Deadline::after(kLookUp));
    const auto answer = co_await std::move(asking);
    co_return judge_mx(domain, answer, rules);
}

std::vector<MxHost> shuffle(const Destination& destination) {
    std::vector<MxHost> hosts = destination.hosts;
    for (std::size_t begin = 0; begin < hosts.size();) {
        std::size_t end = begin + 1;
        while (end < hosts.size() && hosts[end].preference == hosts[begin].preference) ++end;
        for (std::size_t i = end - 1; i > begin; --i) {
            std::swap(hosts[i], hosts[begin + random_below(i - begin + 1)]);
        }
        begin = end;
    }
    return hosts;
}

bool is_allowed(const IpAddress& address, bool allow_private) {
    if (address.is_multicast() || address.is_unspecified()) return false;
    if (allow_private) return true;
    // 0.0.0.0/8 reaches this machine too.
    if (address.is_v4() && address.v4_octets()[0] == 0) return false;
    return !address.is_loopback() && !address.is_private() && !address.is_link_local();
}

bool is_own_name(std::string_view name, const DestinationRules& rules) {
    return std::ranges::any_of(rules.own_names, [&](const std::string& own) {
        return ascii::equals_ignore_case(name, own);
    });
}

bool is_ours(const IpAddress& address, const DestinationRules& rules) {
    return std::ranges::find(rules.own_addresses, address) != rules.own_addresses.end();
}

void FamilyMemory::timed_out(const std::string& site, const IpAddress& address, SteadyTime now) {
    MutexLock lock(mutex_);
    if (bad_until_.size() >= kMostRemembered) {
        std::erase_if(bad_until_, [now](const auto& item) { return item.second <= now; });
        if (bad_until_.size() >= kMostRemembered) bad_until_.clear();
    }
    bad_until_[{site, address.is_v4()}] = now + kFamilyRest;
}

bool FamilyMemory::is_bad(const std::string& site, bool v4, SteadyTime now) const {
    MutexLock lock(mutex_);
    const auto found = bad_until_.find({site, v4});
    return found != bad_until_.end() && found->second > now;
}

std::vector<IpAddress> order_addresses(std::vector<IpAddress> addresses, bool v4_last,
                                       std::size_t limit) {
    std::vector<IpAddress> first, second;
    for (IpAddress& address : addresses) {
        (address.is_v4() != v4_last ? first : second).push_back(address);
    }
    std::vector<IpAddress> ordered;
    for (std::size_t i = 0; ordered.size() < limit && i < std::max(first.size(), second.size());
         ++i) {
        if (i < first.size()) ordered.push_back(first[i]);
        if (i < second.size() && ordered.size() < limit) ordered.push_back(second[i]);
    }
    return ordered;
}

}  // namespace posthaste::delivery
