#include "queue/gcra.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

using Duration = SteadyTime::duration;

constexpr std::string_view kExample = R"(write it like "100/s", "10/min" or "10/min,max_burst=1")";
constexpr std::string_view kBurst = "max_burst=";
constexpr std::uint64_t kMostCount = 1'000'000'000;
constexpr Seconds kLongest = std::chrono::days(366);  // of a period, and of a burst's worth

struct Unit {
    std::string_view name;
    std::int64_t seconds;
};

// The first of a length is how it is told.
constexpr std::array kUnits{Unit{"s", 1},       Unit{"min", 60},    Unit{"h", 3600},
                            Unit{"day", 86400}, Unit{"sec", 1},     Unit{"m", 60},
                            Unit{"hr", 3600},   Unit{"hour", 3600}, Unit{"d", 86400},
                            Unit{"second", 1},  Unit{"minute", 60}};

bool read_number(std::string_view& text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number <= kMostCount;
}

bool read_period(std::string_view text, Seconds& period) {
    std::uint64_t number = 1;
    if (!text.empty() && ascii::is_digit(text.front()) && !read_number(text, number)) return false;
    const auto unit = std::ranges::find(kUnits, text, &Unit::name);
    if (unit == kUnits.end() || number == 0) return false;
    period = Seconds(static_cast<std::int64_t>(number) * unit->seconds);
    return period <= kLongest;
}

Duration spacing(const RateLimit& limit) {
    return Duration(limit.period) / static_cast<std::int64_t>(limit.count);
}

Duration tolerance(const RateLimit& limit) {
    const std::uint64_t burst = limit.burst == 0 ? limit.count : limit.burst;
    return spacing(limit) * static_cast<std::int64_t>(burst - 1);
}

}  // namespace

Result<RateLimit> RateLimit::parse(std::string_view text) {
    const auto wrong = [&] {
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no rate", text.substr(0, 60)),
                    std::string(kExample));
    };
    RateLimit limit;
    std::string_view rest = ascii::trim(text);
    if (!read_number(rest, limit.count) || limit.count == 0 || !rest.starts_with('/')) {
        return wrong();
    }
    rest.remove_prefix(1);
    const std::size_t comma = rest.find(',');
    if (!read_period(ascii::trim(rest.substr(0, comma)), limit.period)) return wrong();
    if (comma == std::string_view::npos) return limit;
    std::string_view burst = ascii::trim(rest.substr(comma + 1));
    if (!burst.starts_with(kBurst)) return wrong();
    burst.remove_prefix(kBurst.size());
    if (!read_number(burst, limit.burst) || limit.burst == 0 || !burst.empty()) return wrong();
    const auto longest = static_cast<std::uint64_t>(kLongest / limit.period);
    if (limit.burst / limit.count > longest) return wrong();
    return limit;
}

std::string RateLimit::to_string() const {
    std::string text = fmt::format("{}/{}s", count, period.count());
    for (const Unit& unit : kUnits) {
        if (unit.seconds != period.count()) continue;
        text = fmt::format("{}/{}", count, unit.name);
        break;
    }
    if (burst != 0) text += fmt::format(",max_burst={}", burst);
    return text;
}

std::uint64_t Gcra::available(const RateLimit& limit, SteadyTime now, std::uint64_t wanted) const {
    if (limit.count == 0) return wanted;
    const Duration ahead = std::max(arrival_ - now, Duration(0));
    const Duration room = tolerance(limit) - ahead;
    if (room < Duration(0)) return 0;
    const Duration step = std::max(spacing(limit), Duration(1));
    return std::min(wanted, static_cast<std::uint64_t>(room / step) + 1);
}

SteadyTime Gcra::next(const RateLimit& limit, SteadyTime now) const {
    if (limit.count == 0) return now;
    return std::max(arrival_ - tolerance(limit), now);
}

void Gcra::take(const RateLimit& limit, SteadyTime now, std::uint64_t count) {
    if (limit.count == 0) return;
    arrival_ = std::max(arrival_, now) + spacing(limit) * static_cast<std::int64_t>(count);
}

}  // namespace posthaste::queue
