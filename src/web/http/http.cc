#include "web/http/http.h"

#include "base/ascii.h"
#include "formats/json.h"
#include "formats/url.h"

#include <algorithm>

namespace posthaste::web {

namespace {

int status_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::syntax:
            return 400;
        case ErrorKind::denied:
            return 403;
        case ErrorKind::not_found:
            return 404;
        case ErrorKind::conflict:
            return 409;
        case ErrorKind::too_large:
            return 413;
        case ErrorKind::timeout:
            return 408;
        case ErrorKind::busy:
            return 429;
        case ErrorKind::store_full:
            return 507;
        case ErrorKind::unsupported:
            return 501;
        default:
            return 503;
    }
}

std::string_view find(const std::vector<std::pair<std::string, std::string>>& pairs,
                      std::string_view name) {
    for (const auto& [key, value] : pairs)
        if (key == name) return value;
    return {};
}

constexpr std::size_t kMaxSegments = 64;

// "." and ".." mean nothing here, and who sends them hopes that they mean something somewhere else.
bool is_unwelcome(std::string_view segment) {
    return segment == "." || segment == ".." ||
           std::ranges::any_of(segment, [](char c) { return ascii::is_control(c); });
}

Result<std::vector<std::string>> decode_segments(std::string_view path) {
    std::vector<std::string> segments;
    while (path.starts_with('/')) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        auto segment = formats::percent_decode(path.substr(0, end));
        if (!segment || is_unwelcome(*segment) || segments.size() == kMaxSegments)
            return fail(ErrorKind::syntax, "the path of the request is not written as it must be",
                        "write octets other than letters and digits as %HH, text as UTF-8");
        segments.push_back(std::move(*segment));
        path.remove_prefix(end);
    }
    return segments;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (ascii::equals_ignore_case(key, name)) return value;
    return {};
}

std::string_view HttpRequest::param(std::string_view name) const {
    return find(query, name);
}

bool HttpRequest::has_param(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (key == name) return true;
    return false;
}

Result<void> HttpRequest::set_target(std::string_view target) {
    if (!target.starts_with('/'))
        return fail(ErrorKind::syntax, "the target of the request is no path",
                    "let it start with '/'");
    const std::size_t mark = std::min(target.find('?'), target.size());
    PH_TRY(segments, decode_segments(target.substr(0, mark)));
    path.clear();
    for (const auto& segment : segments) path.append("/").append(segment);
    PH_TRY(query, formats::parse_query(target.substr(std::min(mark + 1, target.size()))));
    return {};
}

std::string http_date(Timestamp t) {
    auto text = format_rfc5322(t);
    if (text.find(' ', 5) == 6) text.insert(5, 1, '0');  // the day has two digits here
    text.replace(text.rfind(' ') + 1, std::string::npos, "GMT");
    return text;
}

HttpResponse HttpResponse::json(std::string body, int status) {
    return {status, "application/json", std::move(body), {}};
}

HttpResponse HttpResponse::html(std::string body, int status) {
    return {status, "text/html; charset=utf-8", std::move(body), {}};
}

HttpResponse HttpResponse::text(std::string body, int status) {
    return {status, "text/plain; charset=utf-8", std::move(body), {}};
}

HttpResponse HttpResponse::redirect(std::string location) {
    HttpResponse response{303, "text/plain; charset=utf-8", "see " + location + "\n", {}};
    response.headers.emplace_back("Location", std::move(location));
    return response;
}

HttpResponse HttpResponse::error(const Error& error) {
    formats::JsonWriter out;
    out.begin_object().member("error", error.text).member("kind", to_string(error.kind));
    if (!error.mend.empty()) out.member("mend", error.mend);
    out.end_object();
    return json(std::move(out).take(), status_of(error.kind));
}

}  // namespace posthaste::web
