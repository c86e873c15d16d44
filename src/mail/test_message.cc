#include "mail/test_message.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxText = 64 << 10;
constexpr std::size_t kMaxSubject = 500;

std::string crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r') continue;
        if (c == '\n') out += '\r';
        out += c;
    }
    if (!out.ends_with('\n')) out += "\r\n";
    return out;
}

}  // namespace

Result<void> check(const TestMessage& message) {
    const std::string_view subject = message.subject;
    if (subject.size() > kMaxSubject)
        return fail(ErrorKind::too_large,
                    fmt::format("the subject is longer than {} octets", kMaxSubject), "shorten it");
    if (std::ranges::any_of(subject, ascii::is_control) || has_unsafe_character(subject))
        return fail(ErrorKind::syntax, "the subject holds a control character",
                    "write it on one line");
    if (message.text.size() > kMaxText)
        return fail(ErrorKind::too_large, "the text of a test message is at most 64 KB",
                    "shorten it");
    if (!utf8::is_valid(subject) || !utf8::is_valid(message.text))
        return fail(ErrorKind::syntax, "the subject or the text is not UTF-8",
                    "set the terminal to UTF-8");
    return {};
}

Result<ComposedMessage> compose(const TestMessage& message) {
    PH_CHECK(check(message));
    ComposedMessage composed;
    composed.smtputf8 = !message.from.is_ascii();
    std::string to;
    for (const auto& address : message.to) {
        to += (to.empty() ? "" : ",\r\n ") + address.to_string();
        composed.smtputf8 = composed.smtputf8 || !address.is_ascii();
    }
    auto text = crlf(message.text.empty()
                         ? fmt::format("This is a test message from {}.\n\nIf you read it, mail "
                                       "goes out.\n",
                                       message.sent_by)
                         : message.text);
    const bool plain = ascii::is_ascii(text) && is_clean_content(text);
    const auto subject = message.subject.empty() ? std::string("Test from Posthaste")
                                                 : encode_words(message.subject);
    composed.header = fmt::format(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset={}\r\nContent-Transfer-Encoding: {}\r\n",
        message.from.to_string(), to, subject, plain ? "us-ascii" : "utf-8",
        plain ? "7bit" : "quoted-printable");
    composed.encoded = !plain;
    composed.body = plain ? std::move(text) : quoted_printable(text);
    return composed;
}

}  // namespace posthaste::mail
