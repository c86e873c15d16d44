// A message made here rather than received: the test message of `posthaste send` and of the pages.
#pragma once

#include "base/result.h"
#include "mail/mailbox.h"

#include <string>
#include <string_view>
#include <vector>

namespace posthaste::mail {

struct TestMessage {
    Mailbox from;
    std::vector<Mailbox> to;
    std::string subject{};  // empty: "Test from Posthaste"
    std::string text{};     // any line ends; empty: two sentences that name `sent_by`
    std::string sent_by{};  // a host or program, for those sentences
};

// In ASCII throughout, so that it needs nothing of the next hop but for addresses that are not.
struct ComposedMessage {
    std::string header;  // From, To, Subject and MIME fields, CR LF; no Date and no Message-ID
    std::string body;    // CR LF
    bool smtputf8 = false;
    bool encoded =
        false;  // the body is quoted-printable: without its MIME fields nobody can read it
};

// Errors: syntax and too_large, of a subject that would not be one line, or of the text.
Result<void> check(const TestMessage& message);

// Checks first.
Result<ComposedMessage> compose(const TestMessage& message);

}  // namespace posthaste::mail
