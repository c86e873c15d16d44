// posthaste queue …, backup
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "base/time.h"
#include "base/utf8.h"
#include "formats/url.h"
#include "mail/domain.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;
using formats::JsonWriter;
using formats::percent_encode;

constexpr std::size_t kGroupedMessages =
    100'000;  // read for the groups of `queue list`; more is said, not shown

constexpr Seconds kBackupPatience = std::chrono::hours(2);

std::string last_reply(const JsonValue& recipient) {
    auto reply = text(recipient, "reply");
    if (reply.size() > 60) reply = reply.substr(0, 57) + "...";
    auto code = number(recipient, "code");
    return code == 0 ? reply : fmt::format("{} {}", code, reply);
}

std::string reason(const JsonValue& message, const JsonValue& recipient) {
    if (text(recipient, "state") == "held") return "on hold";
    const bool untried = number(recipient, "attempts") == 0;
    const std::string release = text(message, "release");
    if (untried && !release.empty() && number(recipient, "next_in_s") > 0)
        return fmt::format("waits until {}, as its sender asked", release.substr(0, 16));
    if (untried && text(recipient, "reply").empty()) return "not tried yet";
    return untried ? "waits for a host that does not take mail now: " + last_reply(recipient)
                   : last_reply(recipient);
}

std::string messages(std::int64_t count) {
    return fmt::format("{} message{}", count, count == 1 ? "" : "s");
}

// What `queue list` is asked for. A message to several domains is listed for each of them, but only
// with those of its recipients that were asked for.
struct Wanted {
    std::string query;
    std::string domain;  // as the answers write it; empty: all

    bool has(const JsonValue& recipient) const {
        return domain.empty() || text(recipient, "domain") == domain;
    }
};

struct Group {
    std::int64_t messages = 0, oldest = 0, next = -1;
};

// Messages page by page, up to `limit`; true from `visit` goes on.
Result<void> each_message(AdminClient& admin, const std::string& query, std::size_t limit,
                          const std::function<void(const JsonValue&)>& visit) {
    std::string after;
    std::size_t seen = 0;
    while (seen < limit) {
        auto page = std::min<std::size_t>(limit - seen, 1000);
        PH_TRY(auto answer, admin.call("GET", fmt::format("/v1/queue?limit={}{}{}", page, query,
                                                          after.empty() ? "" : "&after=" + after)));
        for (const auto& message : items(answer, "messages")) {
            visit(message);
            ++seen;
        }
        after = text(answer, "more_after");
        if (after.empty()) return {};
    }
    return {};
}

void print_message(const JsonValue& message, const Wanted& wanted) {
    fmt::print("{}  {}  {:>8}  {} ago{}\n", text(message, "id"),
               text(message, "sender").empty() ? "<>" : text(message, "sender"),
               format_size(static_cast<std::uint64_t>(number(message, "size"))),
               format_duration(Seconds(number(message, "age_s"))), text(message, "state"));
    std::size_t others = 0;
    for (const auto& recipient : items(message, "recipients")) {
        if (wanted.has(recipient))
            fmt::print("    {:<40} {}\n", text(recipient, "address"), reason(message, recipient));
        else
            ++others;
    }
    if (others > 0) fmt::print("    and {} at other domains\n", others);
}

Result<int> print_groups(AdminClient& admin, const Wanted& wanted) {
    std::map<std::pair<std::string, std::string>, Group> groups;
    std::int64_t waiting = 0;
    std::int64_t held = 0;
    PH_CHECK(each_message(admin, wanted.query, kGroupedMessages, [&](const JsonValue& message) {
        for (const auto& recipient : items(message, "recipients")) {
            if (!wanted.has(recipient)) continue;
            auto& group = groups[{text(recipient, "domain"), reason(message, recipient)}];
            ++group.messages;
            group.oldest = std::max(group.oldest, number(message, "age_s"));
            auto next = number(recipient, "next_in_s");
            group.next = group.next < 0 ? next : std::min(group.next, next);
            ++(text(recipient, "state") == "held" ? held : waiting);
        }
    }));
    if (groups.empty()) {
        fmt::print("nothing is waiting{}\n", wanted.domain.empty() ? "" : " for " + wanted.domain);
        return kDone;
    }
    std::vector<std::pair<std::pair<std::string, std::string>, Group>> sorted(groups.begin(),
                                                                              groups.end());
    std::ranges::sort(sorted, {}, [](const auto& entry) {
        return std::pair(entry.second.messages, entry.first);
    });
    fmt::print("{:<28} {:>6}  {:>8}  {:>8}  {}\n", "DESTINATION", "RCPTS", "OLDEST", "NEXT TRY",
               "WHY");
    for (const auto& [key, group] : sorted)
        fmt::print("{:<28} {:>6}  {:>8}  {:>8}  {}\n", key.first, group.messages,
                   format_duration(Seconds(group.oldest)),
                   key.second == "on hold" ? "-"
                   : group.next <= 0       ? "now"
                                           : format_duration(Seconds(group.next)),
                   key.second);
    fmt::print(
        "{} waiting, {} held.   posthaste queue list --messages for each; posthaste queue show ID "
        "for one\n",
        waiting, held);
    return kDone;
}

