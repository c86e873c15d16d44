// FreshContent: messages as they were submitted or read from the store, so that their delivery need
// not read them (again). Bounded by octets; the oldest go first, and nothing is lost with them. One
// thread.
#pragma once

#include "store/values.h"

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

namespace posthaste::queue {

class FreshContent {
  public:
    struct Fresh {
        std::shared_ptr<const store::MessageRow> row;
        std::vector<store::RecipientRow> recipients;  // by index

        store::RecipientRow* recipient(std::uint32_t index);  // null if it is not there
    };

    explicit FreshContent(std::size_t octets) : limit_(octets) {}

    // The newest is kept even when it alone is over the limit: it is about to be used.
    Fresh& put(std::shared_ptr<const store::MessageRow> row,
               std::vector<store::RecipientRow> recipients);
    Fresh* find(const QueueId& id);
    void drop(const QueueId& id);

    std::size_t octets() const { return octets_; }

  private:
    struct Item {
        Fresh fresh;
        std::size_t octets = 0;
    };

    void remove(std::list<Item>::iterator item);

    std::size_t limit_;
    std::size_t octets_ = 0;
    std::list<Item> items_;  // oldest first
    std::unordered_map<QueueId, std::list<Item>::iterator> places_;
};

}  // namespace posthaste::queue
