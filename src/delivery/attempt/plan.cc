// Which hosts an attempt tries, at which addresses, and in which order (delivery.md 1.3, 1.4).
#include "delivery/attempt/attempt.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using mail::Cause;
using mail::Verdict;

constexpr Seconds kLookUp{30};
// Of one attempt. A host that DNS says is not there costs no address and little time, so that the
// sixth of which five are gone is still found.
constexpr std::size_t kMostHosts = 5;
constexpr std::size_t kMostNames = 20;
constexpr auto kUnreachableForGood = std::chrono::hours(24);

std::uint32_t level_of(unsigned group, std::uint16_t preference) {
    return (static_cast<std::uint32_t>(group) << 16) + preference;
}

std::string key_of(const std::string& name, bool by_system) {
    return by_system ? name + " by system" : name;
}

// A block list, or what a receiver demands of addresses: the other family may be better thought of.
bool is_policy(Cause cause) {
    return cause == Cause::policy || cause == Cause::block_ip || cause == Cause::sender_auth ||
           cause == Cause::relaying_denied;
}

}  // namespace

runtime::Task<std::vector<Attempt::Target>> Attempt::find_targets() {
    if (route_.smarthost) {
        auto relay = find_relay_targets();
        auto hosts = co_await std::move(relay);
        co_return hosts;
    }
    std::vector<Target> targets;
    auto finding = shared_.find(parcel_.recipients.front().address.domain());
    const auto destination = co_await std::move(finding);
    if (!destination) {
        if (destination.error().bogus)
            tell_bogus(parcel_.recipients.front().address.domain().ascii(), "");
        no_host(destination.error(), "");
        co_return targets;
    }
    if (!destination->nowhere.empty()) {
        mail::Outcome outcome;
        outcome.status = {4, 4, 4};
        outcome.cause = Cause::routing;
        outcome.reply = fmt::format("the MX records of {} name no host", destination->nowhere);
        if (age_ >= kUnreachableForGood) {
            outcome.status = {5, 4, 4};
            outcome.verdict = Verdict::failed;
        }
        no_host(outcome, "");
        co_return targets;
    }
    for (const MxHost& host : shuffle(*destination)) {
        const bool best = host.preference == destination->hosts.front().preference;
        targets.push_back({host.name, shared_.options.mx_port, best,
                           parcel_.recipients.front().address.domain().ascii(),
                           destination->expanded, destination->secure, host.preference});
    }
    co_return targets;
}

// The hosts that a person named, in their order. One whose MX records are to be asked for is found
// out now; if that fails, the others are left.
runtime::Task<std::vector<Attempt::Target>> Attempt::find_relay_targets() {
    std::vector<Target> targets;
    for (const RelayHost& host : shuffle(route_.hosts)) {
        const bool best = host.group == route_.hosts.front().group;
        if (!host.by_mx) {
            targets.push_back({host.host, host.port, best, host.host, host.host, true,
                               level_of(host.group, 0), true, host.socket});
            continue;
        }
        auto parsed = mail::Domain::parse(host.host);
        if (!parsed) continue;
        auto finding = find_destination(shared_.resolver, *parsed, shared_.destination_rules);
        const auto destination = co_await std::move(finding);
        if (!destination) {
            Judgement judgement;
            judgement.outcome = destination.error();
            judgement.outcome.verdict = Verdict::deferred;  // the relay's name is our own mistake
            if (judgement.outcome.status.cls == 5) judgement.outcome.status = {4, 4, 4};
            for (const std::size_t i : open_cases())
                note_one(cases_[i], judgement, {host.host, "", "", best});
            continue;
        }
        for (const MxHost& mx : shuffle(*destination))
            targets.push_back({mx.name, host.port, best, host.host, destination->expanded,
                               destination->secure, level_of(host.group, mx.preference)});
    }
    if (targets.empty()) learn(queue::SiteSignal::trouble);
    co_return targets;
}

// RFC 5321 §5.1: where one of the hosts of a level is us, neither they nor those behind them are
// tried. By address that can be told only here (by name it was); it costs look-ups, so only servers
// that listen where MX hosts do, or have said what their addresses are, ask.
runtime::Task<bool> Attempt::level_is_ours(std::vector<Target> level) {
    if (shared_.destination_rules.own_addresses.empty()) co_return false;
    for (const Target& target : level) {
        if (target.by_system) continue;  // a person named it
        auto asking = look_up(target);
        const auto answer = co_await std::move(asking);
        const bool ours = std::ranges::any_of(answer.addresses, [&](const IpAddress& address) {
            return is_ours(address, shared_.destination_rules);
        });
        if (!ours) continue;
        if (target.best) {
            const auto& domain = parcel_.recipients.front().address.domain();
            no_host(loops_back(domain.ascii()), target.name);
        }
        co_return true;
    }
    co_return false;
}

