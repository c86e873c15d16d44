#include "app/cli/check_relay.h"

#include "app/config/route_settings.h"
#include "base/ascii.h"
#include "base/time.h"
#include "delivery/login/oauth_mend.h"
#include "net/tls.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace posthaste::app::cli {

namespace {

constexpr int kSoon = 30;  // days: a new certificate wants somebody with rights in a portal

bool is_microsoft(const RelaySettings& relay) {
    const auto host = ascii::to_lower(relay.host);
    return relay.preset == "microsoft365" || host.contains(".office365.com:") ||
           host.contains(".outlook.com:");
}

// The finding's name.
std::string place_of(const RelaySettings& relay) {
    return relay.route.empty() ? "relay" : "route " + relay.route;
}

std::string described(const RelaySettings& relay) {
    if (relay.auth == "oauth")
        return fmt::format("{} as {}, by OAuth ({})", relay.host, relay.oauth.user,
                           relay.oauth.flow);
    if (relay.auth == "password")
        return fmt::format("{} as {}, by password", relay.host, relay.username);
    if (relay.auth == "certificate") return relay.host + ", by certificate";
    return relay.host + ", without a login";
}

// Both kinds run out; the other side says so only when it is too late.
void check_certificate(const RelaySettings& relay, const std::string& certificate,
                       const std::string& key, std::string what, Findings& findings) {
    if (certificate.empty() || key.empty()) return;
    auto facts = net::describe_certificate({certificate, key});
    if (!facts) return add(findings, place_of(relay), facts.error());
    const auto days =
        std::chrono::duration_cast<std::chrono::days>(facts->not_after - now()).count();
    if (days >= kSoon) return;
    findings.push_back({days < 0 ? Status::bad : Status::warn, place_of(relay),
                        days < 0 ? fmt::format("{} expired {} days ago", what, -days)
                                 : fmt::format("{} ends in {} days", what, days),
                        "make a new one and tell the provider about it"});
}

void check_password_at_microsoft(const RelaySettings& relay, Findings& findings) {
    if (relay.auth != "password" || !is_microsoft(relay)) return;
    findings.push_back(
        {Status::warn, place_of(relay),
         "Microsoft 365 switches password logins off at the end of December 2026 (an administrator "
         "can turn them on again for a while)",
         delivery::in_section(
             "set preset = \"microsoft365\" and [relay.oauth]: docs/microsoft365.md "
             "says each step",
             relay.route)});
}

void check_sign_in(const RelaySettings& relay, Findings& findings) {
    if (relay.auth != "oauth" || relay.oauth.flow != "sign-in") return;
    findings.push_back({Status::ok, place_of(relay),
                        fmt::format("somebody signs in once for {}", relay.oauth.user),
                        delivery::in_section("posthaste relay login", relay.route) +
                            ", unless posthaste relay status shows a token"});
}

}  // namespace

void check_relay(const Settings& settings, Findings& findings) {
    if (settings.mode != Mode::live) return;
    for (const NamedRelay& named : named_relays(settings)) {
        const auto& relay = named.settings;
        findings.push_back({Status::ok, place_of(relay), described(relay), {}});
        check_certificate(relay, relay.client_certificate_file, relay.client_key_file,
                          "client_certificate_file", findings);
        if (relay.auth == "oauth")
            check_certificate(relay, relay.oauth.certificate_file, relay.oauth.key_file,
                              "oauth.certificate_file", findings);
        check_password_at_microsoft(relay, findings);
        check_sign_in(relay, findings);
    }
}

}  // namespace posthaste::app::cli
