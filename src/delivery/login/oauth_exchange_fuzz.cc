// Answers of a hostile token server.
#include "base/assert.h"
#include "delivery/login/oauth_exchange.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    using namespace posthaste::delivery;
    if (size < 2) return 0;
    OAuthSettings settings;
    settings.grant = static_cast<Grant>(data[0] % 4);
    settings.provider = static_cast<Provider>(data[0] / 4 % 3);
    settings.token_url = "https://login.example.com/token";
    settings.client_secret = Secret("secret-word");
    const Secret refresh("refresh-word");
    net::HttpAnswer answer;
    answer.status = data[1] < 128 ? 200 : 400;
    answer.body.assign(reinterpret_cast<const char*>(data + 2), size - 2);

    if (const auto read = read_token_answer(settings, answer, refresh)) {
        const auto token = read->access_token.reveal();
        PH_ASSERT(!token.empty() && token.size() <= kMostToken);
        PH_ASSERT(std::ranges::none_of(token, [](char c) { return c <= ' ' || c >= 0x7f; }));
        PH_ASSERT(read->lifetime >= Seconds(0) && read->lifetime <= std::chrono::hours(24));
        (void)doubt_about_token(settings, read->access_token);
    } else {
        const auto& text = read.error().text;
        PH_ASSERT(!text.empty() && text.size() < 2048);
        PH_ASSERT(!text.contains("secret-word") && !text.contains("refresh-word"));
        PH_ASSERT(std::ranges::none_of(text, [](char c) { return c >= 0 && c < ' '; }));
    }
    if (const auto code = read_device_answer(settings, answer)) {
        PH_ASSERT(code->url.starts_with("https://") && code->interval >= Seconds(1));
    }
    OAuthSettings account;
    (void)read_service_account(answer.body, account);
    (void)doubt_about_token(settings, Secret(answer.body));
    return 0;
}
