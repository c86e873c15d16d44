#include "accounts/sign_in_text.h"

#include <algorithm>
#include <utility>

namespace posthaste::accounts {
namespace {

using Text = std::pair<const char*, std::string SignIn::*>;

constexpr Text kTexts[] = {
    {"account", &SignIn::account},         {"login", &SignIn::login},
    {"normalised", &SignIn::normalised},   {"tls_version", &SignIn::tls_version},
    {"server_name", &SignIn::server_name}, {"ehlo", &SignIn::ehlo},
    {"mechanism", &SignIn::mechanism},     {"credential", &SignIn::credential},
    {"outcome", &SignIn::outcome},         {"from", &SignIn::from},
};

std::int64_t integer(const formats::JsonValue& json, std::string_view key) {
    const auto* value = json.find(key);
    return value != nullptr ? value->as_int().value_or(0) : 0;
}

std::string_view text(const formats::JsonValue& json, std::string_view key) {
    const auto* value = json.find(key);
    return value != nullptr ? value->as_string().value_or("") : std::string_view();
}

Timestamp time(const formats::JsonValue& json, std::string_view key) {
    return Timestamp(Milliseconds(integer(json, key)));
}

}  // namespace

std::string_view to_string(SignIn::Tls tls) {
    switch (tls) {
        case SignIn::Tls::none:
            return "none";
        case SignIn::Tls::implicit:
            return "implicit";
        case SignIn::Tls::starttls:
            return "starttls";
    }
    return {};
}

void write_members(formats::JsonWriter& out, const SignIn& s) {
    out.member("at_ms", s.when.time_since_epoch().count()).member("times", s.times);
    for (const auto& [key, field] : kTexts) {
        if (!(s.*field).empty()) out.member(key, s.*field);
    }
    out.member("client", s.client.to_string()).member("port", s.port);
    out.member("tls", to_string(s.tls)).member("usual_mode", s.usual_mode);
    if (s.changed != Timestamp{}) out.member("changed_ms", s.changed.time_since_epoch().count());
}

std::string write_sign_in(const SignIn& sign_in) {
    formats::JsonWriter out;
    out.begin_object();
    write_members(out, sign_in);
    out.end_object();
    return std::move(out).take();
}

std::optional<SignIn> parse_sign_in(std::string_view line) {
    const auto json = formats::JsonValue::parse(line);
    if (!json || !json->is_object()) return std::nullopt;
    const auto client = IpAddress::parse(text(*json, "client"));
    if (!client) return std::nullopt;
    SignIn s;
    s.client = *client;
    for (const auto& [key, field] : kTexts) s.*field = text(*json, key);
    s.when = time(*json, "at_ms");
    s.changed = time(*json, "changed_ms");
    s.times = static_cast<std::uint64_t>(std::max<std::int64_t>(1, integer(*json, "times")));
    const auto port = integer(*json, "port");
    s.port = port > 0 && port <= 65'535 ? static_cast<std::uint16_t>(port) : std::uint16_t{0};
    for (const auto tls : {SignIn::Tls::none, SignIn::Tls::implicit, SignIn::Tls::starttls}) {
        if (text(*json, "tls") == to_string(tls)) s.tls = tls;
    }
    const auto* usual = json->find("usual_mode");
    s.usual_mode = usual == nullptr || usual->as_bool().value_or(true);
    return s;
}

}  // namespace posthaste::accounts
