// SignInLog: who signed in or was refused of late, and how: what `posthaste why` and the set-up
// page tell (clients.md 6.3.7). In memory, bounded in every direction; never a password nor
// anything made of one. What was seen of accounts is written now and then, in batches, and survives
// a restart.
//
// Whoever is refused for ever does not push out what was seen of the others: the same happening
// again from the same place is one entry that counts, at least half of the places of an account are
// kept for what went well, and names that are nobody's have places of their own. Thread-safe.
#pragma once

#include "base/ip.h"
#include "base/mutex.h"
#include "base/time.h"
#include "store/engine.h"
#include "store/lazy_writer.h"

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace posthaste::accounts {

struct SignIn {
    enum class Tls : std::uint8_t { none, implicit, starttls };

    Timestamp when{};          // of the last time
    std::uint64_t times = 1;   // that the same came from there
    std::string account{};     // key form after normalisation, also of nobody's; "" when not known
    bool known = false;        // there is such an account (never told to a mail program)
    std::string login{};       // as typed, printable, clipped; "" when none was given
    std::string normalised{};  // what the login was taken for, if it differs; else ""
    IpAddress client{};
    std::uint16_t port = 0;  // ours
    Tls tls = Tls::none;
    bool usual_mode = true;     // `tls` is what is usual for that port
    std::string tls_version{};  // "TLSv1.3"
    std::string server_name{};  // SNI
    std::string ehlo{};
    std::string mechanism{};   // "PLAIN", "LOGIN"; "" when there was no AUTH
    std::string credential{};  // "password" or the name of the app password
    std::string outcome{};     // "" for well, else the reply's number: "R3", "R8"
    std::string from{};   // the sender's address that was refused (R8), or the last accepted one
    Timestamp changed{};  // R6: when that password was changed; else 0
    // Of the last few of `times`, oldest first; not stored, so after a restart it may lack some.
    std::vector<Timestamp> recent{};

    // How many of `times` were then or later: as many as `recent` still knows of.
    std::uint64_t times_since(Timestamp then) const;
};

class SignInLog final : public store::LazySource {
  public:
    struct Options {
        std::size_t accounts = 2000;  // remembered, least recently used goes first
        std::size_t strangers = 500;  // names that are no account
        std::size_t networks = 2000;  // an IPv6 /64 is one
        std::size_t entries = 20;     // of each of them
        Seconds repeat{3600};         // within which the same again counts as a repeat
        std::size_t recent = 20;      // moments of a repeated one that are remembered
    };

    using Watcher = std::function<void(const SignIn&)>;

    // Ends with the watching. After its end the watcher is not called, and none of its calls runs.
    class Subscription {
      public:
        virtual ~Subscription() = default;
    };

    SignInLog() : SignInLog(Options()) {}

    explicit SignInLog(Options options);
    ~SignInLog() override;

    // What was seen of accounts before the restart. Before anything else.
    Result<void> load(store::Engine& engine);

    // Of accounts only; networks are found again through them.
    void take_changes(store::Changes& into, std::size_t most) override;

    // Any thread; calls the watchers of its account before it returns.
    void add(SignIn sign_in);

    // The From check of a session that is logged in: completes the newest entry of that account
    // from that client, and tells its watchers.
    void add_sender(std::string_view account, const IpAddress& client, std::string_view from);

    // Newest first. `account` in key form.
    std::vector<SignIn> of(std::string_view account) const;
    // Under that user name as it was typed (letter case aside), whomever it was taken for. Reads
    // every entry: for a person who asks, not for a session.
    std::vector<SignIn> of_login(std::string_view login) const;
    std::vector<SignIn> of_network(const IpAddress& address) const;

    // Called for every entry of that account, on the thread that adds it: must be quick, and must
    // neither call the log nor end its own subscription.
    std::unique_ptr<Subscription> watch(std::string_view account, Watcher watcher);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace posthaste::accounts
