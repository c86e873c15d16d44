// What persons are told of a site.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace posthaste::queue {

// A site as the scheduler has it now.
struct SiteStatus {
    std::string state;               // "up", "down" (probed now and then), "suspended"
    std::uint64_t waiting = 0;       // recipients that are due
    std::size_t running = 0;         // transactions
    std::size_t window = 0;          // that may run now
    std::optional<Seconds> again{};  // until a probe, or the end of its suspension
    std::string why{};               // what was the trouble
};

}  // namespace posthaste::queue
