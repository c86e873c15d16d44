// ESMTP parameters of MAIL and RCPT (RFC 1870, 6152, 6531, 3461, 4954 §5, 4865, 2852, 6710). Each
// keyword once; unknown keywords and bad values are different errors, because they get different
// replies (555, 501).
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "mail/envelope.h"
#include "smtp/command.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace posthaste::smtp {

struct MailParameters {
    std::optional<std::uint64_t> size;  // a number beyond 64 bits is given as the largest one
    mail::BodyType body = mail::BodyType::seven_bit;
    bool smtputf8 = false;
    mail::Ret ret = mail::Ret::unset;
    bool requiretls = false;  // RFC 8689; whether it is offered the caller knows
    std::string envid;        // validated xtext of printable ASCII, at most 100 octets
    // One of them at most: how long it is to be kept back, and until when (RFC 4865).
    std::optional<Seconds> hold_for{};
    std::optional<Timestamp> hold_until{};
    mail::DeliverBy by{};
    std::optional<std::int8_t> priority{};  // MT-PRIORITY, -9 to 9
};

struct RcptParameters {
    mail::Notify notify = mail::Notify::unset;
    // Validated, of any type, at most 500 octets. May hold UTF-8 as it is ("utf-8;" type,
    // RFC 6533 §3): only after SMTPUTF8, which the caller checks.
    std::string orcpt;
};

// Errors: unsupported (unknown keyword: 555 5.5.4), syntax (bad value or repeated: 501 5.5.4).
Result<MailParameters> parse_mail_parameters(std::span<const Parameter> parameters);
Result<RcptParameters> parse_rcpt_parameters(std::span<const Parameter> parameters);

std::string xtext_encode(std::string_view text);                 // RFC 3461 §4
std::optional<std::string> xtext_decode(std::string_view text);  // nothing if not xtext

}  // namespace posthaste::smtp
