#include "mail/dsn/dsn_words.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/dsn/text_writer.h"
#include "mail/header.h"
#include "mail/text.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxListed = 50;  // recipients told of in words; part 2 has them all
constexpr std::size_t kMaxSubject = 60;
constexpr std::size_t kMaxMessageId = 500;

constexpr Phrase kDetailLabels[] = {
    Phrase::detail_host,  Phrase::detail_attempt, Phrase::detail_status,   Phrase::detail_answer,
    Phrase::detail_words, Phrase::detail_server,  Phrase::detail_queue_id, Phrase::detail_accepted,
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

std::string name_message(const DsnInput& input, const OriginalFacts& original) {
    if (original.subject.empty()) return std::string(phrase(input.language, Phrase::your_message));
    return fill(phrase(input.language, Phrase::your_message_named),
                {{"subject", original.subject}});
}

std::string name_recipients(const DsnInput& input) {
    if (input.recipients.size() == 1) return show(input.recipients.front().recipient.address);
    return fill(phrase(input.language, Phrase::recipients),
                {{"count", std::to_string(input.recipients.size())}});
}

std::string tell_until(const DsnInput& input) {
    if (!input.retry_until || *input.retry_until <= input.now) return {};
    const auto left = std::chrono::round<Seconds>(*input.retry_until - input.now);
    return fill(phrase(input.language, Phrase::until),
                {{"duration", tell_duration(input.language, left)},
                 {"time", tell_time(input.language, *input.retry_until)}});
}

Phrase result_of(DsnAction action) {
    switch (action) {
        case DsnAction::failed:
            return Phrase::result_failed;
        case DsnAction::delayed:
            return Phrase::result_delayed;
        case DsnAction::delivered:
            return Phrase::result_delivered;
        case DsnAction::relayed:
            return Phrase::result_relayed;
    }
    std::unreachable();
}

// Who, what did (not) happen, and whether that is final.
std::string tell_result(const DsnInput& input, const OriginalFacts& original) {
    std::string host;
    if (input.recipients.size() == 1)
        host = readable(input.recipients.front().outcome.remote_host, 255);
    if (host.empty()) host = phrase(input.language, Phrase::next_server);
    return fill(phrase(input.language, result_of(input.action)),
                {{"message", name_message(input, original)},
                 {"to", name_recipients(input)},
                 {"until", tell_until(input)},
                 {"host", host}});
}

void tell_group(TextWriter& out, const DsnInput& input, const Group& group) {
    const bool name_them = input.recipients.size() > 1;
    if (name_them) {
        out.gap();
        for (const DsnRecipient* recipient : group.recipients) {
            out.line("* " + show(recipient->recipient.address));
        }
    }
    const auto tell = [&](Phrase label, const std::string& sentence) {
        if (sentence.empty()) return;
        out.gap();
        out.line(fmt::format("{}: {}", phrase(input.language, label), sentence),
                 name_them ? "  " : "");
    };
    const Explanation& story = group.explanation;
    tell(input.action == DsnAction::relayed ? Phrase::label_meaning : Phrase::label_why, story.why);
    tell(Phrase::label_mend, story.mend);
    tell(Phrase::label_actor, story.actor.empty() ? "" : story.actor + '.');
}

std::string name_remote(const Outcome& outcome) {
    std::string text = readable(outcome.remote_host, 255);
    if (!outcome.remote_ip.empty()) {
        text += fmt::format("{}[{}]", text.empty() ? "" : " ", readable(outcome.remote_ip, 64));
    }
    if (!text.empty() && !outcome.tls.empty()) text += ", " + readable(outcome.tls, 64);
    return text;
}

// What had looked well, and is not: the sender may have been told so.
std::string tell_return(const DsnInput& input) {
    if (!input.returned_after) return {};
    const std::string host = readable(input.recipients.front().outcome.remote_host, 255);
    const std::string duration = tell_duration(input.language, *input.returned_after);
    return fill(
        phrase(input.language, host.empty() ? Phrase::returned_by_somebody : Phrase::returned),
        {{"host", host}, {"duration", duration}});
}

void tell_details(TextWriter& out, Language language, const DsnRecipient& recipient,
                  bool returned) {
    const Outcome& outcome = recipient.outcome;
    out.gap();
    out.line(show(recipient.recipient.address));
    out.entry(phrase(language, Phrase::detail_host), name_remote(outcome));
    if (recipient.attempts > 0) {
        out.entry(phrase(language, Phrase::detail_attempt),
                  fill(phrase(language, Phrase::detail_attempt_of),
                       {{"time", tell_time(language, recipient.last_attempt)},
                        {"attempts", std::to_string(recipient.attempts)}}));
    }
    if (outcome.status.cls != 0) {
        const std::string cause = outcome.cause == Cause::none
                                      ? std::string()
                                      : fmt::format(" ({})", to_string(outcome.cause));
        out.entry(phrase(language, Phrase::detail_status), outcome.status.to_string() + cause);
    }
    out.entry(phrase(language,
                     outcome.code == 0 && !returned ? Phrase::detail_words : Phrase::detail_answer),
              full_reply(outcome));
}

// Where the values of the technical part stand: behind the longest label.
std::size_t column_of(Language language) {
    std::size_t longest = 0;
    for (const Phrase label : kDetailLabels) {
        const std::string_view text = phrase(language, label);
        longest = std::max(longest, static_cast<std::size_t>(std::ranges::count_if(
                                        text, [](char c) { return (c & 0xc0) != 0x80; })));
    }
    return longest + 4;
}

}  // namespace

std::string tell_time(Language language, Timestamp at) {
    if (language == Language::english) return format_rfc5322(at);
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::minutes>(at - day));
    const char separator = language == Language::german ? '.' : '/';
    return fmt::format("{:02}{}{:02}{}{}, {:02}:{:02} UTC", static_cast<unsigned>(date.day()),
                       separator, static_cast<unsigned>(date.month()), separator,
                       static_cast<int>(date.year()), clock.hours().count(),
                       clock.minutes().count());
}

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
    TextWriter out(column_of(input.language));
    out.line(tell_result(input, original));
    if (const std::string sentence = tell_return(input); !sentence.empty()) out.line(sentence);
    const auto groups = group_by_story(input);
    for (const Group& group : groups) tell_group(out, input, group);
    const std::size_t unlisted =
        input.recipients.size() - std::min(input.recipients.size(), kMaxListed);
    if (unlisted > 0) {
        out.gap();
        out.line(fill(phrase(input.language, Phrase::more), {{"count", std::to_string(unlisted)}}));
    }
    out.gap();
    out.gap();
    out.rule();
    out.line(
        fill(phrase(input.language, Phrase::details), {{"admin", readable(input.admin, 255)}}));
    out.gap();
    out.entry(phrase(input.language, Phrase::detail_server), readable(input.hostname, 255));
    out.entry(phrase(input.language, Phrase::detail_queue_id), input.original_id.to_string());
    out.entry(phrase(input.language, Phrase::detail_accepted),
              tell_time(input.language, input.arrived));
    out.entry("Message-ID", original.message_id);
    for (const DsnRecipient& recipient :
         std::span(input.recipients).first(input.recipients.size() - unlisted)) {
        tell_details(out, input.language, recipient, input.returned_after.has_value());
    }
    return out.take();
}

}  // namespace posthaste::mail
