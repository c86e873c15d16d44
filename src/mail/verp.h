// Verp: senders made for one message or one recipient, so that whatever comes back to them says
// what it is about and nobody else can make one (delivery.md 6.6):
//
//     b+<token>@bounce.example.com
//
// The token is base 32 in small letters of a version, the message's id (which holds the day), the
// recipient's number where there is one, and 48 bits of HMAC-SHA256: 37 or 40 letters. It says the
// same over retries and restarts. Immutable; any thread.
#pragma once

#include "base/id.h"
#include "base/secret.h"
#include "base/time.h"
#include "mail/mailbox.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste::mail {

class Verp {
  public:
    static constexpr Seconds kValid = std::chrono::days(30);
    static constexpr std::size_t kLongest = 40;  // letters

    struct Token {
        QueueId id;
        std::optional<std::uint32_t> recipient{};  // its index; nothing: any of the message

        bool operator==(const Token&) const = default;
    };

    enum class Fault : std::uint8_t { unreadable, forged, too_old };

    // `store_secret`: what the store keeps for such things; the key is made from it.
    Verp(std::string_view store_secret, Domain domain);

    const Domain& domain() const { return domain_; }

    // A recipient with a number over 65,535 gets the message's token.
    std::string make(const Token& token) const;
    Mailbox address(const Token& token) const;

    // In any letter case.
    std::expected<Token, Fault> read(std::string_view token, Timestamp now) const;

    // The token in a local part ("b+…", in any letter case); nothing if it is none of that form.
    static std::optional<std::string_view> token_in(std::string_view local_part);

  private:
    std::string mac(std::string_view octets) const;

    Secret key_;
    Domain domain_;
};

}  // namespace posthaste::mail
