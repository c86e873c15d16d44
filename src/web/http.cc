#include "web/http.h"

#include "base/ascii.h"
#include "formats/json.h"

namespace posthaste::web {

namespace {

int status_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::syntax: return 400;
        case ErrorKind::denied: return 403;
        case ErrorKind::not_found: return 404;
        case ErrorKind::conflict: return 409;
        case ErrorKind::too_large: return 413;
        case ErrorKind::timeout: return 408;
        case ErrorKind::busy: return 429;
        case ErrorKind::store_full: return 507;
        case ErrorKind::unsupported: return 501;
        default: return 503;
    }
}

std::string_view find(const std::vector<std::pair<std::string, std::string>>& pairs, std::string_view name) {
    for (const auto& [key, value] : pairs)
        if (key == name) return value;
    return {};
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (ascii::equals_ignore_case(key, name)) return value;
    return {};
}

std::string_view HttpRequest::param(std::string_view name) const { return find(query, name); }

bool HttpRequest::has_param(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (key == name) return true;
    return false;
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
