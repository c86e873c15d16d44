#include "app/services/complaint_shares.h"

#include "base/ascii.h"

#include <string_view>

namespace posthaste::app {

namespace {

// "This was no spam", and those who use the button to leave a list, say nothing against the sender.
bool is_reproach(std::string_view feedback) {
    for (const std::string_view other : {"not-spam", "opt-out", "opt-out-list"}) {
        if (ascii::equals_ignore_case(feedback, other)) return false;
    }
    return true;
}

}  // namespace

Result<void> ComplaintShares::heard(const queue::Afterthought& thought) {
    if (thought.kind != queue::Afterthought::Kind::complained || !is_reproach(thought.feedback))
        return {};
    automation_.complained({thought.id, thought.index, thought.account, thought.host,
                            thought.profile == store::Profile::bulk, thought.feedback});
    return {};
}

}  // namespace posthaste::app
