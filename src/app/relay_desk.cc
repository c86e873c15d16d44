#include "app/relay_desk.h"

#include "delivery/login/token_vault.h"

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
        : relay_(settings.relay), vault_(store) {}

    Result<std::vector<delivery::LoginReport>> report() override {
        if (relay_.host.empty() || relay_.auth == "none")
            return std::vector<delivery::LoginReport>{};
        delivery::LoginReport report;
        report.relay = relay_.host;
        const bool oauth = relay_.auth == "oauth";
        report.user = oauth ? relay_.oauth.user : relay_.username;
        report.method = oauth ? fmt::format("oauth ({})", relay_.oauth.flow) : relay_.auth;
        if (oauth) report.token = token_report();
        report.token_name = name();
        return std::vector{std::move(report)};
    }

    Result<void> sign_in(const std::string& wanted, const Secret& refresh_token) override {
        if (wanted != name())
            return fail(ErrorKind::not_found, "the configuration has no such login",
                        "posthaste relay status names them");
        return vault_.put(wanted, refresh_token);
    }

  private:
    std::string name() const {
        delivery::OAuthSettings named;
        named.token_url = relay_.oauth.token_url;
        named.client_id = relay_.oauth.client_id;
        named.user = relay_.oauth.user;
        return named.name();
    }

    delivery::TokenSource::Report token_report() const {
        delivery::TokenSource::Report report;
        if (relay_.oauth.flow != "sign-in") return report;
        auto kept = vault_.get(name());
        if (!kept) {
            report.trouble = kept.error().text;
            report.mend = kept.error().mend;
        } else if (!*kept) {
            report.trouble = fmt::format("nobody has signed in for {} yet", relay_.oauth.user);
            report.mend = "sign in once: posthaste relay login";
            report.sign_in_needed = true;
        }
        return report;
    }

    const RelaySettings relay_;
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
