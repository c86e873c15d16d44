#include "mail/dsn_words.h"

#include "base/ascii.h"
#include "mail/header.h"
#include "mail/text.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kWidth = 72;
constexpr std::size_t kMaxListed = 50;  // recipients told of in words; part 2 has them all
constexpr std::size_t kMaxSubject = 60;
constexpr std::size_t kMaxMessageId = 500;

class TextWriter {
  public:
    // A paragraph, wrapped, with a line end.
    void line(std::string_view text, std::string_view indent = {}) {
        text_ += indent;
        text_ += wrap(text, kWidth - indent.size(), indent);
        text_ += "\r\n";
    }

    // "Label:      value", further lines under the value.
    void entry(std::string_view label, std::string_view value) {
        if (value.empty()) return;
        constexpr std::size_t kColumn = 16;
        const std::string under(kColumn, ' ');
        text_ += fmt::format("{:<{}}", fmt::format("  {}:", label), kColumn);
        text_ += wrap(value, kWidth - kColumn, under);
        text_ += "\r\n";
    }

    void gap() { text_ += "\r\n"; }

    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

// Recipients whose story is the same, told once.
struct Group {
    Explanation explanation;
    std::vector<const DsnRecipient*> recipients;
};

std::vector<Group> group_by_story(const DsnInput& input) {
    std::vector<Group> groups;
    const std::size_t count = std::min(input.recipients.size(), kMaxListed);
    for (std::size_t i = 0; i < count; ++i) {
        auto explanation = explain(input, input.recipients[i]);
        auto group = std::ranges::find(groups, explanation, &Group::explanation);
        if (group == groups.end()) {
            group = groups.insert(groups.end(), {std::move(explanation), {}});
        }
        group->recipients.push_back(&input.recipients[i]);
    }
    return groups;
}

std::string name_message(const OriginalFacts& original) {
    return original.subject.empty() ? "Your message"
                                    : fmt::format("Your message \"{}\"", original.subject);
}

std::string name_recipients(const DsnInput& input) {
    if (input.recipients.size() == 1) return show(input.recipients.front().recipient.address);
    return fmt::format("{} recipients", input.recipients.size());
}

std::string tell_until(const DsnInput& input) {
    if (!input.retry_until || *input.retry_until <= input.now) return {};
    const auto left = std::chrono::round<Seconds>(*input.retry_until - input.now);
    return fmt::format(" for another {}, until {}", format_duration(left),
                       format_rfc5322(*input.retry_until));
}

// Who, what did (not) happen, and whether that is final.
std::string tell_result(const DsnInput& input, const OriginalFacts& original) {
    const std::string message = name_message(original);
    const std::string to = name_recipients(input);
    switch (input.action) {
        case DsnAction::failed:
            return fmt::format(
                "{} was not delivered to {}. This is final: nothing more will be tried.", message,
                to);
        case DsnAction::delayed:
            return fmt::format(
                "{} has not been delivered to {} yet. This is not final: we go on trying{}.",
                message, to, tell_until(input));
        case DsnAction::delivered:
            return fmt::format("{} was delivered to {}. Nothing more needs to be done.", message,
                               to);
        case DsnAction::relayed: {
            const bool one = input.recipients.size() == 1;
            std::string host;
            if (one) host = readable(input.recipients.front().outcome.remote_host, 255);
            return fmt::format("{} to {} was passed on to {}.", message, to,
                               host.empty() ? "the next server" : host);
        }
    }
    std::unreachable();
}

void tell_group(TextWriter& out, const DsnInput& input, const Group& group) {
    const bool name_them = input.recipients.size() > 1;
    if (name_them) {
        out.gap();
        for (const DsnRecipient* recipient : group.recipients) {
            out.line("* " + show(recipient->recipient.address));
        }
    }
    const auto tell = [&](std::string_view label, const std::string& sentence) {
        if (sentence.empty()) return;
        out.gap();
        out.line(fmt::format("{}: {}", label, sentence), name_them ? "  " : "");
    };
    const Explanation& story = group.explanation;
    tell(input.action == DsnAction::relayed ? "What this means" : "Why", story.why);
    tell("What you can do", story.mend);
    tell("Who has to act", story.actor.empty() ? "" : story.actor + '.');
}

std::string name_remote(const Outcome& outcome) {
    std::string text = readable(outcome.remote_host, 255);
    if (!outcome.remote_ip.empty()) {
        text += fmt::format("{}[{}]", text.empty() ? "" : " ", readable(outcome.remote_ip, 64));
    }
    if (!text.empty() && !outcome.tls.empty()) text += ", " + readable(outcome.tls, 64);
    return text;
}

void tell_details(TextWriter& out, const DsnRecipient& recipient) {
    const Outcome& outcome = recipient.outcome;
    out.gap();
    out.line(show(recipient.recipient.address));
    out.entry("Remote host", name_remote(outcome));
    if (recipient.attempts > 0) {
        out.entry("Last attempt",
                  fmt::format("{}, attempt {}", format_rfc5322(recipient.last_attempt),
                              recipient.attempts));
    }
    if (outcome.status.cls != 0) {
        out.entry("Status", fmt::format("{}{}", outcome.status.to_string(),
                                        outcome.cause == Cause::none
                                            ? std::string()
                                            : fmt::format(" ({})", to_string(outcome.cause))));
    }
    out.entry(outcome.code == 0 ? "Our words" : "Its answer", full_reply(outcome));
}

}  // namespace

