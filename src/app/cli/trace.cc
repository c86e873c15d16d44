// posthaste trace [WHAT…]
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "base/ascii.h"
#include "base/time.h"
#include "formats/url.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;
using formats::percent_encode;

constexpr std::chrono::seconds kLivePause{1};
constexpr int kLiveAttempts = 3;  // of a server that listens and does not answer
constexpr std::string_view kIndent = "                       ";  // under the texts

// "2026-11-23T14:07:14.211Z" as day and time.
std::string day_of(const std::string& iso) {
    return iso.substr(0, std::min<std::size_t>(iso.size(), 10));
}

std::string clock_of(const std::string& iso) {
    return iso.size() < 19 ? iso : iso.substr(11, 8);
}

void print_dialogue(const std::string& dialogue) {
    for (std::size_t at = 0; at < dialogue.size();) {
        const std::size_t end = std::min(dialogue.find('\n', at), dialogue.size());
        fmt::print("{}  | {}\n", kIndent, dialogue.substr(at, end - at));
        at = end + 1;
    }
}

void print_lines(const JsonValue& story, bool smtp) {
    std::string day = day_of(text(story, "accepted"));
    for (const auto& line : items(story, "lines")) {
        const auto at = text(line, "at");
        if (at.empty()) {
            fmt::print("{}{}\n", kIndent, text(line, "text"));
        } else {
            if (day_of(at) != day) {
                day = day_of(at);
                fmt::print("{}\n", day);
            }
            fmt::print("{}  {:<11}  {}\n", clock_of(at), text(line, "what"), text(line, "text"));
        }
        const auto dialogue = text(line, "dialogue");
        if (smtp && !dialogue.empty()) print_dialogue(dialogue);
    }
}

void print_head(const JsonValue& story) {
    const auto sender = text(story, "sender");
    const auto recipients = items(story, "recipients");
    std::string to;
    if (!recipients.empty()) to = text(recipients.front(), "address");
    if (recipients.size() > 1) to += fmt::format(" and {} more", recipients.size() - 1);
    const auto subject = text(story, "subject");
    fmt::print("{}  {} -> {}{}\n", text(story, "id"), sender.empty() ? "<>" : sender, to,
               subject.empty() ? "" : fmt::format("   \"{}\"", subject));
    fmt::print("{} (times are UTC)\n", day_of(text(story, "accepted")));
}

constexpr std::size_t kMostRecipients = 20;

// What is so now: those that wait first.
void print_now(const JsonValue& story) {
    std::size_t shown = 0;
    std::size_t hidden = 0;
    for (const bool waiting : {true, false}) {
        for (const auto& recipient : items(story, "recipients")) {
            const auto state = text(recipient, "state");
            if ((state == "waiting" || state == "held") != waiting) continue;
            if (++shown > kMostRecipients) {
                ++hidden;
                continue;
            }
            fmt::print("now  {}: {}\n", text(recipient, "address"), text(recipient, "says"));
            const auto advice = text(recipient, "advice");
            if (!advice.empty()) fmt::print("     {}\n", advice);
        }
    }
    if (hidden > 0) fmt::print("     and {} more recipients: --json shows all\n", hidden);
}

bool has_dialogue_worth_asking(const JsonValue& story) {
    return std::ranges::any_of(items(story, "lines"), [](const JsonValue& line) {
        return text(line, "what").starts_with("attempt");
    });
}

void print_notes(const JsonValue& answer) {
    for (const auto& file : items(answer, "unreadable"))
        fmt::print("note: a part of the history cannot be read, and is missing here: {}\n",
                   file.as_string().value_or(std::string_view()));
    if (const auto back = text(answer, "looked_back_to"); !back.empty())
        fmt::print("note: the search took too long and ended at {}: use --since or --until\n",
                   back);
    if (answer.find("more_before") != nullptr)
        fmt::print("there are more: --limit N shows more of them, --until goes further back\n");
}

void print_nothing(const JsonValue& answer, const Arguments& arguments) {
    const auto what = text(answer, "what");
    const auto oldest = text(answer, "oldest_day");
    fmt::print("{}{}\n",
               what.empty() ? std::string("no message is known")
                            : fmt::format("no message is known by \"{}\"", what),
               arguments.has("--since") || arguments.has("--until") ? " in that time" : "");
    if (!oldest.empty()) fmt::print("the history begins on {}\n", oldest);
    fmt::print(
        "if a mail program could not send it, it never came here: posthaste why ADDRESS says "
        "why\n");
}

Result<std::string> query_of(const Arguments& arguments) {
    std::string what;
    for (const auto& word : arguments.words) what += (what.empty() ? "" : " ") + word;
    std::string query = "what=" + percent_encode(what);
    for (const auto* flag : {"--since", "--until"}) {
        if (arguments.has(flag))
            query += fmt::format("&{}={}", flag + 2, percent_encode(arguments.get(flag)));
    }
    if (arguments.has("--smtp")) query += "&smtp=1";
    const auto limit = arguments.get("--limit", "20");
    unsigned number = 0;
    const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), number);
    if (error != std::errc() || end != limit.data() + limit.size() || number == 0 || number > 100)
        return fail(ErrorKind::syntax, fmt::format("--limit cannot be \"{}\"", limit),
                    "a number from 1 to 100");
    return query + "&limit=" + limit;
}

