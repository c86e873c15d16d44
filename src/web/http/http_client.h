// One HTTP request over a stream, for the command line on the admin socket and for tests.
#pragma once

#include "base/result.h"
#include "net/stream.h"
#include "runtime/task.h"
#include "web/http/http.h"

#include <memory>
#include <string>

namespace posthaste::web {

// Method, path with query (already encoded), body. Errors: closed, timeout, syntax, too_large
// (answers over 64 MB).
runtime::Task<Result<HttpResponse>> http_request(net::Stream& stream, std::string method,
                                                 std::string target, std::string body,
                                                 Deadline deadline);

}  // namespace posthaste::web
