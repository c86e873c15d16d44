// Two streams joined in memory, on one worker: for tests and fuzzing. No TLS. Each direction holds
// 64 KiB, then the writer waits, as with sockets.
#pragma once

#include "net/stream.h"

#include <memory>
#include <utility>

namespace posthaste::net {

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams();

}  // namespace posthaste::net
