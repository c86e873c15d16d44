#include "smtp/client_dialogue.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

namespace posthaste::smtp {

namespace {

// Stored values were validated when they came in. A damaged store must not write commands of its
// own: what is no esmtp-value is left out.
bool is_value(std::string_view text) {
    return !text.empty() && std::ranges::none_of(text, [](char c) {
        return c == ' ' || c == '=' || ascii::is_control(c) || ascii::is_8bit(c);
    });
}

// UTF-8 of a valid text becomes "\x{FC}", which every hop takes (RFC 6533 §3).
std::string embed_utf8(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            result += text[i++];
            continue;
        }
        const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        std::uint32_t code = lead & (0xffU >> (length + 1));
        for (std::size_t k = 1; k < length; ++k) {
            code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
        }
        result += fmt::format("\\x{{{:X}}}", code);
        i += length;
    }
    return result;
}

std::string notify_value(mail::Notify notify) {
    if (mail::has(notify, mail::Notify::never)) return "NEVER";
    std::string list;
    const auto add = [&](mail::Notify bit, std::string_view word) {
        if (!mail::has(notify, bit)) return;
        if (!list.empty()) list += ',';
        list += word;
    };
    add(mail::Notify::success, "SUCCESS");
    add(mail::Notify::failure, "FAILURE");
    add(mail::Notify::delay, "DELAY");
    return list;
}

}  // namespace

std::string make_mail(const MailLine& line, const Extensions& offered) {
    std::string text = "MAIL FROM:<" + mail::to_string(line.sender) + ">";
    if (offered.size && line.size > 0) text += " SIZE=" + std::to_string(line.size);
    if (offered.eight_bit_mime && line.eight_bit) text += " BODY=8BITMIME";
    if (offered.smtputf8 && line.smtputf8) text += " SMTPUTF8";
    if (offered.requiretls && line.requiretls) text += " REQUIRETLS";
    if (offered.deliver_by && line.by.mode != mail::ByMode::none) {
        text +=
            fmt::format(" BY={};{}{}", line.by.within.count(),
                        line.by.mode == mail::ByMode::notify ? 'N' : 'R', line.by.trace ? "T" : "");
    }
    if (offered.mt_priority && line.priority != 0)
        text += fmt::format(" MT-PRIORITY={}", line.priority);
    if (offered.dsn) {
        if (line.ret == mail::Ret::full) text += " RET=FULL";
        if (line.ret == mail::Ret::headers) text += " RET=HDRS";
        if (is_value(line.envid)) text += " ENVID=" + line.envid;
    }
    text += "\r\n";
    return text;
}

std::string make_rcpt(const mail::Recipient& recipient, const Extensions& offered) {
    std::string text = "RCPT TO:<" + recipient.address.to_string() + ">";
    if (offered.dsn) {
        const std::string notify = notify_value(recipient.notify);
        if (!notify.empty()) text += " NOTIFY=" + notify;
        if (utf8::is_valid(recipient.orcpt)) {
            const std::string orcpt = embed_utf8(recipient.orcpt);
            if (is_value(orcpt)) text += " ORCPT=" + orcpt;
        }
    }
    text += "\r\n";
    return text;
}

}  // namespace posthaste::smtp
