#include "web/admin/trace.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "runtime/timer.h"
#include "web/admin/body.h"
#include "web/admin/trace_story.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonWriter;

constexpr Seconds kSearch{20};
constexpr std::size_t kMostStories = 100;
constexpr std::size_t kMostWhat = 1000;
constexpr std::size_t kMostWords = 20;
constexpr std::size_t kMostFollowed = 500;  // records of one answer
constexpr std::uint64_t kLongestFollow = 60;
constexpr Milliseconds kLook{250};
constexpr std::string_view kTimes =
    "2h, 30m, 3d, today, yesterday, 2026-11-23 or 2026-11-23T14:00:00Z";

std::optional<int> digits(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

// "2026-11-23", then "T14:07", ":30", "Z".
std::optional<Timestamp> parse_date(std::string_view text, bool end_of_day) {
    if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = digits(text.substr(0, 4));
    const auto month = digits(text.substr(5, 2));
    const auto day = digits(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    const Timestamp begin{std::chrono::sys_days(date)};
    text.remove_prefix(10);
    if (text.empty()) return end_of_day ? begin + std::chrono::days(1) - Milliseconds(1) : begin;
    if (text.ends_with('Z')) text.remove_suffix(1);
    if ((text.size() != 6 && text.size() != 9) || (text[0] != 'T' && text[0] != ' ') ||
        text[3] != ':' || (text.size() == 9 && text[6] != ':'))
        return std::nullopt;
    const auto hour = digits(text.substr(1, 2));
    const auto minute = digits(text.substr(4, 2));
    const auto second = text.size() == 9 ? digits(text.substr(7, 2)) : 0;
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59)
        return std::nullopt;
    return begin + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + Seconds(*second);
}

std::optional<Seconds> parse_age(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    const auto count = digits(text.substr(0, text.size() - 1));
    if (!count || *count > 100'000) return std::nullopt;
    switch (text.back()) {
        case 's':
            return Seconds(*count);
        case 'm':
            return std::chrono::minutes(*count);
        case 'h':
            return std::chrono::hours(*count);
        case 'd':
            return std::chrono::days(*count);
        default:
            return std::nullopt;
    }
}

struct Wanted {
    std::string what;
    store::HistoryQuery query;
    bool smtp = false;
};

Result<Wanted> wanted_of(const HttpRequest& request) {
    Wanted wanted;
    wanted.what = std::string(ascii::trim(request.param("what")));
    if (wanted.what.size() > kMostWhat || !utf8::is_valid(wanted.what))
        return fail(ErrorKind::syntax, "what to look for is too long, or is no text",
                    "name an id, an address, a Message-ID or words of the subject");
    const Timestamp at = now();
    if (const auto since = request.param("since"); !since.empty()) {
        PH_TRY(wanted.query.since, parse_moment(since, at, false));
    }
    if (const auto until = request.param("until"); !until.empty()) {
        PH_TRY(wanted.query.until, parse_moment(until, at, true));
    }
    PH_TRY(const auto limit, number_param(request, "limit", 20));
    wanted.query.limit = std::clamp<std::size_t>(limit, 1, kMostStories);
    PH_TRY(wanted.query.before, number_param(request, "before", ~std::uint64_t{0}));
    wanted.smtp = request.param("smtp") == "1";
    return wanted;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (words.size() < kMostWords) {
        text = ascii::trim(text);
        if (text.empty()) break;
        const std::size_t end = std::min(text.find(' '), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

// By what it looks like; an address and a Message-ID look alike, so the one is tried behind the
// other.
Result<store::HistoryAnswer> search(const store::History& history, const Wanted& wanted) {
    store::HistoryQuery query = wanted.query;
    const std::string& what = wanted.what;
    if (what.find('@') == std::string::npos || what.find(' ') != std::string::npos) {
        query.words = words_of(what);
        return history.find(query);
    }
    query.address = what;
    query.message_id = what.starts_with('<') ? what : "";
    PH_TRY(auto answer, history.find(query));
    if (!answer.messages.empty()) return answer;
    std::string bare = what;
    if (bare.starts_with('<') && bare.ends_with('>')) bare = bare.substr(1, bare.size() - 2);
    query.message_id = what.starts_with('<') ? "" : what;
    query.address = bare;
    return history.find(query);
}

Result<MessageStory> tell(const AdminServices& services, const QueueId& id,
                          const std::vector<store::RecordRow>& records, bool smtp) {
    PH_TRY(const auto waiting, services.store.engine().message(id));
    return make_story(id, records, waiting, services.store.clock(),
                      {smtp, services.verdicts.get()});
}

void write_head(JsonWriter& out, const AdminServices& services, const Wanted& wanted) {
    out.begin_object().member("what", wanted.what).member("live", services.events != nullptr);
    out.member("last", services.store.history().last());
    const auto files = store::list_history(services.store.history().folder());
    if (files && !files->empty()) out.member("oldest_day", files->front().day);
}

Result<HttpResponse> answer_trace(const AdminServices& services, const Wanted& wanted) {
    const store::History& history = services.store.history();
    store::HistoryAnswer found;
    std::vector<QueueId> ids;
    if (const auto id = QueueId::parse(wanted.what)) {
        ids.push_back(*id);
    } else {
        PH_TRY(found, search(history, wanted));
        for (const auto& message : found.messages) ids.push_back(message.row.id);
    }
    PH_TRY(const auto records, history.of(ids, Deadline::after(kSearch)));
    JsonWriter out;
    write_head(out, services, wanted);
    out.key("messages").begin_array();
    for (std::size_t i = 0; i < ids.size(); ++i) {
        PH_TRY(const auto story, tell(services, ids[i], records[i], wanted.smtp));
        if (records[i].empty() && !story.waits) continue;  // an id that nobody knows
        write_story(out, story);
    }
    out.end_array();
    if (found.more) out.member("more_before", found.messages.back().row.number);
    if (found.out_of_time) out.member("looked_back_to", found.looked_back_to);
    out.key("unreadable").begin_array();
    for (const auto& file : found.unreadable) out.value(file);
    out.end_array().end_object();
    return HttpResponse::json(std::move(out).take());
}

runtime::Task<HttpResponse> trace(Services services, const HttpRequest& request) {
    auto wanted = wanted_of(request);
    if (!wanted) co_return HttpResponse::error(wanted.error());
    wanted->query.deadline = Deadline::after(kSearch);
    auto job = [services, wanted = std::move(*wanted)] { return answer_trace(*services, wanted); };
    auto asking =
        runtime::offload(services->blocking, std::move(job), Deadline::after(kAdminDeadline));
    auto answer = co_await std::move(asking);
    if (!answer) co_return HttpResponse::error(answer.error());
    co_return std::move(*answer);
}

void write_record(JsonWriter& out, const store::RecordRow& row,
                  const delivery::VerdictRules* rules) {
    out.begin_object().member("number", row.number).member("id", row.id.to_string());
    out.member("at", format_iso8601(row.at)).key("addresses").begin_array();
    for (const auto& address : addresses_of(row)) out.value(address);
    out.end_array();
    if (row.type == store::RecordType::accepted) {
        if (const auto facts = store::decode_accepted(row.data))
            out.member("subject", facts->subject).member("message_id", facts->message_id);
    }
    out.key("lines");
    write_lines(out, lines_of(row, {true, rules}));
    out.end_object();
}

using Records = std::vector<store::RecordRow>;

runtime::Task<Result<Records>> wait_for_records(Services services, std::uint64_t after,
                                                Deadline deadline) {
    const store::History& history = services->store.history();
    for (;;) {
        if (history.last() > after) {
            auto job = [services, after] {
                return services->store.history().after(after, kMostFollowed,
                                                       Deadline::after(kSearch));
            };
            auto reading = runtime::offload(services->blocking, std::move(job),
                                            Deadline::after(kAdminDeadline));
            auto records = co_await std::move(reading);
            if (!records || !records->empty()) co_return records;
        }
        if (deadline.passed()) co_return Records();
        auto sleeping = runtime::sleep_for(kLook);
        PH_CO_CHECK(co_await std::move(sleeping));
    }
}

runtime::Task<HttpResponse> follow(Services services, const HttpRequest& request) {
    if (services->events == nullptr)
        co_return HttpResponse::error({ErrorKind::refused, "no server is running",
                                       "start it: systemctl start posthaste, or posthaste serve"});
    auto after = number_param(request, "after", services->store.history().last());
    auto wait = number_param(request, "timeout", 20);
    if (!after || !wait) co_return HttpResponse::error((after ? wait : after).error());
    const auto seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(*wait, kLongestFollow));
    auto waiting = wait_for_records(services, *after, Deadline::after(Seconds(seconds)));
    auto records = co_await std::move(waiting);
    if (!records) co_return HttpResponse::error(records.error());
    JsonWriter out;
    out.begin_object().member("last", records->empty() ? *after : records->back().number);
    out.key("records").begin_array();
    for (const auto& row : *records) write_record(out, row, services->verdicts.get());
    out.end_array().end_object();
    co_return HttpResponse::json(std::move(out).take());
}

}  // namespace

Result<Timestamp> parse_moment(std::string_view text, Timestamp now, bool end_of_day) {
    const Timestamp today{std::chrono::floor<std::chrono::days>(now)};
    const auto day = [end_of_day](Timestamp begin) {
        return end_of_day ? begin + std::chrono::days(1) - Milliseconds(1) : begin;
    };
    if (text == "today") return day(today);
    if (text == "yesterday") return day(today - std::chrono::days(1));
    if (const auto age = parse_age(text)) return now - *age;
    if (const auto date = parse_date(text, end_of_day)) return *date;
    return fail(ErrorKind::syntax, fmt::format("\"{}\" is no time", utf8::printable(text, 40)),
                fmt::format("write {} (times are UTC)", kTimes));
}

void add_trace_resources(Router& router, Services services) {
    router.add("GET", "/v1/trace",
               [services](const auto& request, const auto&) { return trace(services, request); });
    router.add("GET", "/v1/trace/live",
               [services](const auto& request, const auto&) { return follow(services, request); });
}

}  // namespace posthaste::web
