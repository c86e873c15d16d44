// What a message is that came back to a sender of ours: a delivery report, a complaint, a bounce
// in prose, an automatic reply, or nothing we know. Pure; the whole message in memory; linear and
// bounded, whatever comes.
#pragma once

#include "mail/report/delivery_report.h"
#include "mail/report/feedback.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace posthaste::mail::report {

enum class Kind : std::uint8_t {
    unknown,
    bounce,           // `report` says what became of whom
    complaint,        // `feedback`
    feedback,         // a feedback report that is no complaint
    automatic_reply,  // somebody is away
};

// What the report returns of the message that it is about, from its header.
struct Original {
    std::string message_id;               // with its brackets
    std::string return_path;              // an address; without brackets
    std::string reference;                // X-Posthaste-Ref: our token
    std::vector<std::string> recipients;  // of To, as far as they are plain addresses
};

struct Reading {
    Kind kind = Kind::unknown;
    unsigned confidence = 0;  // percent: how surely it is that
    std::string basis;        // "dsn", "arf", "qmail" …
    DeliveryReport report;
    Feedback feedback;
    Original original;
};

// `message`: header, empty line, body; what was cut off at its end does no harm.
Reading read_report(std::string_view message);

// A bounce that is as sure as that changes what is known of a message.
constexpr unsigned kSureEnough = 60;

}  // namespace posthaste::mail::report
