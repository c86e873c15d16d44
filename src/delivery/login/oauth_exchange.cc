#include "delivery/login/oauth_exchange.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/random.h"
#include "base/utf8.h"
#include "delivery/login/oauth_mend.h"
#include "formats/json.h"
#include "formats/url.h"
#include "net/signed_token.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using formats::JsonValue;
using formats::JsonWriter;
using Kind = TokenRefusal::Kind;

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::string_view kJwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr Seconds kAssertionLife = std::chrono::minutes(10);
constexpr Seconds kClockDoubt = std::chrono::minutes(1);
constexpr Seconds kUntoldLife = std::chrono::minutes(5);
constexpr Seconds kLongestLife = std::chrono::hours(24);
constexpr std::size_t kMostDescription = 400;

class Form {
  public:
    Form& add(std::string_view name, std::string_view value) {
        if (value.empty()) return *this;
        if (!text_.empty()) text_ += '&';
        text_ += name;
        text_ += '=';
        text_ += formats::percent_encode(value);
        return *this;
    }

    std::string take() && { return std::move(text_); }

  private:
    std::string text_;
};

net::HttpCall post(const std::string& url, Form form) {
    net::HttpCall call;
    call.method = "POST";
    call.url = url;
    call.content_type = kForm;
    call.body = std::move(form).take();
    return call;
}

std::int64_t unix_seconds(Timestamp at) {
    return std::chrono::duration_cast<Seconds>(at.time_since_epoch()).count();
}

std::string_view text_of(const JsonValue& value, std::string_view key) {
    const JsonValue* found = value.find(key);
    return found == nullptr ? std::string_view() : found->as_string().value_or(std::string_view());
}

