// HTTP/1.1 as values: what a handler gets and gives. The parser and serializer are Beast's, in
// http_parser.cc alone.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "runtime/task.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::web {

struct HttpRequest {
    std::string method;  // upper case
    std::string path;    // percent-decoded, starts with '/', no "..", no control octet
    std::vector<std::string>
        segments;  // of the path, each decoded by itself: '/' in one came as %2F
    std::vector<std::pair<std::string, std::string>> query;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string peer;  // "127.0.0.1:40112", "" on a Unix socket
    bool tls = false;

    std::string_view header(std::string_view name) const;  // ignoring case, "" if none
    std::string_view param(std::string_view name) const;   // of the query, "" if none
    bool has_param(std::string_view name) const;

    // Sets path, segments and query from "/v1/queue?limit=5" as it stands in a request line (the
    // parser has taken host and scheme off an absolute form).
    // Errors: syntax, too_large.
    Result<void> set_target(std::string_view target);
};

// "Mon, 03 Nov 2026 14:07:14 GMT" (RFC 9110 §5.6.7)
std::string http_date(Timestamp t);

struct HttpResponse {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    std::vector<std::pair<std::string, std::string>>
        headers;  // beside the safe defaults of the server

    static HttpResponse json(std::string body, int status = 200);
    static HttpResponse html(std::string body, int status = 200);
    static HttpResponse text(std::string body, int status = 200);
    static HttpResponse redirect(std::string location);  // 303
    // {"error": "…", "mend": "…"}; the status follows the kind
    static HttpResponse error(const Error& error);
};

}  // namespace posthaste::web
