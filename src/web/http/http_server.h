// HttpServer: HTTP/1.1 on streams of ours, plain, TLS or Unix socket; everything bounded, every
// wait with a deadline (threats.md W4, W5). One Router for each kind of listener.
#pragma once

#include "base/log.h"
#include "net/listener.h"
#include "net/tls.h"
#include "runtime/worker.h"
#include "web/http/router.h"

#include <memory>
#include <string>
#include <vector>

namespace posthaste::web {

class HttpServer {
  public:
    struct Options {
        std::size_t max_header = 16 << 10;
        std::size_t max_body = 1 << 20;
        std::size_t max_connections = 1000;
        std::size_t max_per_address = 0;  // an IPv6 /64 counts as one; 0: no such bound
        Seconds header_timeout{10};
        Seconds body_timeout{30};
        Seconds idle_timeout{60};
        Seconds handler_timeout{310};  // /api/v1/wait may take five minutes
        std::vector<std::string>
            host_names;  // accepted Host values besides loopback names; empty: any (Unix socket)
        bool check_host = false;  // against DNS rebinding on loopback listeners (W4)
        // With check_host: all that is served under a name that is not ours; anything else is 421.
        // Null: nothing.
        std::shared_ptr<const Router> for_strangers;
        // Where 443 is all that a network lets out, mail programs come there: who asks for
        // `mail_name` in TLS, offers no HTTP in it and then says nothing for `mail_wait`, or talks
        // SMTP, is given to `mail`, the handshake done (clients.md 6.3.4). Null: nobody.
        net::Listener::Handler mail;
        std::string mail_name;
        Milliseconds mail_wait{300};
    };

    HttpServer(Options options, std::shared_ptr<const Router> router, runtime::WorkerPool& workers,
               Log& log);
    ~HttpServer();

    // `tls` null: plain.
    net::Listener::Handler handler(std::shared_ptr<net::TlsServerContext> tls);
    void stop(Deadline grace, std::function<void()> done);

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace posthaste::web
