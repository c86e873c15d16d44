#include "web/admin/trace_story.h"

#include "mail/warnings.h"
#include "web/admin/trace_words.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using store::RecordType;

// Of one record; the rest is counted.
constexpr std::size_t kMostNamed = 20;

std::string day_and_clock(Timestamp at) {
    const std::string iso = format_iso8601(at);
    return fmt::format("{} {} UTC", iso.substr(0, 10), iso.substr(11, 8));
}

std::string sender_of(const std::string& sender) {
    return sender.empty() ? "<>" : sender;
}

// "451 4.7.1 greylisted"; our own words where nobody answered.
std::string answer(int code, const std::string& reply) {
    return code == 0 ? reply : fmt::format("{} {}", code, reply);
}

std::vector<StoryLine> accepted_lines(const store::RecordRow& row) {
    const auto facts = store::decode_accepted(row.data);
    if (!facts) return {{row.at, "accepted", "the record of it is damaged", {}}};
    StoryLine line{row.at, "accepted", {}, {}};
    const std::string count = facts->recipients.size() == 1
                                  ? facts->recipients.front()
                                  : fmt::format("{} recipients", facts->recipients.size());
    if (facts->kind == store::MessageKind::dsn) {
        line.text =
            fmt::format("a report of this server about the message {}, to {}", facts->about, count);
        return {line};
    }
    line.text = fmt::format("from {} for {}, {}", sender_of(facts->sender), count,
                            format_size(facts->size));
    if (!facts->account.empty() && facts->account != facts->sender)
        line.text += fmt::format(", signed in as {}", facts->account);
    if (!facts->client.empty()) line.text += fmt::format(", sent by {}", facts->client);
    line.text += facts->tls.empty() ? ", not encrypted" : fmt::format(" over {}", facts->tls);
    std::vector<StoryLine> lines{std::move(line)};
    for (const std::string& change : facts->changes)
        lines.push_back(
            {{},
             {},
             change.starts_with(mail::kWarning) ? change : "changed on the way in: " + change,
             {}});
    for (const std::string& wish : facts->wishes)
        lines.push_back({{}, {}, "as its sender asked: " + wish, {}});
    return lines;
}

std::string timing(const store::TryFacts& one) {
    const auto part = [](std::string_view name, std::uint32_t ms) {
        if (ms == 0) return std::string();
        return ms < 1000 ? fmt::format(", {} took {} ms", name, ms)
                         : fmt::format(", {} took {:.1f} s", name, ms / 1000.0);
    };
    return part("connecting", one.connect_ms) + part("greeting and TLS", one.setup_ms) +
           part("the transfer", one.transfer_ms);
}

// What was asked of its TLS, and by whom.
std::string_view tls_words(const store::TryFacts& one) {
    if (one.tls_policy == "dane") return "its domain's TLSA records ask for it";
    if (one.tls_policy == "sts") return "its domain's MTA-STS policy asks for it";
    if (one.tls_policy == "verify") return "the route asks for a verified certificate";
    if (one.tls_policy == "encrypt") return "TLS is asked for, whoever's certificate it is";
    return {};
}

std::string try_text(const store::TryFacts& one) {
    std::string text = one.host;
    if (!one.ip.empty() && one.ip != one.host)
        text += fmt::format(" [{}]:{}", one.ip, one.port);
    else if (one.port != 0)
        text += fmt::format(":{}", one.port);
    if (!one.tls.empty()) {
        text += fmt::format(", {}", one.tls);
        if (one.verified)
            text += one.tls_policy == "dane"  ? ", certificate verified by DANE"
                    : one.tls_policy == "sts" ? ", certificate verified as MTA-STS asks"
                                              : ", certificate verified";
    } else if (one.stage != "connect" && one.stage != "look-up" && !one.stage.empty()) {
        text += ", not encrypted";
    }
    if (const auto words = tls_words(one); !words.empty()) text += fmt::format(" ({})", words);
    if (one.reused) text += ", over a connection of before";
    std::string said = answer(one.code, one.reply);
    if (said.empty()) said = one.reused ? "the connection had ended; tried anew" : "no answer";
    return fmt::format("{}: {}{}", text, said, timing(one));
}

