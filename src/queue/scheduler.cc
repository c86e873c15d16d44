// Messages, recipients and their time. Domains and sites: scheduler_sites.cc. Persons:
// scheduler_admin.cc.
#include "queue/scheduler.h"

#include "base/assert.h"

#include <algorithm>
#include <bit>

namespace posthaste::queue {

namespace {

constexpr std::uint32_t kLookAgain =
    600;  // seconds, for recipients that are due but wait for their turn
constexpr std::uint8_t kMostUncharged = 50;
constexpr unsigned kWidest = 15;  // of Entry::group

// Seconds past its time for which a recipient keeps its place before a site that takes mail, but
// slowly: behind a rate, a cap, or very many others. Who was never tried, since the server was
// down, deserves an attempt (delivery.md 3.2).
std::uint32_t grace_of(const Entry& entry) {
    return entry.attempts > 0 ? kLookAgain : 86'400;
}

}  // namespace

Scheduler::Scheduler(Options options, store::QueueTime base)
    : options_(options),
      base_(base),
      steady_base_(std::chrono::steady_clock::now()),
      index_([this](Handle handle) -> const QueueId& { return tables_.messages[handle].id; }) {}

std::uint32_t Scheduler::floor_seconds(store::QueueTime t) const {
    const auto seconds = std::chrono::floor<Seconds>(t - base_).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, kNever - 1));
}

std::uint32_t Scheduler::ceil_seconds(store::QueueTime t) const {
    const auto seconds = std::chrono::ceil<Seconds>(t - base_).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, kNever - 1));
}

void Scheduler::set_state(Entry& entry, EntryState state) {
    const auto counter = [this](EntryState s) -> std::uint64_t* {
        switch (s) {
            case EntryState::ended:
                return nullptr;
            case EntryState::waiting:
            case EntryState::locating:
            case EntryState::ready:
                return &counts_.waiting;
            case EntryState::in_flight:
                return &counts_.in_flight;
            case EntryState::held:
            case EntryState::held_by_route:
                return &counts_.held;
        }
        std::unreachable();
    };
    if (auto* old = counter(entry.state)) --*old;
    if (auto* now = counter(state)) ++*now;
    entry.state = state;
}

Handle Scheduler::add_message(const NewMessage& added) {
    const Handle known = index_.find(added.id);
    if (known != kNone) return known;
    MessageEntry message;
    message.id = added.id;
    message.expires = ceil_seconds(added.expires);
    if (added.warn) message.warn = ceil_seconds(*added.warn);
    message.account = account_names_.acquire(added.account);
    message.held = added.hold == store::Hold::held;
    message.many = added.many;
    message.released = added.hold == store::Hold::released;
    message.lane = added.lane;
    const Handle handle = tables_.messages.add(message);
    index_.add(added.id, handle);
    return handle;
}

void Scheduler::add_recipient(Handle message, const NewRecipient& added, const Moment& now) {
    Entry fresh;
    fresh.message = message;
    fresh.domain = domain_names_.acquire(added.domain);
    if (fresh.domain >= domains_.size()) domains_.resize(fresh.domain + 1);
    fresh.index = added.index;
    fresh.due = ceil_seconds(added.next_at);
    fresh.attempts = static_cast<std::uint16_t>(std::min(added.attempts, 0xffffU));
    fresh.state = EntryState::ended;
    const Handle handle = tables_.entries.add(fresh);
    MessageEntry& owner = tables_.messages[message];
    entry(handle).sibling = owner.first;
    owner.many |= owner.first != kNone;
    owner.first = handle;
    ++owner.open;
    if (owner.held || owner.quarantined) {
        set_state(entry(handle), EntryState::held);
    } else if (added.next_at <= now.queue) {
        set_state(entry(handle), EntryState::waiting);
        make_due(handle, now);
    } else {
        set_state(entry(handle), EntryState::waiting);
        set_alarm(handle, floor_seconds(now.queue));
    }
}

// An entry that waits rings when it is due. One that is due rings for its sender's sake: it may
// wait for hours at a site that is down, and then it expires there.
void Scheduler::set_alarm(Handle handle, std::uint32_t now) {
    const Entry& e = entry(handle);
    const MessageEntry& message = message_of(e);
    std::uint32_t at = e.due;
    if (e.state != EntryState::waiting) {
        at = message.expires > now ? message.expires : now + kLookAgain;
    }
    alarms_.set(handle, std::min(at, message.warn));
}

