// Which of our addresses an attempt leaves from, and the name it greets with (delivery.md 3.2 path,
// O-3).
#include "delivery/attempt/attempt.h"
#include "delivery/rules/overrides.h"
#include "net/dialer.h"

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
    Sources::Wish wish{route_.sources, source_key_, v4 ? Sources::Family::v4 : Sources::Family::v6,
                       {}, parcel_.source};
    const Source* source = shared_.sources.choose(wish, now);
    if (source == nullptr || shared_.options.overrides == nullptr) return source;
    const PathName path{provider_.empty() ? limits_->provider : provider_, parcel_.site,
                        parcel_.source, parcel_.message->account};
    if (!shared_.options.overrides->of(path).use_other_source) return source;
    wish.not_this = source->name;
    return shared_.sources.choose(wish, now);
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
    const Deadline deadline = Deadline::after(wait);
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