std::string result_text(const store::ResultFacts& result) {
    switch (result.what) {
        case EventType::delivered:
            return result.outcome.remote_host.empty() && result.outcome.code == 0 ? "delivered here"
                                                                                  : "delivered";
        case EventType::failed:
            return "not delivered, and not tried again";
        case EventType::expired:
            return "given up: its time is over";
        case EventType::cancelled:
            return "cancelled by a person";
        case EventType::suppressed:
            return "not sent: on the account's suppression list";
        default: {
            const std::string_view state =
                result.outcome.ambiguous
                    ? "perhaps delivered: the connection was lost before the answer to its end"
                    : "not delivered yet";
            if (result.next == Timestamp{}) return std::string(state);
            return fmt::format("{}; next try at {}", state, day_and_clock(result.next));
        }
    }
}

// Recipients to whom the same thing happened, in one line.
std::vector<StoryLine> result_lines(const store::OutcomeFacts& facts,
                                    const delivery::VerdictRules* rules) {
    std::vector<std::pair<std::string, std::vector<const store::ResultFacts*>>> groups;
    for (const auto& result : facts.results) {
        std::string text = result_text(result);
        if (!result.outcome.route.empty()) text += fmt::format(" (route {})", result.outcome.route);
        const std::string key =
            facts.tries.empty() && result.what != EventType::delivered &&
                    result.what != EventType::cancelled && !result.outcome.reply.empty()
                ? fmt::format("{} ({})", text, answer(result.outcome.code, result.outcome.reply))
                : text;
        const auto known = std::ranges::find(groups, key, [](const auto& g) { return g.first; });
        if (known == groups.end())
            groups.push_back({key, {&result}});
        else
            known->second.push_back(&result);
    }
    std::vector<StoryLine> lines;
    for (const auto& [text, results] : groups) {
        std::string who;
        for (std::size_t i = 0; i < std::min(results.size(), kMostNamed); ++i)
            who += fmt::format("{}{}", i == 0 ? "" : ", ", results[i]->address);
        if (results.size() > kMostNamed)
            who += fmt::format(" and {} more", results.size() - kMostNamed);
        lines.push_back({{}, {}, fmt::format("{}: {}", who, text), {}});
        const OutcomeWords words = words_for(results.front()->outcome, rules);
        if (!words.why.empty()) lines.push_back({{}, {}, words.why, {}});
    }
    return lines;
}

std::string name_of(const store::OutcomeFacts& facts) {
    if (facts.results.empty()) return "attempt";
    const store::ResultFacts& first = facts.results.front();
    if (first.what == EventType::cancelled) return "cancelled";
    if (first.what == EventType::suppressed) return "suppressed";
    if (facts.tries.empty() && first.what == EventType::expired) return "given up";
    return fmt::format("attempt {}", std::max(first.attempt, 1U));
}

std::vector<StoryLine> outcome_lines(const store::RecordRow& row, const StoryStyle& style) {
    const auto facts = store::decode_outcome(row.data);
    if (!facts) return {{row.at, "attempt", "the record of it is damaged", {}}};
    std::vector<StoryLine> lines;
    for (const auto& one : facts->tries)
        lines.push_back(
            {{}, {}, try_text(one), style.with_dialogue ? one.dialogue : std::string()});
    std::ranges::move(result_lines(*facts, style.rules), std::back_inserter(lines));
    if (lines.empty()) lines.emplace_back();
    lines.front().at = row.at;
    lines.front().what = name_of(*facts);
    return lines;
}

// "40 s", from the delivery to what came of it.
std::string later(Timestamp from, Timestamp to) {
    return format_duration(std::max(Seconds(0), std::chrono::duration_cast<Seconds>(to - from)));
}

