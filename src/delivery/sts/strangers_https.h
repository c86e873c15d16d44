// Requests to HTTPS hosts that strangers name (a policy host, a place for TLS reports): our own
// resolver finds the address, one in our own network is refused (threats.md W1), and that address
// is connected to; no proxy, no redirects, everything bounded. Safe on every worker.
#pragma once

#include "base/mutex.h"
#include "net/http_client.h"
#include "net/resolver.h"
#include "runtime/offload.h"
#include "runtime/task.h"

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace posthaste::delivery {

class StrangersHttps {
  public:
    struct Options {
        std::string ca_file;  // empty: the system's
        bool allow_private_addresses = false;
        std::size_t max_body = 64 << 10;
        std::string user_agent = "posthaste";
        std::size_t threads = 16;
        std::size_t most_waiting = 1000;
    };

    // Blocking, on one of `threads`; tests give their own.
    using Get = std::function<Result<net::HttpAnswer>(const net::HttpCall&, Deadline)>;

    // The resolver outlives it.
    StrangersHttps(Options options, net::Resolver& resolver, Get get = {});
    ~StrangersHttps();

    // `host` is the one in call.url. Errors: as HttpClient::fetch; denied (all its addresses are
    // private ones), dns, busy.
    runtime::Task<Result<net::HttpAnswer>> ask(std::string host, net::HttpCall call,
                                               Deadline deadline);

    // What runs ends soon, and so does every later call. Any thread.
    void stop();

  private:
    struct Running;

    static Result<net::HttpAnswer> get_by_curl(const std::shared_ptr<Running>& running,
                                               const Options& options, const net::HttpCall& call,
                                               Deadline deadline);

    const Options options_;
    net::Resolver& resolver_;
    std::shared_ptr<Running> running_;
    Get get_;
    runtime::BlockingPool pool_;
};

}  // namespace posthaste::delivery
