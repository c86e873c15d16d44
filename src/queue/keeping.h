// What keeps a message from being tried, as persons are told.
#pragma once

#include <cstdint>

namespace posthaste::queue {

enum class Keeping : std::uint8_t {
    ended,       // nothing of it is open: it has ended, or never came here
    nothing,     // it is tried in its time
    hold,        // a person's, or a route's; its history says which
    quarantine,  // the server crashed while it was in flight; it is tried again among the suspects
};

}  // namespace posthaste::queue
