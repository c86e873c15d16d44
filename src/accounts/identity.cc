#include "accounts/identity.h"

namespace posthaste::accounts {

bool Identity::may_send_as(const mail::Mailbox& mailbox) const {
    return addresses != nullptr && addresses->contains(mailbox.key());
}

}  // namespace posthaste::accounts
