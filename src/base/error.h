// The one error type that a caller decides on. Broken invariants are PH_ASSERT, not Error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace posthaste {

// Named by what the caller may do about it.
enum class ErrorKind {
    syntax,        // the input is malformed; the sender must change it
    closed,        // the peer closed the connection
    timeout,       // the deadline passed
    cancelled,     // our own side stopped waiting (shutdown)
    refused,       // the peer or the kernel said no (connection refused, unreachable)
    tls,           // handshake or verification failed
    dns,           // a name could not be looked up now
    not_found,     // asked for something that is not there
    conflict,      // it exists already, or somebody else holds it
    denied,        // not allowed
    too_large,     // a bound was hit
    busy,          // a bounded queue or pool is full; try again later
    store_full,    // no disk space: not accepting, recovers by itself
    store_failed,  // a write or sync failed: nothing is accepted or delivered until a restart
    io,            // any other system error
    unsupported,   // asked for something not built or not offered
};

std::string_view to_string(ErrorKind kind);
std::optional<ErrorKind> error_kind(std::string_view name);  // the other way

// `text` is a sentence for people without a final stop; `mend` says what to do, or is empty.
// Neither ever holds a secret.
struct Error {
    ErrorKind kind = ErrorKind::io;
    std::string text{};
    std::string mend{};
};

// The Error for an errno value: "<what>: <the system's words>", with a mend where there is one.
Error system_error(int error_number, std::string_view what);

}  // namespace posthaste
