// Our reading of a talk that failed: Outlook's number for it, the likely cause, what to change, and
// the command to try next (clients.md 4 and 7.3). Pure.
#pragma once

#include "app/client/dialect_talk.h"

#include <string>
#include <vector>

namespace posthaste::app {

struct TalkFailure {
    Stage stage = Stage::connect;
    ErrorKind kind = ErrorKind::io;
    std::optional<smtp::Reply> reply{};  // what the server said, if it said no
    bool encrypted = false;
    net::CertificateFault certificate = net::CertificateFault::none;
    std::string foreign_line{};  // the line that was no SMTP, or ""
};

struct TalkReading {
    std::string outlook;             // "0x800CCC78"; empty: Outlook has no number for it
    std::string cause;               // a sentence or two; empty: nothing is known
    std::vector<std::string> steps;  // what to change, most likely first
    std::string next;                // a command, or empty
};

// The number that Outlook's window shows. Empty where it asks for the password instead.
std::string outlook_number(const TalkFailure& failure);

TalkReading read_talk(const TalkPlan& plan, const TalkFailure& failure);

}  // namespace posthaste::app
