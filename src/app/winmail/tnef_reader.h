// What is in a winmail.dat, read by a process of its own (tnef_helper.h): started for one file,
// ended with it.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "mail/tnef/tnef.h"

#include <string>
#include <string_view>

namespace posthaste::app {

class TnefReader {
  public:
    // `program` is this one; tests have others.
    explicit TnefReader(std::string program = "/proc/self/exe", Seconds patience = Seconds(10))
        : program_(std::move(program)), patience_(patience) {}

    // Blocks for `patience` at most; any thread. Errors: too_large, syntax (no such file, or a
    // broken one), timeout, io (it could not be started, or crashed); the text says which.
    Result<mail::TnefContent> read(std::string_view file) const;

  private:
    std::string program_;
    Seconds patience_;
};

}  // namespace posthaste::app
