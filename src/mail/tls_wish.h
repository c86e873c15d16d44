// "TLS-Required: No" (RFC 8689 §5): the sender would rather have the message arrive than have the
// TLS policies of the recipients' domains kept.
#pragma once

#include <string_view>

namespace posthaste::mail {

// `header`: CR LF lines. True when the field is there once, and says so.
bool says_tls_is_optional(std::string_view header);

}  // namespace posthaste::mail