// What a report says that came by mail.
std::string return_text(const store::ReturnFacts& facts) {
    const std::string who = facts.address.empty() ? "one of its recipients" : facts.address;
    const std::string by =
        facts.outcome.remote_host.empty() ? std::string() : " by " + facts.outcome.remote_host;
    std::string said = answer(facts.outcome.code, facts.outcome.reply);
    if (said.empty() && facts.outcome.status.cls != 0) said = facts.outcome.status.to_string();
    if (!said.empty()) said = ": " + said;
    if (!facts.counts) {
        return fmt::format("something came back that may be a bounce ({} % sure, read as {}){}",
                           facts.confidence, facts.basis, said);
    }
    switch (facts.what) {
        case EventType::complained:
            return fmt::format("{} complained of it ({}), says a report{}", who, facts.basis, by);
        case EventType::delayed:
            return fmt::format("{}: delayed{}, which goes on trying{}", who, by, said);
        case EventType::delivered:
            return fmt::format("{}: arrived, confirmed{}{}", who, by, said);
        default:
            return fmt::format("{}: returned{}{}", who, by, said);
    }
}

std::vector<StoryLine> return_lines(const store::RecordRow& row,
                                    const delivery::VerdictRules* rules) {
    const auto facts = store::decode_return(row.data);
    if (!facts) return {{row.at, "came back", "the record of it is damaged", {}}};
    const bool complaint = facts->what == EventType::complained;
    std::vector<StoryLine> lines{
        {row.at, complaint ? "complaint" : "came back", return_text(*facts), {}}};
    if (!facts->counts || facts->what != EventType::bounced) return lines;
    const OutcomeWords words = words_for(facts->outcome, rules);
    if (!words.why.empty()) lines.push_back({{}, {}, words.why, {}});
    return lines;
}

std::vector<StoryLine> note_lines(const store::RecordRow& row) {
    const auto facts = store::decode_note(row.data);
    const std::string text = facts ? facts->text : "the record of it is damaged";
    switch (row.type) {
        case RecordType::held:
            return {{row.at, "on hold", text, {}}};
        case RecordType::released:
            return {{row.at, "released", text, {}}};
        case RecordType::retried:
            return {{row.at, "tried anew", "asked for " + text, {}}};
        case RecordType::told:
            return {{row.at,
                     "sender told",
                     facts ? fmt::format("{} (report {})", text, facts->other) : text,
                     {}}};
        default:
            return {{row.at, "something", "that this posthaste does not know", {}}};
    }
}

// Accepted before there was a history, or too long ago: what the queue still knows of it.
void tell_of_row(MessageStory& story, const store::MessageRow& row) {
    store::AcceptedFacts facts;
    facts.kind = row.kind;
    facts.account = row.account;
    facts.sender = mail::to_string(row.sender);
    facts.size = (row.header ? row.header->size() + 2 : 0) + row.body.size;
    facts.profile = row.profile;
    story.lines.push_back({story.accepted,
                           "accepted",
                           fmt::format("from {}, {}; nothing more of that moment is kept",
                                       sender_of(facts.sender), format_size(facts.size)),
                           {}});
    story.facts = std::move(facts);
}

class StoryMaker {
  public:
    StoryMaker(MessageStory& story, const store::QueueClock& clock,
               const delivery::VerdictRules* rules)
        : story_(story), clock_(clock), rules_(rules) {}

    void begin() {
        if (!story_.facts) return;
        for (std::size_t i = 0; i < story_.facts->recipients.size(); ++i) {
            RecipientStory one;
            one.address = story_.facts->recipients[i];
            one.state = "unknown";
            by_index_.emplace(static_cast<std::uint32_t>(i), std::move(one));
        }
    }

