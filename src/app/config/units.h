// Durations and sizes, as the configuration file and the command line write them.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <string_view>

namespace posthaste::app {

// "5m", "90s", "2h", "5d", "1w"; "50 MB", "64 KB", "1 GB". Bare numbers are refused: the unit is
// missing.
Result<Seconds> parse_duration(std::string_view text);
Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace posthaste::app
