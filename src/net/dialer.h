// Dialer: connects to one address.
#pragma once

#include "net/stream.h"

#include <memory>
#include <optional>

namespace posthaste::net {

// On the calling worker. Errors: refused, timeout, unreachable as refused, cancelled, io; the text
// is a sentence part such as "connection refused".
// `from`: the address of ours that the connection leaves from, of the same family; not_found when
// this machine does not have it.
runtime::Task<Result<std::unique_ptr<Stream>>> dial(Endpoint to, Deadline deadline,
                                                    std::optional<IpAddress> from = {});
runtime::Task<Result<std::unique_ptr<Stream>>> dial_unix(std::string path, Deadline deadline);

}  // namespace posthaste::net
