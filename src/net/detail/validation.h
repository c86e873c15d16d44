// Whether signatures can be checked here: the state of the resolver's self-test. Thread-safe.
#pragma once

#include "base/log.h"
#include "base/mutex.h"
#include "net/detail/dns_answer.h"
#include "runtime/callback.h"

#include <optional>
#include <string>
#include <vector>

namespace posthaste::net::detail {

class Validation {
  public:
    explicit Validation(Log& log) : log_(log) {}

    bool works() const;
    DnsValidation state() const;
    // Nothing once a test has ended; else what to wait for until the first one has.
    std::optional<runtime::Callback<bool>> first_test();
    void give_up_waiting();  // no test will come

    // Where validation has worked, it is kept up for so long although its test fails: who can
    // change our DNS answers must not be able to switch DANE off by changing one more.
    static constexpr auto kKeptUp = std::chrono::hours(4);

    // The signed name's answer through the validating context. True when `works` has changed. Says
    // so in the log, once for each change.
    bool tested(const RawAnswer& answer, SteadyTime moment = std::chrono::steady_clock::now());

    // Somebody has named other servers: what the former ones could do says nothing about them.
    void other_servers();

    // When to test again.
    SteadyTime next_test() const;
    // A name did not verify: perhaps the network has changed. Tests again soon, but not each time.
    void doubt();

  private:
    void say(const RawAnswer& answer, bool kept_up) const;

    Log& log_;
    mutable Mutex mutex_;
    bool works_ PH_GUARDED_BY(mutex_) = false;
    bool told_ PH_GUARDED_BY(mutex_) = false;
    std::string why_not_ PH_GUARDED_BY(mutex_);
    std::vector<runtime::Callback<bool>> waiting_ PH_GUARDED_BY(mutex_);
    int failures_ PH_GUARDED_BY(mutex_) = 0;
    bool kept_up_ PH_GUARDED_BY(mutex_) = false;  // by these servers' past alone
    SteadyTime good_ PH_GUARDED_BY(mutex_){};     // the last test that passed
    SteadyTime last_ PH_GUARDED_BY(mutex_){};
    SteadyTime next_ PH_GUARDED_BY(mutex_) = SteadyTime::min();
};

// The owner of the first record in a trust anchor file: the signed name to test with. "." when
// there is none.
std::string anchor_owner(std::string_view file);

}  // namespace posthaste::net::detail
