// Gives memory back to the kernel after many TLS connections came or went. Each handshake needs
// some 40 KB for a moment, and what thousands of them leave behind lies between what stays: without
// this an idle TLS session costs 46 KB instead of 23, and 5,000 that have left still cost 115 MB
// (measured).
#pragma once

#include "runtime/worker.h"

namespace posthaste::net::detail {

// After each handshake, done or failed, and at the end of each TLS connection, on the worker's
// thread. Trims on that worker's timer, once a moment has passed with few of either.
void note_heap_use(runtime::Worker& worker);

}  // namespace posthaste::net::detail