// Which of the records that come are meant: by id, by address, by Message-ID or by the subject, and
// then all of that message.
class Filter {
  public:
    explicit Filter(const Arguments& arguments) : words_(arguments.words) {}

    void know(std::string id) { ids_.insert(std::move(id)); }

    bool fits(const JsonValue& record) {
        if (words_.empty() || ids_.contains(text(record, "id"))) return true;
        if (!matches(record)) return false;
        ids_.insert(text(record, "id"));
        return true;
    }

  private:
    bool matches(const JsonValue& record) const {
        if (words_.size() == 1) {
            const auto& word = words_.front();
            if (ascii::equals_ignore_case(word, text(record, "id"))) return true;
            for (const auto& address : items(record, "addresses"))
                if (ascii::equals_ignore_case(word, address.as_string().value_or(""))) return true;
            const auto message_id = text(record, "message_id");
            if (!message_id.empty() && (message_id == word || message_id == "<" + word + ">"))
                return true;
        }
        const auto subject = ascii::to_lower(text(record, "subject"));
        return !subject.empty() && std::ranges::all_of(words_, [&](const std::string& word) {
            return subject.find(ascii::to_lower(word)) != std::string::npos;
        });
    }

    std::vector<std::string> words_;
    std::set<std::string> ids_;
};

void print_live(const JsonValue& record, bool smtp) {
    for (const auto& line : items(record, "lines")) {
        const auto at = text(line, "at");
        if (at.empty())
            fmt::print("{}{}\n", kIndent, text(line, "text"));
        else
            fmt::print("{}  {:<11}  {}\n", clock_of(at), text(line, "what"),
                       fmt::format("{}  {}", text(record, "id"), text(line, "text")));
        if (smtp) print_dialogue(text(line, "dialogue"));
    }
}

// What was told behind that number, once there is something. A server that is being restarted is
// waited for, without an end: whoever watches, watches.
Result<JsonValue> next_records(AdminClient& admin, std::int64_t after) {
    const auto target = fmt::format("/v1/trace/live?after={}&timeout=20", after);
    bool told = false;
    for (int failed = 0;;) {
        auto answer = admin.call("GET", target);
        if (answer) return answer;
        if (admin.is_there()) {
            if (++failed == kLiveAttempts) return answer;
        } else if (!std::exchange(told, true)) {
            fmt::print(stderr, "the server has stopped; this goes on when it runs again\n");
        }
        std::this_thread::sleep_for(kLivePause);
    }
}

Result<int> follow(AdminClient& admin, const Arguments& arguments, Filter filter,
                   std::int64_t after) {
    if (!admin.live())
        return fail(ErrorKind::not_found, "the server does not run, so nothing happens to follow",
                    "posthaste serve; or leave --live out, to see what has happened");
    for (;;) {
        PH_TRY(const auto answer, next_records(admin, after));
        for (const auto& record : items(answer, "records")) {
            if (!filter.fits(record)) continue;
            if (arguments.json())
                fmt::print("{}\n", to_json(record));
            else
                print_live(record, arguments.has("--smtp"));
        }
        std::fflush(stdout);
        after = std::max(after, number(answer, "last"));
    }
}

void print_stories(const JsonValue& answer, const Arguments& arguments) {
    bool first = true;
    bool more = false;
    for (const auto& story : items(answer, "messages")) {
        if (arguments.json()) {
            fmt::print("{}\n", to_json(story));
            continue;
        }
        if (!first) fmt::print("\n");
        first = false;
        print_head(story);
        print_lines(story, arguments.has("--smtp"));
        print_now(story);
        more = more || has_dialogue_worth_asking(story);
    }
    if (arguments.json()) return;
    print_notes(answer);
    if (more && !arguments.has("--smtp")) fmt::print("\n--smtp shows what was said on the wire\n");
}

}  // namespace

int run_trace(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(const auto query, query_of(arguments));
        PH_TRY(const auto answer, admin.call("GET", "/v1/trace?" + query));
        const auto found = items(answer, "messages");
        if (!arguments.has("--live")) {
            if (found.empty() && !arguments.json()) print_nothing(answer, arguments);
            print_stories(answer, arguments);
            return found.empty() ? kNo : kDone;
        }
        Filter filter(arguments);
        if (!arguments.words.empty()) print_stories(answer, arguments);
        for (const auto& story : found)
            if (!arguments.words.empty()) filter.know(text(story, "id"));
        std::fflush(stdout);
        return follow(admin, arguments, std::move(filter), number(answer, "last"));
    });
}

}  // namespace posthaste::app::cli