std::string selection_body(const Arguments& arguments) {
    JsonWriter body;
    body.begin_object();
    if (arguments.has("--all")) body.member("all", true);
    if (arguments.has("--to-domain")) body.member("domain", arguments.get("--to-domain"));
    body.key("ids").begin_array();
    for (const auto& id : arguments.words) body.value(id);
    body.end_array();
    if (arguments.has("--bounce")) body.member("report", true);
    if (arguments.has("--route")) body.member("route", arguments.get("--route"));
    body.end_object();
    return std::move(body).take();
}

// What an order did, in words: "hold" -> "on hold".
struct Words {
    std::string_view verb;
    std::string_view said;
    std::string_view of_a_domain;  // behind it, with --to-domain
    std::string_view nothing;      // why none of those that wait was touched
};

bool by_domain(const Arguments& arguments) {
    return arguments.has("--to-domain") && !arguments.has("--all") && arguments.words.empty();
}

// Nothing was touched by --all or --to-domain: because nothing is there, or because of what is.
Result<std::string> why_nothing(AdminClient& admin, const Arguments& arguments,
                                const Words& words) {
    auto domain = arguments.has("--all") ? std::string() : arguments.get("--to-domain");
    PH_TRY(auto answer,
           admin.call("GET", "/v1/queue?limit=1" +
                                 (domain.empty() ? "" : "&domain=" + percent_encode(domain))));
    if (items(answer, "messages").empty())
        return domain.empty() ? std::string("nothing is waiting")
                              : fmt::format("nothing is waiting for {}", domain);
    return std::string(words.nothing);
}

Result<int> order(AdminClient& admin, const Arguments& arguments, const Words& words) {
    PH_TRY(auto answer,
           admin.call("POST", fmt::format("/v1/queue/{}", words.verb), selection_body(arguments)));
    const auto count = number(answer, "messages");
    const auto code = count > 0 ? kDone : kNo;
    if (arguments.json()) {
        fmt::print("{}\n", to_json(answer));
        return code;
    }
    fmt::print("{} {}{}\n", messages(count), words.said,
               count > 0 && by_domain(arguments) ? words.of_a_domain : "");
    for (const auto& one : items(answer, "skipped"))
        fmt::print("  {}  {}\n", text(one, "id"), text(one, "why"));
    if (count == 0 && arguments.words.empty()) {
        PH_TRY(auto why, why_nothing(admin, arguments, words));
        fmt::print("  {}\n", why);
    }
    return code;
}

int act(const Arguments& arguments, const Words& words) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        return order(admin, arguments, words);
    });
}

// How many messages `queue cancel` would end.
Result<std::int64_t> count_chosen(AdminClient& admin, const Arguments& arguments) {
    if (arguments.has("--all")) {
        PH_TRY(auto status, admin.call("GET", "/v1/status"));
        return number(status, "messages");
    }
    std::string query;
    if (arguments.has("--to-domain"))
        query = "&domain=" + percent_encode(arguments.get("--to-domain"));
    std::int64_t count = 0;
    PH_CHECK(each_message(admin, query, kGroupedMessages, [&](const JsonValue& message) {
        const bool chosen =
            arguments.has("--to-domain") ||
            std::ranges::find(arguments.words, text(message, "id")) != arguments.words.end();
        count += chosen ? 1 : 0;
    }));
    return count;
}

// Everything ends only for somebody who knows how much that is.
Result<void> confirm(AdminClient& admin, const Arguments& arguments) {
    if (!arguments.has("--all") && !arguments.has("--confirm")) return {};
    PH_TRY(const auto count, count_chosen(admin, arguments));
    const auto mend =
        fmt::format("if that is meant: --confirm={}; to look first: posthaste queue list", count);
    if (!arguments.has("--confirm"))
        return fail(ErrorKind::syntax, fmt::format("this would end {} for good", messages(count)),
                    mend);
    if (arguments.get("--confirm") != std::to_string(count))
        return fail(ErrorKind::conflict,
                    fmt::format("it is {}, not {}: nothing was cancelled", messages(count),
                                utf8::printable(arguments.get("--confirm"), 40)),
                    mend);
    return {};
}

}  // namespace

