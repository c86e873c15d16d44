// What persons do to messages in the scheduler.
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

std::vector<QueueId> Scheduler::messages_to(std::string_view domain) const {
    std::vector<QueueId> ids;
    const Handle name = domain_names_.find(domain);
    if (name == kNone) return ids;
    for (Handle h = 0; h < tables_.messages.capacity(); ++h) {
        for (Handle e = tables_.messages[h].first; e != kNone; e = tables_.entries[e].sibling) {
            const Entry& entry = tables_.entries[e];
            if (entry.domain != name || entry.state == EntryState::ended) continue;
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
    const Handle name = domain_names_.find(domain);
    if (message == kNone || name == kNone) return indexes;
    for (Handle h = tables_.messages[message].first; h != kNone; h = tables_.entries[h].sibling) {
        const Entry& entry = tables_.entries[h];
        if (entry.domain == name && entry.state != EntryState::ended)
            indexes.push_back(entry.index);
    }
    return indexes;
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

bool Scheduler::hold(const QueueId& id) {
    const Handle handle = index_.find(id);
    if (handle == kNone || tables_.messages[handle].held) return false;
    MessageEntry& message = tables_.messages[handle];
    message.held = true;
    message.released = false;
    for (Handle h = message.first; h != kNone; h = entry(h).sibling) {
        Entry& e = entry(h);
        if (e.state == EntryState::ended || e.state == EntryState::in_flight) continue;
        set_aside(h);
        set_state(e, EntryState::held);
    }
    return true;
}

bool Scheduler::release(const QueueId& id, const Moment& now) {
    const Handle handle = index_.find(id);
    if (handle == kNone || !tables_.messages[handle].held) return false;
    MessageEntry& message = tables_.messages[handle];
    message.held = false;
    message.released = true;
    message.route_holds = false;
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
    return true;
}

bool Scheduler::retry(const QueueId& id, std::string_view domain, const Moment& now) {
    const Handle handle = index_.find(id);
    if (handle == kNone || tables_.messages[handle].held) return false;
    const Handle name = domain.empty() ? kNone : domain_names_.find(domain);
    bool any = false;
    for (Handle h = tables_.messages[handle].first; h != kNone; h = entry(h).sibling) {
        Entry& e = entry(h);
        if (!domain.empty() && e.domain != name) continue;
        if (e.state == EntryState::ended || e.state == EntryState::in_flight) continue;
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

Taken Scheduler::take_for_cancel(const QueueId& id, const Cancel& cancel) {
    const Handle handle = index_.find(id);
    if (handle == kNone) return {};
    const Handle name = cancel.domain.empty() ? kNone : domain_names_.find(cancel.domain);
    Taken taken = start_taken(handle);
    for (Handle h = tables_.messages[handle].first; h != kNone; h = entry(h).sibling) {
        Entry& e = entry(h);
        if (e.state == EntryState::ended || (!cancel.domain.empty() && e.domain != name)) continue;
        e.cancelled = 1;
        e.report = cancel.report ? 1 : 0;
        if (e.state != EntryState::in_flight) hand_out(h, taken);
    }
    return taken;
}

}  // namespace posthaste::queue
