#include "net/detail/heap.h"

#ifdef POSTHASTE_MIMALLOC
#include <mimalloc.h>
#else
#include <malloc.h>
#endif

namespace posthaste::net::detail {

namespace {

using namespace std::chrono_literals;

constexpr int kWorthIt = 256;  // since the last time
constexpr int kQuiet = 20;     // at most so many within a look
constexpr auto kLook = 1s;
constexpr int kLooksAtMost = 30;  // a server that is never quiet gets its memory back too

// Each worker has a heap of its own, and gives back its own only.
thread_local int since_last = 0;
thread_local bool watching = false;

void give_back() {
#ifdef POSTHASTE_MIMALLOC
    mi_collect(true);
#else
    ::malloc_trim(0);
#endif
}

void watch(runtime::Worker& worker, int seen_before, int looks) {
    worker.call_at(std::chrono::steady_clock::now() + kLook, [&worker, seen_before, looks] {
        if (since_last - seen_before > kQuiet && looks < kLooksAtMost) {
            watch(worker, since_last, looks + 1);
            return;
        }
        since_last = 0;
        watching = false;
        give_back();
    });
}

}  // namespace

void note_heap_use(runtime::Worker& worker) {
    if (++since_last < kWorthIt || watching) return;
    watching = true;
    watch(worker, since_last, 0);
}

}  // namespace posthaste::net::detail
