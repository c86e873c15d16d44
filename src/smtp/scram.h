// SCRAM, the client's side (RFC 5802; with SHA-256 RFC 7677; channel binding RFC 9266): proves that
// we know the password without saying it, and has the server prove it too.
//
// Challenges come from a server that may be hostile: everything about them is bounded.
#pragma once

#include "base/mutex.h"
#include "base/result.h"
#include "base/secret.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste::smtp {

enum class ScramHash : std::uint8_t { sha256, sha1 };

// What the password comes to for one salt, so that it is worked out once and not with every
// connection (RFC 5802 §5.1). Thread-safe; of one login.
class ScramKeys {
  public:
    struct Keys {
        Secret client;
        Secret server;
    };

    std::optional<Keys> find(std::string_view salt, std::uint32_t iterations) const;
    void put(std::string salt, std::uint32_t iterations, Keys keys);

  private:
    mutable Mutex mutex_;
    std::string salt_ PH_GUARDED_BY(mutex_);
    std::uint32_t iterations_ PH_GUARDED_BY(mutex_) = 0;
    std::optional<Keys> keys_ PH_GUARDED_BY(mutex_);
};

class Scram {
  public:
    // RFC 7677 §4 asks for at least 4096; far more would be a way to keep us busy.
    static constexpr std::uint32_t kFewestIterations = 4096;
    static constexpr std::uint32_t kMostIterations = 2'000'000;
    static constexpr std::size_t kMostSalt = 1024;
    static constexpr std::size_t kMostChallenge = 2048;

    enum class Binding : std::uint8_t {
        none,         // "n": we have none
        not_offered,  // "y": we have one, and the server offers no -PLUS
        exporter,     // "p=tls-exporter"
    };

    struct Options {
        ScramHash hash = ScramHash::sha256;
        Binding binding = Binding::none;
        std::string channel_binding{};      // octets, of Binding::exporter
        std::string nonce{};                // for tests; empty: a fresh one
        std::shared_ptr<ScramKeys> keys{};  // may be null
    };

    // Name and password as they are: SASLprep is done here.
    Scram(std::string_view username, const Secret& password, Options options);

    std::string first() const;  // the client's first message

    // The server's first message to our proof. Costs up to a second of processor time when the keys
    // are not at hand. Errors: syntax, too_large, denied (too few iterations, an answer that is not
    // to us, "e=..." of the server).
    Result<std::string> prove(std::string_view server_first);

    // The server's last message. Errors: denied when it does not know the password either.
    Result<void> verify(std::string_view server_final);

    bool proof_sent() const { return proof_sent_; }

    bool verified() const { return verified_; }

  private:
    Result<ScramKeys::Keys> keys_for(const std::string& salt, std::uint32_t iterations) const;

    std::string username_;
    Secret password_;
    Options options_;
    std::string gs2_;
    std::string bare_;  // client-first-message-bare
    std::string server_signature_;
    bool proof_sent_ = false;
    bool verified_ = false;
};

}  // namespace posthaste::smtp
