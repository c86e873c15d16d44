#include "app/config/options/relay_options.h"

#include "base/ascii.h"

#include <algorithm>
#include <deque>
#include <string>

namespace posthaste::app {

namespace {

using enum OptionType;
using Set = std::function<Result<void>(RelaySettings&, const OptionValue&)>;

Set assign(std::string RelaySettings::* member) {
    return [member](RelaySettings& relay, const OptionValue& value) -> Result<void> {
        relay.*member = value.texts[0];
        return {};
    };
}

Set assign(std::uint32_t RelaySettings::* member) {
    return [member](RelaySettings& relay, const OptionValue& value) -> Result<void> {
        relay.*member = static_cast<std::uint32_t>(value.numbers[0]);
        return {};
    };
}

Set assign(std::string RelayOAuthSettings::* member) {
    return [member](RelaySettings& relay, const OptionValue& value) -> Result<void> {
        relay.oauth.*member = value.texts[0];
        return {};
    };
}

Result<void> set_implicit_tls(RelaySettings& relay, const OptionValue& value) {
    relay.implicit_tls = value.flag;
    return {};
}

Result<void> set_tls(RelaySettings& relay, const OptionValue& value) {
    relay.tls = tls_level(value.texts[0]);
    return {};
}

Result<void> set_mechanisms(RelaySettings& relay, const OptionValue& value) {
    relay.mechanisms.clear();
    for (const auto& text : value.texts) relay.mechanisms.push_back(ascii::to_upper(text));
    return {};
}

// In the order of the sample file.
const std::vector<RelayKey>& keys() {
    static const std::vector<RelayKey> all = {
        {"preset", choice, "",
         "fills in host, TLS, limits and addresses of a provider (docs/microsoft365.md, "
         "docs/google.md)",
         "microsoft365 google google-relay", assign(&RelaySettings::preset)},
        {"host", text, "",
         "a smarthost \"smtp.provider.net:587\"; leave out to deliver to MX hosts", "",
         assign(&RelaySettings::host), false},
        {"implicit_tls", flag, "", "TLS from the first octet (default: true on port 465)", "",
         set_implicit_tls},
        {"tls", choice, "verify",
         "how much encryption the smarthost must give; dane: a certificate by its TLSA records, "
         "else as verify; dane-only: nothing without these",
         "none may encrypt verify dane dane-only", set_tls, false},
        {"ca_file", path, "", "who may sign its certificate (default: the system's authorities)",
         "", assign(&RelaySettings::ca_file)},
        {"auth", choice, "",
         "how to log in (default: oauth with [relay.oauth], password with a username)",
         "none password oauth certificate", assign(&RelaySettings::auth)},
        {"username", text, "", "login at the smarthost; needs tls = \"encrypt\" or \"verify\"", "",
         assign(&RelaySettings::username)},
        {"password_file", path, "", "file with the password alone", "",
         assign(&RelaySettings::password_file)},
        {"mechanisms", texts, "",
         "logins that may be used, best first (default: the strongest offered; SCRAM-SHA-1 only "
         "when named here)",
         "", set_mechanisms},
        {"client_certificate_file", path, "",
         "certificate shown in TLS, PEM; with auth = \"certificate\" it is the login", "",
         assign(&RelaySettings::client_certificate_file)},
        {"client_key_file", path, "", "its private key", "",
         assign(&RelaySettings::client_key_file)},
        {"max_connections", number, "", "at once (default: the preset's, else 10)", "",
         assign(&RelaySettings::max_connections)},
        {"max_recipients", number, "", "of one transaction (default: 100)", "",
         assign(&RelaySettings::max_recipients)},
        {"max_messages_per_minute", number, "", "default: the preset's, else no such limit", "",
         assign(&RelaySettings::max_messages_per_minute)},
        {"oauth.tenant", text, "", "of Microsoft 365: the Directory (tenant) ID, or a domain of it",
         "", assign(&RelayOAuthSettings::tenant)},
        {"oauth.client_id", text, "", "the app's Application (client) ID", "",
         assign(&RelayOAuthSettings::client_id)},
        {"oauth.user", text, "", "the mailbox that mail is sent through", "",
         assign(&RelayOAuthSettings::user)},
        {"oauth.flow", choice, "",
         "how a token is come by (default: by what is given); sign-in: posthaste relay login",
         "client-credentials sign-in service-account", assign(&RelayOAuthSettings::flow)},
        {"oauth.client_secret_file", path, "", "file with the app's secret alone", "",
         assign(&RelayOAuthSettings::client_secret_file)},
        {"oauth.certificate_file", path, "", "instead of a secret: the app's certificate, PEM", "",
         assign(&RelayOAuthSettings::certificate_file)},
        {"oauth.key_file", path, "", "and its private key", "",
         assign(&RelayOAuthSettings::key_file)},
        {"oauth.service_account_file", path, "", "Google's JSON key file of a service account", "",
         assign(&RelayOAuthSettings::service_account_file)},
        {"oauth.token_url", text, "", "the token endpoint (default: the preset's)", "",
         assign(&RelayOAuthSettings::token_url)},
        {"oauth.device_url", text, "",
         "where posthaste relay login gets a code (default: the preset's)", "",
         assign(&RelayOAuthSettings::device_url)},
        {"oauth.auth_url", text, "",
         "where a browser signs in, without device_url (default: the preset's)", "",
         assign(&RelayOAuthSettings::auth_url)},
        {"oauth.scope", text, "", "default: the preset's", "", assign(&RelayOAuthSettings::scope)},
        {"oauth.ca_file", path, "",
         "who may sign the token server's certificate (default: the system's authorities)", "",
         assign(&RelayOAuthSettings::ca_file)},
    };
    return all;
}

// The option table looks at texts; those that are made here live as long as it.
std::string_view keep(std::string text) {
    static std::deque<std::string> kept;
    return kept.emplace_back(std::move(text));
}

}  // namespace

std::span<const RelayKey> relay_keys() {
    return keys();
}

const RelayKey* find_relay_key(std::string_view name) {
    const auto found = std::ranges::find(keys(), name, &RelayKey::name);
    return found == keys().end() ? nullptr : &*found;
}

std::vector<Option> relay_options() {
    std::vector<Option> options;
    for (const RelayKey& key : keys())
        options.push_back({keep("relay." + std::string(key.name)), key.type, key.fallback, key.text,
                           key.choices, true, [&key](Settings& settings, const OptionValue& value) {
                               return key.set(settings.relay, value);
                           }});
    return options;
}

std::vector<Option> route_relay_options() {
    std::vector<Option> options;
    for (const RelayKey& key : keys()) {
        if (!key.in_routes) continue;
        const std::string name(key.name);
        const std::string_view text = name == "preset"
                                          ? "as relay.preset; its host too, unless \"via\" names "
                                            "others"
                                          : keep("as relay." + name);
        options.push_back({keep("route[]." + name), key.type, "", text, key.choices, true, {}});
    }
    return options;
}

}  // namespace posthaste::app
