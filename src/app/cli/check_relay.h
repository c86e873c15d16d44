// What `posthaste check` says about the smarthost's login: nothing is asked of anybody.
#pragma once

#include "app/cli/findings.h"
#include "app/config/settings.h"

namespace posthaste::app::cli {

void check_relay(const Settings& settings, Findings& findings);

}  // namespace posthaste::app::cli
