// The outcome table: what an unwished event at some stage of a delivery means, O-2 to O-25 of
// delivery.md 3.3, before the words of a reply are read. Used by failure.cc alone.
//
// Not in it: O-1 (DNS) is destination.cc's, O-13, O-17, O-18 and O-22 are what a transaction is for
// (client_transaction.cc), O-26 (LMTP) has no place while no LMTP is spoken.
#pragma once

#include "delivery/attempt/failure.h"

#include <span>

namespace posthaste::delivery {

// How an entry of the table differs from what its scope and status say.
enum class Extra : std::uint8_t {
    none,
    if_all,       // permanent once every host has said so
    door,         // permanent after a day
    protocol,     // permanent after five times
    ambiguous,    // perhaps it was taken
    quick,        // again in a minute, a few times
    suspend,      // the route stops
    short_pause,  // the route pauses for a minute
    crowd,        // O-15 if others were taken before
    loop,         // permanent at the best host
    no_login,     // 530: permanent (O-11), unless it wants TLS; smarthosts: see failure.cc
};

struct OutcomeRow {
    int number;  // O-number
    Stage stage;
    What what;
    int from, to;  // codes of What::reply
    Scope scope;
    queue::SiteSignal signal;
    mail::EnhancedStatus status;  // its class is the verdict; replies bring their own detail
    mail::Cause cause;
    Extra extra = Extra::none;
};

std::span<const OutcomeRow> outcome_table();

// The first row that fits, or O-24, O-25 and the like for whatever the table has no row for.
OutcomeRow find_outcome(const Incident& incident);

}  // namespace posthaste::delivery
