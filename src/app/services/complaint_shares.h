// ComplaintShares: brings complaints that come back by mail to the rules about shares (delivery.md
// 4.3). Any thread.
#pragma once

#include "delivery/rules/automation.h"
#include "queue/afterthought.h"

namespace posthaste::app {

class ComplaintShares final : public queue::AfterthoughtListener {
  public:
    // It outlives this.
    explicit ComplaintShares(delivery::Automation& automation) : automation_(automation) {}

    Result<void> heard(const queue::Afterthought& afterthought) override;

  private:
    delivery::Automation& automation_;
};

}  // namespace posthaste::app
