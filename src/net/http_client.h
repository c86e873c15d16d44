// HttpClient: requests to somebody else's HTTPS server, by libcurl. Blocking: for threads that may
// wait, never on a worker. https only, no redirects (an answer that points elsewhere is an answer),
// everything bounded. One call at a time; the connection is kept for the next one.
#pragma once

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::net {

struct HttpCall {
    std::string method = "GET";  // GET, HEAD or POST
    std::string url;
    std::string content_type;  // of the body
    std::string body;          // POST only
    // Where the host of the URL is, found and judged by the caller; no other address is then
    // connected to, until they are given anew. Empty: the system's resolver finds it.
    std::vector<IpAddress> addresses{};
};

struct HttpAnswer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;

    std::string_view header(std::string_view name) const;  // the first of that name, "" if none
    // Retry-After in either form (RFC 9110 §10.2.3), from now on; never negative.
    std::optional<Seconds> retry_after() const;
};

class HttpClient {
  public:
    struct Options {
        std::string ca_file;  // who may sign the server's certificate; empty: the system's
        std::string user_agent = "posthaste";
        std::size_t max_body = 1 << 20;
        Seconds connect_timeout{15};
        // Straight to the server, whatever a proxy the environment names: for hosts that strangers
        // name.
        bool direct = false;
    };

    // Errors: io (the library does not start), not_found and the like for ca_file.
    static Result<std::unique_ptr<HttpClient>> make(Options options);
    ~HttpClient();

    // Any status is an answer. Errors: syntax (no https URL), dns, refused, tls, timeout, closed,
    // too_large, cancelled, io; the text is a sentence that names the host.
    Result<HttpAnswer> fetch(const HttpCall& call, Deadline deadline);

    // Any thread: what runs ends soon with `cancelled`, and so does every later call.
    void stop();

  private:
    struct Impl;
    explicit HttpClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace posthaste::net
