// Result<T>: a value, or an Error the caller must look at.
#pragma once

#include "base/error.h"

#include <expected>
#include <string>
#include <utility>

namespace posthaste {

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string text, std::string mend = {}) {
    return std::unexpected(Error{kind, std::move(text), std::move(mend)});
}

}  // namespace posthaste

// PH_TRY(auto line, parse(text));       declares `line`, or returns the error
// PH_CO_TRY(auto n, co_await read());   the same in a coroutine
// PH_CHECK(write(x));                   for Result<void>
// Declarations, not expressions: a statement expression with co_return in it breaks compilers.
#define PH_CONCAT_(a, b) a##b
#define PH_CONCAT(a, b) PH_CONCAT_(a, b)
#define PH_TRY_(tmp, decl, ret, ...)                       \
    auto tmp = (__VA_ARGS__);                              \
    if (!tmp) ret std::unexpected(std::move(tmp).error()); \
    decl = std::move(*tmp)
#define PH_TRY(decl, ...) PH_TRY_(PH_CONCAT(ph_result_, __LINE__), decl, return, __VA_ARGS__)
#define PH_CO_TRY(decl, ...) PH_TRY_(PH_CONCAT(ph_result_, __LINE__), decl, co_return, __VA_ARGS__)
#define PH_CHECK(...)                               \
    if (auto ph_status = (__VA_ARGS__); !ph_status) \
    return std::unexpected(std::move(ph_status).error())
#define PH_CO_CHECK(...)                            \
    if (auto ph_status = (__VA_ARGS__); !ph_status) \
    co_return std::unexpected(std::move(ph_status).error())