// Some servers write numbers as texts.
std::optional<Seconds> seconds_of(const JsonValue& value, std::string_view key) {
    const JsonValue* found = value.find(key);
    if (found == nullptr) return std::nullopt;
    std::int64_t number = found->as_int().value_or(-1);
    if (const auto text = found->as_string()) {
        const auto [end, failed] =
            std::from_chars(text->data(), text->data() + text->size(), number);
        if (failed != std::errc() || end != text->data() + text->size()) return std::nullopt;
    }
    if (number < 0) return std::nullopt;
    return Seconds(std::min<std::int64_t>(number, 365L * 86'400));
}

// RFC 6750 §2.1: nothing that could end the line or the message that it is put into.
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= kMostToken && std::ranges::all_of(text, [](char c) {
        return ascii::is_alnum(c) || std::string_view("-._~+/=").contains(c);
    });
}

// RFC 6749 §A.17: printable.
bool is_refresh_token(std::string_view text) {
    return !text.empty() && text.size() <= kMostToken &&
           std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Of a certificate known to Microsoft, or of a service account at Google.
Result<Secret> assertion(const OAuthSettings& settings, Timestamp now) {
    const bool grant = settings.grant == Grant::service_account;
    const auto how = settings.pss ? net::TokenSignature::ps256 : net::TokenSignature::rs256;
    JsonWriter header;
    header.begin_object().member("alg", net::name_of(how)).member("typ", "JWT");
    if (!settings.certificate_pem.empty()) {
        PH_TRY(const auto digest, net::certificate_digest(settings.certificate_pem));
        header.member("x5t#S256", digest);
    }
    if (!settings.key_id.empty()) header.member("kid", settings.key_id);
    header.end_object();
    JsonWriter claims;
    claims.begin_object().member("aud", settings.token_url).member("iss", settings.client_id);
    claims.member("sub", grant ? settings.user : settings.client_id);
    if (grant) claims.member("scope", settings.scope);
    const std::int64_t from = unix_seconds(now - kClockDoubt);
    claims.member("iat", from).member("nbf", from);
    claims.member("exp", unix_seconds(now - kClockDoubt + kAssertionLife));
    claims.member("jti", random_token(16)).end_object();
    return net::sign_token(settings.key_pem, how, std::move(header).take(),
                           std::move(claims).take());
}

std::optional<std::string> decode_url(std::string_view text) {
    std::string padded(text);
    for (char& c : padded) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (padded.size() % 4 != 0) padded += '=';
    return base64::decode(padded);
}

bool repeats(std::string_view text, const Secret& secret) {
    return secret.reveal().size() >= 4 && text.contains(secret.reveal());
}

TokenRefusal refusal(Kind kind, std::string text, std::string mend = {}) {
    TokenRefusal made;
    made.kind = kind;
    made.text = std::move(text);
    made.mend = std::move(mend);
    return made;
}

std::string host_of(std::string_view url) {
    const auto begin = url.find("://");
    const auto rest = begin == std::string_view::npos ? url : url.substr(begin + 3);
    return std::string(rest.substr(0, std::min(rest.find_first_of("/?#"), rest.size())));
}

Kind kind_of(const OAuthSettings& settings, std::string_view error) {
    if (error == "authorization_pending") return Kind::waiting;
    if (error == "slow_down") return Kind::slower;
    if (error == "temporarily_unavailable" || error == "server_error") return Kind::passing;
    const bool of_a_person = settings.grant == Grant::refresh_token;
    if (of_a_person && (error == "invalid_grant" || error == "interaction_required" ||
                        error == "consent_required"))
        return Kind::sign_in;
    return Kind::setting;
}

TokenRefusal read_refusal(const OAuthSettings& settings, const net::HttpAnswer& answer,
                          const Secret& refresh_token) {
    const std::string host = host_of(settings.token_url);
    const auto json = JsonValue::parse(answer.body, {.max_octets = kMostTokenAnswer});
    std::string error = json ? utf8::printable(text_of(*json, "error"), 60) : std::string();
    if (repeats(error, settings.client_secret) || repeats(error, refresh_token)) error.clear();
    TokenRefusal made;
    made.retry_after = answer.retry_after();
    if (answer.status == 429 || answer.status >= 500) {
        made.text = fmt::format("{} has trouble: it answers {}", host, answer.status);
        if (!error.empty()) made.text += " " + error;
        return made;
    }
    if (error.empty()) {
        made.kind = Kind::setting;
        made.text =
            fmt::format("{} answers {}, and not in the words of OAuth", host, answer.status);
        made.mend = "check token_url: it is the address that ends in /token";
        return made;
    }
    made.kind = kind_of(settings, error);
    std::string description(text_of(*json, "error_description"));
    // Microsoft adds a trace id and the time on lines of their own.
    description.resize(std::min(description.find_first_of("\r\n"), description.size()));
    if (repeats(description, settings.client_secret) || repeats(description, refresh_token))
        description.clear();
    made.text = fmt::format("{} refuses: {}", host, error);
    if (!description.empty())
        made.text += " (" + utf8::printable(description, kMostDescription) + ")";
    made.mend = token_mend(settings, error, description);
    return made;
}

}  // namespace

std::string_view to_string(TokenRefusal::Kind kind) {
    switch (kind) {
        case TokenRefusal::Kind::passing:
            return "passing";
        case TokenRefusal::Kind::waiting:
            return "waiting";
        case TokenRefusal::Kind::slower:
            return "slower";
        case TokenRefusal::Kind::setting:
            return "setting";
        case TokenRefusal::Kind::sign_in:
            return "sign_in";
    }
    std::unreachable();
}

TokenRefusal unreachable(const Error& error) {
    return refusal(error.kind == ErrorKind::tls || error.kind == ErrorKind::syntax ? Kind::setting
                                                                                   : Kind::passing,
                   error.text, error.mend);
}

Result<net::HttpCall> token_request(const OAuthSettings& settings, const Secret& refresh_token,
                                    Timestamp now) {
    Form form;
    switch (settings.grant) {
        case Grant::client_secret:
            form.add("grant_type", "client_credentials").add("client_id", settings.client_id);
            form.add("client_secret", settings.client_secret.reveal());
            break;
        case Grant::client_certificate: {
            PH_TRY(const auto proof, assertion(settings, now));
            form.add("grant_type", "client_credentials").add("client_id", settings.client_id);
            form.add("client_assertion_type", kAssertionType);
            form.add("client_assertion", proof.reveal());
            break;
        }
        case Grant::refresh_token:
            form.add("grant_type", "refresh_token").add("client_id", settings.client_id);
            form.add("client_secret", settings.client_secret.reveal());
            form.add("refresh_token", refresh_token.reveal());
            break;
        case Grant::service_account: {
            PH_TRY(const auto proof, assertion(settings, now));
            form.add("grant_type", kJwtGrant).add("assertion", proof.reveal());
            return post(settings.token_url, std::move(form));  // the scope is within
        }
    }
    form.add("scope", settings.scope);
    return post(settings.token_url, std::move(form));
}

std::expected<TokenAnswer, TokenRefusal> read_token_answer(const OAuthSettings& settings,
                                                           const net::HttpAnswer& answer,
                                                           const Secret& refresh_token) {
    if (answer.status != 200) return std::unexpected(read_refusal(settings, answer, refresh_token));
    const std::string host = host_of(settings.token_url);
    const auto json = JsonValue::parse(answer.body, {.max_octets = kMostTokenAnswer});
    const auto access = json ? text_of(*json, "access_token") : std::string_view();
    if (!is_token(access)) {
        return std::unexpected(refusal(Kind::setting,
                                       fmt::format("{} answers without a usable token", host),
                                       "check token_url: it is the address that ends in /token"));
    }
    const auto type = text_of(*json, "token_type");
    if (!type.empty() && !ascii::equals_ignore_case(type, "Bearer")) {
        return std::unexpected(
            refusal(Kind::setting,
                    fmt::format("{} gives a token of a kind that mail servers do not take", host),
                    "it must be a Bearer token: check token_url and scope"));
    }
    TokenAnswer made;
    made.access_token = Secret(std::string(access));
    made.lifetime = std::min(seconds_of(*json, "expires_in").value_or(kUntoldLife), kLongestLife);
    const auto refresh = text_of(*json, "refresh_token");
    if (is_refresh_token(refresh)) made.refresh_token = Secret(std::string(refresh));
    return made;
}

std::string doubt_about_token(const OAuthSettings& settings, const Secret& token) {
    if (settings.provider != Provider::microsoft) return {};
    const std::string_view text = token.reveal();
    const auto first = text.find('.');
    const auto second = text.find('.', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return {};
    const auto octets = decode_url(text.substr(first + 1, second - first - 1));
    if (!octets) return {};
    const auto claims = JsonValue::parse(*octets, {.max_octets = kMostTokenAnswer});
    if (!claims || !claims->is_object()) return {};
    const auto audience = text_of(*claims, "aud");
    const bool outlook = audience.contains("outlook.office") ||
                         audience == "00000002-0000-0ff1-ce00-000000000000";  // Exchange Online
    if (!audience.empty() && !outlook)
        return fmt::format(
            "the token is for {}, not for Exchange Online: set scope = "
            "\"https://outlook.office365.com/.default\"",
            utf8::printable(audience, 100));
    const JsonValue* roles = claims->find("roles");
    const auto is_send_as_app = [](const JsonValue& role) {
        return role.as_string() == "SMTP.SendAsApp";
    };
    const bool has_role = roles != nullptr && std::ranges::any_of(roles->items(), is_send_as_app);
    if (settings.grant == Grant::refresh_token) {
        if (text_of(*claims, "scp").contains("SMTP.Send")) return {};
        return "the token lacks the permission SMTP.Send: add it to the app in Entra (API "
               "permissions) and sign in again: posthaste relay login";
    }
    if (has_role) return {};
    return "the token lacks the role SMTP.SendAsApp: in Entra, under API permissions of the app, "
           "add it (Office 365 Exchange Online, application permissions) and grant admin consent";
}

net::HttpCall device_request(const OAuthSettings& settings) {
    Form form;
    form.add("client_id", settings.client_id).add("scope", settings.scope);
    return post(settings.device_url, std::move(form));
}

std::expected<DeviceCode, TokenRefusal> read_device_answer(const OAuthSettings& settings,
                                                           const net::HttpAnswer& answer) {
    if (answer.status != 200) return std::unexpected(read_refusal(settings, answer, Secret()));
    const auto json = JsonValue::parse(answer.body, {.max_octets = kMostTokenAnswer});
    DeviceCode code;
    if (json) {
        code.device_code = Secret(std::string(text_of(*json, "device_code")));
        code.user_code = utf8::printable(text_of(*json, "user_code"), 40);
        const auto url = text_of(*json, "verification_uri");  // Google: verification_url
        code.url = utf8::printable(url.empty() ? text_of(*json, "verification_url") : url, 200);
        code.lifetime = std::min(seconds_of(*json, "expires_in").value_or(Seconds(900)),
                                 Seconds(std::chrono::hours(1)));
        code.interval =
            std::clamp(seconds_of(*json, "interval").value_or(Seconds(5)), Seconds(1), Seconds(60));
    }
    if (!code.device_code.empty() && !code.user_code.empty() && code.url.starts_with("https://"))
        return code;
    return std::unexpected(refusal(
        Kind::setting,
        fmt::format("{} answers without a code to sign in with", host_of(settings.device_url)),
        "check device_url"));
}

net::HttpCall device_poll(const OAuthSettings& settings, const DeviceCode& code) {
    Form form;
    form.add("grant_type", kDeviceGrant).add("client_id", settings.client_id);
    form.add("client_secret", settings.client_secret.reveal());
    form.add("device_code", code.device_code.reveal());
    return post(settings.token_url, std::move(form));
}

std::string browser_url(const OAuthSettings& settings, const std::string& redirect,
                        const std::string& state, const Secret& verifier) {
    Form form;
    form.add("response_type", "code").add("client_id", settings.client_id);
    form.add("redirect_uri", redirect).add("scope", settings.scope).add("state", state);
    form.add("code_challenge", base64::encode_url(net::sha256(verifier.reveal())));
    form.add("code_challenge_method", "S256").add("login_hint", settings.user);
    // Google gives a refresh token for these words alone.
    if (settings.provider == Provider::google)
        form.add("access_type", "offline").add("prompt", "consent");
    return settings.auth_url + (settings.auth_url.contains('?') ? "&" : "?") +
           std::move(form).take();
}

net::HttpCall code_request(const OAuthSettings& settings, const std::string& redirect,
                           const Secret& code, const Secret& verifier) {
    Form form;
    form.add("grant_type", "authorization_code").add("client_id", settings.client_id);
    form.add("client_secret", settings.client_secret.reveal());
    form.add("code", code.reveal()).add("redirect_uri", redirect);
    form.add("code_verifier", verifier.reveal());
    return post(settings.token_url, std::move(form));
}

Result<void> read_service_account(std::string_view text, OAuthSettings& settings) {
    constexpr std::string_view kMend =
        "it is the JSON file that Google Cloud gives when a key of the service account is made "
        "(IAM, Service accounts, Keys, Add key)";
    const auto json = JsonValue::parse(text, {.max_octets = kMostTokenAnswer});
    if (!json || text_of(*json, "type") != "service_account")
        return fail(ErrorKind::syntax, "this is no key file of a service account",
                    std::string(kMend));
    settings.client_id = text_of(*json, "client_email");
    settings.key_id = text_of(*json, "private_key_id");
    settings.key_pem = Secret(std::string(text_of(*json, "private_key")));
    if (settings.client_id.empty() || settings.key_pem.empty())
        return fail(ErrorKind::syntax, "the key file lacks client_email or private_key",
                    std::string(kMend));
    if (settings.token_url.empty()) settings.token_url = text_of(*json, "token_uri");
    return {};
}

}  // namespace posthaste::delivery