void Attempt::tell_bogus(const std::string& domain, const std::string& host) const {
    if (explaining_ || route_.smarthost) return;
    shared_.tell_bogus(route_.tls, parcel_.message->tls_wish, bogus_dns(domain, host));
}

// Nothing was looked for in vain: that ends it for everybody.
void Attempt::no_host(const mail::Outcome& outcome, const std::string& host) {
    for (const std::size_t i : open_cases()) {
        end(cases_[i], outcome);
        cases_[i].outcome.remote_host = host;
        cases_[i].unheard = outcome.cause == Cause::dns_failure || outcome.cause == Cause::routing;
    }
}

runtime::Task<net::AddressAnswer> Attempt::look_up(Target target) {
    // Of a relay, or an address literal; MX records that hold one were left out before.
    if (const auto literal = IpAddress::parse(target.name)) {
        co_return net::AddressAnswer{net::DnsStatus::ok, {*literal}, false, ""};
    }
    const std::string key = key_of(target.name, target.by_system);
    if (const auto known = look_ups_.known.find(key); known != look_ups_.known.end())
        co_return known->second;
    const auto left =
        std::min<SteadyTime::duration>(kLookUp, shared_.options.look_ups_timeout - look_ups_.spent);
    if (look_ups_.hosts >= kMostHosts || look_ups_.known.size() >= kMostNames || left.count() <= 0)
        co_return not_looked_up(target);
    const SteadyTime began = std::chrono::steady_clock::now();
    const Deadline deadline{began + left};
    auto asking = target.by_system ? shared_.resolver.system_addresses(target.name, deadline)
                                   : shared_.resolver.addresses(target.name, deadline);
    auto answer = co_await std::move(asking);
    look_ups_.spent += std::chrono::steady_clock::now() - began;
    if (answer.status == net::DnsStatus::ok || answer.status == net::DnsStatus::failed)
        ++look_ups_.hosts;
    look_ups_.known.emplace(key, answer);
    co_return answer;
}

// Nothing is known of it, so it is never a reason to give mail back.
net::AddressAnswer Attempt::not_looked_up(const Target& target) const {
    net::AddressAnswer answer;
    answer.incomplete = true;
    answer.why = fmt::format(
        "{} was not looked up: one attempt asks for {} mail servers, or for {}, and that was used "
        "up",
        target.name, kMostHosts, format_duration(shared_.options.look_ups_timeout));
    return answer;
}

// How many addresses of the family the hosts behind the present one have, as far as it matters.
runtime::Task<std::size_t> Attempt::count_behind(bool v4) {
    std::size_t count = 0;
    for (const Target& target : behind_) {
        if (count >= kMostAddresses) break;
        if (!target.socket.empty()) continue;
        auto asking = look_up(target);
        const auto answer = co_await std::move(asking);
        std::string_view prohibited;
        const auto usable = usable_of(answer, prohibited);
        count += static_cast<std::size_t>(std::ranges::count_if(
            usable, [v4](const IpAddress& address) { return address.is_v4() == v4; }));
    }
    co_return count;
}

// Those that may be tried; `prohibited` says why another one may not.
std::vector<IpAddress> Attempt::usable_of(const net::AddressAnswer& answer,
                                          std::string_view& prohibited) const {
    std::vector<IpAddress> usable;
    for (const IpAddress& address : answer.addresses) {
        const bool allowed = route_.smarthost ||  // where a relay lives is the operator's word
                             is_allowed(address, shared_.options.allow_private_addresses);
        if (!allowed) {
            prohibited = "lies inside a private network or on this machine";
            continue;
        }
        const bool wanted = address.is_v4() ? route_.families != AddressFamilies::v6_only
                                            : route_.families != AddressFamilies::v4_only;
        const auto family = address.is_v4() ? Sources::Family::v4 : Sources::Family::v6;
        const bool ours = !shared_.sources.has_pool(route_.sources) ||
                          shared_.sources.pool_has(route_.sources, family);
        const bool shaped = limits_->family == IpFamily::any ||
                            address.is_v4() == (limits_->family == IpFamily::v4);
        if (wanted && ours && shaped) {
            usable.push_back(address);
        } else if (prohibited.empty()) {
            prohibited = !shaped ? "has only addresses of a family that the shaping file leaves out"
                         : wanted ? "has only addresses that none of our sources can reach"
                                  : "has only addresses of a family that its route leaves out";
        }
    }
    return usable;
}

