// The scheduler's domains and sites: where recipients that are due go, and how many transactions
// run there.
#include "base/assert.h"
#include "queue/scheduler.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

constexpr Seconds kAskAgain{30};  // after a domain that could not be located
constexpr auto kRemembered =
    std::chrono::hours(24);  // how few recipients a site takes (delivery.md O-15)

}  // namespace

std::uint32_t Scheduler::steady_seconds(SteadyTime t) const {
    const auto seconds = std::chrono::floor<Seconds>(t - steady_base_).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, kNever - 1));
}

void Scheduler::want_location(Handle name) {
    Domain& domain = domains_[name];
    if (domain.state == Domain::State::locating) return;
    domain.state = Domain::State::locating;
    to_locate_.push_back(name);
}

std::optional<Handle> Scheduler::next_to_locate() {
    if (to_locate_.empty() || locating_ >= options_.max_locating) return std::nullopt;
    const Handle name = to_locate_.front();
    to_locate_.pop_front();
    ++locating_;
    return name;
}

void Scheduler::locating_ended(Domain& domain, const Moment& now, Seconds good_for) {
    PH_ASSERT(domain.state == Domain::State::locating && locating_ > 0);
    --locating_;
    domain.good_until = now.steady + good_for;
}

std::vector<Handle> Scheduler::take_waiting_for(Domain& domain) {
    std::vector<Handle> waiting;
    for (Handle h = domain.first; h != kNone; h = entry(h).next) waiting.push_back(h);
    domain.first = domain.last = kNone;
    for (const Handle h : waiting) entry(h).next = entry(h).before = kNone;
    return waiting;
}

void Scheduler::leave_site(Handle name) {
    Domain& domain = domains_[name];
    if (domain.site == kNone) return;
    std::vector<Handle>& all = sites_[domain.site]->domains;
    all[domain.position] = all.back();
    domains_[all.back()].position = domain.position;
    all.pop_back();
    site_names_.release(domain.site);
    domain.site = kNone;
}

Handle Scheduler::find_site(const Site& site) {
    const Handle handle = site_names_.acquire(site.key);
    if (handle >= sites_.size()) sites_.resize(handle + 1);
    if (sites_[handle] == nullptr) sites_[handle] = std::make_unique<SiteState>(tables_, site);
    SiteState& state = *sites_[handle];
    state.route = site.route;
    state.window.set_limit(site.max_deliveries);
    state.max_recipients = std::max<std::size_t>(site.max_recipients, 1);
    return handle;
}

// Its mail that is ready at the old site goes along: that one may be down for good.
void Scheduler::move_domain(Handle name, Handle to, const Moment& now) {
    const Handle from = domains_[name].site;
    std::vector<Handle> ready;
    if (from != kNone && from != to) ready = sites_[from]->ready.remove_domain(name);
    leave_site(name);
    Domain& domain = domains_[name];
    domain.site = to;
    domain.position = static_cast<std::uint32_t>(sites_[to]->domains.size());
    sites_[to]->domains.push_back(name);
    for (const Handle h : ready) join_site(h, to, now);
}

void Scheduler::located(Handle name, const Site& site, const Moment& now) {
    const Handle to = find_site(site);
    if (domains_[name].site == to) {
        site_names_.release(to);
    } else {
        move_domain(name, to, now);
    }
    Domain& domain = domains_[name];
    locating_ended(domain, now, site.good_for);
    domain.state = Domain::State::at_site;
    for (const Handle h : take_waiting_for(domain)) join_site(h, to, now);
    forget_idle_sites();
}

std::vector<Taken> Scheduler::located_hold(Handle name, const Site* beyond, const Moment& now) {
    std::vector<Handle> all = take_waiting_for(domains_[name]);
    if (const Handle before = domains_[name].site; before != kNone) {
        const auto ready = sites_[before]->ready.remove_domain(name);
        all.insert(all.end(), ready.begin(), ready.end());
        leave_site(name);
    }
    if (beyond != nullptr) move_domain(name, find_site(*beyond), now);
    Domain& domain = domains_[name];
    locating_ended(domain, now, kAskAgain);
    domain.state = Domain::State::hold;
    std::vector<Handle> nowhere;
    for (const Handle h : all) {
        if (!message_of(entry(h)).released) {
            hold_by_route(h);
        } else if (domain.site != kNone) {
            join_site(h, domain.site, now);
        } else {
            nowhere.push_back(h);
        }
    }
    forget_idle_sites();
    return hand_out_all(nowhere);
}

// Of none of these lists any more: grouped by message.
std::vector<Taken> Scheduler::hand_out_all(const std::vector<Handle>& handles) {
    std::vector<Taken> all;
    for (const Handle h : handles) {
        Entry& e = entry(h);
        if (all.empty() || all.back().message != e.message) all.push_back(start_taken(e.message));
        alarms_.clear(h);
        set_state(e, EntryState::in_flight);
        all.back().items.push_back({h, e.index, e.attempts});
    }
    return all;
}

