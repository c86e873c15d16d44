// EnhancedStatus: "5.1.1" (RFC 3463, RFC 5248).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste::mail {

struct EnhancedStatus {
    std::uint8_t cls = 0;  // 2, 4 or 5
    std::uint16_t subject = 0;
    std::uint16_t detail = 0;

    // The whole text, digits and two dots, class 2, 4 or 5, at most three digits each.
    static std::optional<EnhancedStatus> parse(std::string_view text);
    // The status that opens a reply text ("5.1.1 No such user"), if any.
    static std::optional<EnhancedStatus> parse_prefix(std::string_view reply_text);

    std::string to_string() const;
    auto operator<=>(const EnhancedStatus&) const = default;
};

}  // namespace posthaste::mail
