// Scheduler: which recipients are tried when and where. Knows every open recipient, in about 100
// octets each; the rest of a message stays in the store. Pure: time, sites and what came of
// attempts are told to it. One thread.
//
// A recipient waits for its time, then for its domain's site to be known, then for its turn at the
// site, is handed out, and comes back by `finish`, `wait` or `again`.
#pragma once

#include "mail/outcome.h"
#include "queue/alarm_heap.h"
#include "queue/courier.h"
#include "queue/id_index.h"
#include "queue/keeping.h"
#include "queue/name_table.h"
#include "queue/shared_limits.h"
#include "queue/site_queue.h"
#include "queue/site_status.h"
#include "queue/tables.h"
#include "queue/window.h"
#include "store/queue_time.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace posthaste::queue {

// Both clocks, read together.
struct Moment {
    store::QueueTime queue;
    SteadyTime steady;
};

// Recipients of one message that are handed out.
struct Taken {
    struct Item {
        Handle entry = kNone;
        std::uint32_t index = 0;
        std::uint32_t attempts = 0;
    };

    Handle message = kNone;
    QueueId id;
    std::vector<Item> items;
    std::shared_ptr<const mail::Outcome> trouble;  // of their site, if it is what they wait for
};

// A transaction to run.
struct Pick {
    Taken what;
    Handle site = kNone;
    std::string site_key;
    std::string route;     // Site::route
    std::string source;    // Site::source
    std::size_t slot = 0;  // the lowest free one: connections of low slots stay in use
    SharedLimits::Hold limits;
    bool close_after = false;  // see Parcel
};

class Scheduler {
  public:
    struct Options {
        std::size_t max_deliveries = 500;
        std::size_t max_locating = 200;   // each takes 30 s while DNS is down
        std::size_t idle_names = 10'000;  // domains and sites remembered without mail for them
    };

    struct NewMessage {
        QueueId id;
        std::string_view account;
        store::QueueTime expires;
        std::optional<store::QueueTime> warn;  // when to ask for a delay warning
        store::Hold hold = store::Hold::none;
        // More than one recipient follows: the first then waits for the others at a site that is
        // known, and goes in one transaction with them.
        bool many = false;
        Lane lane = Lane::normal;
    };

    struct NewRecipient {
        std::uint32_t index = 0;
        std::string_view domain;  // its routing key
        store::QueueTime next_at;
        std::uint32_t attempts = 0;
    };

    struct Counts {
        std::uint64_t waiting = 0;  // not handed out and not held
        std::uint64_t in_flight = 0;
        std::uint64_t held = 0;
    };

    Scheduler(Options options, store::QueueTime base);

    Handle add_message(const NewMessage& message);  // or the one of that id
    void add_recipient(Handle message, const NewRecipient& recipient, const Moment& now);

    // Time goes on: at most `budget` recipients are looked at. True if more are due.
    bool advance(const Moment& now, std::size_t budget);
    std::optional<SteadyTime> next_wake(const Moment& now) const;

    // Domains whose site is to be found out, at most `max_locating` at once. Each is answered by
    // one of the three.
    std::optional<Handle> next_to_locate();

    // The routing key.
    const std::string& domain_name(Handle domain) const { return domain_names_.name(domain); }

    void located(Handle domain, const Site& site, const Moment& now);
    // `beyond`: where what a person has released goes; nothing if that is not known now, and those
    // that wait for it come back handed out.
    std::vector<Taken> located_hold(Handle domain, const Site* beyond, const Moment& now);
    std::vector<Taken> not_located(Handle domain,
                                   const Moment& now);  // all that wait for it, handed out

    bool pick(Pick& pick, const Moment& now);

    // The transaction has ended; its recipients are told one by one.
    struct SiteReport {
        SiteSignal signal = SiteSignal::neutral;
        std::optional<std::size_t> max_recipients;
        std::optional<Seconds> suspend;
        std::shared_ptr<const mail::Outcome>
            trouble;  // what recipients that wait for the site are told
    };

    void free_slot(const Pick& pick, const SiteReport& report, const Moment& now, double jitter);

    // It took mail lately, and other transactions are running there: what could not begin was one
    // too many.
    bool thrives(Handle site, const Moment& now) const;
    // What limits the sites of that site's provider has changed ("" and kNone: of all): they are
    // asked for anew before anything else goes there.
    void refresh(Handle site, const Moment& now);