std::string full_reply(const Outcome& outcome) {
    constexpr std::size_t kMaxReply = 1024;
    std::string text = readable(outcome.reply, kMaxReply);
    const std::string code = std::to_string(outcome.code);
    if (outcome.code == 0 || text.starts_with(code)) return text;
    return text.empty() ? code : code + ' ' + text;
}

OriginalFacts read_original(const std::string& original_header) {
    OriginalFacts facts;
    const auto header = HeaderBlock::parse(original_header);
    if (!header) return facts;
    if (const HeaderField* subject = header->find("Subject")) {
        std::string text = subject->unfolded();
        if (text.size() > 4096) text.resize(4096);  // far more than 60 characters need
        text = decode_words(text);
        // Nobody reads "=?x-unknown?B?...": better what stands before it, or none at all.
        if (const std::size_t at = find_encoded_word(text); at != std::string::npos) {
            text.resize(at);
            text = std::string(ascii::trim(text));
            if (!text.empty()) text += "...";
        }
        facts.subject = readable(text, kMaxSubject);
        std::ranges::replace(facts.subject, '"', '\'');
    }
    if (const HeaderField* id = header->find("Message-ID")) {
        const std::string text = id->unfolded();
        const auto inside = [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>'; };
        if (text.size() > 2 && text.size() <= kMaxMessageId && text.front() == '<' &&
            text.back() == '>' && std::all_of(text.begin() + 1, text.end() - 1, inside)) {
            facts.message_id = text;
        }
    }
    return facts;
}

std::string make_report_text(const DsnInput& input, const OriginalFacts& original) {
    TextWriter out;
    out.line(tell_result(input, original));
    const auto groups = group_by_story(input);
    for (const Group& group : groups) tell_group(out, input, group);
    const std::size_t unlisted =
        input.recipients.size() - std::min(input.recipients.size(), kMaxListed);
    if (unlisted > 0) {
        out.gap();
        out.line(fmt::format("And {} more; the attached report names them all.", unlisted));
    }
    out.gap();
    out.gap();
    out.line(std::string(kWidth, '-'));
    out.line(
        fmt::format("Technical details for your administrator ({})", readable(input.admin, 255)));
    out.gap();
    out.entry("Our server", readable(input.hostname, 255));
    out.entry("Our queue id", input.original_id.to_string());
    out.entry("Accepted", format_rfc5322(input.arrived));
    out.entry("Message-ID", original.message_id);
    for (const DsnRecipient& recipient :
         std::span(input.recipients).first(input.recipients.size() - unlisted)) {
        tell_details(out, recipient);
    }
    return out.take();
}

}  // namespace posthaste::mail
