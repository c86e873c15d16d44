// When to ask a certificate authority, as plain functions and values: at two thirds of a
// certificate's life, and after failures with waits that double, so that nobody is hammered. Wall
// clock, since it must survive a restart.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::acme {

struct Pace {
    Seconds first{300};  // after the first failure; doubles
    Seconds at_most{12 * 3600};
    Seconds look_at_most{1800};  // for names that have no address yet: nobody else is asked
};

// Nobody waits longer than this for a date in a file, whatever it says (a wrong clock wrote it).
inline constexpr Seconds kWaitAtMost{7 * 86'400};

Timestamp renewal_time(Timestamp not_before, Timestamp not_after);

// After so many failures in a row, without jitter; `failures` from 1.
Seconds wait_after(std::uint32_t failures, Seconds first, Seconds at_most);
// Plus up to a quarter, so that many servers do not come at once.
Seconds with_jitter(Seconds wait);

// What went wrong the last time, and when to try again; the same for a set and for one name of it.
struct Trouble {
    std::uint32_t failures = 0;
    Timestamp at{};
    Timestamp next{};
    std::string text;
    std::string mend;

    bool none() const { return failures == 0; }

    // A wait that lies further ahead than any that is ever given is not believed.
    bool may_try(Timestamp moment) const;
    void note(const Error& error, Timestamp moment, Seconds wait);

    bool operator==(const Trouble&) const = default;
};

// What is kept of one certificate beside its files; survives a restart.
struct SetState {
    std::string directory;                              // who issued the certificate that is there
    Trouble trouble;                                    // of the whole set
    std::map<std::string, Trouble, std::less<>> names;  // left out so far

    bool operator==(const SetState&) const = default;
};

// What is known of a set when it is decided whether to order.
struct SetView {
    std::vector<std::string> wanted;
    std::vector<std::string> certified;  // by the certificate that is there; empty without one
    Timestamp not_before{};
    Timestamp not_after{};
};

struct Plan {
    std::vector<std::string> names;  // what to order; empty: nothing now
    bool due = false;                // the certificate itself is missing or old
    // Names of the present certificate may be left out of the next one: it has ended, or nearly.
    bool may_drop = true;
};

Plan plan_order(const SetView& set, const SetState& state, std::string_view directory_url,
                Timestamp moment);

std::string to_json(const SetState& state);
// Errors: syntax. Entries that make no sense are left out.
Result<SetState> parse_state(std::string_view text);

}  // namespace posthaste::acme
