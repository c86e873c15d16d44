#include "mail/dsn/dsn.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/dsn/dsn_words.h"
#include "mail/dsn/text_writer.h"
#include "mail/text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxReturned = 102'400;  // of the message reported on (delivery.md B-9)

std::string_view name_action(DsnAction action) {
    switch (action) {
        case DsnAction::failed:
            return "failed";
        case DsnAction::delayed:
            return "delayed";
        case DsnAction::delivered:
            return "delivered";
        case DsnAction::relayed:
            return "relayed";
    }
    std::unreachable();
}

Phrase open_subject(DsnAction action) {
    switch (action) {
        case DsnAction::failed:
            return Phrase::not_delivered;
        case DsnAction::delayed:
            return Phrase::not_delivered_yet;
        case DsnAction::delivered:
            return Phrase::delivered;
        case DsnAction::relayed:
            return Phrase::passed_on;
    }
    std::unreachable();
}

struct Part {
    std::string type;
    std::string description;
    std::string encoding;  // empty: 7bit
    std::string content;   // encoded, ending in CR LF unless it is the message itself
};

// Text as it is when it can travel as 7-bit, else quoted-printable, so that a report never depends
// on what the hops back to the sender can do.
void encode(Part& part, std::string text) {
    if (ascii::is_ascii(text) && is_clean_content(text)) {
        part.content = std::move(text);
    } else {
        part.encoding = "quoted-printable";
        part.content = quoted_printable(text);
    }
}

// Whether the sender's own address needs SMTPUTF8 on the way back; then all of the report may use
// it. Otherwise it stays in ASCII whatever the recipients are called, since a report that cannot be
// delivered helps nobody (RFC 6533 §3 has a form for that).
bool is_global(const DsnInput& input) {
    return !input.sender.is_ascii();
}

std::string plain(const DsnInput& input, std::string_view text, std::size_t max) {
    return is_global(input) ? readable(text, max) : readable_ascii(text, max);
}

std::string typed_address(const DsnInput& input, const Mailbox& address) {
    if (address.is_ascii()) return "rfc822; " + readable_ascii(address.to_string(), 400);
    const std::string text = address.to_string();
    return "utf-8; " + (is_global(input) ? readable(text, 400) : escape_unicode(text));
}

// ORCPT as the client gave it, without its xtext (RFC 3461 §4.2, RFC 3464 §2.3.1). One of type
// utf-8 comes with its letters as they are or as \x{FC}, and leaves in the one form that this
// report may hold (RFC 6533 §3).
std::string original_recipient(const DsnInput& input, const std::string& orcpt) {
    const std::size_t semicolon = orcpt.find(';');
    if (semicolon == std::string::npos || semicolon == 0) return {};
    const std::string type = readable_ascii(orcpt.substr(0, semicolon), 40);
    const std::string given = decode_xtext(orcpt.substr(semicolon + 1));
    std::string address;
    if (ascii::equals_ignore_case(type, "utf-8") && utf8::is_valid(given)) {
        const std::string letters = unescape_unicode(given);
        address = is_global(input) ? readable(letters, 500) : escape_unicode(letters);
    } else {
        address = plain(input, given, 500);
    }
    return address.empty() ? std::string() : type + "; " + address;
}

// Ours, in the class that the action says, so that no program takes a delay for an end.
std::string status_for(DsnAction action, const EnhancedStatus& status) {
    switch (action) {
        case DsnAction::failed:
            return status.cls == 4 || status.cls == 5 ? status.to_string() : "5.0.0";
        case DsnAction::delayed:
            return status.cls == 4 ? status.to_string() : "4.0.0";
        case DsnAction::delivered:
        case DsnAction::relayed:
            return status.cls == 2 ? status.to_string() : "2.0.0";
    }
    std::unreachable();
}

