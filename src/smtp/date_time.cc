#include "smtp/date_time.h"

#include "base/ascii.h"

#include <chrono>

namespace posthaste::smtp {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

class Cursor {
  public:
    explicit Cursor(std::string_view text) : rest_(text) {}

    // Exactly that many digits.
    int number(std::size_t digits) {
        if (rest_.size() < digits) return fail();
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (!ascii::is_digit(rest_[i])) return fail();
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }

    void skip(char wanted) {
        if (rest_.empty() || lower(rest_.front()) != wanted) {
            fail();
        } else {
            rest_.remove_prefix(1);
        }
    }

    bool next_is(char c) const { return !rest_.empty() && lower(rest_.front()) == c; }

    char take() {
        if (rest_.empty()) return static_cast<char>(fail());
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    // What there is of a fraction of a second, in milliseconds.
    int fraction() {
        if (!next_is('.')) return 0;
        rest_.remove_prefix(1);
        int value = 0;
        int weight = 100;
        std::size_t digits = 0;
        while (!rest_.empty() && ascii::is_digit(rest_.front())) {
            value += weight * (rest_.front() - '0');
            weight /= 10;
            ++digits;
            rest_.remove_prefix(1);
        }
        return digits == 0 ? fail() : value;
    }

    bool good() const { return good_; }

    bool at_end() const { return rest_.empty(); }

  private:
    int fail() {
        good_ = false;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool good_ = true;
};

constexpr std::size_t kLongestText = 40;

}  // namespace

std::optional<Timestamp> parse_date_time(std::string_view text) {
    using namespace std::chrono;
    if (text.size() > kLongestText) return std::nullopt;
    Cursor in(text);
    const int y = in.number(4);
    in.skip('-');
    const int mon = in.number(2);
    in.skip('-');
    const int d = in.number(2);
    in.skip('t');
    const int h = in.number(2);
    in.skip(':');
    const int min = in.number(2);
    in.skip(':');
    const int s = in.number(2);
    const int ms = in.fraction();
    minutes offset{0};
    if (in.next_is('z')) {
        in.take();
    } else {
        const char sign = in.take();
        const int hours_off = in.number(2);
        in.skip(':');
        const int minutes_off = in.number(2);
        if ((sign != '+' && sign != '-') || hours_off > 23 || minutes_off > 59) return std::nullopt;
        offset = hours(hours_off) + minutes(minutes_off);
        if (sign == '-') offset = -offset;
    }
    const year_month_day day{year(y), month(static_cast<unsigned>(mon)),
                             std::chrono::day(static_cast<unsigned>(d))};
    if (!in.good() || !in.at_end() || !day.ok() || h > 23 || min > 59 || s > 60) {
        return std::nullopt;
    }
    return Timestamp(sys_days(day) + hours(h) + minutes(min) + seconds(s) + milliseconds(ms) -
                     offset);
}

std::string format_date_time(Timestamp t) {
    const std::string whole = format_iso8601(t);
    return whole.substr(0, whole.find('.')) + "Z";
}

}  // namespace posthaste::smtp
