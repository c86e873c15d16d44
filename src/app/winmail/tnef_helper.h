// The process that reads winmail.dat: this program again, in a hidden mode, with nothing but memory
// and one socket. libytnef is C that has had holes; what it makes of a hostile file stays in here.
#pragma once

#include <cstddef>

namespace posthaste::app {

inline constexpr const char* kTnefHelper = "tnef-helper";
constexpr std::size_t kMaxTnefFile = 32u << 20;
constexpr std::size_t kMaxTnefAnswer = 64u << 20;

// Reads the file from descriptor 0, a socket, up to its end, and answers there with
// mail::write_tnef. Exit codes: 0 answered, 1 not a file of that kind or over a bound, 2 started by
// a person, 3 no sandbox. A system call beyond what it needs ends it (SIGSYS).
int run_tnef_helper();

}  // namespace posthaste::app
