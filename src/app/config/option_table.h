// The option table: every key of the configuration file. Parsing, checks, `posthaste help config`,
// the sample file and the environment names all come from it.
#pragma once

#include "app/config/option.h"

#include <span>
#include <string>
#include <string_view>

namespace posthaste::app {

std::span<const Option> option_table();
const Option* find_option(std::string_view key);
std::string environment_name(std::string_view key);  // "relay.host" -> POSTHASTE_RELAY_HOST

}  // namespace posthaste::app
