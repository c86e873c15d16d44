// What a failure makes of an address: nothing, one to be watched, or one that gets no more mail
// (delivery.md 6.5; docs/decisions/0024). Pure.
#pragma once

#include "mail/outcome.h"
#include "store/values.h"

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::accounts {

// How long a listed address stays so when it has only failed: people come back.
constexpr Seconds kSuppressedFor = std::chrono::days(180);

struct AddressFailure {
    enum class Kind : std::uint8_t { bounce, complaint, unsubscribe } kind = Kind::bounce;

    mail::Cause cause = mail::Cause::none;
    std::string reply;  // of the server, or what came instead
    QueueId message;    // it counts once, however often it is told
    Timestamp at;
    bool tried_to_the_end = false;  // no refusal: its time was over
};

// The row as it is to be, but for account and address; nothing: it stays as it is. `known`: the row
// of before, if its time is not over.
std::optional<store::SuppressionRow> judge(const std::optional<store::SuppressionRow>& known,
                                           const AddressFailure& failure);

// "invalid_recipient", "complaint", "unsubscribe", "person": why an address is listed, in a word.
std::string_view reason_of(const store::SuppressionRow& row);

}  // namespace posthaste::accounts
