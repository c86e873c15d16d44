// SetupLinks: the one-use links that open somebody's own set-up page. A link is a token of 160
// random bits of which the store keeps a keyed digest alone. The first browser that opens it keeps
// it; an account has one link at most, so that a newer one ends the former. Blocking; any thread.
#pragma once

#include "base/result.h"
#include "store/store.h"

#include <string>
#include <string_view>

namespace posthaste::accounts {

class SetupLinks {
  public:
    static constexpr Seconds kShortest{60};
    static constexpr Seconds kLongest = std::chrono::days(30);
    static constexpr Seconds kUsual = std::chrono::hours(24);

    struct Made {
        std::string token;
        Timestamp until;
    };

    enum class State : std::uint8_t {
        unknown,  // never made, or ended by a newer one or with its account
        expired,
        fresh,      // nobody has opened it
        elsewhere,  // it belongs to another browser
        ours,
    };

    struct Found {
        State state = State::unknown;
        store::SetupLinkRow row{};  // when `state` is ours or fresh
        std::string name{};         // the account's, for people; may be empty
    };

    explicit SetupLinks(store::Store& store) : store_(store) {}

    // Errors: syntax (address, time out of bounds), not_found, denied (disabled account), store_*.
    Result<Made> make(std::string_view address, Seconds valid);

    // `browser`: the key that this browser keeps, "" for none. Any octets in both.
    Result<Found> find(std::string_view token, std::string_view browser);

    // Gives a fresh link to that browser; any other link comes back as `find` says.
    Result<Found> open(std::string_view token, std::string_view browser);

    // Enters the test message, once; false when one was sent before or the link is not that
    // browser's. `forget_test` when the message was not accepted after all.
    Result<bool> enter_test(std::string_view token, std::string_view browser, QueueId test);
    Result<void> forget_test(std::string_view token, std::string_view browser);

    // The person says that all is well: nothing more is shown of the account.
    Result<void> end(std::string_view token, std::string_view browser);

    // What a browser gets as its key, and what may be one.
    static std::string make_browser_key();
    static bool is_browser_key(std::string_view text);

  private:
    std::string digest_of(std::string_view purpose, std::string_view secret) const;

    store::Store& store_;
};

}  // namespace posthaste::accounts
