// The configuration file: read, checked against the option table, with every mistake shown where it
// stands.
#pragma once

#include "app/config/settings.h"
#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace posthaste::app {

// A mistake as people read it: "posthaste.toml:7:17: unknown key 'hostnme'", the line, a caret, the
// mend.
struct ConfigMistake {
    std::string file;
    std::uint32_t line = 0;  // 0: not tied to a line (an environment name, a missing key)
    std::uint32_t column = 0;
    std::string excerpt;  // the line and a caret below the column, two lines; secrets are left out
    std::string text;
    std::string mend;

    std::string to_string() const;
};

struct LoadedConfig {
    Settings settings;
    std::vector<ConfigMistake>
        mistakes;  // all of them in one run; settings count only when there is none
    std::vector<std::string> warnings;
};

// $POSTHASTE_CONFIG, then /etc/posthaste/posthaste.toml.
std::string default_config_file();

// `environment`: "NAME=value" entries; POSTHASTE_* ones override the file (names from the option
// table).
LoadedConfig load_config(const std::string& file, const std::vector<std::string>& environment);
// The same for text in memory; `file` names it in mistakes and gives the folder of relative paths.
LoadedConfig parse_config(std::string_view text, const std::string& file,
                          const std::vector<std::string>& environment);

// The sample file: every key with its default and text, from the option table.
std::string sample_config();

}  // namespace posthaste::app