void add_recipient(std::string& out, const DsnInput& input, const DsnRecipient& recipient) {
    const Outcome& outcome = recipient.outcome;
    out += "\r\n";
    if (const auto original = original_recipient(input, recipient.recipient.orcpt);
        !original.empty()) {
        add_field(out, "Original-Recipient", original);
    }
    add_field(out, "Final-Recipient", typed_address(input, recipient.recipient.address));
    add_field(out, "Action", name_action(input.action));
    add_field(out, "Status", status_for(input.action, outcome.status));
    // Remote-MTA and an SMTP diagnosis only for what a remote host has said (RFC 3464 §2.3.5,
    // §2.3.6).
    const std::string host = readable_ascii(outcome.remote_host, 255);
    if (outcome.code != 0 && !host.empty()) add_field(out, "Remote-MTA", "dns; " + host);
    if (const auto reply = plain(input, full_reply(outcome), 1024); !reply.empty()) {
        const std::string_view type = outcome.code != 0      ? "smtp"
                                      : input.returned_after ? "X-Returned"
                                                             : "X-Posthaste";
        add_field(out, "Diagnostic-Code", fmt::format("{}; {}", type, reply));
    }
    if (recipient.attempts > 0) {
        add_field(out, "Last-Attempt-Date", format_rfc5322(recipient.last_attempt));
        add_field(out, "Final-Log-ID",
                  fmt::format("{}/{}", input.original_id.to_string(), recipient.attempts));
    }
    if (input.action == DsnAction::delayed && input.retry_until) {
        add_field(out, "Will-Retry-Until", format_rfc5322(*input.retry_until));
    }
}

// RFC 3464 §2. No Received-From-MTA: it would tell where the sender sat.
Part make_status_part(const DsnInput& input) {
    Part part{is_global(input) ? "message/global-delivery-status" : "message/delivery-status",
              "Report for programs",
              is_global(input) ? "8bit" : "",
              {}};
    std::string& out = part.content;
    add_field(out, "Reporting-MTA", "dns; " + readable_ascii(input.hostname, 255));
    if (const auto envid = plain(input, decode_xtext(input.envid), 100); !envid.empty()) {
        add_field(out, "Original-Envelope-Id", envid);
    }
    add_field(out, "X-Posthaste-Queue-Id", input.original_id.to_string());
    add_field(out, "Arrival-Date", format_rfc5322(input.arrived));
    for (const DsnRecipient& recipient : input.recipients) add_recipient(out, input, recipient);
    return part;
}

Part make_text_part(const DsnInput& input, const OriginalFacts& original) {
    Part part{"text/plain; charset=utf-8", "Report in plain words", {}, {}};
    encode(part, make_report_text(input, original));
    return part;
}

// The whole message when it was asked for and can travel as it is: message/rfc822 must not be
// encoded (RFC 2046 §5.2.1), so overlong lines or bare line ends leave only its header. So does
// 8-bit text: a hop without 8BITMIME would refuse the report, and then nobody is told anything. A
// global report asks for SMTPUTF8, which comes with 8BITMIME (RFC 6531 §3.1).
std::optional<Part> make_message_part(const DsnInput& input) {
    if (!input.return_full) return std::nullopt;
    if (input.original_header.size() + input.original_body.size() > kMaxReturned)
        return std::nullopt;
    if (input.original_header.empty() || !input.original_header.ends_with("\r\n"))
        return std::nullopt;
    Part part{"message/rfc822", "Your message", {}, {}};
    part.content = input.original_header + "\r\n" + input.original_body;
    if (!is_clean_content(part.content + "\r\n")) return std::nullopt;
    if (!ascii::is_ascii(part.content)) {
        if (!is_global(input)) return std::nullopt;
        part.encoding = "8bit";
    }
    if (is_global(input) && utf8::is_valid(input.original_header)) part.type = "message/global";
    return part;
}

