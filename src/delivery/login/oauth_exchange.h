// The words of OAuth: requests to a token server, and what its answers say. Values only; who asks
// is token_source.h. Answers come from somebody else's server: bounded, and nothing of them is
// repeated that could hold a secret of ours.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "delivery/login/oauth.h"
#include "net/http_client.h"

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::delivery {

constexpr std::size_t kMostTokenAnswer = 64 << 10;
constexpr std::size_t kMostToken = 8192;  // an AUTH line takes 12,288 octets of base64

struct TokenAnswer {
    Secret access_token;
    Seconds lifetime{};
    Secret refresh_token;  // empty: the old one stays good
};

// Why there is no token.
struct TokenRefusal {
    enum class Kind {
        passing,  // the server has trouble, or we ask too often
        waiting,  // the person has not signed in yet (RFC 8628 §3.5)
        slower,   // the same, asked too often
        setting,  // something must be mended, here or there
        sign_in,  // the refresh token is of no use any more
    } kind = Kind::passing;

    std::string text;
    std::string mend;
    std::optional<Seconds> retry_after;
};

std::string_view to_string(TokenRefusal::Kind kind);  // "sign_in"

// The request for a token. `refresh_token` for that grant only. Errors: those of signing.
Result<net::HttpCall> token_request(const OAuthSettings& settings, const Secret& refresh_token,
                                    Timestamp now);

// `about` holds secrets that were in the request: an answer that repeats them is not shown.
std::expected<TokenAnswer, TokenRefusal> read_token_answer(const OAuthSettings& settings,
                                                           const net::HttpAnswer& answer,
                                                           const Secret& refresh_token);

// The server could not be asked at all.
TokenRefusal unreachable(const Error& error);

// What a token says of itself, when it is readable (a JWT); for people, and never checked: that is
// the relay's. "" where it says nothing that helps.
std::string doubt_about_token(const OAuthSettings& settings, const Secret& token);

// The device flow (RFC 8628).
struct DeviceCode {
    Secret device_code;
    std::string user_code;
    std::string url;
    Seconds lifetime{};
    Seconds interval{};
};

net::HttpCall device_request(const OAuthSettings& settings);
std::expected<DeviceCode, TokenRefusal> read_device_answer(const OAuthSettings& settings,
                                                           const net::HttpAnswer& answer);
net::HttpCall device_poll(const OAuthSettings& settings, const DeviceCode& code);

// Signing in with a browser that comes back to us (RFC 6749 §4.1, RFC 7636, RFC 8252 §7.3).
std::string browser_url(const OAuthSettings& settings, const std::string& redirect,
                        const std::string& state, const Secret& verifier);
net::HttpCall code_request(const OAuthSettings& settings, const std::string& redirect,
                           const Secret& code, const Secret& verifier);

// Google's JSON file for a service account: its address, key and key id. Errors: syntax.
Result<void> read_service_account(std::string_view json, OAuthSettings& settings);

}  // namespace posthaste::delivery