bool Scheduler::advance(const Moment& now, std::size_t budget) {
    const std::uint32_t second = steady_seconds(now.steady);
    wake_parked(now);
    while (!site_alarms_.empty() && site_alarms_.earliest() <= second) {
        list_site(site_alarms_.pop(), now);
    }
    const std::uint32_t t = floor_seconds(now.queue);
    for (; !alarms_.empty() && alarms_.earliest() <= t; --budget) {
        if (budget == 0) return true;
        ring(alarms_.pop(), now);
    }
    return false;
}

void Scheduler::ring(Handle handle, const Moment& now) {
    const std::uint32_t t = floor_seconds(now.queue);
    Entry& e = entry(handle);
    MessageEntry& message = message_of(e);
    if (message.warn <= t) {
        message.warn = kNever;
        warnings_.push_back(message.id);
    }
    if (e.state == EntryState::waiting && e.due <= t) {
        make_due(handle, now);
        return;
    }
    if (e.state == EntryState::ready && message.expires <= t) {
        const SiteState& site = *sites_[domains_[e.domain].site];
        if (site.blocked(now.steady) || t >= message.expires + grace_of(e)) {
            Taken taken = start_taken(e.message);
            taken.trouble = site.trouble;
            hand_out(handle, taken);
            expired_.push_back(std::move(taken));
            return;
        }
    }
    set_alarm(handle, t);
}

std::optional<SteadyTime> Scheduler::next_wake(const Moment& now) const {
    std::optional<SteadyTime> wake;
    if (!alarms_.empty()) {
        const store::QueueTime at = base_ + Seconds(alarms_.earliest());
        wake = now.steady + (at - now.queue);
    }
    if (!site_alarms_.empty()) {
        const SteadyTime at = steady_base_ + Seconds(site_alarms_.earliest());
        wake = wake ? std::min(*wake, at) : at;
    }
    if (const auto at = limits_.next_wake()) wake = wake ? std::min(*wake, *at) : *at;
    return wake;
}

// Due: joins its site, or waits until its domain's is known.
void Scheduler::make_due(Handle handle, const Moment& now) {
    const Handle name = entry(handle).domain;
    Domain& domain = domains_[name];
    switch (domain.state) {
        case Domain::State::at_site:
            if (domain.good_until > now.steady) {
                join_site(handle, domain.site, now);
                return;
            }
            break;
        case Domain::State::hold:
            if (domain.good_until <= now.steady) break;
            if (!message_of(entry(handle)).released) {
                hold_by_route(handle);
                return;
            }
            if (domain.site != kNone) {
                join_site(handle, domain.site, now);
                return;
            }
            break;
        case Domain::State::unknown:
        case Domain::State::locating:
            break;
    }
    join_domain(handle);
    want_location(name);
    set_alarm(handle, floor_seconds(now.queue));
}

void Scheduler::join_domain(Handle handle) {
    Entry& e = entry(handle);
    Domain& domain = domains_[e.domain];
    set_state(e, EntryState::locating);
    e.next = kNone;
    e.before = domain.last;
    (domain.last == kNone ? domain.first : entry(domain.last).next) = handle;
    domain.last = handle;
}

void Scheduler::leave_domain(Handle handle) {
    Entry& e = entry(handle);
    Domain& domain = domains_[e.domain];
    (e.before == kNone ? domain.first : entry(e.before).next) = e.next;
    (e.next == kNone ? domain.last : entry(e.next).before) = e.before;
    e.next = e.before = kNone;
}

void Scheduler::join_site(Handle handle, Handle site, const Moment& now) {
    if (tell_of_block(handle, *sites_[site], now)) return;
    set_state(entry(handle), EntryState::ready);
    sites_[site]->ready.add(handle);
    set_alarm(handle, floor_seconds(now.queue));
    list_site(site, now);
}

// What has not been tried yet does not wait in silence at a site that is down: it is told once, and
// comes back when the site is looked at again (delivery.md 3.2, Exim's rule).
bool Scheduler::tell_of_block(Handle handle, const SiteState& site, const Moment& now) {
    Entry& e = entry(handle);
    if (e.told != 0 || e.attempts > 0 || site.trouble == nullptr) return false;
    if (!site.blocked(now.steady) || site.blocked_until() <= now.steady) return false;
    e.told = 1;
    Taken taken = start_taken(e.message);
    taken.trouble = site.trouble;
    alarms_.clear(handle);
    set_state(e, EntryState::in_flight);
    taken.items.push_back({handle, e.index, e.attempts});
    if (!delayed_.empty() && delayed_.back().what.message == e.message) {
        delayed_.back().what.items.push_back(taken.items.front());
    } else {
        delayed_.push_back({std::move(taken), site.blocked_until()});
    }
    return true;
}

