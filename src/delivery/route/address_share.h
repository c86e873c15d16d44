// AddressShare: which of a destination's addresses one attempt may try, where it has more than an
// attempt tries (delivery.md 1.3, "Address limits"). Both families keep their part of the whole
// list: a family with no more than half of the limit keeps all of its addresses, else each has
// half, and the odd one is for the family of the best address. Belongs to one attempt.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

namespace posthaste::delivery {

class AddressShare {
  public:
    explicit AddressShare(std::size_t limit) : limit_(limit) {}

    bool is_full() const { return tried_[0] + tried_[1] >= limit_; }

    // True whatever the other family has: no further host must be looked up to know it.
    bool is_own(bool v4) const { return !is_full() && tried_[v4] < share_of(v4); }

    // `others`: addresses of the other family that are still to come, at this host or at those
    // behind it.
    bool may_try(bool v4, std::size_t others) const {
        if (is_own(v4)) return true;
        const std::size_t kept = share_of(!v4) - std::min(tried_[!v4], share_of(!v4));
        return tried_[0] + tried_[1] + std::min(others, kept) < limit_;
    }

    // The first one is the best.
    void tried(bool v4) {
        if (!best_v4_) best_v4_ = v4;
        ++tried_[v4];
    }

  private:
    std::size_t share_of(bool v4) const {
        const bool odd = best_v4_.value_or(v4) == v4;
        return limit_ / 2 + (odd ? limit_ % 2 : 0);
    }

    std::size_t limit_;
    std::size_t tried_[2] = {0, 0};  // IPv6, IPv4
    std::optional<bool> best_v4_;
};

}  // namespace posthaste::delivery
