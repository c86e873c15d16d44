// "Did you mean": the known word nearest to a mistyped one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace posthaste {

// Case does not count; two letters swapped are one mistake. Near is at most 2 mistakes, or a third
// of the word's length where that is more, and less than half of it. The first of equally near
// candidates wins.
std::optional<std::string> closest(std::string_view word,
                                   std::span<const std::string_view> candidates);

}  // namespace posthaste
