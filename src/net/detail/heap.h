// Gives memory back to the kernel after many TLS connections came or went. Each handshake needs
// some 40 KB for a moment, and what thousands of them leave behind lies between what stays: without
// this 5,000 sessions that have left still cost 77 MB, with it 11 (docs/decisions/0028-heap.md).
#pragma once

#include "runtime/worker.h"

namespace posthaste::net::detail {

// After each handshake, done or failed, and at the end of each TLS connection, on the worker's
// thread. Trims on that worker's timer, once a moment has passed with few of either.
void note_heap_use(runtime::Worker& worker);

}  // namespace posthaste::net::detail
