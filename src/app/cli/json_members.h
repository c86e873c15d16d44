// Members of an answer of the admin API, with something harmless for those that are not there: an
// older server may not know them.
#pragma once

#include "formats/json.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace posthaste::app::cli {

inline std::string text(const formats::JsonValue& value, std::string_view key) {
    const auto* found = value.find(key);
    return found == nullptr ? std::string()
                            : std::string(found->as_string().value_or(std::string_view()));
}

inline std::int64_t number(const formats::JsonValue& value, std::string_view key) {
    const auto* found = value.find(key);
    return found == nullptr ? 0 : found->as_int().value_or(0);
}

inline bool flag(const formats::JsonValue& value, std::string_view key) {
    const auto* found = value.find(key);
    return found != nullptr && found->as_bool().value_or(false);
}

inline std::span<const formats::JsonValue> items(const formats::JsonValue& value,
                                                 std::string_view key) {
    const auto* found = value.find(key);
    return found == nullptr ? std::span<const formats::JsonValue>() : found->items();
}

}  // namespace posthaste::app::cli
