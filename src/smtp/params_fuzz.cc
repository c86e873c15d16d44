// Any parameters: what is accepted can be passed on and reported without harm (threats.md P3, P8).
#include "base/ascii.h"
#include "base/assert.h"
#include "base/utf8.h"
#include "smtp/client_dialogue.h"
#include "smtp/params.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace posthaste;

smtp::Extensions everything() {
    smtp::Extensions all;
    all.size = all.eight_bit_mime = all.smtputf8 = all.dsn = true;
    return all;
}

void check_line(const std::string& line) {
    PH_ASSERT(line.ends_with("\r\n"));
    PH_ASSERT(
        std::ranges::none_of(std::string_view(line).substr(0, line.size() - 2), ascii::is_control));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);

    const auto decoded = smtp::xtext_decode(text);
    if (decoded) PH_ASSERT(smtp::xtext_decode(smtp::xtext_encode(*decoded)) == decoded);
    PH_ASSERT(smtp::xtext_decode(smtp::xtext_encode(text)) == text);

    // Straight, so that values which the command parser would refuse are tried as well.
    for (const char* keyword : {"SIZE", "BODY", "RET", "ENVID", "AUTH", "NOTIFY", "ORCPT"}) {
        const smtp::Parameter parameter{keyword, text, true};
        if (const auto mail = smtp::parse_mail_parameters({&parameter, 1})) {
            PH_ASSERT(mail->envid.size() <= 100);
            PH_ASSERT(std::ranges::none_of(mail->envid, ascii::is_control));
            check_line(smtp::make_mail({{}, 1, true, true, mail->ret, mail->envid}, everything()));
        }
        if (const auto rcpt = smtp::parse_rcpt_parameters({&parameter, 1})) {
            PH_ASSERT(rcpt->orcpt.size() <= 500 && utf8::is_valid(rcpt->orcpt));
            PH_ASSERT(std::ranges::none_of(rcpt->orcpt, ascii::is_control));
            const bool never = mail::has(rcpt->notify, mail::Notify::never);
            PH_ASSERT(!never || rcpt->notify == mail::Notify::never);
            static const auto address = mail::Mailbox::parse("bob@example.org");
            check_line(smtp::make_rcpt({*address, rcpt->notify, rcpt->orcpt}, everything()));
        }
    }
    if (const auto path = smtp::parse_path_argument("X:<> " + text, "X:")) {
        (void)smtp::parse_mail_parameters(path->parameters);
        (void)smtp::parse_rcpt_parameters(path->parameters);
    }
    return 0;
}
