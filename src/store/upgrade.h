// Brings a store that an older posthaste wrote to the present format, in its place. Nobody else may
// have the store open.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace posthaste::store {

struct Upgraded {
    std::int64_t from = 0;  // the older of its files; equal to `to`: there was nothing to do
    std::int64_t to = 0;
    std::string snapshot;  // where the copy of before is; empty: none was made
    // An earlier run was broken off behind its copy: this one has finished it.
    bool finished_earlier = false;
};

// Copies the store to `snapshot` (missing or empty) first, then changes each file in one
// transaction of its own: broken off at any moment, it is run again. Errors: conflict (a server has
// the store), not_found, unsupported (newer), denied, store_full, io. Blocks.
Result<Upgraded> upgrade(const std::string& path, const std::string& snapshot);

}  // namespace posthaste::store
