#include "mail/date.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>

namespace posthaste::mail {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Without comments, which may stand anywhere; nothing when one is not closed.
std::optional<std::string> without_comments(std::string_view body) {
    std::string out;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '(') {
            ++depth;
        } else if (body[i] == ')' && depth > 0) {
            --depth;
            out += ' ';
        } else if (depth > 0) {
            if (body[i] == '\\') ++i;
        } else {
            out += body[i];
        }
    }
    return depth == 0 ? std::optional(out) : std::nullopt;
}

class DateScanner {
  public:
    explicit DateScanner(std::string_view text) : text_(text) { skip_blanks(); }

    std::string_view word() {
        return take([](char c) { return ascii::is_alpha(c); });
    }

    // Digits only, `min` to `max` of them; -1 when there are not.
    int number(std::size_t min, std::size_t max) {
        const auto digits = take([](char c) { return ascii::is_digit(c); });
        if (digits.size() < min || digits.size() > max) return -1;
        int value = 0;
        for (const char c : digits) value = value * 10 + (c - '0');
        return value;
    }

    bool skip(char c) {
        if (!text_.starts_with(c)) return false;
        text_.remove_prefix(1);
        skip_blanks();
        return true;
    }

    bool at_end() const { return text_.empty(); }

  private:
    template <class Predicate>
    std::string_view take(Predicate belongs) {
        const auto end = std::ranges::find_if_not(text_, belongs);
        const auto taken = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
        text_.remove_prefix(taken.size());
        skip_blanks();
        return taken;
    }

    void skip_blanks() {
        while (!text_.empty() && is_blank(text_.front())) text_.remove_prefix(1);
    }

    std::string_view text_;
};

// 1 to 12, 0 for no month; full names are known too.
unsigned month_number(std::string_view name) {
    constexpr std::array<std::string_view, 12> kMonths{
        "january", "february", "march",     "april",   "may",      "june",
        "july",    "august",   "september", "october", "november", "december"};
    if (name.size() < 3) return 0;
    for (unsigned i = 0; i < kMonths.size(); ++i) {
        const std::string_view month = kMonths[i];
        if (ascii::equals_ignore_case(name, month) ||
            ascii::equals_ignore_case(name, month.substr(0, 3))) {
            return i + 1;
        }
    }
    return 0;
}

using Day = std::chrono::year_month_day;

std::optional<Day> take_day(DateScanner& scan) {
    if (!scan.word().empty()) scan.skip(',');
    const int day = scan.number(1, 2);
    const unsigned month = month_number(scan.word());
    int year = scan.number(2, 4);
    if (day < 1 || month == 0 || year < 0) return std::nullopt;
    if (year < 50) year += 2000;  // RFC 5322 §4.3
    if (year < 1000) year += 1900;
    const Day date(std::chrono::year(year), std::chrono::month(month),
                   std::chrono::day(static_cast<unsigned>(day)));
    return date.ok() ? std::optional(date) : std::nullopt;
}

// Of the day.
std::optional<Seconds> take_time(DateScanner& scan) {
    const int hour = scan.number(1, 2);
    if (hour < 0 || hour > 23 || !scan.skip(':')) return std::nullopt;
    const int minute = scan.number(2, 2);
    if (minute < 0 || minute > 59) return std::nullopt;
    const Seconds time = std::chrono::hours(hour) + std::chrono::minutes(minute);
    if (!scan.skip(':')) return time;
    const int second = scan.number(2, 2);
    if (second < 0 || second > 60) return std::nullopt;  // leap seconds
    return time + Seconds(second);
}

// "+0100", "GMT", "EST", "GMT+1", "+01:00", or nothing: how far it is ahead. Any name: an unknown
// one means -0000, and the few of RFC 5322 §4.3 are hours off at most.
std::optional<Seconds> take_zone(DateScanner& scan) {
    const bool named = !scan.word().empty();
    const bool ahead = scan.skip('+');
    if (!ahead && !scan.skip('-')) return Seconds(0);
    int number = scan.number(named ? 1 : 2, 4);
    if (number < 0) return std::nullopt;
    if (number < 100) number *= 100;  // hours alone
    int minutes = number % 100;
    if (scan.skip(':')) {
        minutes = scan.number(2, 2);
        if (minutes < 0) return std::nullopt;
    }
    const Seconds offset = std::chrono::hours(number / 100) + std::chrono::minutes(minutes);
    return ahead ? offset : -offset;
}

}  // namespace

std::optional<Timestamp> parse_date(std::string_view body) {
    const auto text = without_comments(body);
    if (!text) return std::nullopt;
    DateScanner scan(*text);
    const auto day = take_day(scan);
    if (!day) return std::nullopt;
    const auto time = take_time(scan);
    if (!time) return std::nullopt;
    const auto zone = take_zone(scan);
    if (!zone || !scan.at_end()) return std::nullopt;
    return Timestamp(std::chrono::sys_days(*day).time_since_epoch()) + *time - *zone;
}

bool is_date(std::string_view body) {
    return parse_date(body).has_value();
}

}  // namespace posthaste::mail
