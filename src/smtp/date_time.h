// A moment as RFC 3339 §5.6 writes it: "2030-01-31T08:00:00Z", "…T08:00:00.25+01:00".
#pragma once

#include "base/time.h"

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::smtp {

// Nothing for what is none, a 30th of February included. A leap second counts as the second behind
// it.
std::optional<Timestamp> parse_date_time(std::string_view text);

// Whole seconds, in UTC: "2030-01-31T08:00:00Z".
std::string format_date_time(Timestamp t);

}  // namespace posthaste::smtp
