// The judgement of the port demultiplexer, apart from its waiting.
#pragma once

#include "net/demux.h"

#include <string_view>

namespace posthaste::net::detail {

// Of the first up to 8 octets; none at all is silence.
FirstOctets judge_first_octets(std::string_view octets);

}  // namespace posthaste::net::detail
