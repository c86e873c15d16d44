#include "web/admin/body.h"

#include <charconv>

#include <fmt/format.h>

namespace posthaste::web {

Result<formats::JsonValue> json_body(const HttpRequest& request) {
    auto parsed = formats::JsonValue::parse(request.body.empty() ? std::string_view("{}")
                                                                 : std::string_view(request.body));
    if (!parsed) return parsed;
    if (!parsed->is_object())
        return fail(ErrorKind::syntax, "the body must be a JSON object", "send {…}");
    return parsed;
}

Result<std::string> text_member(const formats::JsonValue& body, std::string_view key) {
    PH_TRY(auto text, optional_text(body, key));
    if (text.empty() && body.find(key) != nullptr)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is empty", key),
                    "write something in it");
    if (text.empty())
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is missing", key),
                    fmt::format("send {{\"{}\": \"…\"}}", key));
    return text;
}

Result<std::string> optional_text(const formats::JsonValue& body, std::string_view key) {
    const auto* value = body.find(key);
    if (value == nullptr || value->is_null()) return std::string();
    const auto text = value->as_string();
    if (!text)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no text", key), "put it into quotes");
    return std::string(*text);
}

Result<bool> flag_member(const formats::JsonValue& body, std::string_view key) {
    const auto* value = body.find(key);
    if (value == nullptr || value->is_null()) return false;
    const auto flag = value->as_bool();
    if (!flag)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is neither true nor false", key),
                    "write it without quotes");
    return *flag;
}

Result<std::vector<std::string>> text_list(const formats::JsonValue& body, std::string_view key) {
    std::vector<std::string> list;
    const auto* value = body.find(key);
    if (value == nullptr || value->is_null()) return list;
    const auto wrong = [&] {
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no list of texts", key),
                    fmt::format("send {{\"{}\": [\"…\"]}}", key));
    };
    if (!value->is_array()) return wrong();
    for (const auto& item : value->items()) {
        const auto text = item.as_string();
        if (!text) return wrong();
        list.emplace_back(*text);
    }
    return list;
}

Result<std::uint64_t> number_param(const HttpRequest& request, std::string_view name,
                                   std::uint64_t fallback) {
    if (!request.has_param(name)) return fallback;
    const auto text = request.param(name);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return fail(ErrorKind::syntax, fmt::format("{} is no whole number", name),
                    fmt::format("write {}=100", name));
    return number;
}

HttpResponse done() {
    return HttpResponse::json("{\"done\":true}");
}

HttpResponse answer(const Result<void>& status) {
    return status ? done() : HttpResponse::error(status.error());
}

}  // namespace posthaste::web
