// What a check found, a line of its report each.
#pragma once

#include "base/result.h"

#include <string>
#include <utility>
#include <vector>

namespace posthaste::app::cli {

enum class Status { ok, warn, bad };

struct Finding {
    Status status = Status::ok;
    std::string what;
    std::string text;
    std::string mend;
};

using Findings = std::vector<Finding>;

inline void add(Findings& findings, std::string what, const Error& error) {
    findings.push_back({Status::bad, std::move(what), error.text, error.mend});
}

}  // namespace posthaste::app::cli