int run_queue_list(const Arguments& arguments) {
    Wanted wanted;
    if (!arguments.words.empty()) {
        wanted.query += "&domain=" + percent_encode(arguments.words[0]);
        auto domain = mail::Domain::parse(arguments.words[0]);
        wanted.domain = domain ? domain->ascii() : arguments.words[0];
    }
    if (arguments.has("--held")) wanted.query += "&held=1";
    std::size_t limit = 100;
    auto asked = arguments.get("--limit", "100");
    auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), limit);
    if (error != std::errc() || end != asked.data() + asked.size() || limit == 0) {
        print_error(
            {ErrorKind::syntax, fmt::format("--limit cannot be \"{}\"", asked), "a number from 1"},
            arguments.json());
        return kUsage;
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        if (!arguments.json() && !arguments.has("--messages")) return print_groups(admin, wanted);
        PH_CHECK(each_message(admin, wanted.query, limit, [&](const JsonValue& message) {
            if (arguments.json())
                fmt::print("{}\n", to_json(message));
            else
                print_message(message, wanted);
        }));
        return kDone;
    });
}

int run_queue_show(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        if (arguments.has("--plan")) return show_plan(admin, arguments);
        PH_TRY(auto message,
               admin.call("GET", "/v1/queue/" + percent_encode(arguments.words.at(0))));
        if (arguments.json()) {
            fmt::print("{}\n", to_json(message));
            return kDone;
        }
        const auto kept = text(message, "kept");
        fmt::print("{}{}{}\n", text(message, "id"), kept.empty() ? "" : "   ", kept);
        fmt::print("  from      {}   login {}\n",
                   text(message, "sender").empty() ? "<>" : text(message, "sender"),
                   text(message, "account"));
        fmt::print("  subject   {}\n", text(message, "subject"));
        fmt::print("  accepted  {}   {}\n", text(message, "accepted"),
                   format_size(static_cast<std::uint64_t>(number(message, "size"))));
        if (!text(message, "release").empty())
            fmt::print("  sent at   {}   as its sender asked; now: posthaste queue retry {}\n",
                       text(message, "release"), text(message, "id"));
        for (const auto& recipient : items(message, "recipients")) {
            fmt::print("  to        {}   {}, {} attempts", text(recipient, "address"),
                       text(recipient, "state"), number(recipient, "attempts"));
            if (text(recipient, "state") != "held" && recipient.find("next_in_s") != nullptr)
                fmt::print(", next in {}",
                           format_duration(Seconds(number(recipient, "next_in_s"))));
            fmt::print("\n");
            if (number(recipient, "attempts") > 0)
                fmt::print("            last {}  {}: {}\n", text(recipient, "last_attempt"),
                           text(recipient, "host"), last_reply(recipient));
            else if (!text(recipient, "reply").empty())
                fmt::print("            waits, since {} does not take mail now: {}\n",
                           text(recipient, "host"), last_reply(recipient));
        }
        return kDone;
    });
}

int run_queue_hold(const Arguments& arguments) {
    return act(arguments, {"hold", "on hold", ", with their recipients at other domains too",
                           "what waits is on hold already"});
}

int run_queue_release(const Arguments& arguments) {
    return act(arguments, {"release", "released", ", with their recipients at other domains too",
                           "none of what waits is on hold"});
}

int run_queue_retry(const Arguments& arguments) {
    return act(arguments, {"retry", "tried now", " for that domain",
                           "what waits is on hold (posthaste queue release), or is being sent"});
}

int run_queue_cancel(const Arguments& arguments) {
    static constexpr Words kWords{"cancel", "cancelled",
                                  " for that domain; recipients at other domains are still tried",
                                  "what waits is ending already"};
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        if (!arguments.has("--dry-run")) {
            PH_CHECK(confirm(admin, arguments));
            return order(admin, arguments, kWords);
        }
        PH_TRY(const auto count, count_chosen(admin, arguments));
        fmt::print("would cancel {}; {}.   Repeat without --dry-run{}.\n", messages(count),
                   arguments.has("--bounce") ? "senders would get a bounce"
                                             : "senders would not be told (--bounce tells them)",
                   arguments.has("--all") ? fmt::format(" and with --confirm={}", count) : "");
        return kDone;
    });
}

int run_backup(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        std::error_code error;
        const auto absolute = std::filesystem::absolute(arguments.words.at(0), error);
        if (error)
            return fail(ErrorKind::syntax,
                        fmt::format("\"{}\" is no folder", utf8::printable(arguments.words[0], 80)),
                        "posthaste backup /var/lib/posthaste-backup/monday");
        auto folder = absolute.lexically_normal().string();
        JsonWriter body;
        body.begin_object().member("folder", folder).end_object();
        PH_TRY([[maybe_unused]] auto answer,
               admin.call("POST", "/v1/backup", std::move(body).take(), kBackupPatience));
        if (arguments.json())
            fmt::print("{{\"done\":true}}\n");
        else
            fmt::print(
                "copied to {}\nto use it: stop the server, put the copy in place of the store, "
                "start, then posthaste queue release --all\n",
                folder);
        return kDone;
    });
}

}  // namespace posthaste::app::cli
