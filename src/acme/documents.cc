#include "acme/documents.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "formats/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::acme {

namespace {

using formats::JsonValue;

constexpr std::size_t kUrlAtMost = 2048;
constexpr std::size_t kNameAtMost = 253;
constexpr std::size_t kTokenAtMost = 256;
constexpr std::size_t kTextAtMost = 400;
constexpr std::size_t kListAtMost = 200;
constexpr std::string_view kErrors = "urn:ietf:params:acme:error:";

std::unexpected<Error> strange(std::string_view what, std::string_view key) {
    return fail(ErrorKind::syntax,
                fmt::format("the certificate authority's {} has no usable \"{}\"", what, key),
                "check tls.acme_directory: it must be the address of an ACME directory (RFC 8555)");
}

std::string text_of(const JsonValue& object, std::string_view key) {
    const auto* found = object.find(key);
    return found == nullptr ? std::string()
                            : std::string(found->as_string().value_or(std::string_view()));
}

bool is_url(std::string_view text) {
    return text.starts_with("https://") && text.size() > 8 && text.size() <= kUrlAtMost &&
           std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

// "" for what is missing or no https URL.
std::string url_of(const JsonValue& object, std::string_view key) {
    auto url = text_of(object, key);
    return is_url(url) ? url : std::string();
}

// A token becomes part of a path and of a signed text: base64url only (RFC 8555 §8.1).
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= kTokenAtMost && std::ranges::all_of(text, [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '_';
    });
}

Result<JsonValue> object_of(std::string_view text, std::string_view what) {
    auto value = JsonValue::parse(text);
    if (!value || !value->is_object())
        return fail(ErrorKind::syntax,
                    fmt::format("the certificate authority's {} is no JSON object", what),
                    "check tls.acme_directory: it must be the address of an ACME directory (RFC "
                    "8555)");
    return value;
}

std::optional<Status> status_of(const JsonValue& object) {
    const auto text = text_of(object, "status");
    if (text == "pending") return Status::pending;
    if (text == "ready") return Status::ready;
    if (text == "processing") return Status::processing;
    if (text == "valid") return Status::valid;
    if (text == "invalid" || text == "deactivated" || text == "expired" || text == "revoked")
        return Status::invalid;
    return std::nullopt;
}

std::string printable(const JsonValue& object, std::string_view key) {
    return utf8::printable(text_of(object, key), kTextAtMost);
}

std::string problem_type(const JsonValue& object) {
    auto type = printable(object, "type");
    return type.starts_with(kErrors) ? type.substr(kErrors.size()) : type;
}

std::string identifier_of(const JsonValue& object) {
    const auto* identifier = object.find("identifier");
    if (identifier == nullptr || text_of(*identifier, "type") != "dns") return {};
    auto name = ascii::to_lower(text_of(*identifier, "value"));
    return name.size() <= kNameAtMost ? utf8::printable(name, kNameAtMost) : std::string();
}

Problem problem_of(const JsonValue& object) {
    Problem problem;
    problem.type = problem_type(object);
    problem.detail = printable(object, "detail");
    if (const auto* parts = object.find("subproblems")) {
        for (const auto& part : parts->items()) {
            if (problem.parts.size() >= kListAtMost) break;
            problem.parts.push_back(
                {identifier_of(part), problem_type(part), printable(part, "detail")});
        }
    }
    return problem;
}

std::optional<Problem> error_of(const JsonValue& object) {
    const auto* error = object.find("error");
    if (error == nullptr || !error->is_object()) return std::nullopt;
    return problem_of(*error);
}

}  // namespace

Result<Directory> parse_directory(std::string_view text) {
    PH_TRY(auto value, object_of(text, "directory"));
    Directory directory;
    directory.new_nonce = url_of(value, "newNonce");
    directory.new_account = url_of(value, "newAccount");
    directory.new_order = url_of(value, "newOrder");
    if (directory.new_nonce.empty()) return strange("directory", "newNonce");
    if (directory.new_account.empty()) return strange("directory", "newAccount");
    if (directory.new_order.empty()) return strange("directory", "newOrder");
    if (const auto* meta = value.find("meta")) {
        directory.terms = utf8::printable(text_of(*meta, "termsOfService"), kUrlAtMost);
        if (const auto* required = meta->find("externalAccountRequired"))
            directory.external_account_required = required->as_bool().value_or(false);
    }
    return directory;
}

Result<Order> parse_order(std::string_view text) {
    PH_TRY(auto value, object_of(text, "order"));
    Order order;
    auto status = status_of(value);
    if (!status) return strange("order", "status");
    order.status = *status;
    if (const auto* list = value.find("authorizations")) {
        for (const auto& item : list->items()) {
            auto url = item.as_string();
            if (!url || !is_url(*url) || order.authorizations.size() >= kListAtMost)
                return strange("order", "authorizations");
            order.authorizations.emplace_back(*url);
        }
    }
    order.finalize = url_of(value, "finalize");
    if (order.finalize.empty()) return strange("order", "finalize");
    order.certificate = url_of(value, "certificate");
    if (order.status == Status::valid && order.certificate.empty())
        return strange("order", "certificate");
    order.error = error_of(value);
    return order;
}

Result<Authorization> parse_authorization(std::string_view text) {
    PH_TRY(auto value, object_of(text, "authorization"));
    Authorization authorization;
    auto status = status_of(value);
    if (!status) return strange("authorization", "status");
    authorization.status = *status;
    authorization.name = identifier_of(value);
    if (authorization.name.empty()) return strange("authorization", "identifier");
    if (const auto* list = value.find("challenges")) {
        for (const auto& item : list->items()) {
            if (authorization.challenges.size() >= kListAtMost) break;
            Challenge challenge{printable(item, "type"), url_of(item, "url"),
                                text_of(item, "token"), error_of(item)};
            if (challenge.url.empty() || !is_token(challenge.token)) continue;
            authorization.challenges.push_back(std::move(challenge));
        }
    }
    return authorization;
}

Problem parse_problem(std::string_view text) {
    auto value = JsonValue::parse(text);
    if (value && value->is_object()) {
        auto problem = problem_of(*value);
        if (!problem.type.empty() || !problem.detail.empty()) return problem;
    }
    return {{}, "the certificate authority's answer is no problem document", {}};
}

}  // namespace posthaste::acme
