#include "net/detail/heap.h"

#include <atomic>
#include <malloc.h>

namespace posthaste::net::detail {

namespace {

using namespace std::chrono_literals;

constexpr int kWorthIt = 256;  // since the last time
constexpr int kQuiet = 20;     // at most so many within a look
constexpr auto kLook = 1s;
constexpr int kLooksAtMost = 30;  // a server that is never quiet gets its memory back too

std::atomic<int> since_trim{0};
std::atomic<bool> watching{false};

void watch(runtime::Worker& worker, int seen_before, int looks) {
    worker.call_at(std::chrono::steady_clock::now() + kLook, [&worker, seen_before, looks] {
        int seen = since_trim.load(std::memory_order_relaxed);
        if (seen - seen_before > kQuiet && looks < kLooksAtMost) {
            watch(worker, seen, looks + 1);
            return;
        }
        since_trim.store(0, std::memory_order_relaxed);
        watching.store(false, std::memory_order_relaxed);
        ::malloc_trim(0);
    });
}

}  // namespace

void note_heap_use(runtime::Worker& worker) {
    int seen = since_trim.fetch_add(1, std::memory_order_relaxed) + 1;
    if (seen < kWorthIt || watching.exchange(true, std::memory_order_relaxed)) return;
    watch(worker, seen, 0);
}

}  // namespace posthaste::net::detail
