// The scheduler's domains and sites: where recipients that are due go, and how many transactions
// run there.
#include "base/assert.h"
#include "queue/scheduler.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

constexpr std::size_t kLookedAt = 64;
constexpr std::size_t kMostFormer = 10'000;
constexpr auto kGoodFor = std::chrono::hours(1);  // what a window had come to
constexpr Seconds kThriving{60};                  // since it took mail last
constexpr Seconds kAskAgain{30};                  // after a domain that could not be located
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

Handle Scheduler::find_site(const Site& site, const Moment& now) {
    const Handle handle = site_names_.acquire(site.key);
    if (handle >= sites_.size()) sites_.resize(handle + 1);
    if (sites_[handle] == nullptr) {
        sites_[handle] = std::make_unique<SiteState>(tables_, site, start_of_window(site.key, now));
    }
    set_limits(handle, site, now);
    return handle;
}

void Scheduler::set_limits(Handle handle, const Site& site, const Moment& now) {
    SiteState& state = *sites_[handle];
    state.route = site.route;
    state.source = site.source;
    state.window.set_limit(site.max_deliveries);
    state.max_recipients = std::max<std::size_t>(site.max_recipients, 1);
    state.provider = site.provider;
    state.rule_until = site.suspend ? now.steady + *site.suspend : SteadyTime{};
    if (site.suspend && site.trouble) state.trouble = site.trouble;
    if (state.caps == site.caps && state.paces == site.paces) {
        list_site(handle, now);  // a stop may be over
        return;
    }
    const bool parked =
        state.listed && std::ranges::find(ready_sites_, handle) == ready_sites_.end();
    if (parked) {
        limits_.leave(state.limits, handle);
        state.listed = false;
    }
    SharedLimits::Hold fresh = limits_.acquire(site.caps, site.paces);
    limits_.release(state.limits);
    state.limits = std::move(fresh);
    state.caps = site.caps;
    state.paces = site.paces;
    list_site(handle, now);
    wake_parked(now);
}

// What was told to wait for a stop that a person has lifted since, and was never tried.
void Scheduler::wake_delayed(const Moment& now) {
    for (Handle m = 0; m < tables_.messages.capacity(); ++m) {
        for (Handle h = tables_.messages[m].first; h != kNone; h = entry(h).sibling) {
            Entry& e = entry(h);
            if (e.state != EntryState::waiting || e.told == 0 || e.attempts > 0) continue;
            alarms_.clear(h);
            e.due = floor_seconds(now.queue);
            make_due(h, now);
        }
    }
}

// Limits have changed for one provider, or for all: a stop that a rule had set ends with it, unless
// the answer says so again.
void Scheduler::refresh(Handle about, const Moment& now) {
    const std::string provider = about == kNone ? std::string() : sites_[about]->provider;
    if (about == kNone) wake_delayed(now);
    for (Handle handle = 0; handle < sites_.size(); ++handle) {
        if (sites_[handle] == nullptr) continue;
        SiteState& site = *sites_[handle];
        const bool meant =
            about == kNone || handle == about || (!provider.empty() && site.provider == provider);
        if (!meant) continue;
        // What a person has lifted must not go on through a stop that an attempt had brought back.
        if (about == kNone) site.suspended_until = site.rule_until = {};
        list_site(handle, now);
        for (const Handle name : site.domains) {
            domains_[name].good_until = now.steady;
            if (domain_names_.users(name) > 0 && !site.ready.empty()) want_location(name);
        }
    }
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
    const Handle to = find_site(site, now);
    if (domains_[name].site == to) {
        site_names_.release(to);
    } else {
        move_domain(name, to, now);
    }
    Domain& domain = domains_[name];
    locating_ended(domain, now, site.good_for);
    domain.state = Domain::State::at_site;
    for (const Handle h : take_waiting_for(domain)) join_site(h, to, now);
    forget_idle_sites(now);
}

std::vector<Taken> Scheduler::located_hold(Handle name, const Site* beyond, const Moment& now) {
    std::vector<Handle> all = take_waiting_for(domains_[name]);
    if (const Handle before = domains_[name].site; before != kNone) {
        const auto ready = sites_[before]->ready.remove_domain(name);
        all.insert(all.end(), ready.begin(), ready.end());
        leave_site(name);
    }
    if (beyond != nullptr) move_domain(name, find_site(*beyond, now), now);
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
    forget_idle_sites(now);
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
    return !site.ready.empty() && site.stopped_until() <= now.steady &&
           site.running < (site.on_trial ? std::min<std::size_t>(slots, 1) : slots);
}

