#include "delivery/tlsrpt/tls_report_sums.h"

#include "formats/json.h"

#include <string>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

// A report is tried for a day behind its own, and people ask on the day after that.
constexpr std::chrono::days kKept{4};
constexpr std::uint64_t kLastDay = 2'900'000;  // of the year 9900

std::string key_text(UtcDay day) {
    const std::chrono::year_month_day date(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string to_json(const TlsReportSum& sum, UtcDay day) {
    formats::JsonWriter out;
    out.begin_object().member("day", day.time_since_epoch().count()).member("sent", sum.sent);
    out.member("given_up", sum.given_up).member("not_wanted", sum.not_wanted).end_object();
    return std::move(out).take();
}

std::uint64_t count(const formats::JsonValue& value, std::string_view key) {
    const auto* found = value.find(key);
    const auto number = found != nullptr ? found->as_int() : std::nullopt;
    return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

void add(TlsReportSum& sum, TlsReportEnd end) {
    switch (end) {
        case TlsReportEnd::sent:
            ++sum.sent;
            break;
        case TlsReportEnd::given_up:
            ++sum.given_up;
            break;
        case TlsReportEnd::not_wanted:
            ++sum.not_wanted;
            break;
    }
}

}  // namespace

Result<void> TlsReportSums::load(store::Engine& engine) {
    PH_TRY(const auto rows, engine.kept(kTlsReportSumKind));
    const MutexLock lock(mutex_);
    for (const auto& row : rows) {
        const auto value = formats::JsonValue::parse(row.value);
        if (!value) continue;  // a damaged count harms nobody
        const std::uint64_t number = count(*value, "day");
        if (number > kLastDay) continue;
        const UtcDay day{std::chrono::days(static_cast<int>(number))};
        if (key_text(day) != row.key) continue;
        days_[day] = {count(*value, "sent"), count(*value, "given_up"),
                      count(*value, "not_wanted")};
    }
    return {};
}

store::Changes TlsReportSums::note(UtcDay day, TlsReportEnd end) {
    const MutexLock lock(mutex_);
    add(since_start_, end);
    TlsReportSum& sum = days_[day];
    add(sum, end);
    store::Changes changes;
    while (days_.begin()->first + kKept < day) {
        changes.push_back(
            store::RemoveKept{std::string(kTlsReportSumKind), key_text(days_.begin()->first)});
        days_.erase(days_.begin());
    }
    store::KeptRow row;
    row.kind = kTlsReportSumKind;
    row.key = key_text(day);
    row.value = to_json(sum, day);
    row.expires = Timestamp(day + kKept);
    changes.push_back(store::PutKept{std::move(row)});
    return changes;
}

TlsReportSum TlsReportSums::of(UtcDay day) const {
    const MutexLock lock(mutex_);
    const auto found = days_.find(day);
    return found == days_.end() ? TlsReportSum{} : found->second;
}

TlsReportSum TlsReportSums::since_start() const {
    const MutexLock lock(mutex_);
    return since_start_;
}

}  // namespace posthaste::delivery