Part make_header_part(const DsnInput& input) {
    Part part{"text/rfc822-headers", "Header of your message", {}, {}};
    std::string header = input.original_header.substr(0, kMaxReturned);
    if (header.size() < input.original_header.size()) {
        const std::size_t last_line = header.rfind("\r\n");
        if (last_line != std::string::npos) header.resize(last_line);
    }
    if (!header.empty() && !header.ends_with("\r\n")) header += "\r\n";
    if (is_global(input) && utf8::is_valid(header) && is_clean_content(header)) {
        part.type = "message/global-headers";
        part.encoding = "8bit";
        part.content = std::move(header);
        return part;
    }
    // This type alone among the three may be quoted-printable when its octets need it (RFC 6522
    // §4).
    encode(part, std::move(header));
    return part;
}

// Holds "=_", which neither quoted-printable nor a sane header holds; and is tried on the rest.
std::string choose_boundary(const QueueId& id, std::span<const Part> parts) {
    for (unsigned n = 0;; ++n) {
        auto boundary = fmt::format("=_{}_{}", ascii::to_lower(id.to_string()), n);
        const bool found = std::ranges::any_of(
            parts, [&](const Part& part) { return part.content.contains(boundary); });
        if (!found) return boundary;
    }
}

std::string join(std::span<const Part> parts, const std::string& boundary) {
    std::string out;
    for (const Part& part : parts) {
        out += fmt::format("--{}\r\nContent-Type: {}\r\nContent-Description: {}\r\n", boundary,
                           part.type, part.description);
        if (!part.encoding.empty()) {
            out += fmt::format("Content-Transfer-Encoding: {}\r\n", part.encoding);
        }
        out.append("\r\n").append(part.content).append("\r\n");
    }
    return out + fmt::format("--{}--\r\n", boundary);
}

std::string make_subject(const DsnInput& input, const OriginalFacts& original) {
    const Language language = input.language;
    const std::string what = original.subject.empty()
                                 ? std::string(phrase(language, Phrase::your_message_short))
                                 : fmt::format("\"{}\"", original.subject);
    const std::string to = input.recipients.size() == 1
                               ? show(input.recipients.front().recipient.address)
                               : fill(phrase(language, Phrase::recipients),
                                      {{"count", std::to_string(input.recipients.size())}});
    return fill(phrase(language, Phrase::subject),
                {{"opening", std::string(phrase(language, open_subject(input.action)))},
                 {"message", what},
                 {"to", to}});
}

std::string make_header(const DsnInput& input, const OriginalFacts& original,
                        const std::string& boundary) {
    const std::string hostname = readable_ascii(input.hostname, 255);
    std::string out;
    add_field(out, "From", fmt::format("Mail Delivery <mailer-daemon@{}>", hostname));
    add_field(out, "To", input.sender.to_string());
    const std::string subject = encode_words(make_subject(input, original));
    if (subject.starts_with("=?")) {
        out += fmt::format("Subject: {}\r\n", subject);  // folded already
    } else {
        add_field(out, "Subject", subject);
    }
    add_field(out, "Date", format_rfc5322(input.now));
    add_field(out, "Message-ID",
              fmt::format("<{}@{}>", ascii::to_lower(input.id.to_string()), hostname));
    if (!original.message_id.empty()) {
        add_field(out, "In-Reply-To", original.message_id);
        add_field(out, "References", original.message_id);
    }
    add_field(out, "Content-Language", language_code(input.language));
    add_field(out, "Auto-Submitted", "auto-replied");  // RFC 3834 §5: nobody answers this
    add_field(out, "MIME-Version", "1.0");
    out += fmt::format(
        "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{}\"\r\n",
        boundary);
    return out;
}

}  // namespace

DsnMessage make_dsn(const DsnInput& input) {
    const OriginalFacts original = read_original(input.original_header);
    const std::array<Part, 3> parts{make_text_part(input, original), make_status_part(input),
                                    make_message_part(input).value_or(make_header_part(input))};
    const std::string boundary = choose_boundary(input.id, parts);
    DsnMessage message;
    message.header = make_header(input, original, boundary);
    message.body = join(parts, boundary);
    message.needs_utf8 = is_global(input);
    message.needs_8bit =
        std::ranges::any_of(parts, [](const Part& part) { return part.encoding == "8bit"; });
    return message;
}

}  // namespace posthaste::mail
