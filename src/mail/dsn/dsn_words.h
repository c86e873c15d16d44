// The plain words of a delivery report: why a message went or did not go, what the sender can do,
// and who has to act (delivery.md 6.3).
#pragma once

#include "mail/dsn/dsn.h"

#include <initializer_list>
#include <string>
#include <string_view>

namespace posthaste::mail {

struct Explanation {
    std::string why;    // one or two sentences; empty when there is nothing to explain (delivered)
    std::string mend;   // what the sender can do
    std::string actor;  // who has to act: a noun phrase

    bool operator==(const Explanation&) const = default;
};

// A place in a sentence of dsn_texts.h and what comes there.
struct Name {
    std::string_view mark;
    std::string value;
};

// In one pass, so that a name that looks like a mark stays a name.
std::string fill(std::string_view pattern, std::initializer_list<Name> names);

// UTF-8 on one line each, all names in it made readable.
Explanation explain(const DsnInput& input, const DsnRecipient& recipient);

// What the report needs to know of the message it is about; each made safe for a header.
struct OriginalFacts {
    std::string subject;     // decoded, at most 60 characters, without double quotes; may be empty
    std::string message_id;  // with its brackets; empty when it has none that can be repeated
};

OriginalFacts read_original(const std::string& original_header);

// An address for people: U-labels, no controls.
std::string show(const Mailbox& address);

// The remote's answer with its code in front, or our own words; on one line.
std::string full_reply(const Outcome& outcome);

// A point in time as people of that language write it.
std::string tell_time(Language language, Timestamp at);

// Part 1 of the report: UTF-8, CR LF, lines of about 76 characters and never over 998 octets.
std::string make_report_text(const DsnInput& input, const OriginalFacts& original);

}  // namespace posthaste::mail
