// What becomes of winmail.dat, the file in which Outlook sends formatted messages to people whose
// program cannot read it (clients.md 3.11, decision 25): the policy by the sender's domain, and the
// conversion.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "mail/domain.h"
#include "mail/tnef/tnef.h"
#include "runtime/offload.h"
#include "store/content.h"
#include "submission/content_intake.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::submission {

class Backend;

enum class WinmailPolicy : std::uint8_t {
    keep,     // as it came
    notify,   // as it came, and the sender is told how Outlook stops doing it
    convert,  // the real body and attachments in its place
};

struct WinmailRules {
    WinmailPolicy fallback = WinmailPolicy::notify;
    // "example.com", or ".example.com" for those below it, in A-label form; the nearest counts.
    std::vector<std::pair<std::string, WinmailPolicy>> domains{};

    WinmailPolicy of(const mail::Domain& sender) const;
};

// What conversion needs of above. Outlives the server.
struct WinmailService {
    WinmailRules rules;
    // Reads one file, away from us; blocks for some seconds at most. The error is a sentence.
    std::function<Result<mail::TnefContent>(std::string_view)> read;
    runtime::BlockingPool& pool;  // of as many threads as files may be read at once
};

// One message to be converted. Shared between the session and the pool's thread, which may end
// after the session has given up on it.
struct WinmailJob {
    Backend& backend;
    const WinmailService& service;
    QueueId id;
    std::string header;  // after all fix-ups
    store::Body before;
    bool sign = false;
    std::atomic<bool> abandoned = false;  // what is made is thrown away
};

struct WinmailOutcome {
    std::string header;
    RewrittenBody body;
    std::string what;  // was done, a phrase
};

// Blocks. Memory: some five times the file's size. `before` stays. Errors: the message is to leave
// as it came; the text says why.
Result<WinmailOutcome> convert_winmail(WinmailJob& job);

}  // namespace posthaste::submission
