// HTTP/1.1 as values: what a handler gets and gives. The parser and serializer are Beast's, in http_parser.cc alone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/task.h"

namespace posthaste::web {

struct HttpRequest {
    std::string method;   // upper case
    std::string path;     // percent-decoded, starts with '/', no "..", no NUL
    std::vector<std::pair<std::string, std::string>> query;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string peer;     // "127.0.0.1:40112", "" on a Unix socket
    bool tls = false;

    std::string_view header(std::string_view name) const;  // ignoring case, "" if none
    std::string_view param(std::string_view name) const;   // of the query, "" if none
    bool has_param(std::string_view name) const;
};

struct HttpResponse {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // beside the safe defaults of the server

    static HttpResponse json(std::string body, int status = 200);
    static HttpResponse html(std::string body, int status = 200);
    static HttpResponse text(std::string body, int status = 200);
    static HttpResponse redirect(std::string location);  // 303
    // {"error": "…", "mend": "…"}; the status follows the kind
    static HttpResponse error(const Error& error);
};

}  // namespace posthaste::web
