// Learned: what the server knows of sign-ins beyond the directory: the log of them, what failed
// ones add up to, and which 250 may not have been heard. At which hosts TLS does not work. Loaded
// at the start, written in batches.
#pragma once

#include "accounts/login_guard.h"
#include "accounts/sign_in_log.h"
#include "app/config/settings.h"
#include "base/log.h"
#include "delivery/route/delivered_domains.h"
#include "delivery/tls/tls_memory.h"
#include "store/lazy_writer.h"
#include "store/store.h"
#include "submission/sent_marks.h"

namespace posthaste::app {

struct Learned {
    // What cannot be read is a warning and is learned anew: no mail waits for it. `more` is written
    // with the rest, and outlives it.
    Learned(const Settings& settings, store::Store& store, Log& log,
            std::vector<store::LazySource*> more = {});

    accounts::SignInLog sign_ins;
    accounts::LoginGuard guard;
    submission::SentMarks sent_marks;
    delivery::BrokenTls broken_tls;
    delivery::DeliveredDomains delivered;
    store::LazyWriter writer;
};

}  // namespace posthaste::app
