// What persons do to messages in the scheduler.
#include "queue/routing_key.h"
#include "queue/scheduler.h"

#include <algorithm>

namespace posthaste::queue {

std::vector<QueueId> Scheduler::messages() const {
    std::vector<QueueId> ids;
    for (Handle h = 0; h < tables_.messages.capacity(); ++h) {
        if (tables_.messages[h].first != kNone) ids.push_back(tables_.messages[h].id);
    }
    return ids;
}

bool Scheduler::goes_to(const Entry& entry, std::string_view domain) const {
    return entry.state != EntryState::ended &&
           (domain.empty() || domain_of(domain_names_.name(entry.domain)) == domain);
}

std::vector<QueueId> Scheduler::messages_to(std::string_view domain) const {
    std::vector<QueueId> ids;
    if (domain.empty()) return ids;
    for (Handle h = 0; h < tables_.messages.capacity(); ++h) {
        for (Handle e = tables_.messages[h].first; e != kNone; e = tables_.entries[e].sibling) {
            if (!goes_to(tables_.entries[e], domain)) continue;
            ids.push_back(tables_.messages[h].id);
            break;
        }
    }
    return ids;
}

std::vector<std::uint32_t> Scheduler::recipients_to(const QueueId& id,
                                                    std::string_view domain) const {
    std::vector<std::uint32_t> indexes;
    const Handle message = index_.find(id);
    if (message == kNone || domain.empty()) return indexes;
    for (Handle h = tables_.messages[message].first; h != kNone; h = tables_.entries[h].sibling) {
        if (goes_to(tables_.entries[h], domain)) indexes.push_back(tables_.entries[h].index);
    }
    return indexes;
}

std::vector<std::pair<QueueId, std::uint32_t>> Scheduler::open_keys() const {
    std::vector<std::pair<QueueId, std::uint32_t>> keys;
    for (Handle h = 0; h < tables_.messages.capacity(); ++h) {
        for (Handle e = tables_.messages[h].first; e != kNone; e = tables_.entries[e].sibling) {
            if (tables_.entries[e].state == EntryState::ended) continue;
            keys.emplace_back(tables_.messages[h].id, tables_.entries[e].index);
        }
    }
    std::ranges::sort(keys);
    return keys;
}

std::optional<SiteStatus> Scheduler::site_status(std::string_view key, const Moment& now) const {
    const Handle handle = site_names_.find(key);
    if (handle != kNone && sites_[handle] != nullptr) return status_of(*sites_[handle], now);
    // Where there are several addresses to send from, each has a path of its own there.
    const std::string paths = std::string(key) + " from ";
    std::optional<SiteStatus> all;
    for (const auto& site : sites_) {
        if (site == nullptr || !site->key.starts_with(paths)) continue;
        const SiteStatus one = status_of(*site, now);
        if (!all) {
            all = one;
            continue;
        }
        all->waiting += one.waiting;
        all->running += one.running;
        all->window += one.window;
        if (all->state == one.state) continue;
        all->state = "partly down";
        if (all->why.empty()) all->why = one.why;
        if (!all->again || (one.again && *one.again < *all->again)) all->again = one.again;
    }
    return all;
}

SiteStatus Scheduler::status_of(const SiteState& site, const Moment& now) {
    SiteStatus status;
    const bool suspended = site.suspended_until > now.steady;
    status.state = suspended ? "suspended" : site.window.dead() ? "down" : "up";
    status.waiting = site.ready.size();
    status.running = site.running;
    status.window = suspended ? 0 : site.window.slots(now.steady);
    if (suspended || site.window.dead()) {
        const SteadyTime at = suspended ? site.suspended_until : site.window.next_probe();
        status.again = std::max(Seconds(0), std::chrono::ceil<Seconds>(at - now.steady));
        if (site.trouble) status.why = site.trouble->reply;
    }
    return status;
}

std::string Scheduler::account_of(const QueueId& id) const {
    const Handle handle = index_.find(id);
    if (handle == kNone) return {};
    return account_names_.name(tables_.messages[handle].account);
}

bool Scheduler::is_held(const QueueId& id) const {
    const Handle handle = index_.find(id);
    return handle != kNone && tables_.messages[handle].held;
}

bool Scheduler::is_quarantined(const QueueId& id) const {
    const Handle handle = index_.find(id);
    return handle != kNone && tables_.messages[handle].quarantined;
}

Keeping Scheduler::keeping(const QueueId& id) const {
    if (!knows(id)) return Keeping::ended;
    if (is_held(id)) return Keeping::hold;
    return is_quarantined(id) ? Keeping::quarantine : Keeping::nothing;
}

bool Scheduler::hold(const QueueId& id) {
    const Handle handle = index_.find(id);
    if (handle == kNone || tables_.messages[handle].held) return false;
    MessageEntry& message = tables_.messages[handle];
    message.held = true;
    message.released = false;
    keep_back(message);
    return true;
}

bool Scheduler::release(const QueueId& id, const Moment& now) {
    const Handle handle = index_.find(id);
    if (handle == kNone) return false;
    MessageEntry& message = tables_.messages[handle];
    if (!message.held && !message.quarantined) return false;
    message.held = message.quarantined = false;
    message.released = true;
    let_go(message, now);
    return true;
}

bool Scheduler::quarantine(const QueueId& id) {
    const Handle handle = index_.find(id);
    if (handle == kNone || tables_.messages[handle].quarantined) return false;
    MessageEntry& message = tables_.messages[handle];
    message.quarantined = true;
    keep_back(message);
    return true;
}

bool Scheduler::end_quarantine(const QueueId& id, const Moment& now) {
    const Handle handle = index_.find(id);
    if (handle == kNone || !tables_.messages[handle].quarantined) return false;
    MessageEntry& message = tables_.messages[handle];
    message.quarantined = false;
    if (message.held) return false;
    let_go(message, now);
    return true;
}

void Scheduler::keep_back(MessageEntry& message) {
    message.route_holds = false;
    for (Handle h = message.first; h != kNone; h = entry(h).sibling) {
        Entry& e = entry(h);
        if (e.state == EntryState::ended || e.state == EntryState::in_flight) continue;
        set_aside(h);
        set_state(e, EntryState::held);
    }
}

// Whom a route holds is found out anew when it is due.
void Scheduler::let_go(MessageEntry& message, const Moment& now) {
    const std::uint32_t t = floor_seconds(now.queue);
    for (Handle h = message.first; h != kNone; h = entry(h).sibling) {
        Entry& e = entry(h);
        if (e.state != EntryState::held) continue;
        set_state(e, EntryState::waiting);
        if (e.due <= t) {
            make_due(h, now);
        } else {
            set_alarm(h, t);
        }
    }
}

bool Scheduler::retry(const QueueId& id, std::string_view domain, const Moment& now) {
    const Handle handle = index_.find(id);
    if (handle == kNone) return false;
    if (tables_.messages[handle].held || tables_.messages[handle].quarantined) return false;
    bool any = false;
    for (Handle h = tables_.messages[handle].first; h != kNone; h = entry(h).sibling) {
        Entry& e = entry(h);
        if (!goes_to(e, domain) || e.state == EntryState::in_flight) continue;
        any = true;
        Domain& where = domains_[e.domain];
        if (where.site != kNone) {
            SiteState& site = *sites_[where.site];
            site.suspended_until = {};
            if (site.window.dead()) site.window.probe_now();
            where.good_until = now.steady;
            list_site(where.site, now);
        }
        if (e.state != EntryState::waiting) continue;
        alarms_.clear(h);
        e.due = floor_seconds(now.queue);
        make_due(h, now);
    }
    return any;
}

void Scheduler::reroute(const QueueId& id,
                        const std::function<std::string(std::string_view)>& key_of,
                        const Moment& now) {
    const Handle handle = index_.find(id);
    if (handle == kNone) return;
    MessageEntry& message = tables_.messages[handle];
    message.route_holds = false;
    for (Handle h = tables_.messages[handle].first; h != kNone; h = entry(h).sibling) {
        Entry& e = entry(h);
        if (e.state == EntryState::ended) continue;
        const std::string key = key_of(domain_of(domain_names_.name(e.domain)));
        if (key == domain_names_.name(e.domain)) {
            message.route_holds = message.route_holds || e.state == EntryState::held_by_route;
            continue;
        }
        const bool underway = e.state == EntryState::locating || e.state == EntryState::ready ||
                              e.state == EntryState::held_by_route;
        if (underway) set_aside(h);
        const Handle before = e.domain;
        e.domain = domain_names_.acquire(key);
        if (e.domain >= domains_.size()) domains_.resize(e.domain + 1);
        domain_names_.release(before);
        if (!underway) continue;  // in flight, held, or not yet due: its next attempt goes there
        set_state(e, EntryState::waiting);
        make_due(h, now);
    }
    ask_hold_if_alone(message);
}

Taken Scheduler::take_for_cancel(const QueueId& id, const Cancel& cancel) {
    const Handle handle = index_.find(id);
    if (handle == kNone) return {};
    Taken taken = start_taken(handle);
    for (Handle h = tables_.messages[handle].first; h != kNone; h = entry(h).sibling) {
        Entry& e = entry(h);
        if (!goes_to(e, cancel.domain)) continue;
        e.cancelled = 1;
        e.report = cancel.report ? 1 : 0;
        if (e.state != EntryState::in_flight) hand_out(h, taken);
    }
    return taken;
}

}  // namespace posthaste::queue