void Scheduler::list_site(Handle handle, const Moment& now) {
    SiteState& site = *sites_[handle];
    if (site.listed) return;
    if (!can_start(site, now)) {
        set_site_alarm(handle, now);
        return;
    }
    site.listed = true;
    if (limits_.grant(site.limits, now.steady, 1) > 0) {
        ready_sites_.push_back(handle);
    } else {
        limits_.park(site.limits, handle, now.steady);
    }
}

// Those whose turn it is at a limit they share. Who has nothing to send any more passes it on.
void Scheduler::wake_parked(const Moment& now) {
    for (auto woken = limits_.take_woken(now.steady); !woken.empty();
         woken = limits_.take_woken(now.steady)) {
        for (const Handle handle : woken) {
            SiteState& site = *sites_[handle];
            site.listed = false;
            list_site(handle, now);
            if (!site.listed) limits_.pass(site.limits);
        }
    }
}

// For a site that is down: when the next probe, or the end of its suspension, is due.
void Scheduler::set_site_alarm(Handle handle, const Moment& now) {
    const SiteState& site = *sites_[handle];
    if (site.ready.empty() || !site.blocked(now.steady)) return;
    const SteadyTime at = site.blocked_until();
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
            limits_.pass(site.limits);
            wake_parked(now);
            continue;
        }
        std::size_t most = site.max_recipients;
        if (site.learned_max > 0 && site.learned_until > now.steady) {
            most = std::min(most, site.learned_max);
        }
        most = limits_.grant(site.limits, now.steady, most);
        if (most == 0) {
            list_site(handle, now);
            wake_parked(now);
            continue;
        }
        std::vector<Handle> entries;
        site.ready.take(most, entries);
        limits_.start(site.limits, now.steady, entries.size());
        pick.limits = site.limits;
        pick.close_after = site.ready.empty() && others_want_place(site);
        pick.site = handle;
        pick.site_key = site.key;
        pick.route = site.route;
        pick.source = site.source;
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
    limits_.end(pick.limits);
    site.window.feedback(report.signal, now.steady, jitter);
    if (report.signal == SiteSignal::good) site.good_at = now.steady;
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
    wake_parked(now);
    list_site(pick.site, now);
}

// Other sites stand before a limit that this one shares and that is used up: an idle connection of
// this one would keep a place from them.
bool Scheduler::others_want_place(const SiteState& site) const {
    if (!limits_.full(site.limits)) return false;
    if (limits_.others_wait(site.limits)) return true;
    const auto shares = [&](Handle other) {
        return std::ranges::find_first_of(sites_[other]->limits.caps, site.limits.caps) !=
               sites_[other]->limits.caps.end();
    };
    const std::size_t some = std::min(ready_sites_.size(), kLookedAt);
    return std::any_of(ready_sites_.begin(), ready_sites_.begin() + static_cast<long>(some),
                       shares);
}

bool Scheduler::thrives(Handle handle, const Moment& now) const {
    const SiteState& site = *sites_[handle];
    return site.running > 0 && !site.blocked(now.steady) && site.good_at + kThriving > now.steady;
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

double Scheduler::start_of_window(const std::string& key, const Moment& now) {
    const auto former = former_windows_.extract(key);
    return former && former.mapped().until > now.steady ? former.mapped().size : Window::kStart;
}

void Scheduler::forget_idle_sites(const Moment& now) {
    if (site_names_.idle() <= options_.idle_names) return;
    std::erase_if(former_windows_, [&](const auto& one) { return one.second.until <= now.steady; });
    site_names_.collect([this, &now](Handle handle) {
        const SiteState& site = *sites_[handle];
        if (site.running > 0 || !site.ready.empty() || site.listed || site.window.dead()) {
            return false;
        }
        const double size = site.window.half_of_good(now.steady);
        if (size > Window::kStart && former_windows_.size() < kMostFormer)
            former_windows_.insert_or_assign(site.key, FormerWindow{size, now.steady + kGoodFor});
        site_alarms_.clear(handle);
        limits_.release(site.limits);
        sites_[handle].reset();
        return true;
    });
}

}  // namespace posthaste::queue