    // Its end changes: delivered, and then not.
    void take_return(const store::RecordRow& row) {
        const auto facts = store::decode_return(row.data);
        if (!facts || !facts->counts || facts->index == store::ReturnFacts::kNobody) return;
        RecipientStory& one = by_index_[facts->index];
        if (one.address.empty()) one.address = facts->address;
        if (facts->what == EventType::complained) {
            one.complained = row.at;
            one.says +=
                fmt::format("{}its owner complained of it ({}) at {}", one.says.empty() ? "" : "; ",
                            facts->basis, day_and_clock(row.at));
            return;
        }
        if (facts->what != EventType::bounced) return;
        const std::string by = facts->outcome.remote_host.empty()
                                   ? std::string()
                                   : " by " + facts->outcome.remote_host;
        std::string said = answer(facts->outcome.code, facts->outcome.reply);
        if (said.empty() && facts->outcome.status.cls != 0)
            said = facts->outcome.status.to_string();
        one.says = one.state == "delivered"
                       ? fmt::format("delivered, then returned{} {} later{}", by,
                                     later(one.at, row.at), said.empty() ? "" : ": " + said)
                       : fmt::format("returned{} at {}{}", by, day_and_clock(row.at),
                                     said.empty() ? "" : ": " + said);
        one.state = to_string(EventType::bounced);
        one.at = row.at;
        one.last = facts->outcome;
        one.confidence = facts->confidence;
        one.advice = words_for(facts->outcome, rules_).advice;
    }

    void take(const store::RecordRow& row) {
        if (row.type == RecordType::returned) return take_return(row);
        if (row.type != RecordType::outcome) return;
        const auto facts = store::decode_outcome(row.data);
        if (!facts) return;
        for (const auto& result : facts->results) {
            RecipientStory& one = by_index_[result.index];
            one.address = result.address;
            one.attempts = result.attempt;
            one.last = result.outcome;
            if (!result.is_end()) continue;
            one.state = to_string(result.what);
            one.at = row.at;
            one.says = fmt::format("{} at {}", result_text(result), day_and_clock(row.at));
            if (result.what != EventType::cancelled && result.what != EventType::delivered &&
                !result.outcome.reply.empty())
                one.says += fmt::format("; the last answer: {}",
                                        answer(result.outcome.code, result.outcome.reply));
            if (result.what == EventType::delivered && result.outcome.code != 0)
                one.says += fmt::format("; {} said: {}", result.outcome.remote_host,
                                        answer(result.outcome.code, result.outcome.reply));
            if (result.what != EventType::cancelled)
                one.advice = words_for(result.outcome, rules_).advice;
        }
    }

    void wait(const store::RecipientRow& row, bool held) {
        RecipientStory& one = by_index_[row.index];
        one.address = row.address.to_string();
        if (row.state == store::RecipientState::report_due) {
            if (one.says.empty()) one.says = "has ended; its sender is being told";
            return;
        }
        one.attempts = row.attempts;
        one.state = held ? "held" : "waiting";
        if (row.attempts > 0) one.last = row.last;
        const auto wait = std::chrono::ceil<Seconds>(row.next_at - clock_.now_queue());
        const Seconds left = std::max(wait, Seconds(0));
        if (held) {
            one.says = "on hold until a person releases it: posthaste queue release " +
                       story_.id.to_string();
        } else if (left == Seconds(0)) {
            one.says = "is being sent, or about to be";
            one.next = left;
        } else {
            one.says =
                fmt::format("waits for attempt {}, in {}", row.attempts + 1, format_duration(left));
            one.next = left;
        }
        if (row.attempts == 0) return;
        one.says += fmt::format("; the last answer: {}", answer(row.last.code, row.last.reply));
        one.advice = words_for(row.last, rules_).advice;
    }

    void end() {
        for (auto& [index, one] : by_index_) {
            if (one.state == "unknown")
                one.says = story_.waits ? "nothing was kept of its end"
                                        : "it waits no more, and nothing was kept of its end";
            story_.recipients.push_back(std::move(one));
        }
    }

  private:
    MessageStory& story_;
    const store::QueueClock& clock_;
    const delivery::VerdictRules* const rules_;
    std::map<std::uint32_t, RecipientStory> by_index_;
};

}  // namespace

std::vector<StoryLine> lines_of(const store::RecordRow& row, const StoryStyle& style) {
    switch (row.type) {
        case RecordType::accepted:
            return accepted_lines(row);
        case RecordType::outcome:
            return outcome_lines(row, style);
        case RecordType::returned:
            return return_lines(row, style.rules);
        default:
            return note_lines(row);
    }
}

