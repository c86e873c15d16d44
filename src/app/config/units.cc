#include "app/config/units.h"

#include "base/ascii.h"

#include <charconv>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

// The number before a unit; nothing unless it is plain decimal digits.
std::optional<std::uint64_t> leading_number(std::string_view& text) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

Result<std::uint64_t> with_unit(std::string_view text, std::span<const Unit> units,
                                std::string_view example) {
    auto rest = ascii::trim(text);
    auto number = leading_number(rest);
    auto unit = ascii::trim(rest);
    if (!number || unit.empty())
        return fail(ErrorKind::syntax, fmt::format("\"{}\" has no unit", text),
                    fmt::format("write it like {}", example));
    for (const auto& known : units) {
        if (!ascii::equals_ignore_case(unit, known.name)) continue;
        if (*number > (std::uint64_t{1} << 62) / known.factor)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is too much", text));
        return *number * known.factor;
    }
    return fail(ErrorKind::syntax, fmt::format("\"{}\" is no unit", unit),
                fmt::format("write it like {}", example));
}

}  // namespace

Result<Seconds> parse_duration(std::string_view text) {
    static constexpr Unit kUnits[] = {
        {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    PH_TRY(auto seconds, with_unit(text, kUnits, "\"90s\", \"5m\", \"2h\" or \"5d\""));
    if (seconds > 315'360'000)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is more than ten years", text));
    return Seconds(static_cast<std::int64_t>(seconds));
}

Result<std::uint64_t> parse_size(std::string_view text) {
    static constexpr Unit kUnits[] = {
        {"KB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}, {"octets", 1}, {"B", 1}};
    return with_unit(text, kUnits, "\"50 MB\" (1 MB = 1,048,576 octets)");
}

}  // namespace posthaste::app