    // The host broke off a transaction of `group` recipients, this one (handed out) among them: it
    // comes in a group of a quarter at most from now on, and alone in the end. So one recipient
    // that a host cannot bear does not keep the others from their mail.
    void split(Handle entry, std::size_t group);

    void finish(Handle entry);  // it has ended
    void wait(Handle entry, store::QueueTime next_at, std::uint32_t attempts, const Moment& now);
    bool again(Handle entry,
               const Moment& now);  // at once; false when that was granted too often in a row

    bool cancelled(Handle entry) const { return tables_.entries[entry].cancelled != 0; }

    bool cancel_reported(Handle entry) const { return tables_.entries[entry].report != 0; }

    // Since the last call: recipients that expired while their site was down (handed out), messages
    // whose sender is to be told that it takes longer, messages to be held because their route says
    // so.
    std::vector<Taken> take_expired() { return std::exchange(expired_, {}); }

    // Recipients that came while their site was down or stopped, before they were tried at all
    // (handed out, once each): they wait for its next probe, and are told why.
    struct Delayed {
        Taken what;
        SteadyTime until;
    };

    std::vector<Delayed> take_delayed() { return std::exchange(delayed_, {}); }

    std::vector<QueueId> take_warnings() { return std::exchange(warnings_, {}); }

    std::vector<QueueId> take_route_held() { return std::exchange(route_held_, {}); }

    // Admin. Each is false, or empty, when there was nothing to do.
    std::vector<QueueId> messages() const;
    std::vector<QueueId> messages_to(std::string_view domain) const;

    std::vector<std::uint32_t> recipients_to(const QueueId& id, std::string_view domain) const;
    std::string account_of(const QueueId& id) const;  // "" if it is not known, or has none

    bool knows(const QueueId& id) const { return index_.find(id) != kNone; }

    bool is_held(const QueueId& id) const;
    bool is_quarantined(const QueueId& id) const;
    Keeping keeping(const QueueId& id) const;
    bool hold(const QueueId& id);
    // A person's: neither quarantine nor a route keeps it from then on.
    bool release(const QueueId& id, const Moment& now);
    // Suspected of a crash: nothing of it goes until `end_quarantine`, which leaves every other
    // hold, of persons and of routes, as it is; false where one of a person, or none, keeps it.
    bool quarantine(const QueueId& id);
    bool end_quarantine(const QueueId& id, const Moment& now);
    bool retry(const QueueId& id, std::string_view domain, const Moment& now);  // "": all of it
    // Its recipients take the way of the key that `key_of` makes of theirs from now on.
    void reroute(const QueueId& id,
                 const std::function<std::string(std::string_view domain)>& key_of,
                 const Moment& now);

    // Hands out what is not in flight; what is in flight is marked.
    struct Cancel {
        std::string_view domain;  // "": all of it
        bool report = false;
    };

    Taken take_for_cancel(const QueueId& id, const Cancel& cancel);

    std::size_t open_recipients(const QueueId& id) const;
    // All that have not ended, sorted.
    std::vector<std::pair<QueueId, std::uint32_t>> open_keys() const;
    // Some recipient of the message is about to be tried, or in flight.
    bool busy(const QueueId& id) const;

    Counts counts() const { return counts_; }

    std::optional<SiteStatus> site_status(std::string_view key, const Moment& now) const;

    std::size_t running() const { return running_; }

    // What it takes to remember who waits: messages, recipients, their alarms. For figures.
    std::size_t octets() const {
        return tables_.octets() + index_.octets() + alarms_.octets() + site_alarms_.octets();
    }

  private:
    struct Domain {
        enum class State : std::uint8_t { unknown, locating, at_site, hold } state = State::unknown;
        Handle site = kNone;
        std::uint32_t position = 0;  // in the site's list of domains
        Handle first = kNone;        // entries that wait to be located
        Handle last = kNone;
        SteadyTime good_until{};
    };

    struct SiteState {
        SiteState(Tables& tables, const Site& site, double window_size)
            : key(site.key),
              window(site.max_deliveries, window_size),
              ready(tables, site.mixes_domains) {}

        bool blocked(SteadyTime now) const { return window.dead() || stopped_until() > now; }

        SteadyTime stopped_until() const { return std::max(suspended_until, rule_until); }

