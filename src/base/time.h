// Two kinds of time. Wall time may jump by years at any moment and is only written into headers,
// logs and reports. Everything that waits or expires uses steady time in memory and queue time on
// disk (store/queue_clock.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace posthaste {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
using Timestamp = std::chrono::sys_time<Milliseconds>;     // wall clock, UTC
using SteadyTime = std::chrono::steady_clock::time_point;  // CLOCK_MONOTONIC, never stored

// A moment after which nobody waits any longer. Absolute, so that it can be passed down.
struct Deadline {
    SteadyTime at = SteadyTime::max();

    static Deadline after(std::chrono::steady_clock::duration wait) {
        return {std::chrono::steady_clock::now() + wait};
    }

    bool passed() const { return std::chrono::steady_clock::now() >= at; }
};

Timestamp now();

// "2026-11-23T14:07:14.211Z"
std::string format_iso8601(Timestamp t);
// "Mon, 23 Nov 2026 14:07:14 +0000" (RFC 5322 §3.3)
std::string format_rfc5322(Timestamp t);
// "5 min", "4 h", "2 days": for sentences people read.
std::string format_duration(Seconds d);
// "50 MB", "3.2 MB", "412 KB", "17 octets"; MB = 2^20.
std::string format_size(std::uint64_t octets);

}  // namespace posthaste
