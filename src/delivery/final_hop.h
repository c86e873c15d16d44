// FinalHop: something other than SMTP that takes mail for good, such as the trap's inbox.
#pragma once

#include "mail/outcome.h"
#include "queue/courier.h"
#include "runtime/task.h"
#include "store/content.h"

#include <vector>

namespace posthaste::delivery {

class FinalHop {
  public:
    virtual ~FinalHop() = default;

    // One outcome for each recipient of the parcel, in order. Any worker. The hop has taken the
    // message durably when it says delivered.
    virtual runtime::Task<std::vector<mail::Outcome>> take(const queue::Parcel& parcel,
                                                           store::ContentReader content) = 0;
};

}  // namespace posthaste::delivery
