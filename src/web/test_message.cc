#include "web/test_message.h"

#include "base/ascii.h"
#include "base/checksum.h"
#include "mail/fixup.h"
#include "mail/text.h"
#include "mail/trace.h"

namespace posthaste::web {

namespace {

std::string crlf(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '\r') continue;
        if (c == '\n') out += '\r';
        out += c;
    }
    if (!out.ends_with('\n')) out += "\r\n";
    return out;
}

}  // namespace

Result<queue::Submission> compose_test_message(TestMessage message, TestMessageFrame frame) {
    queue::Submission submission;
    submission.id = QueueId::make();
    submission.account = std::move(frame.account);
    submission.client = std::move(frame.client);
    submission.envelope.sender = message.from;
    submission.envelope.smtputf8 = !message.from.is_ascii();
    std::string to;
    for (auto& address : message.to) {
        to += (to.empty() ? "" : ",\r\n ") + address.to_string();
        submission.envelope.smtputf8 = submission.envelope.smtputf8 || !address.is_ascii();
        submission.envelope.recipients.push_back({std::move(address), mail::Notify::unset, {}});
    }
    auto text = crlf(
        message.text.empty()
            ? fmt::format("This is a test message from {}.\n\nIf you read it, mail goes out.\n",
                          frame.hostname)
            : message.text);
    const bool plain = ascii::is_ascii(text) && mail::is_clean_content(text);
    const auto subject = message.subject.empty() ? std::string("Test from Posthaste")
                                                 : mail::encode_words(message.subject);
    const auto raw = fmt::format(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: {}\r\nAuto-Submitted: auto-generated\r\n",
        message.from.to_string(), to, subject, plain ? "7bit" : "quoted-printable");
    PH_TRY(auto header, mail::HeaderBlock::parse(raw));
    const auto at = now();
    mail::fix_up(header, submission.id, frame.hostname, at);
    const mail::TraceInfo trace{frame.hostname, "HTTP", {}, submission.id, at};
    submission.header = mail::make_received(trace) + header.to_string();
    auto octets =
        std::make_shared<const std::string>(plain ? std::move(text) : mail::quoted_printable(text));
    submission.body = {octets, {}, octets->size(), crc32c(*octets)};
    return submission;
}

}  // namespace posthaste::web
