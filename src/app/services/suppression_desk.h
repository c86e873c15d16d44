// SuppressionDesk: suppression lists as the queue sees them. Tells it which recipients end as they
// come, and the lists how mail ended; outlives the queue.
#pragma once

#include "accounts/suppressions.h"
#include "queue/afterthought.h"
#include "queue/recipient_memory.h"

namespace posthaste::app {

class SuppressionDesk final : public queue::RecipientMemory, public queue::AfterthoughtListener {
  public:
    explicit SuppressionDesk(accounts::Suppressions& lists) : lists_(lists) {}

    bool may_be_listed(const std::string& account, const mail::Mailbox& recipient) const override;
    std::optional<mail::Outcome> refusal(const std::string& account,
                                         const mail::Mailbox& recipient) override;
    void ended(const queue::EndedRecipient& recipient) override;

    // What came back by mail; of accounts that are not a person's alone.
    Result<void> heard(const queue::Afterthought& afterthought) override;

  private:
    accounts::Suppressions& lists_;
};

}  // namespace posthaste::app
