#include "accounts/identity.h"

#include "accounts/unicode.h"

namespace posthaste::accounts {

bool Identity::may_send_as(const mail::Mailbox& mailbox) const {
    return addresses != nullptr && addresses->contains(to_nfc(mailbox.key()));
}

}  // namespace posthaste::accounts
