// PH_ASSERT: a broken invariant ends the process. The queue is durable, so a crash is safe and a
// wrong state is not. Stays on in release builds.
#pragma once

namespace posthaste {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define PH_ASSERT(condition)            \
    ((condition) ? static_cast<void>(0) \
                 : ::posthaste::assertion_failed(#condition, __FILE__, __LINE__))