runtime::Task<std::vector<IpAddress>> Attempt::find_addresses(Target target) {
    // One try, at no address: it stands for the socket.
    if (!target.socket.empty()) co_return std::vector<IpAddress>{IpAddress()};
    auto asking = look_up(target);
    const auto answer = co_await std::move(asking);
    std::string_view prohibited;
    auto usable = usable_of(answer, prohibited);
    if (usable.empty()) no_address(target, answer, prohibited);
    both_families_ = std::ranges::any_of(usable, &IpAddress::is_v4) &&
                     std::ranges::any_of(usable, &IpAddress::is_v6);
    const bool last = v4_last(usable);
    co_return order_addresses(std::move(usable), last, kMostAddresses);
}

// IPv4 first unless the route says otherwise: receivers refuse IPv6 from addresses without a PTR
// record, and whether ours has one cannot be seen from here. A family that is dead at this site, or
// at which a recipient's last attempt was refused for reasons of policy, comes behind the other.
bool Attempt::v4_last(const std::vector<IpAddress>& addresses) const {
    if (!std::ranges::any_of(addresses, &IpAddress::is_v4)) return true;
    for (const Case& c : cases_) {
        const mail::Outcome& last = c.row->last;
        if (c.ended || last.code < 500 || !is_policy(last.cause)) continue;
        if (const auto address = IpAddress::parse(last.remote_ip)) return address->is_v4();
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool v4_bad = shared_.families.is_bad(parcel_.site, true, now);
    const bool v6_bad = shared_.families.is_bad(parcel_.site, false, now);
    if (v4_bad != v6_bad) return v4_bad;
    return route_.families == AddressFamilies::v6_first ||
           route_.families == AddressFamilies::v6_only;
}

// delivery.md 1.4: refused for reasons of policy at one family of a host that has both. Once that
// is a temporary failure, and the next attempt goes by the other family.
bool Attempt::refused_family(const Case& about, const mail::Outcome& outcome) const {
    const bool once_already = about.row->last.code >= 500 && is_policy(about.row->last.cause);
    return both_families_ && !once_already && outcome.verdict == Verdict::failed &&
           outcome.code >= 500 && is_policy(outcome.cause);
}

// delivery.md and the poisonous targets of 1.3.
void Attempt::no_address(const Target& target, const net::AddressAnswer& answer,
                         std::string_view prohibited) {
    Judgement judgement;
    mail::Outcome& outcome = judgement.outcome;
    outcome.cause = Cause::routing;
    outcome.status = {4, 4, 4};
    // What was found is of no use; what was not found may be. Never for good on doubt.
    const bool doubt = answer.incomplete || answer.status == net::DnsStatus::failed;
    if (!prohibited.empty() && !doubt) {
        outcome.status = {5, 4, 4};
        outcome.reply = fmt::format("the mail server {} {}", target.name, prohibited);
        if (route_.smarthost) outcome.status = {4, 4, 4};  // the configuration's mistake
    } else if (doubt) {
        outcome.status = {4, 4, 3};
        outcome.cause = Cause::dns_failure;
        if (look_ups_.known.contains(key_of(target.name, target.by_system)))
            outcome.retry_after = Seconds(60);
        outcome.reply = answer.why.empty()
                            ? fmt::format("the address of {} cannot be looked up now", target.name)
                            : answer.why;
    } else {
        outcome.reply = fmt::format("the mail server {} has no address", target.name);
        if (!route_.smarthost && age_ >= kUnreachableForGood) outcome.status = {5, 4, 4};
    }
    // Neither MX nor address: nobody ever meant to take mail there (RFC 5321 §5.1).
    const bool is_domain_itself =
        !route_.smarthost && target.name == parcel_.recipients.front().address.domain().ascii();
    if (is_domain_itself && prohibited.empty() && !doubt) {
        outcome.status = {5, 4, 4};
        outcome.reply = fmt::format("{} has neither a mail server nor an address", target.name);
    }
    if (answer.bogus) tell_bogus(target.domain, target.name);
    story_.passed_over(target.name, outcome);
    judgement.permanent_if_all = outcome.status.cls == 5;
    if (judgement.permanent_if_all) outcome.verdict = Verdict::failed;
    if (route_.smarthost) learn(queue::SiteSignal::trouble);
    for (const std::size_t i : open_cases())
        note_one(cases_[i], judgement, {target.name, "", "", true});
}

}  // namespace posthaste::delivery
