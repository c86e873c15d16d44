// Which of our addresses an attempt leaves from, and the name it greets with (delivery.md 3.2 path,
// O-3).
#include "delivery/attempt/attempt.h"
#include "delivery/route/warm_up.h"
#include "delivery/rules/overrides.h"
#include "net/dialer.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

Incident connect_incident(const Error& error) {
    Incident incident;
    incident.stage = Stage::connect;
    incident.text = error.text;
    switch (error.kind) {
        case ErrorKind::timeout:
            incident.what = What::timed_out;
            break;
        case ErrorKind::cancelled:
            incident.what = What::our_own;
            break;
        case ErrorKind::refused:
            incident.what = What::refused;
            break;
        case ErrorKind::unsupported:
        case ErrorKind::busy:
        case ErrorKind::denied:
        case ErrorKind::not_found:
            incident.what =
                What::no_source;  // no way out from here: the other side is not to blame
            break;
        default:
            incident.what = What::lost;
            break;
    }
    return incident;
}

}  // namespace

// One that a rule on replies has called off for these hosts is left to others, as long as there
// are.
const Source* Attempt::source_for(bool v4) const {
    const SteadyTime now = std::chrono::steady_clock::now();
    Sources::Wish wish{route_.sources,
                       source_key_,
                       v4 ? Sources::Family::v4 : Sources::Family::v6,
                       {},
                       instead_of_home_.empty() ? parcel_.source : instead_of_home_};
    const Source* source = shared_.sources.choose(wish, now);
    if (source == nullptr || shared_.options.overrides == nullptr) return source;
    PathName path = path_name();
    if (path.provider.empty()) path.provider = limits_->provider;
    if (!shared_.options.overrides->of(path).use_other_source) return source;
    wish.not_this = source->name;
    return shared_.sources.choose(wish, now);
}

// The one that the mail belongs to; empty where the system chooses.
std::string_view Attempt::home_source() const {
    if (!parcel_.source.empty()) return parcel_.source;
    const auto& names = shared_.sources.names_of(route_.sources);
    return names.size() == 1 ? std::string_view(names.front()) : std::string_view();
}

// The one of the pool that it was tried from last; empty: none, or that is not known.
std::string_view Attempt::former_source() const {
    const std::string& ip = cases_.front().row->last.source_ip;
    if (ip.empty() || cases_.front().row->attempts == 0) return {};
    const auto& names = shared_.sources.names_of(route_.sources);
    for (const Source& source : shared_.sources.all()) {
        const bool its = (source.v4 && source.v4->to_string() == ip) ||
                         (source.v6 && source.v6->to_string() == ip);
        if (its && std::ranges::find(names, source.name) != names.end()) return source.name;
    }
    return {};
}

// Whether the mail waits because its address is new to this provider and has sent enough for now
// (delivery.md 4.4). What has not been tried yet goes from a warm address of the pool instead; what
// has stays with the address that greylisting knows it by.
bool Attempt::wait_for_warm_up() {
    if (shared_.options.warm_up == nullptr) return false;
    const std::string_view former = former_source();
    const std::string_view home = former.empty() ? home_source() : former;
    if (home.empty()) return false;
    if (home != home_source()) instead_of_home_ = home;
    WarmUp& warm_up = *shared_.options.warm_up;
    const auto wait = warm_up.take(home, limits_->provider, cases_.size());
    if (!wait) return false;
    const bool untried =
        std::ranges::all_of(cases_, [](const Case& c) { return c.row->attempts == 0; });
    for (const std::string& other : shared_.sources.names_of(route_.sources)) {
        if (!untried || other == home || warm_up.take(other, limits_->provider, cases_.size()))
            continue;
        instead_of_home_ = other;
        return false;
    }
    mail::Outcome outcome;
    outcome.status = {4, 7, 0};
    outcome.cause = mail::Cause::rate_limited;
    outcome.reply = fmt::format(
        "our address {} is new to {} and is being warmed up: the next message may leave in {}",
        home, limits_->provider, format_duration(*wait));
    outcome.retry_after = *wait;
    // Where there are other addresses this path goes on: what has not been tried leaves from those.
    const bool alone = shared_.sources.names_of(route_.sources).size() < 2;
    outcome.charge_attempt = !alone;
    for (const std::size_t i : open_cases()) end(cases_[i], outcome);
    if (alone) suspend_ = *wait;
    return true;
}

void Attempt::tell_warm_up(const queue::ParcelReport& report) const {
    if (shared_.options.warm_up == nullptr) return;
    const std::string_view source = instead_of_home_.empty() ? home_source() : instead_of_home_;
    if (source.empty()) return;
    for (const auto& [index, outcome] : report.outcomes) {
        if (outcome.code == 0) continue;
        using mail::Cause;
        const bool block = outcome.cause == Cause::block_ip || outcome.cause == Cause::block_domain;
        auto word = WarmUp::Word::fine;
        if (block && outcome.code >= 500) {
            word = WarmUp::Word::block;
        } else if (block || outcome.cause == Cause::rate_limited) {
            word = WarmUp::Word::block_deferral;
        }
        shared_.options.warm_up->heard(source, limits_->provider, word);
    }
}

// A smarthost's site names its login and its level of TLS: two of them share nothing, nor do
// connections that leave from different addresses.
std::string Attempt::place_of(const Target& target, bool v4) const {
    Place place{target.name, target.port};
    if (route_.smarthost) place.login = route_.site;
    place.ehlo = shared_.options.hostname;
    const Source* source = target.socket.empty() ? source_for(v4) : nullptr;
    if (source != nullptr) {
        place.source = source->name;
        if (!source->ehlo.empty()) place.ehlo = source->ehlo;
    }
    return place.key();
}

runtime::Task<Step<std::unique_ptr<net::Stream>>> Attempt::dial(Target target, IpAddress address,
                                                                Seconds wait) {
    const Deadline deadline{std::min(Deadline::after(wait).at, until_.at)};
    if (!target.socket.empty()) {
        auto dialing = net::dial_unix(target.socket, deadline);
        auto stream = co_await std::move(dialing);
        if (!stream) co_return std::unexpected(connect_incident(stream.error()));
        co_return std::move(*stream);
    }
    const bool pool = shared_.sources.has_pool(route_.sources);
    for (;;) {
        const Source* source = source_for(address.is_v4());
        if (pool && source == nullptr) {
            // Nothing is said about the site: it is our own trouble.
            co_return std::unexpected(
                Incident{Stage::connect,
                         What::our_own,
                         {},
                         "none of the addresses that this mail may leave from is there now"});
        }
        std::optional<IpAddress> from;
        if (source != nullptr) from = address_of(*source, address.is_v4());
        auto dialing = net::dial({address, target.port}, deadline, from);
        auto stream = co_await std::move(dialing);
        if (stream) {
            if (source != nullptr) shared_.sources.works(*source);
            co_return std::move(*stream);
        }
        if (source == nullptr || stream.error().kind != ErrorKind::not_found) {
            co_return std::unexpected(connect_incident(stream.error()));
        }
        // It rests now, so that each round has a source less to choose from.
        shared_.sources.not_here(*source, *from, stream.error().text,
                                 std::chrono::steady_clock::now());
    }
}

const std::string& Attempt::our_name(const net::Stream& stream) const {
    const IpAddress local = stream.local().address;
    for (const Source& source : shared_.sources.all()) {
        const bool it = address_of(source, local.is_v4()) == local;
        if (it && !source.ehlo.empty() && shared_.sources.has_pool(route_.sources)) {
            return source.ehlo;
        }
    }
    return shared_.options.hostname;
}

}  // namespace posthaste::delivery