        SteadyTime blocked_until() const {
            return window.dead() ? std::max(stopped_until(), window.next_probe()) : stopped_until();
        }

        std::string key;
        std::string route;
        std::string source;
        Window window;
        SiteQueue ready;
        std::size_t max_recipients = 100;
        std::size_t learned_max = 0;  // 0: nothing learned
        SteadyTime learned_until{};
        SteadyTime suspended_until{};  // our login was refused
        SteadyTime rule_until{};       // a rule on its replies says so
        std::vector<bool> slots;       // true: busy
        std::size_t running = 0;
        bool listed = false;    // in ready_sites_, or in the line of a shared limit
        bool on_trial = false;  // was suspended: one transaction shows whether it is mended
        SteadyTime good_at{};
        std::vector<Cap> caps;
        std::vector<Pace> paces;
        SharedLimits::Hold limits;
        std::string provider;
        std::vector<Handle> domains;
        std::shared_ptr<const mail::Outcome> trouble;
    };

    static SiteStatus status_of(const SiteState& site, const Moment& now);
    std::uint32_t floor_seconds(store::QueueTime t) const;
    std::uint32_t ceil_seconds(store::QueueTime t) const;
    std::uint32_t steady_seconds(SteadyTime t) const;

    Entry& entry(Handle handle) { return tables_.entries[handle]; }

    MessageEntry& message_of(const Entry& entry) { return tables_.messages[entry.message]; }

    void set_state(Entry& entry, EntryState state);
    void set_alarm(Handle handle, std::uint32_t now);
    void ring(Handle handle, const Moment& now);
    void make_due(Handle handle, const Moment& now);
    void join_domain(Handle handle);
    void leave_domain(Handle handle);
    void join_site(Handle handle, Handle site, const Moment& now);
    void hold_by_route(Handle handle);
    void keep_back(MessageEntry& message);
    void let_go(MessageEntry& message, const Moment& now);
    void ask_hold_if_alone(MessageEntry& message);
    void hand_out(Handle handle, Taken& taken);
    void set_aside(Handle handle);  // out of whatever list it is in
    Taken start_taken(Handle message) const;
    bool goes_to(const Entry& entry, std::string_view domain) const;
    std::vector<Handle> take_waiting_for(Domain& domain);
    std::vector<Taken> hand_out_all(const std::vector<Handle>& handles);

    void want_location(Handle domain);
    void locating_ended(Domain& domain, const Moment& now, Seconds good_for);
    void move_domain(Handle domain, Handle to, const Moment& now);
    void leave_site(Handle domain);
    Handle find_site(const Site& site, const Moment& now);
    void set_limits(Handle handle, const Site& site, const Moment& now);
    void forget_idle_names();
    double start_of_window(const std::string& key, const Moment& now);
    void forget_idle_sites(const Moment& now);

    bool can_start(const SiteState& site, const Moment& now) const;
    void list_site(Handle handle, const Moment& now);
    void wake_parked(const Moment& now);
    bool others_want_place(const SiteState& site) const;
    bool tell_of_block(Handle handle, const SiteState& site, const Moment& now);
    void set_site_alarm(Handle handle, const Moment& now);
    void wake_delayed(const Moment& now);
    void refresh_domains(const SiteState& site, const Moment& now);
    std::size_t take_slot(SiteState& site);

    Options options_;
    store::QueueTime base_;
    SteadyTime steady_base_;
    Tables tables_;
    IdIndex index_;
    AlarmHeap alarms_;       // of entries
    AlarmHeap site_alarms_;  // dead and suspended sites
    NameTable account_names_;
    NameTable domain_names_;
    std::vector<Domain> domains_;  // by the name's handle
    std::deque<Handle> to_locate_;
    std::size_t locating_ = 0;
    NameTable site_names_;
    std::vector<std::unique_ptr<SiteState>> sites_;  // by the name's handle

    // Of sites that were forgotten: where their windows start again, for an hour.
    struct FormerWindow {
        double size;
        SteadyTime until;
    };

    std::unordered_map<std::string, FormerWindow> former_windows_;
    std::deque<Handle> ready_sites_;
    SharedLimits limits_;
    std::size_t running_ = 0;
    Counts counts_;
    std::vector<Taken> expired_;
    std::vector<Delayed> delayed_;
    std::vector<QueueId> warnings_;
    std::vector<QueueId> route_held_;
};

}  // namespace posthaste::queue
