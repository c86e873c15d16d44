// The configuration of a command: --config, then $POSTHASTE_CONFIG, then
// /etc/posthaste/posthaste.toml.
#pragma once

#include "app/cli/command.h"
#include "app/config/settings.h"

#include <optional>
#include <string>
#include <vector>

namespace posthaste::app::cli {

std::vector<std::string> environment();

// Nothing after the mistakes were printed on stderr; the caller exits with kConfiguration.
std::optional<Settings> configuration(const Arguments& arguments);

// Asks on the terminal without echo, or reads the first line of standard input with
// --password-stdin, or of the file that --password-file names; as UTF-8, whatever it came in.
// Errors: syntax (empty, or neither a terminal nor --password-stdin).
Result<std::string> read_password(const Arguments& arguments, std::string_view prompt);

}  // namespace posthaste::app::cli
