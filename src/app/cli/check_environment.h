// The checks of `posthaste check` that look beyond the configuration: who else is on our ports,
// whether a name server answers, what the server's user may read. They open nothing for writing and
// bind nothing.
#pragma once

#include "app/cli/findings.h"
#include "app/config/settings.h"

namespace posthaste::app::cli {

void check_ports(const Settings& settings, Findings& findings);
// Whether this machine has the addresses that mail is to leave from.
void check_sources(const Settings& settings, Findings& findings);
// Takes up to 3 s when no name server answers.
void check_name_servers(const Settings& settings, Findings& findings);
// Domains whose mail leaves unsigned; asked of a running server, or not at all. Up to 10 s.
void check_signing(const Settings& settings, Findings& findings);
// Renewed certificates are read by the server's user, not by root.
void check_renewal(const Settings& settings, Findings& findings);

}  // namespace posthaste::app::cli
