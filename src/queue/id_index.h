// IdIndex: from a QueueId to the handle of its message. Open addressing over handles alone, 4 to
// 11 octets a message; the ids themselves are read where the messages are.
#pragma once

#include "base/id.h"
#include "queue/slab.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace posthaste::queue {

class IdIndex {
  public:
    using IdOf = std::function<const QueueId&(Handle)>;

    explicit IdIndex(IdOf id_of) : id_of_(std::move(id_of)) {}

    Handle find(const QueueId& id) const;  // kNone if it is not there
    void add(const QueueId& id, Handle handle);
    void remove(const QueueId& id);

    std::size_t octets() const { return places_.capacity() * sizeof(Handle); }

  private:
    std::size_t home(const QueueId& id) const;
    std::size_t place(const QueueId& id) const;  // of the id, or the free place where it would go
    void resize(std::size_t places);

    IdOf id_of_;
    std::vector<Handle> places_;  // a power of two, at most three quarters full
    std::size_t count_ = 0;
};

}  // namespace posthaste::queue