MessageStory make_story(const QueueId& id, const std::vector<store::RecordRow>& records,
                        const std::optional<store::Message>& waiting,
                        const store::QueueClock& clock, const StoryStyle& style) {
    MessageStory story;
    story.id = id;
    story.waits = waiting.has_value();
    if (waiting) story.accepted = waiting->row.accepted_wall;
    for (const auto& row : records) {
        if (row.type != RecordType::accepted) continue;
        story.facts = store::decode_accepted(row.data);
        story.accepted = row.at;
    }
    if (!story.facts && waiting) tell_of_row(story, waiting->row);
    StoryMaker maker(story, clock, style.rules);
    maker.begin();
    for (const auto& row : records) {
        maker.take(row);
        std::ranges::move(lines_of(row, style), std::back_inserter(story.lines));
    }
    if (waiting) {
        const bool held = waiting->row.hold == store::Hold::held;
        for (const auto& row : waiting->recipients) maker.wait(row, held);
    }
    maker.end();
    return story;
}

void write_lines(formats::JsonWriter& out, const std::vector<StoryLine>& lines) {
    out.begin_array();
    for (const StoryLine& line : lines) {
        out.begin_object();
        if (line.at != Timestamp{}) out.member("at", format_iso8601(line.at));
        if (!line.what.empty()) out.member("what", line.what);
        out.member("text", line.text);
        if (!line.dialogue.empty()) out.member("dialogue", line.dialogue);
        out.end_object();
    }
    out.end_array();
}

void write_story(formats::JsonWriter& out, const MessageStory& story) {
    out.begin_object().member("id", story.id.to_string());
    if (story.accepted != Timestamp{}) out.member("accepted", format_iso8601(story.accepted));
    if (story.facts) {
        const auto& facts = *story.facts;
        out.member("report", facts.kind == store::MessageKind::dsn);
        out.member("account", facts.account).member("sender", facts.sender);
        out.member("message_id", facts.message_id).member("subject", facts.subject);
        out.member("size", facts.size).member("client", facts.client).member("tls", facts.tls);
        if (!facts.about.empty()) out.member("about", facts.about);
        out.key("changes").begin_array();
        for (const auto& change : facts.changes) out.value(change);
        out.end_array();
        out.key("wishes").begin_array();
        for (const auto& wish : facts.wishes) out.value(wish);
        out.end_array();
    }
    out.member("waits", story.waits).key("recipients").begin_array();
    for (const auto& one : story.recipients) {
        out.begin_object().member("address", one.address).member("state", one.state);
        out.member("attempts", one.attempts).member("says", one.says);
        if (!one.advice.empty()) out.member("advice", one.advice);
        if (one.at != Timestamp{}) out.member("ended", format_iso8601(one.at));
        if (one.next) out.member("next_in_s", one.next->count());
        if (one.confidence != 0) out.member("confidence", one.confidence);
        if (one.complained != Timestamp{}) out.member("complained", format_iso8601(one.complained));
        if (one.last) {
            out.member("code", one.last->code).member("status", one.last->status.to_string());
            out.member("reply", one.last->reply).member("host", one.last->remote_host);
            if (!one.last->route.empty()) out.member("route", one.last->route);
            out.member("tls", one.last->tls).member("tls_policy", one.last->tls_policy);
            out.member("cause", to_string(one.last->cause)).member("rule", one.last->rule);
            if (one.last->ambiguous) out.member("ambiguous", true);
        }
        out.end_object();
    }
    out.end_array().key("lines");
    write_lines(out, story.lines);
    out.end_object();
}

std::vector<std::string> addresses_of(const store::RecordRow& row) {
    std::vector<std::string> addresses;
    if (row.type == RecordType::accepted) {
        if (auto facts = store::decode_accepted(row.data)) {
            addresses = std::move(facts->recipients);
            addresses.push_back(std::move(facts->sender));
            addresses.push_back(std::move(facts->account));
        }
    } else if (row.type == RecordType::outcome) {
        if (const auto facts = store::decode_outcome(row.data))
            for (const auto& result : facts->results) addresses.push_back(result.address);
    } else if (row.type == RecordType::returned) {
        if (const auto facts = store::decode_return(row.data)) addresses.push_back(facts->address);
    }
    return addresses;
}

}  // namespace posthaste::web
