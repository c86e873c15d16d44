// Router: method and path to handler. Patterns are literal but for "{name}", which takes one
// segment.
#pragma once

#include "runtime/task.h"
#include "web/http/http.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::web {

using PathValues = std::map<std::string, std::string, std::less<>>;
// A coroutine; request and values live until it has ended.
using Handler = std::function<runtime::Task<HttpResponse>(const HttpRequest& request,
                                                          const PathValues& values)>;

// What a router without an `otherwise` answers for a path it does not know.
HttpResponse nothing_there(const HttpRequest& request);

class Router {
  public:
    void add(std::string method, std::string_view pattern, Handler handler);
    // The same in any letter case: what mail programs ask for (clients.md 1.2).
    void add_any_case(std::string method, std::string_view pattern, Handler handler);
    void add_all(const Router& other);             // behind what is here already, its otherwise too
    void otherwise(Handler handler);               // for every path that nothing above matches
    bool knows(const HttpRequest& request) const;  // the path, whatever the method
    // 404 for an unknown path, 405 with Allow for an unknown method; HEAD is answered by GET.
    runtime::Task<HttpResponse> route(const HttpRequest& request) const;

  private:
    struct Entry {
        std::string method;
        std::vector<std::string> segments;
        Handler handler;
        bool any_case = false;
    };

    std::vector<Entry> entries_;
    Handler otherwise_;  // may be empty
};

}  // namespace posthaste::web
