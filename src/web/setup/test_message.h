// A test message of our own making, ready for the queue: what `posthaste send` and the set-up page
// send.
#pragma once

#include "base/result.h"
#include "mail/test_message.h"
#include "queue/queue.h"

#include <string>
#include <vector>

namespace posthaste::web {

using mail::TestMessage;  // its subject and text are checked when it is composed

struct TestMessageFrame {
    std::string hostname;
    std::string account;  // whose it is
    std::string client;   // where it came from, for the event
};

// Errors: as of mail::compose.
Result<queue::Submission> compose_test_message(TestMessage message, TestMessageFrame frame);

}  // namespace posthaste::web