std::vector<Taken> Scheduler::not_located(Handle name, const Moment& now) {
    Domain& domain = domains_[name];
    locating_ended(domain, now, Seconds(0));
    // What is ready at a site that was known before stays there: the directory of names may be down
    // as well.
    domain.state = domain.site == kNone ? Domain::State::unknown : Domain::State::at_site;
    return hand_out_all(take_waiting_for(domain));
}

bool Scheduler::can_start(const SiteState& site, const Moment& now) const {
    const std::size_t slots = site.window.slots(now.steady);
    return !site.ready.empty() && site.suspended_until <= now.steady &&
           site.running < (site.on_trial ? std::min<std::size_t>(slots, 1) : slots);
}

void Scheduler::list_site(Handle handle, const Moment& now) {
    SiteState& site = *sites_[handle];
    if (site.listed) return;
    if (can_start(site, now)) {
        site.listed = true;
        ready_sites_.push_back(handle);
    } else {
        set_site_alarm(handle, now);
    }
}

// For a site that is down: when the next probe, or the end of its suspension, is due.
void Scheduler::set_site_alarm(Handle handle, const Moment& now) {
    const SiteState& site = *sites_[handle];
    if (site.ready.empty() || !site.blocked(now.steady)) return;
    SteadyTime at = site.suspended_until;
    if (site.window.dead()) at = std::max(at, site.window.next_probe());
    if (at > now.steady) site_alarms_.set(handle, steady_seconds(at) + 1);
}

std::size_t Scheduler::take_slot(SiteState& site) {
    const auto free = std::ranges::find(site.slots, false);
    const auto slot = static_cast<std::size_t>(free - site.slots.begin());
    if (free == site.slots.end()) {
        site.slots.push_back(true);
    } else {
        *free = true;
    }
    ++site.running;
    ++running_;
    return slot;
}

bool Scheduler::pick(Pick& pick, const Moment& now) {
    while (running_ < options_.max_deliveries && !ready_sites_.empty()) {
        const Handle handle = ready_sites_.front();
        ready_sites_.pop_front();
        SiteState& site = *sites_[handle];
        site.listed = false;
        if (!can_start(site, now)) {
            set_site_alarm(handle, now);
            continue;
        }
        std::size_t most = site.max_recipients;
        if (site.learned_max > 0 && site.learned_until > now.steady) {
            most = std::min(most, site.learned_max);
        }
        std::vector<Handle> entries;
        site.ready.take(most, entries);
        pick.site = handle;
        pick.site_key = site.key;
        pick.route = site.route;
        pick.what = start_taken(entry(entries.front()).message);
        for (const Handle h : entries) {
            Entry& e = entry(h);
            alarms_.clear(h);
            set_state(e, EntryState::in_flight);
            pick.what.items.push_back({h, e.index, e.attempts});
        }
        pick.slot = take_slot(site);
        list_site(handle, now);
        return true;
    }
    return false;
}

void Scheduler::free_slot(const Pick& pick, const SiteReport& report, const Moment& now,
                          double jitter) {
    SiteState& site = *sites_[pick.site];
    site.slots[pick.slot] = false;
    --site.running;
    --running_;
    site.window.feedback(report.signal, now.steady, jitter);
    if (report.max_recipients) {
        site.learned_max = std::max<std::size_t>(*report.max_recipients, 1);
        site.learned_until = now.steady + kRemembered;
    }
    if (report.suspend) {
        site.suspended_until = std::max(site.suspended_until, now.steady + *report.suspend);
        site.on_trial = true;
    } else if (report.signal == SiteSignal::good) {
        site.on_trial = false;
    }
    if (report.trouble) site.trouble = report.trouble;
    if (site.blocked(now.steady)) refresh_domains(site, now);
    list_site(pick.site, now);
}

// Domains whose mail waits for a site that is down may have moved to another one.
void Scheduler::refresh_domains(const SiteState& site, const Moment& now) {
    if (site.ready.empty()) return;
    for (const Handle name : site.domains) {
        if (domain_names_.users(name) > 0 && domains_[name].good_until <= now.steady) {
            want_location(name);
        }
    }
}

void Scheduler::forget_idle_names() {
    if (account_names_.idle() > options_.idle_names) {
        account_names_.collect([](Handle) { return true; });
    }
    if (domain_names_.idle() <= options_.idle_names) return;
    domain_names_.collect([this](Handle name) {
        if (domains_[name].state == Domain::State::locating) return false;
        leave_site(name);
        domains_[name] = {};
        return true;
    });
}

void Scheduler::forget_idle_sites() {
    if (site_names_.idle() <= options_.idle_names) return;
    site_names_.collect([this](Handle handle) {
        const SiteState& site = *sites_[handle];
        if (site.running > 0 || !site.ready.empty() || site.listed || site.window.dead()) {
            return false;
        }
        site_alarms_.clear(handle);
        sites_[handle].reset();
        return true;
    });
}

}  // namespace posthaste::queue
