// QueueId: the name of one accepted message, from the 250 to the last log line. A ULID: 48 bits of
// milliseconds, 80 random bits; sorts by age as octets and as text (26 letters, Crockford base 32).
#pragma once

#include "base/time.h"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste {

struct QueueId {
    std::array<std::uint8_t, 16> octets{};

    // Never the same twice, also when the wall clock stands still or jumps back (thread-safe).
    static QueueId make();
    // Case-insensitive; nothing unless it is exactly 26 letters of the alphabet.
    static std::optional<QueueId> parse(std::string_view text);

    std::string to_string() const;
    auto operator<=>(const QueueId&) const = default;
};

}  // namespace posthaste

template <>
struct std::hash<posthaste::QueueId> {
    std::size_t operator()(const posthaste::QueueId& id) const noexcept;
};
