// What is odd about a message and is told, but neither refused nor mended. Pure.
#pragma once

#include "base/time.h"
#include "mail/fixup.h"
#include "mail/header.h"

namespace posthaste::mail {

inline constexpr std::string_view kWarning = "warning: ";  // opens the text of each

// A Date over 24 hours ahead or 30 days behind (delivery.md F-3): a clock that is wrong, and spam
// in the eyes of filters. `bulk`: a newsletter without one-click unsubscription (RFC 8058), which
// large providers ask for.
ChangeList warnings_of(const HeaderBlock& header, Timestamp now, bool bulk);

}  // namespace posthaste::mail
