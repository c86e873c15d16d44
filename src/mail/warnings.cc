#include "mail/warnings.h"

#include "base/ascii.h"
#include "mail/date.h"

#include <string>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr Seconds kAhead = std::chrono::hours(24);
constexpr Seconds kBehind = std::chrono::days(30);

void warn(ChangeList& list, std::string_view rule, std::string text) {
    list.push_back({std::string(rule), std::string(kWarning) + std::move(text)});
}

void look_at_date(const HeaderBlock& header, Timestamp now, ChangeList& list) {
    const HeaderField* field = header.find("Date");
    if (field == nullptr) return;
    const auto date = parse_date(field->unfolded());
    if (!date) return;
    if (*date > now + kAhead) {
        warn(list, "F-3",
             fmt::format("the Date is {} in the future; set the clock of the sending device",
                         format_duration(std::chrono::floor<Seconds>(*date - now))));
    } else if (*date < now - kBehind) {
        warn(list, "F-3",
             fmt::format("the Date is {} old; set the clock of the sending device, or let the "
                         "program write the day it sends",
                         format_duration(std::chrono::floor<Seconds>(now - *date))));
    }
}

void look_at_unsubscription(const HeaderBlock& header, ChangeList& list) {
    const HeaderField* link = header.find("List-Unsubscribe");
    const HeaderField* post = header.find("List-Unsubscribe-Post");
    const bool has_https =
        link != nullptr && ascii::to_lower(link->unfolded()).contains("<https://");
    if (has_https && post != nullptr &&
        ascii::equals_ignore_case(ascii::trim(post->unfolded()), "List-Unsubscribe=One-Click"))
        return;
    warn(list, "RFC 8058",
         "a newsletter without one-click unsubscription, which Gmail, Yahoo and Apple ask for; add "
         "List-Unsubscribe: <https://...> and List-Unsubscribe-Post: List-Unsubscribe=One-Click");
}

}  // namespace

ChangeList warnings_of(const HeaderBlock& header, Timestamp now, bool bulk) {
    ChangeList list;
    look_at_date(header, now, list);
    if (bulk) look_at_unsubscription(header, list);
    return list;
}

}  // namespace posthaste::mail
