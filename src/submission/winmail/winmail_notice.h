// The note that somebody gets whose Outlook sends winmail.dat: what others see, and which box stops
// it. Once a week at most for an account.
#pragma once

#include "base/log.h"
#include "base/mutex.h"
#include "mail/dsn/dsn_texts.h"
#include "queue/queue.h"
#include "runtime/offload.h"
#include "store/store.h"
#include "submission/server.h"

#include <set>
#include <string>

namespace posthaste::submission {

struct WinmailNotice {
    std::string account;  // who sends so, and gets it
    std::string hostname;
    std::string admin;
    mail::Language language = mail::Language::english;
};

// With the null sender, so that it never bounces. Errors: syntax when the account is no address.
Result<queue::Submission> compose_winmail_notice(const WinmailNotice& notice);

// Who was told lately is kept in the store. Any worker; what it is given outlives it.
class WinmailNotices {
  public:
    static constexpr std::string_view kKind = "winmail-told";
    static constexpr Seconds kEvery{7 * 86'400};

    WinmailNotices(queue::Queue& queue, store::Store& store, runtime::BlockingPool& blocking,
                   Log& log, const Options& options)
        : queue_(queue), store_(store), blocking_(blocking), log_(log), options_(options) {}

    // Nobody waits for it; what fails is logged and tried again with the next such message.
    runtime::Task<void> tell(std::string account);

  private:
    Result<std::optional<queue::Submission>> prepare(const std::string& account);

    queue::Queue& queue_;
    store::Store& store_;
    runtime::BlockingPool& blocking_;
    Log& log_;
    const Options& options_;
    Mutex mutex_;
    std::set<std::string> under_way_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::submission
