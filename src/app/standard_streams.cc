#include "app/standard_streams.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app {

void open_standard_streams() {
    static constexpr int kModes[] = {O_WRONLY, O_RDONLY, O_RDWR};
    for (int fd = 0; fd < 3; ++fd) {
        if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
        // The lowest free number is `fd` itself: those below it are open by now.
        if (open("/dev/null", kModes[fd]) != fd) std::abort();
    }
}

int finish_output(int code) {
    errno = 0;
    const bool failed_before = std::ferror(stdout) != 0;
    const bool failed_now = std::fflush(stdout) != 0;
    const int why = errno;
    if (!failed_before && !failed_now) return code;
    if (why != EPIPE) {
        // fputs: this may be the last thing that still works, and must not throw.
        std::fputs(
            fmt::format("error: standard output could not be written{}{}\n"
                        "  mend  what the command does was done, only its words are lost; an "
                        "app password among them is shown once: revoke it and make a new one\n",
                        why != 0 ? ": " : "", why != 0 ? std::strerror(why) : "")
                .c_str(),
            stderr);
    }
    return code == 0 ? kOutputLost : code;
}

}  // namespace posthaste::app
