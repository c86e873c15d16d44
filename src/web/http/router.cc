#include "web/http/router.h"

#include "base/ascii.h"

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

// A value may hold a '/' that came as %2F: "a/b@example.org" is an address.
std::vector<std::string> path_of(const HttpRequest& request) {
    return request.segments.empty() ? split_path(request.path) : request.segments;
}

bool is_value(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool is_same(std::string_view wanted, std::string_view found, bool any_case) {
    return any_case ? ascii::equals_ignore_case(wanted, found) : wanted == found;
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
             bool any_case, PathValues& values) {
    if (pattern.size() != path.size()) return false;
    values.clear();
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (is_value(pattern[i])) {
            if (path[i].empty()) return false;
            values.emplace(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
        } else if (!is_same(pattern[i], path[i], any_case)) {
            return false;
        }
    }
    return true;
}

}  // namespace

HttpResponse nothing_there(const HttpRequest& request) {
    return HttpResponse::error({ErrorKind::not_found, "there is nothing at " + request.path, {}});
}

void Router::add(std::string method, std::string_view pattern, Handler handler) {
    entries_.push_back({std::move(method), split_path(pattern), std::move(handler), false});
}

void Router::add_any_case(std::string method, std::string_view pattern, Handler handler) {
    entries_.push_back({std::move(method), split_path(pattern), std::move(handler), true});
}

void Router::add_all(const Router& other) {
    entries_.insert(entries_.end(), other.entries_.begin(), other.entries_.end());
    if (!otherwise_) otherwise_ = other.otherwise_;
}

void Router::otherwise(Handler handler) {
    otherwise_ = std::move(handler);
}

bool Router::knows(const HttpRequest& request) const {
    const auto path = path_of(request);
    PathValues values;
    return std::ranges::any_of(entries_, [&](const Entry& entry) {
        return matches(entry.segments, path, entry.any_case, values);
    });
}

runtime::Task<HttpResponse> Router::route(const HttpRequest& request) const {
    const auto path = path_of(request);
    std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    std::string allowed;
    PathValues values;
    for (const auto& entry : entries_) {
        if (!matches(entry.segments, path, entry.any_case, values)) continue;
        if (entry.method == method) co_return co_await entry.handler(request, values);
        allowed += (allowed.empty() ? "" : ", ") + entry.method;
        if (entry.method == "GET") allowed += ", HEAD";
    }
    if (allowed.empty() && otherwise_) {
        values.clear();
        co_return co_await otherwise_(request, values);
    }
    if (allowed.empty()) co_return nothing_there(request);
    auto response = HttpResponse::error(
        {ErrorKind::unsupported, request.method + " does not go with " + request.path, {}});
    response.status = 405;
    response.headers.emplace_back("Allow", allowed);
    co_return response;
}

}  // namespace posthaste::web
