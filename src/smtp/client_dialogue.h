// What the client side of a transaction writes: MAIL and RCPT lines with the parameters that the
// next hop offers (RFC 5321 §3.3; RFC 1870, 6152, 6531, 3461, 2852, 6710).
#pragma once

#include "mail/envelope.h"
#include "smtp/extensions.h"

#include <cstdint>
#include <string>

namespace posthaste::smtp {

struct MailLine {
    mail::ReversePath sender;
    std::uint64_t size = 0;
    bool eight_bit = false;
    bool smtputf8 = false;
    mail::Ret ret = mail::Ret::unset;
    std::string envid;
    bool requiretls = false;
    mail::DeliverBy by{};  // `within` as it is now
    std::int8_t priority = 0;
};

// With CR LF. Parameters the hop did not offer are left out; the caller has checked that it may.
std::string make_mail(const MailLine& line, const Extensions& offered);
std::string make_rcpt(const mail::Recipient& recipient, const Extensions& offered);

}  // namespace posthaste::smtp
