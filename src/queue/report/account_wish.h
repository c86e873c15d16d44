// How an account wants to hear of what became of its mail (delivery.md B-8), as it has chosen by
// now.
#pragma once

#include "store/engine.h"

#include <string>

namespace posthaste::queue {

struct AccountWish {
    store::ReportWish reports = store::ReportWish::each;  // never `usual`
    bool has_address = false;  // the account is one, and its name is where a digest can go
    std::string language{};    // "" where it has said none
};

// One that is gone has chosen nothing. Blocks.
AccountWish wish_of(store::Engine& engine, const std::string& account, store::Profile profile);

}  // namespace posthaste::queue
