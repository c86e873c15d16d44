// Header fields made fit for every hop: letters beyond ASCII as encoded words (RFC 2047) and
// parameters (RFC 2231), lines over 998 octets folded (RFC 5322 §2.1.1). What is fit already stays
// as it came. Pure, linear.
#pragma once

#include "base/result.h"
#include "mail/header.h"

#include <cstddef>
#include <string>

namespace posthaste::mail {

struct HeaderWish {
    // The message needs SMTPUTF8 on its way anyhow, so that UTF-8 may stay (RFC 6532).
    bool keep_utf8 = false;
    // Of octets that are no UTF-8: what the text is written in. Unknown or empty: windows-1252.
    std::string charset;
};

struct HeaderRepair {
    std::size_t encoded = 0;  // fields whose letters were encoded
    std::size_t folded = 0;   // fields with a line that was too long
    std::size_t lost = 0;     // ... with octets that no rule knows a form for, now '?'
    // An address has letters before its @ that ASCII cannot say: SMTPUTF8 is needed.
    bool needs_utf8 = false;
};

// Errors: syntax, a line too long without a place to break it (text names the field); too_large.
Result<HeaderRepair> repair_header(HeaderBlock& header, const HeaderWish& wish);

// Whether an address in From, To and the like has letters beyond ASCII before its @ (RFC 6531
// §3.2).
bool has_utf8_address(const HeaderBlock& header);

}  // namespace posthaste::mail
