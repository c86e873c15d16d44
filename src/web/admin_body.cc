#include "web/admin_body.h"

namespace posthaste::web {

Result<formats::JsonValue> json_body(const HttpRequest& request) {
    auto parsed = formats::JsonValue::parse(request.body.empty() ? std::string_view("{}")
                                                                 : std::string_view(request.body));
    if (!parsed) return parsed;
    if (!parsed->is_object()) return fail(ErrorKind::syntax, "the body must be a JSON object");
    return parsed;
}

Result<std::string> text_member(const formats::JsonValue& body, std::string_view key) {
    auto text = optional_text(body, key);
    if (text.empty()) return fail(ErrorKind::syntax, fmt::format("\"{}\" is missing", key));
    return text;
}

std::string optional_text(const formats::JsonValue& body, std::string_view key) {
    const auto* value = body.find(key);
    if (value == nullptr) return {};
    return std::string(value->as_string().value_or(std::string_view()));
}

bool flag_member(const formats::JsonValue& body, std::string_view key) {
    const auto* value = body.find(key);
    return value != nullptr && value->as_bool().value_or(false);
}

HttpResponse done() {
    return HttpResponse::json("{\"done\":true}");
}

HttpResponse answer(const Result<void>& status) {
    return status ? done() : HttpResponse::error(status.error());
}

}  // namespace posthaste::web
