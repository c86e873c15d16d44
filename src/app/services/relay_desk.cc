#include "app/services/relay_desk.h"

#include "app/config/route_settings.h"
#include "delivery/login/oauth_mend.h"
#include "delivery/login/token_vault.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

class LiveRelays final : public web::RelayDesk {
  public:
    explicit LiveRelays(delivery::Logins& logins) : logins_(logins) {}

    Result<std::vector<delivery::LoginReport>> report() override { return logins_.report(); }

    Result<void> sign_in(const std::string& name, const Secret& refresh_token) override {
        return logins_.sign_in(name, refresh_token);
    }

  private:
    delivery::Logins& logins_;
};

// Reads no file of secrets: whether those can be read is `posthaste check`'s.
class OfflineRelays final : public web::RelayDesk {
  public:
    OfflineRelays(const Settings& settings, store::Store& store)
        : relays_(named_relays(settings)), vault_(store) {}

    Result<std::vector<delivery::LoginReport>> report() override {
        std::vector<delivery::LoginReport> reports;
        for (const NamedRelay& named : relays_) {
            const RelaySettings& relay = named.settings;
            if (relay.auth == "none") continue;
            delivery::LoginReport& report = reports.emplace_back();
            report.route = relay.route;
            report.relay = relay.host;
            const bool oauth = relay.auth == "oauth";
            report.user = oauth ? relay.oauth.user : relay.username;
            report.method = oauth ? fmt::format("oauth ({})", relay.oauth.flow) : relay.auth;
            if (!oauth) continue;
            report.token = token_report(relay);
            report.token_name = name(relay);
        }
        return reports;
    }

    Result<void> sign_in(const std::string& wanted, const Secret& refresh_token) override {
        const bool known = std::ranges::any_of(relays_, [&](const NamedRelay& named) {
            return named.settings.auth == "oauth" && name(named.settings) == wanted;
        });
        if (!known)
            return fail(ErrorKind::not_found, "the configuration has no such login",
                        "posthaste relay status names them");
        return vault_.put(wanted, refresh_token);
    }

  private:
    static std::string name(const RelaySettings& relay) {
        delivery::OAuthSettings named;
        named.token_url = relay.oauth.token_url;
        named.client_id = relay.oauth.client_id;
        named.user = relay.oauth.user;
        return named.name();
    }

    delivery::TokenSource::Report token_report(const RelaySettings& relay) const {
        delivery::TokenSource::Report report;
        if (relay.oauth.flow != "sign-in") return report;
        auto kept = vault_.get(name(relay));
        if (!kept) {
            report.trouble = kept.error().text;
            report.mend = kept.error().mend;
        } else if (!*kept) {
            report.trouble = fmt::format("nobody has signed in for {} yet", relay.oauth.user);
            report.mend = delivery::in_section("sign in once: posthaste relay login", relay.route);
            report.sign_in_needed = true;
        }
        return report;
    }

    const std::vector<NamedRelay> relays_;
    delivery::TokenVault vault_;
};

}  // namespace

std::unique_ptr<web::RelayDesk> live_relays(delivery::Logins& logins) {
    return std::make_unique<LiveRelays>(logins);
}

std::unique_ptr<web::RelayDesk> offline_relays(const Settings& settings, store::Store& store) {
    return std::make_unique<OfflineRelays>(settings, store);
}

}  // namespace posthaste::app
