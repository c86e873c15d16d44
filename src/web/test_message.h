// A test message of our own making, ready for the queue: what `posthaste send` and the set-up page
// send.
#pragma once

#include "base/result.h"
#include "mail/mailbox.h"
#include "queue/queue.h"

#include <string>
#include <vector>

namespace posthaste::web {

struct TestMessage {
    mail::Mailbox from;
    std::vector<mail::Mailbox> to;
    std::string subject{}, text{};  // UTF-8, checked; empty: the usual ones
};

struct TestMessageFrame {
    std::string hostname;
    std::string account;  // whose it is
    std::string client;   // where it came from, for the event
};

// In ASCII throughout, so that it needs nothing of the next hop but for addresses that are not.
Result<queue::Submission> compose_test_message(TestMessage message, TestMessageFrame frame);

}  // namespace posthaste::web
