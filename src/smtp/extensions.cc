#include "smtp/extensions.h"

#include "base/ascii.h"
#include "smtp/command.h"
#include "smtp/date_time.h"
#include "smtp/decimal.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace posthaste::smtp {

namespace {

constexpr std::size_t kMaxMechanisms = 32;
constexpr std::uint64_t kLongestBy = 999'999'999;  // RFC 2852 §4
constexpr std::size_t kMaxMechanism = 20;          // RFC 4422 §3.1

std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    const std::string_view word = text.substr(0, std::min(text.find_first_of(" \t"), text.size()));
    text.remove_prefix(word.size());
    return word;
}

void read_auth(std::string_view values, Extensions& result) {
    for (auto word = take_word(values); !word.empty(); word = take_word(values)) {
        const bool name = word.size() <= kMaxMechanism && std::ranges::all_of(word, [](char c) {
                              return ascii::is_alnum(c) || c == '-' || c == '_';
                          });
        if (name && result.auth.size() < kMaxMechanisms) result.auth.insert(ascii::to_upper(word));
    }
}

// 1 to 6 digits, the first not 0 (RFC 9422 §3.1); anything else is as if it had not been said.
std::optional<std::uint32_t> read_limit(std::string_view text) {
    const Decimal limit = parse_decimal(text);
    if (!limit.valid || text.size() > 6 || text.starts_with('0')) return std::nullopt;
    return static_cast<std::uint32_t>(limit.value);
}

void read_limits(std::string_view values, Extensions& result) {
    for (auto word = take_word(values); !word.empty(); word = take_word(values)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = word.substr(0, equals);
        const auto limit = read_limit(word.substr(equals + 1));
        if (!limit) continue;
        if (ascii::equals_ignore_case(name, "MAILMAX")) result.max_mails = limit;
        if (ascii::equals_ignore_case(name, "RCPTMAX")) result.max_recipients = limit;
    }
}

void read_line(std::string_view line, Extensions& result) {
    std::string_view values = line;
    std::string_view keyword = take_word(values);
    // "AUTH=PLAIN LOGIN", as written before RFC 2554 and still today (clients.md 3.3).
    if (ascii::starts_with_ignore_case(keyword, "AUTH=")) {
        read_auth(keyword.substr(5), result);
        keyword = keyword.substr(0, 4);
    }
    const auto is = [keyword](std::string_view name) {
        return ascii::equals_ignore_case(keyword, name);
    };
    if (is("STARTTLS")) {
        result.starttls = true;
    } else if (is("PIPELINING")) {
        result.pipelining = true;
    } else if (is("8BITMIME")) {
        result.eight_bit_mime = true;
    } else if (is("SMTPUTF8")) {
        result.smtputf8 = true;
        result.eight_bit_mime = true;
    } else if (is("DSN")) {
        result.dsn = true;
    } else if (is("ENHANCEDSTATUSCODES")) {
        result.enhanced_status = true;
    } else if (is("CHUNKING")) {
        result.chunking = true;
    } else if (is("REQUIRETLS")) {
        result.requiretls = true;
    } else if (is("DELIVERBY")) {
        result.deliver_by = true;
        const Decimal least = parse_decimal(take_word(values));
        if (least.valid && least.value <= kLongestBy)
            result.least_by = Seconds(static_cast<std::int64_t>(least.value));
    } else if (is("MT-PRIORITY")) {
        result.mt_priority = true;
    } else if (is("SIZE")) {
        result.size = true;
        const Decimal size = parse_decimal(take_word(values));
        result.max_size = size.valid && !size.overflow ? size.value : 0;
    } else if (is("AUTH")) {
        read_auth(values, result);
    } else if (is("LIMITS")) {
        read_limits(values, result);
    }
}

}  // namespace

Reply make_ehlo_reply(const Offer& offer) {
    Reply reply{.code = 250, .status = {}, .lines = {offer.hostname}};
    auto& lines = reply.lines;
    lines.push_back(offer.max_size > 0 ? "SIZE " + std::to_string(offer.max_size) : "SIZE");
    if (offer.starttls) lines.emplace_back("STARTTLS");
    if (offer.auth) lines.emplace_back("AUTH PLAIN LOGIN");
    // A line of its own: Thunderbird reads only the one with a blank (clients.md 3.3).
    if (offer.auth && offer.auth_equals) lines.emplace_back("AUTH=PLAIN LOGIN");
    for (const char* keyword :
         {"8BITMIME", "SMTPUTF8", "DSN", "PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING"}) {
        lines.emplace_back(keyword);
    }
    if (offer.requiretls && !offer.starttls) lines.emplace_back("REQUIRETLS");
    if (offer.max_hold && !offer.starttls) {
        lines.push_back(fmt::format("FUTURERELEASE {} {}", offer.max_hold->count(),
                                    format_date_time(offer.now + *offer.max_hold)));
    }
    if (offer.schedules && !offer.starttls) {
        lines.emplace_back("DELIVERBY");
        lines.emplace_back("MT-PRIORITY");
    }
    if (offer.max_recipients > 0 && !offer.starttls) {
        lines.push_back("LIMITS RCPTMAX=" + std::to_string(offer.max_recipients));
    }
    return reply;
}

Extensions parse_ehlo_reply(const Reply& reply) {
    Extensions result;
    if (!reply.positive() || reply.lines.empty()) return result;
    std::string_view first = reply.lines.front();
    result.greeting_name = sanitise_greeting(take_word(first));
    for (std::size_t i = 1; i < reply.lines.size(); ++i) read_line(reply.lines[i], result);
    return result;
}

}  // namespace posthaste::smtp
