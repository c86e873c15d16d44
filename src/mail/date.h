// Whether a Date field can be understood (RFC 5322 §3.3, with the obsolete forms of §4.3).
#pragma once

#include "base/time.h"

#include <optional>
#include <string_view>

namespace posthaste::mail {

// `body` as it stands in the field, folds and comments included. Lenient: weekday, seconds and zone
// may be missing, years may have two digits, zones may be names; but the day must exist.
bool is_date(std::string_view body);
std::optional<Timestamp> parse_date(std::string_view body);  // the same, and when that is

}  // namespace posthaste::mail
