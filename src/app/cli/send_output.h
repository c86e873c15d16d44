// What both ways of `posthaste send` print, and the flag they share.
#pragma once

#include "app/cli/command.h"
#include "base/time.h"

#include <string_view>

namespace posthaste::app::cli {

class Stopwatch {
  public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// One line, or one object with --json.
void tell(const Arguments& arguments, double at, std::string_view what, std::string_view words);

// --timeout. Errors: syntax.
Result<Seconds> send_timeout(const Arguments& arguments);

// With --server: as a mail program (send_as.cc).
int send_by_smtp(const Arguments& arguments);

}  // namespace posthaste::app::cli
