// The rule files that the program brings along, as text (made by CMake from rules/*.toml).
#pragma once

#include <string_view>

namespace posthaste::delivery {

extern const std::string_view kVerdictsToml;
extern const std::string_view kAutomationToml;

}  // namespace posthaste::delivery
