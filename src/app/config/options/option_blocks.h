// The blocks of the option table, in the order of the sample file (option_table.cc joins them;
// those of [relay] come from relay_options.h).
#pragma once

#include "app/config/option.h"

#include <vector>

namespace posthaste::app {

std::vector<Option> server_options();    // hostname, admin, mode, [store]
std::vector<Option> listen_options();    // [listen], [legacy], [bounces]
std::vector<Option> tls_options();       // [tls]
std::vector<Option> incoming_options();  // [incoming]
std::vector<Option> route_options();     // [[route]], but what it shares with [relay]
std::vector<Option> source_options();    // [[source]]
std::vector<Option> delivery_options();  // [delivery]
std::vector<Option> report_options();    // [reports], [suppression], [history]
std::vector<Option> winmail_options();   // [winmail]
std::vector<Option> limit_options();     // [limits]
std::vector<Option> admin_options();     // [admin], [log]

}  // namespace posthaste::app
