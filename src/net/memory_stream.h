// Two streams joined in memory, on one worker: for tests and fuzzing. No TLS.
#pragma once

#include <memory>
#include <utility>

#include "net/stream.h"

namespace posthaste::net {

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams();

}  // namespace posthaste::net
