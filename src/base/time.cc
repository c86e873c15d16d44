#include "base/time.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace posthaste {

namespace {

// By hand: a log line should not pay for a format string.
void put_number(std::string& out, std::int64_t value, int digits) {
    const std::size_t start = out.size();
    out.resize(start + static_cast<std::size_t>(digits));
    for (std::size_t i = out.size(); i-- > start; value /= 10)
        out[i] = static_cast<char>('0' + value % 10);
}

struct Civil {
    std::chrono::year_month_day date;
    std::chrono::weekday weekday;
    std::chrono::hh_mm_ss<Milliseconds> clock;
    std::int64_t year = 0;
};

Civil civil(Timestamp t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    Civil result{std::chrono::year_month_day(day), std::chrono::weekday(day),
                 std::chrono::hh_mm_ss<Milliseconds>(t - day)};
    // A clock set to nonsense must still give a line of the usual shape.
    result.year = std::clamp(static_cast<int>(result.date.year()), 0, 9999);
    return result;
}

void put_clock(std::string& out, const Civil& c) {
    put_number(out, c.clock.hours().count(), 2);
    out += ':';
    put_number(out, c.clock.minutes().count(), 2);
    out += ':';
    put_number(out, c.clock.seconds().count(), 2);
}

std::string plural(std::int64_t count, std::string_view word) {
    return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

}  // namespace

Timestamp now() {
    return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}

std::string format_iso8601(Timestamp t) {
    const Civil c = civil(t);
    std::string out;
    out.reserve(24);
    put_number(out, c.year, 4);
    out += '-';
    put_number(out, static_cast<unsigned>(c.date.month()), 2);
    out += '-';
    put_number(out, static_cast<unsigned>(c.date.day()), 2);
    out += 'T';
    put_clock(out, c);
    out += '.';
    put_number(out, c.clock.subseconds().count(), 3);
    out += 'Z';
    return out;
}

std::string format_rfc5322(Timestamp t) {
    constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const Civil c = civil(t);
    std::string out;
    out.reserve(31);
    out += kDays.substr(std::size_t{3} * c.weekday.c_encoding(), 3);
    out += ", ";
    out += std::to_string(static_cast<unsigned>(c.date.day()));
    out += ' ';
    out += kMonths.substr(std::size_t{3} * (static_cast<unsigned>(c.date.month()) - 1), 3);
    out += ' ';
    put_number(out, c.year, 4);
    out += ' ';
    put_clock(out, c);
    out += " +0000";
    return out;
}

std::string format_duration(Seconds d) {
    const std::int64_t seconds = std::max<std::int64_t>(d.count(), 0);
    const auto two = [](std::string large, std::int64_t small, std::string_view unit) {
        return small == 0 ? std::move(large) : fmt::format("{} {} {}", large, small, unit);
    };
    if (seconds < 60) return fmt::format("{} s", seconds);
    // Seconds matter beside one minute, not beside ten.
    if (seconds < 3600)
        return two(fmt::format("{} min", seconds / 60), seconds < 600 ? seconds % 60 : 0, "s");
    if (seconds < 86400)
        return two(fmt::format("{} h", seconds / 3600), seconds % 3600 / 60, "min");
    const std::int64_t days = seconds / 86400;
    return two(plural(days, "day"), days < 10 ? seconds % 86400 / 3600 : 0, "h");
}

std::string format_size(std::uint64_t octets) {
    constexpr std::uint64_t kStep = 1024;
    if (octets < kStep) return plural(static_cast<std::int64_t>(octets), "octet");
    std::uint64_t unit = kStep;
    for (const std::string_view name : {"KB", "MB", "GB", "TB"}) {
        const bool last = name == "TB";
        // Rounded to the nearest tenth; what rounds up to a whole next unit is shown in that.
        const std::uint64_t whole = octets / unit;
        const std::uint64_t tenths = whole * 10 + (octets % unit * 10 + unit / 2) / unit;
        const std::uint64_t nearest = whole + (octets % unit >= unit / 2 ? 1 : 0);
        if (tenths < 100 && tenths % 10 != 0)
            return fmt::format("{}.{} {}", tenths / 10, tenths % 10, name);
        if (nearest < kStep || last) return fmt::format("{} {}", nearest, name);
        unit *= kStep;
    }
    return {};
}

}  // namespace posthaste
