// Who is logged in, and as whom they may send (RFC 6409 §6.1; threats.md A2).
#pragma once

#include "mail/mailbox.h"
#include "store/values.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace posthaste::accounts {

struct Identity {
    std::string account;     // key form of its address
    std::string credential;  // "password" or the name of the app password
    std::shared_ptr<const std::set<std::string>>
        addresses;                 // key forms in NFC, the account's own included
    std::uint64_t generation = 0;  // of the directory that said so; see Authenticator::renew
    store::Profile profile = store::Profile::human;  // decides how long delivery is tried
    std::string proof{};  // what the password was checked against: a hash or a digest

    // The app password of a device that cannot be told what to send as: its From is made the
    // account's own instead of being refused.
    bool device = false;

    store::Verp verp = store::Verp::off;  // of mail under an address of its own; never `usual`
    std::int8_t priority = 0;             // the highest its mail may ask for (RFC 6710)

    // In whichever Unicode form the address is written, as at the login: an accent typed on a Mac
    // is often a character of its own.
    bool may_send_as(const mail::Mailbox& mailbox) const;
};

}  // namespace posthaste::accounts
