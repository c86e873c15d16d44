// QR codes as SVG, and what Thunderbird for Android reads from one.
#pragma once

#include "base/result.h"
#include "discovery/settings.h"
#include "mail/mailbox.h"

#include <string>
#include <string_view>

namespace posthaste::discovery {

// One dark path on a white square with the four modules of quiet zone that scanners need: stays
// readable on dark pages. Scales with its container; holds none of `text`. Fails with too_large
// (some 2,900 octets) or syntax (no UTF-8, or empty).
Result<std::string> qr_svg(std::string_view text);

// Thunderbird's "Export for Mobile" format, version 1: one account, without a password. Fails with
// unsupported when there is no incoming server or the address is not ASCII.
Result<std::string> thunderbird_qr_text(const MailSettings& settings, const mail::Mailbox& user,
                                        std::string_view display_name);

}  // namespace posthaste::discovery