// A message with recipients elsewhere is not held for the sake of one whose route says hold: that
// one waits here, and the message is held when nothing else of it is open.
void Scheduler::hold_by_route(Handle handle) {
    Entry& e = entry(handle);
    alarms_.clear(handle);
    set_state(e, EntryState::held_by_route);
    MessageEntry& message = message_of(e);
    message.route_holds = true;
    ask_hold_if_alone(message);
}

void Scheduler::ask_hold_if_alone(MessageEntry& message) {
    if (!message.route_holds || message.held || message.open == 0) return;
    for (Handle h = message.first; h != kNone; h = entry(h).sibling) {
        const EntryState state = entry(h).state;
        if (state != EntryState::ended && state != EntryState::held_by_route) return;
    }
    route_held_.push_back(message.id);
}

Taken Scheduler::start_taken(Handle message) const {
    Taken taken;
    taken.message = message;
    taken.id = tables_.messages[message].id;
    return taken;
}

// Out of whatever list it is in.
void Scheduler::set_aside(Handle handle) {
    Entry& e = entry(handle);
    alarms_.clear(handle);
    if (e.state == EntryState::locating) leave_domain(handle);
    if (e.state == EntryState::ready) sites_[domains_[e.domain].site]->ready.remove(handle);
}

void Scheduler::hand_out(Handle handle, Taken& taken) {
    set_aside(handle);
    Entry& e = entry(handle);
    set_state(e, EntryState::in_flight);
    taken.items.push_back({handle, e.index, e.attempts});
}

void Scheduler::split(Handle handle, std::size_t group) {
    Entry& e = entry(handle);
    PH_ASSERT(e.state == EntryState::in_flight && group > 0);
    const unsigned wanted = std::min(
        static_cast<unsigned>(std::bit_width(std::max<std::size_t>(group / 4, 1))), kWidest);
    if (e.group == 0 || wanted < e.group) e.group = wanted & kWidest;
}

void Scheduler::finish(Handle handle) {
    Entry& e = entry(handle);
    PH_ASSERT(e.state == EntryState::in_flight);
    set_state(e, EntryState::ended);
    const Handle owner = e.message;
    MessageEntry& message = tables_.messages[owner];
    if (--message.open > 0) {
        ask_hold_if_alone(message);
        return;
    }
    for (Handle h = message.first; h != kNone;) {
        const Handle next = entry(h).sibling;
        domain_names_.release(entry(h).domain);
        tables_.entries.remove(h);
        h = next;
    }
    account_names_.release(message.account);
    index_.remove(message.id);
    tables_.messages.remove(owner);
    forget_idle_names();
}

void Scheduler::wait(Handle handle, store::QueueTime next_at, std::uint32_t attempts,
                     const Moment& now) {
    Entry& e = entry(handle);
    PH_ASSERT(e.state == EntryState::in_flight);
    e.due = ceil_seconds(next_at);
    e.attempts = static_cast<std::uint16_t>(std::min(attempts, 0xffffU));
    e.uncharged = 0;
    if (message_of(e).held || message_of(e).quarantined) {
        set_state(e, EntryState::held);
        return;
    }
    set_state(e, EntryState::waiting);
    set_alarm(handle, floor_seconds(now.queue));
}

bool Scheduler::again(Handle handle, const Moment& now) {
    Entry& e = entry(handle);
    PH_ASSERT(e.state == EntryState::in_flight);
    if (e.uncharged >= kMostUncharged) return false;
    const auto uncharged = static_cast<std::uint8_t>(e.uncharged + 1);
    wait(handle, now.queue, e.attempts, now);
    e.uncharged = uncharged & 0x3f;
    if (e.state == EntryState::waiting) {
        alarms_.clear(handle);
        make_due(handle, now);
    }
    return true;
}

std::size_t Scheduler::open_recipients(const QueueId& id) const {
    const Handle handle = index_.find(id);
    return handle == kNone ? 0 : tables_.messages[handle].open;
}

bool Scheduler::busy(const QueueId& id) const {
    const Handle handle = index_.find(id);
    if (handle == kNone) return false;
    for (Handle h = tables_.messages[handle].first; h != kNone; h = tables_.entries[h].sibling) {
        const EntryState state = tables_.entries[h].state;
        if (state == EntryState::in_flight || state == EntryState::ready) return true;
    }
    return false;
}

}  // namespace posthaste::queue
