#include "mail/dsn/digest.h"

#include "base/ascii.h"
#include "mail/dsn/dsn_words.h"
#include "mail/dsn/text_writer.h"

#include <utility>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxSubject = 100;
constexpr std::string_view kIndent = "   ";

Phrase result_of(DsnAction action) {
    switch (action) {
        case DsnAction::failed:
            return Phrase::digest_failed;
        case DsnAction::delayed:
            return Phrase::digest_delayed;
        case DsnAction::delivered:
            return Phrase::digest_delivered;
        case DsnAction::relayed:
            return Phrase::digest_relayed;
    }
    std::unreachable();
}

void tell(TextWriter& out, const DigestInput& input, const DigestItem& item) {
    const Language language = input.language;
    out.gap();
    out.line(fmt::format("* {}: {}", show(item.recipient.recipient.address),
                         phrase(language, result_of(item.action))),
             {}, "  ");
    const auto line = [&](Phrase label, const std::string& text) {
        if (text.empty()) return;
        out.line(fmt::format("{}: {}", phrase(language, label), text), kIndent);
    };
    const std::string subject = readable(item.subject, kMaxSubject);
    line(Phrase::digest_subject_label,
         subject.empty() ? std::string(phrase(language, Phrase::digest_no_subject)) : subject);
    if (item.action == DsnAction::delivered || item.action == DsnAction::relayed) return;
    DsnInput about;
    about.action = item.action;
    about.admin = input.admin;
    about.sender = input.to;
    about.language = language;
    const Explanation story = explain(about, item.recipient);
    line(Phrase::label_why, story.why);
    line(Phrase::label_mend, story.mend);
    const Outcome& outcome = item.recipient.outcome;
    line(outcome.code == 0 ? Phrase::detail_words : Phrase::detail_answer, full_reply(outcome));
    line(Phrase::detail_queue_id, item.message.to_string());
}

std::string make_text(const DigestInput& input) {
    const Language language = input.language;
    const std::uint64_t count = input.items.size() + input.more;
    TextWriter out;
    out.line(fill(phrase(language, Phrase::digest_opening),
                  {{"count", std::to_string(count)}, {"time", tell_time(language, input.since)}}));
    for (const DigestItem& item : input.items) tell(out, input, item);
    if (input.more > 0) {
        out.gap();
        out.line(
            fill(phrase(language, Phrase::digest_more), {{"count", std::to_string(input.more)}}));
    }
    out.gap();
    out.rule();
    out.line(fill(phrase(language, Phrase::digest_end), {{"admin", readable(input.admin, 255)}}));
    return out.take();
}

}  // namespace

DsnMessage make_digest(const DigestInput& input) {
    const std::string hostname = readable_ascii(input.hostname, 255);
    DsnMessage message;
    std::string& header = message.header;
    add_field(header, "From", fmt::format("Mail Delivery <mailer-daemon@{}>", hostname));
    add_field(header, "To", input.to.to_string());
    const std::string subject =
        encode_words(fill(phrase(input.language, Phrase::digest_subject),
                          {{"count", std::to_string(input.items.size() + input.more)}}));
    if (subject.starts_with("=?")) {
        header += fmt::format("Subject: {}\r\n", subject);  // folded already
    } else {
        add_field(header, "Subject", subject);
    }
    add_field(header, "Date", format_rfc5322(input.now));
    add_field(header, "Message-ID",
              fmt::format("<{}@{}>", ascii::to_lower(input.id.to_string()), hostname));
    add_field(header, "Content-Language", language_code(input.language));
    add_field(header, "Auto-Submitted", "auto-generated");  // RFC 3834 §5: it answers no message
    add_field(header, "MIME-Version", "1.0");
    add_field(header, "Content-Type", "text/plain; charset=utf-8");
    std::string text = make_text(input);
    // Whatever the hops back to the person can do, it arrives.
    if (ascii::is_ascii(text) && is_clean_content(text)) {
        message.body = std::move(text);
    } else {
        add_field(header, "Content-Transfer-Encoding", "quoted-printable");
        message.body = quoted_printable(text);
    }
    message.needs_utf8 = !input.to.is_ascii();
    return message;
}

}  // namespace posthaste::mail
