// Gives memory back to the kernel after a storm of handshakes. Each handshake needs some 40 KB for
// a moment, and what thousands of them leave behind lies between what stays: without this an idle
// TLS session costs twice its size.
#pragma once

#include "runtime/worker.h"

namespace posthaste::net::detail {

// After each handshake, done or failed, on the worker's thread. Trims at most every few seconds, on
// that worker's timer, once a moment has passed with few of them.
void note_handshake(runtime::Worker& worker);

}  // namespace posthaste::net::detail
