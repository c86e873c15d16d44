#include "base/error.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace posthaste {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::syntax:
            return "syntax";
        case ErrorKind::closed:
            return "closed";
        case ErrorKind::timeout:
            return "timeout";
        case ErrorKind::cancelled:
            return "cancelled";
        case ErrorKind::refused:
            return "refused";
        case ErrorKind::tls:
            return "tls";
        case ErrorKind::dns:
            return "dns";
        case ErrorKind::not_found:
            return "not_found";
        case ErrorKind::conflict:
            return "conflict";
        case ErrorKind::denied:
            return "denied";
        case ErrorKind::too_large:
            return "too_large";
        case ErrorKind::busy:
            return "busy";
        case ErrorKind::store_full:
            return "store_full";
        case ErrorKind::store_failed:
            return "store_failed";
        case ErrorKind::io:
            return "io";
        case ErrorKind::unsupported:
            return "unsupported";
    }
    return "unknown";
}

namespace {

ErrorKind kind_of(int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
            return ErrorKind::not_found;
        case EEXIST:
        case EADDRINUSE:
            return ErrorKind::conflict;
        case EACCES:
        case EPERM:
        case EROFS:
            return ErrorKind::denied;
        case ENOSPC:
        case EDQUOT:
            return ErrorKind::store_full;
        case EFBIG:
            return ErrorKind::too_large;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case EAGAIN:
            return ErrorKind::busy;
        case ECONNREFUSED:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EADDRNOTAVAIL:
            return ErrorKind::refused;
        case ECONNRESET:
        case EPIPE:
        case ECONNABORTED:
            return ErrorKind::closed;
        case ETIMEDOUT:
            return ErrorKind::timeout;
        case ECANCELED:
            return ErrorKind::cancelled;
        default:
            return ErrorKind::io;
    }
}

std::string mend_of(int error_number) {
    switch (error_number) {
        case EACCES:
        case EPERM:
            return "give the user that runs posthaste the right to it";
        case EROFS:
            return "mount the file system for writing";
        case ENOSPC:
            return "free some disk space";
        case EDQUOT:
            return "raise the disk quota of the user that runs posthaste";
        case EMFILE:
        case ENFILE:
            return "raise the limit of open files (LimitNOFILE= in the service)";
        default:
            return {};
    }
}

}  // namespace

Error system_error(int error_number, std::string_view what) {
    const char* words = strerrordesc_np(error_number);
    return {kind_of(error_number),
            words != nullptr ? fmt::format("{}: {}", what, words)
                             : fmt::format("{}: error {}", what, error_number),
            mend_of(error_number)};
}

std::optional<ErrorKind> error_kind(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(ErrorKind::unsupported); ++i)
        if (to_string(static_cast<ErrorKind>(i)) == name) return static_cast<ErrorKind>(i);
    return std::nullopt;
}

}  // namespace posthaste
