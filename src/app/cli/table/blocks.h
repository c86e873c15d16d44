// The command table in blocks by subject, in the order of the help. Private to cli/.
#pragma once

#include "app/cli/command.h"

#include <vector>

namespace posthaste::app::cli {

inline const Flag kPasswordStdin{"--password-stdin", "",
                                 "read the password from the first line of standard input"};

std::vector<Command> server_commands();     // try … status
std::vector<Command> directory_commands();  // domain add … app-password revoke
std::vector<Command> mail_commands();       // send … suppression export
std::vector<Command> upkeep_commands();     // relay status … version

}  // namespace posthaste::app::cli
