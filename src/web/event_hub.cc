#include "web/event_hub.h"

#include "base/mutex.h"
#include "runtime/callback.h"

#include <deque>
#include <map>

namespace posthaste::web {

namespace {
constexpr std::size_t kMaxWaiting = 1000;
}

struct EventHub::Impl {
    explicit Impl(std::size_t size) : ring(size) {}

    const std::size_t ring;
    Mutex mutex;
    std::deque<Numbered> events PH_GUARDED_BY(mutex);
    std::uint64_t next PH_GUARDED_BY(mutex) = 1;

    struct Waiter {
        std::uint64_t number = 0;
        runtime::Callback<bool> woken;
    };

    std::multimap<QueueId, Waiter> waiting PH_GUARDED_BY(mutex);
    std::uint64_t next_waiter PH_GUARDED_BY(mutex) = 1;

    void forget(const QueueId& id, std::uint64_t number) PH_REQUIRES(mutex) {
        auto [first, last] = waiting.equal_range(id);
        for (auto it = first; it != last; ++it) {
            if (it->second.number != number) continue;
            waiting.erase(it);
            return;
        }
    }

    std::vector<Numbered> after(const QueueId& id, std::uint64_t number) PH_REQUIRES(mutex) {
        std::vector<Numbered> found;
        for (const auto& entry : events)
            if (entry.number > number && entry.event.id == id) found.push_back(entry);
        return found;
    }
};

EventHub::EventHub(std::size_t ring) : impl_(std::make_shared<Impl>(ring)) {}

EventHub::~EventHub() = default;

void EventHub::publish(const Event& event) {
    std::vector<runtime::Callback<bool>> wake;
    {
        MutexLock lock(impl_->mutex);
        impl_->events.push_back({impl_->next++, event});
        if (impl_->events.size() > impl_->ring) impl_->events.pop_front();
        auto [first, last] = impl_->waiting.equal_range(event.id);
        for (auto it = first; it != last; ++it) wake.push_back(it->second.woken);
        impl_->waiting.erase(first, last);
    }
    for (auto& callback : wake) callback(true);
}

runtime::Task<Result<std::vector<EventHub::Numbered>>> EventHub::of_message(QueueId id,
                                                                            std::uint64_t after,
                                                                            Deadline deadline) {
    auto impl = impl_;
    for (;;) {
        runtime::Callback<bool> woken;
        std::uint64_t number = 0;
        {
            MutexLock lock(impl->mutex);
            auto found = impl->after(id, after);
            if (!found.empty()) co_return found;
            if (impl->waiting.size() >= kMaxWaiting)
                co_return fail(ErrorKind::busy, "too many are waiting for events");
            number = impl->next_waiter++;
            impl->waiting.emplace(id, Impl::Waiter{number, woken});
        }
        auto answer = co_await woken.wait(deadline);
        if (answer) continue;
        MutexLock lock(impl->mutex);
        impl->forget(id, number);
        co_return std::unexpected(std::move(answer).error());
    }
}

}  // namespace posthaste::web
