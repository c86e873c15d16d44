#include "web/router.h"

#include <algorithm>

namespace posthaste::web {

namespace {

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> segments;
    while (path.starts_with('/')) {
        path.remove_prefix(1);
        auto end = std::min(path.find('/'), path.size());
        segments.emplace_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return segments;
}

bool is_value(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
             PathValues& values) {
    if (pattern.size() != path.size()) return false;
    values.clear();
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (is_value(pattern[i])) {
            if (path[i].empty()) return false;
            values.emplace(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
        } else if (pattern[i] != path[i]) {
            return false;
        }
    }
    return true;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler) {
    entries_.push_back({std::move(method), split_path(pattern), std::move(handler)});
}

runtime::Task<HttpResponse> Router::route(const HttpRequest& request) const {
    // A value may hold a '/' that came as %2F: "a/b@example.org" is an address.
    const auto path = request.segments.empty() ? split_path(request.path) : request.segments;
    std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    std::string allowed;
    PathValues values;
    for (const auto& entry : entries_) {
        if (!matches(entry.segments, path, values)) continue;
        if (entry.method == method) co_return co_await entry.handler(request, values);
        allowed += (allowed.empty() ? "" : ", ") + entry.method;
    }
    if (allowed.empty())
        co_return HttpResponse::error(
            {ErrorKind::not_found, "there is nothing at " + request.path, {}});
    auto response = HttpResponse::error(
        {ErrorKind::unsupported, request.method + " does not go with " + request.path, {}});
    response.status = 405;
    response.headers.emplace_back("Allow", allowed);
    co_return response;
}

}  // namespace posthaste::web
