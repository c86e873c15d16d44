// Networks of the cloud services that sign in for many people at once: the new Outlook and Outlook
// mobile go through Microsoft, Gmail's "send as" through Google, some of Apple Mail through Apple
// (clients.md 1.8). One address there is thousands of people, so it is never banned.
#pragma once

#include "base/ip_network.h"

#include <vector>

namespace posthaste::accounts {

// As published; sources and dates are beside the rows.
std::vector<IpNetwork> cloud_networks();

}  // namespace posthaste::accounts
