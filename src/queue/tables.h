// The scheduler's memory: one entry a recipient, one a message, counted in octets because a dead
// destination may hold a hundred thousand of them. Texts stay in the store; names are interned.
#pragma once

#include "base/id.h"
#include "queue/slab.h"

#include <cstdint>

namespace posthaste::queue {

enum class EntryState : std::uint8_t {
    ended,          // waits for its siblings only
    waiting,        // for its time
    locating,       // due; in its domain's list until the site is known
    ready,          // due; in a batch of its site
    in_flight,      // handed out
    held,           // with its message, by a person or in quarantine
    held_by_route,  // its route says hold; the message is held once nothing else of it is open
};

// Who goes first when a site has more than it may be given (delivery.md 3.2; RFC 6710). Reports
// have a lane of their own, so that a flood of them does not stand before people's mail.
enum class Lane : std::uint8_t { high, normal, low, report };

constexpr std::size_t kLanes = 4;

// Moments are whole seconds of queue time since the scheduler's base.
constexpr std::uint32_t kNever = 0xffff'ffff;

struct Entry {
    Handle message = kNone;
    Handle sibling = kNone;  // the message's next
    Handle domain = kNone;
    Handle next = kNone;  // in the list of its domain or batch
    Handle before = kNone;
    Handle batch = kNone;
    std::uint32_t index = 0;
    std::uint32_t due = 0;
    std::uint16_t attempts = 0;
    EntryState state : 3 = EntryState::waiting;
    std::uint8_t told : 1 = 0;       // it was told once that its site is down
    std::uint8_t group : 4 = 0;      // at most 2^(group - 1) recipients with it at once; 0: any
    std::uint8_t uncharged : 6 = 0;  // attempts in a row that did not count
    std::uint8_t cancelled : 1 = 0;  // by a person, while in flight
    std::uint8_t report : 1 = 0;     // ... who wants the sender to be told
};

static_assert(sizeof(Entry) <= 36);

struct MessageEntry {
    QueueId id;
    std::uint32_t expires = 0;
    std::uint32_t warn = kNever;  // when the sender is told that it takes longer
    Handle account = kNone;
    Handle first = kNone;
    std::uint32_t open = 0;        // entries that have not ended
    bool held : 1 = false;         // by a person, or by a route once nothing else of it is open
    bool quarantined : 1 = false;  // the server crashed while it was in flight
    bool released : 1 = false;     // by a person: no route holds it any more
    bool many : 1 = false;         // more than one recipient
    bool route_holds : 1 = false;  // some entry is held_by_route
    Lane lane = Lane::normal;
};

static_assert(sizeof(MessageEntry) <= 40);

// Recipients of one message that may share a transaction, in order.
struct Batch {
    Handle message = kNone;
    Handle domain = kNone;  // kNone where a site takes several domains in one transaction
    Handle first = kNone;
    Handle last = kNone;
    std::uint32_t size = 0;
    Handle next = kNone;  // the account's next
};

struct Tables {
    Slab<Entry> entries;
    Slab<MessageEntry> messages;
    Slab<Batch> batches;

    std::size_t octets() const { return entries.octets() + messages.octets() + batches.octets(); }
};

}  // namespace posthaste::queue
