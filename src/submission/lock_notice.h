// LockNotice: what somebody is written when many wrong passwords were tried for their account.
#pragma once

#include "queue/queue.h"

#include <string>

namespace posthaste::submission {

struct LockNotice {
    std::string account;  // whom it is about, and who gets it
    std::string hostname;
    std::string admin;
    std::string client;  // address that the last attempt came from
};

// With the null sender, so that it never bounces. Errors: syntax when the account is no address.
Result<queue::Submission> compose_lock_notice(const LockNotice& notice);

}  // namespace posthaste::submission
