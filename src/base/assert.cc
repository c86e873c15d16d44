#include "base/assert.h"

#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace posthaste {

namespace {

// Memory may be damaged here: nothing is allocated, and a short write is not retried.
void put(const char* text) {
    if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

}  // namespace

void assertion_failed(const char* expression, const char* file, int line) {
    char digits[12];
    char* cursor = digits + sizeof digits;
    *--cursor = '\0';
    do {
        *--cursor = static_cast<char>('0' + line % 10);
        line /= 10;
    } while (line > 0);
    put("posthaste: assertion failed: ");
    put(expression);
    put(" at ");
    put(file);
    put(":");
    put(cursor);
    put("\n");
    std::abort();
}

}  // namespace posthaste
