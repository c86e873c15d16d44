// DKIM signatures (RFC 6376, 8301, 8463; delivery.md 5.4): relaxed/relaxed, no l=, the fields that
// matter signed once more than they occur, so that nobody can add one.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "mail/dkim/dkim_key.h"
#include "mail/domain.h"
#include "mail/header.h"

#include <string>
#include <string_view>

namespace posthaste::mail {

struct DkimIdentity {
    std::string domain;  // d=, A-labels
    std::string selector;
};

// Letters, digits and '-' between dots, 1 to 63 octets a label (RFC 6376 §3.1).
bool is_dkim_selector(std::string_view selector);

// The field "DKIM-Signature: …" with its final CR LF, to stand above `header`, which is final:
// whatever is signed must not change behind it. `body_hash` from DkimBodyHash. Errors: those of the
// signer.
Result<std::string> make_dkim_signature(const HeaderBlock& header, std::string_view body_hash,
                                        const DkimIdentity& identity, const DkimSigner& signer,
                                        Timestamp now);

}  // namespace posthaste::mail
