// What `posthaste check` says of [bounces]: whether what comes back finds its way here.
#pragma once

#include "app/cli/findings.h"
#include "app/config/settings.h"

namespace posthaste::app::cli {

// Takes up to 3 s when no name server answers.
void check_bounces(const Settings& settings, Findings& findings);

}  // namespace posthaste::app::cli
