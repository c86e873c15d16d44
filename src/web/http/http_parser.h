// HTTP/1.1 messages from octets and into octets (RFC 9112), by Beast, which http_parser.cc alone
// sees. Strict on what comes in: anything that two readers could take for two different messages is
// refused (threats.md W5).
//
// Parsers look at a window: `feed` gets all octets that have not been taken yet and says how many
// it takes. Octets behind the message are never taken. Memory: the window's bound and the body.
#pragma once

#include "base/result.h"
#include "web/http/http.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace posthaste::web {

struct HttpLimits {
    std::size_t max_header = 16 << 10;  // start line and fields
    std::size_t max_fields = 100;
    std::size_t max_body = 1 << 20;
};

// One message, then it is used up.
class RequestParser {
  public:
    explicit RequestParser(HttpLimits limits);
    ~RequestParser();

    // Errors: syntax, too_large, unsupported; the parser is dead then and `fault_status` says what
    // to answer. The window must be able to hold `max_header` octets, and 16 KiB at least.
    Result<std::size_t> feed(std::string_view window);
    bool header_done() const;
    bool done() const;

    // After the header.
    bool expects_continue() const;  // 100 (Continue) is waited for (RFC 9110 §10.1.1)
    bool keep_alive() const;
    const HttpRequest& request() const;  // without the body until `done`

    HttpRequest take();        // once, when done
    int fault_status() const;  // 400, 413, 414, 417, 431, 501, 505

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

class ResponseParser {
  public:
    ResponseParser(HttpLimits limits,
                   bool to_head);  // to_head: it answers a HEAD request, no body follows
    ~ResponseParser();

    // As above. Interim responses (1xx) are skipped.
    Result<std::size_t> feed(std::string_view window);
    Result<void> end_of_stream();  // syntax when that is too early
    bool done() const;
    bool keep_alive() const;
    HttpResponse take();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Status line and fields with the empty line, Content-Length among them. Fields whose name or value
// could break the message are left out.
std::string response_header(const HttpResponse& response, bool keep_alive);
std::string_view continue_response();  // "HTTP/1.1 100 Continue" and its empty line

// The whole request; `target` is encoded already.
std::string request_octets(const std::string& method, const std::string& target,
                           std::string_view body);

}  // namespace posthaste::web
