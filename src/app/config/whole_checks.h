// What no single key of the configuration can tell: what is missing, and what excludes each other.
// Routes and sources check themselves (route_settings.h).
#pragma once

#include "app/config/settings.h"

#include <set>
#include <string>
#include <vector>

namespace posthaste::app {

struct ReadKeys {
    std::set<std::string> seen;    // keys that were named, well or not
    std::set<std::string> broken;  // sections with a mistake of their own: no second one follows
};

struct WholeMistake {
    std::string key;  // where it stands, "listen.trap"; empty: nowhere
    std::string text;
    std::string mend;
};

// What follows from what was said: the administrator, the socket, the smarthost's preset.
void complete_settings(Settings& settings, const ReadKeys& read);

// Of completed settings.
std::vector<WholeMistake> whole_mistakes(const Settings& settings, const ReadKeys& read);

}  // namespace posthaste::app
