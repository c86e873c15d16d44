#include "app/config/relay_settings.h"

#include "app/config/host_port.h"
#include "base/ascii.h"
#include "base/file.h"
#include "delivery/login/oauth_exchange.h"
#include "net/signed_token.h"
#include "net/tls.h"
#include "smtp/sasl_client.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

constexpr std::uint16_t kSubmissionsPort = 465;
constexpr std::size_t kSecretAtMost = 16 << 10;
constexpr std::size_t kPemAtMost = 256 << 10;

// clients.md 5.2 and 5.3, delivery.md 9.1; as of 2026-11.
struct Preset {
    std::string_view name;
    std::string_view host;
    delivery::Provider provider;
    std::string_view token_url;  // {} stands for the tenant
    std::string_view device_url;
    std::string_view auth_url;
    std::string_view app_scope;   // the server by itself
    std::string_view user_scope;  // a person signed in
    std::uint32_t connections;
    std::uint32_t messages_a_minute;
    std::uint32_t recipients;
};

constexpr Preset kPresets[] = {
    // Three connections and 30 messages a minute for each mailbox; XOAUTH2 and LOGIN only.
    {"microsoft365", "smtp.office365.com:587", delivery::Provider::microsoft,
     "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
     "https://login.microsoftonline.com/{}/oauth2/v2.0/devicecode",
     "https://login.microsoftonline.com/{}/oauth2/v2.0/authorize",
     "https://outlook.office365.com/.default",
     "https://outlook.office.com/SMTP.Send offline_access", 2, 25, 100},
    // Google gives no device codes for mail: the sign-in is by browser.
    {"google", "smtp.gmail.com:465", delivery::Provider::google,
     "https://oauth2.googleapis.com/token", "", "https://accounts.google.com/o/oauth2/v2/auth",
     "https://mail.google.com/", "https://mail.google.com/", 5, 0, 100},
    {"google-relay", "smtp-relay.gmail.com:587", delivery::Provider::google,
     "https://oauth2.googleapis.com/token", "", "https://accounts.google.com/o/oauth2/v2/auth",
     "https://mail.google.com/", "https://mail.google.com/", 10, 0, 100},
};

const Preset* find_preset(std::string_view name) {
    const auto* found = std::ranges::find(kPresets, name, &Preset::name);
    return found == std::end(kPresets) ? nullptr : found;
}

void fill(std::string& into, std::string value) {
    if (into.empty()) into = std::move(value);
}

void fill(std::uint32_t& into, std::uint32_t value) {
    if (into == 0) into = value;
}

std::string with_tenant(std::string_view url, const std::string& tenant) {
    std::string text(url);
    if (const auto at = text.find("{}"); at != std::string::npos) text.replace(at, 2, tenant);
    return text;
}

bool has_oauth(const RelayOAuthSettings& oauth) {
    return !oauth.flow.empty() || !oauth.tenant.empty() || !oauth.client_id.empty() ||
           !oauth.client_secret_file.empty() || !oauth.certificate_file.empty() ||
           !oauth.key_file.empty() || !oauth.service_account_file.empty() ||
           !oauth.token_url.empty() || !oauth.scope.empty() || !oauth.user.empty() ||
           !oauth.device_url.empty() || !oauth.auth_url.empty();
}

std::string usual_flow(const RelaySettings& relay) {
    if (!relay.oauth.service_account_file.empty()) return "service-account";
    const bool by_itself =
        !relay.oauth.client_secret_file.empty() || !relay.oauth.certificate_file.empty();
    const bool google = relay.preset.starts_with("google");
    return by_itself && !google ? "client-credentials" : "sign-in";
}

// How mistakes name the place.
std::string section_of(const RelaySettings& relay) {
    return relay.route.empty() ? "[relay]" : fmt::format("[[route]] \"{}\"", relay.route);
}

std::string subject_of(const RelaySettings& relay) {
    return relay.route.empty() ? "[relay]" : "this route";
}

delivery::Grant grant_of(const RelayOAuthSettings& oauth) {
    if (oauth.flow == "service-account") return delivery::Grant::service_account;
    if (oauth.flow == "sign-in") return delivery::Grant::refresh_token;
    return oauth.certificate_file.empty() ? delivery::Grant::client_secret
                                          : delivery::Grant::client_certificate;
}

// A tenant becomes part of an address: an id, or a domain.
bool is_tenant(std::string_view text) {
    return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '.';
    });
}

using Mistakes = std::vector<RelayMistake>;

void check_oauth_files(const RelayOAuthSettings& oauth, Mistakes& mistakes) {
    const bool by_itself = oauth.flow == "client-credentials";
    if (oauth.flow == "service-account" && oauth.service_account_file.empty())
        mistakes.push_back({"oauth.flow", "there is no key of the service account",
                            "add service_account_file = \"google.json\""});
    if (oauth.certificate_file.empty() != oauth.key_file.empty())
        mistakes.push_back(
            {oauth.certificate_file.empty() ? "oauth.key_file" : "oauth.certificate_file",
             "certificate_file and key_file belong together", "give both, or neither"});
    if (by_itself && oauth.client_secret_file.empty() == oauth.certificate_file.empty())
        mistakes.push_back({"oauth.client_secret_file",
                            oauth.certificate_file.empty()
                                ? "nothing proves who this server is"
                                : "a secret and a certificate both prove who this server is",
                            "give client_secret_file, or certificate_file with key_file"});
    if (!by_itself && !oauth.certificate_file.empty())
        mistakes.push_back({"oauth.certificate_file",
                            "a certificate is for flow = \"client-credentials\"",
                            "leave it out, or set that flow"});
}

void check_oauth(const RelaySettings& relay, Mistakes& mistakes) {
    const auto& oauth = relay.oauth;
    const bool microsoft = relay.preset == "microsoft365";
    if (microsoft && !is_tenant(oauth.tenant))
        mistakes.push_back(
            {"oauth.tenant", oauth.tenant.empty() ? "there is no tenant" : "this is no tenant",
             "write the Directory (tenant) ID that Entra shows, or a domain of the tenant"});
    const std::string lower = ascii::to_lower(oauth.tenant);
    if (microsoft && oauth.flow == "client-credentials" &&
        (lower == "common" || lower == "organizations" || lower == "consumers"))
        mistakes.push_back({"oauth.tenant", "an app of its own belongs to one tenant",
                            "write the Directory (tenant) ID that Entra shows"});
    if (oauth.client_id.empty() && oauth.flow != "service-account")
        mistakes.push_back({"oauth.client_id", "there is no client_id",
                            "write the Application (client) ID that the provider shows"});
    for (const auto& [key, url] : {std::pair{"oauth.token_url", &oauth.token_url},
                                   std::pair{"oauth.device_url", &oauth.device_url},
                                   std::pair{"oauth.auth_url", &oauth.auth_url}}) {
        if (url->empty() || url->starts_with("https://")) continue;
        mistakes.push_back({key, fmt::format("\"{}\" is no https address", *url),
                            "secrets go there: write it with https:// in front"});
    }
    // A service account's file names it too.
    if (oauth.token_url.empty() && oauth.flow != "service-account")
        mistakes.push_back({"oauth.token_url", "there is no token_url",
                            "add the provider's token endpoint, or set preset"});
    if (oauth.user.empty())
        mistakes.push_back({"oauth.user", "there is no mailbox to send through",
                            "add user = \"relay@example.com\""});
    if (!relay.username.empty() && relay.username != oauth.user)
        mistakes.push_back(
            {"username", "username and oauth.user are two mailboxes", "leave username out"});
    if (!relay.password_file.empty())
        mistakes.push_back(
            {"password_file", "with OAuth there is no password", "leave password_file out"});
    if (relay.tls < delivery::TlsLevel::verify)
        mistakes.push_back({"tls", "a token must not go to a server that is not verified",
                            "leave tls out, or set tls = \"verify\" (and ca_file)"});
    check_oauth_files(oauth, mistakes);
}

void check_password(const RelaySettings& relay, Mistakes& mistakes) {
    if (relay.username.empty() && relay.password_file.empty())
        mistakes.push_back({"auth", "auth = \"password\", and neither a name nor a password",
                            "add username and password_file"});
    if (relay.username.empty() != relay.password_file.empty())
        mistakes.push_back(
            {relay.username.empty() ? "password_file" : "username",
             subject_of(relay) + (relay.username.empty() ? " has a password_file but no username"
                                                         : " has a username but no password_file"),
             "give both, or neither"});
}

void check_mechanisms(const RelaySettings& relay, Mistakes& mistakes) {
    for (const auto& name : relay.mechanisms) {
        if (smtp::is_known_sasl(name)) continue;
        mistakes.push_back({"mechanisms",
                            fmt::format("\"{}\" is no login that is known here", name),
                            "SCRAM-SHA-256-PLUS, SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, LOGIN, "
                            "XOAUTH2, OAUTHBEARER, EXTERNAL"});
    }
}

Result<std::string> read_named(const RelaySettings& relay, const std::string& path,
                               std::size_t at_most, std::string_view key) {
    auto text = read_file(path, at_most);
    if (text) return text;
    return fail(text.error().kind, fmt::format("{} cannot be read: {}", key, text.error().text),
                fmt::format("{} {} names a file that the server may read", section_of(relay), key));
}

Result<Secret> read_secret(const RelaySettings& relay, const std::string& path,
                           std::string_view key) {
    auto text = read_file(path, kSecretAtMost);
    const std::string what = key == "password_file" ? "the relay's password" : std::string(key);
    if (!text)
        return fail(
            text.error().kind, fmt::format("{} cannot be read: {}", what, text.error().text),
            fmt::format("{} {} names a file that holds the {} alone, readable by the "
                        "server",
                        section_of(relay), key, key == "password_file" ? "password" : "secret"));
    const Secret whole(std::move(*text));
    const auto secret = ascii::trim(whole.reveal());
    if (secret.empty())
        return fail(ErrorKind::syntax, fmt::format("{} is empty", path),
                    key == "password_file" ? "write the relay's password into it, alone"
                                           : "write the secret into it, alone");
    return Secret(std::string(secret));
}

std::unexpected<Error> about_files(const Error& error, const std::string& certificate,
                                   const std::string& key) {
    const std::string both = certificate.empty() ? key : certificate + " and " + key;
    return fail(error.kind, fmt::format("{}: {}", both, error.text), error.mend);
}

Result<std::shared_ptr<const delivery::OAuthSettings>> make_oauth(const RelaySettings& relay) {
    const auto& given = relay.oauth;
    auto oauth = std::make_shared<delivery::OAuthSettings>();
    const Preset* preset = find_preset(relay.preset);
    oauth->provider = preset != nullptr ? preset->provider : delivery::Provider::other;
    oauth->grant = grant_of(given);
    oauth->token_url = given.token_url;
    oauth->device_url = given.device_url;
    oauth->auth_url = given.auth_url;
    oauth->client_id = given.client_id;
    oauth->scope = given.scope;
    oauth->user = given.user;
    oauth->ca_file = given.ca_file;
    oauth->pss = oauth->provider == delivery::Provider::microsoft;  // as Microsoft asks for
    if (!given.client_secret_file.empty()) {
        PH_TRY(oauth->client_secret,
               read_secret(relay, given.client_secret_file, "oauth.client_secret_file"));
    }
    if (oauth->grant == delivery::Grant::client_certificate) {
        PH_TRY(oauth->certificate_pem,
               read_named(relay, given.certificate_file, kPemAtMost, "oauth.certificate_file"));
        PH_TRY(auto key, read_named(relay, given.key_file, kPemAtMost, "oauth.key_file"));
        oauth->key_pem = Secret(std::move(key));
        if (auto fits = net::check_signing_key(oauth->key_pem, oauth->certificate_pem); !fits)
            return about_files(fits.error(), given.certificate_file, given.key_file);
    }
    if (oauth->grant == delivery::Grant::service_account) {
        PH_TRY(auto json, read_named(relay, given.service_account_file, kPemAtMost,
                                     "oauth.service_account_file"));
        const Secret whole(std::move(json));
        // The file may name the token server; the configuration's word counts more.
        if (auto read = delivery::read_service_account(whole.reveal(), *oauth); !read)
            return about_files(read.error(), "", given.service_account_file);
        if (auto fits = net::check_signing_key(oauth->key_pem, ""); !fits)
            return about_files(fits.error(), "", given.service_account_file);
        if (!oauth->token_url.starts_with("https://"))
            return fail(ErrorKind::syntax, "there is no token_url",
                        fmt::format("add the provider's token endpoint to [{}.oauth]",
                                    relay.route.empty() ? "relay" : "route"));
    }
    return oauth;
}

Result<std::shared_ptr<const net::PemIdentity>> make_identity(const RelaySettings& relay) {
    auto identity = std::make_shared<net::PemIdentity>();
    PH_TRY(identity->chain_pem,
           read_named(relay, relay.client_certificate_file, kPemAtMost, "client_certificate_file"));
    PH_TRY(auto key, read_named(relay, relay.client_key_file, kPemAtMost, "client_key_file"));
    identity->key_pem = Secret(std::move(key));
    // As TLS will use them.
    if (auto fits = net::TlsClientContext::make("", identity.get()); !fits)
        return about_files(fits.error(), relay.client_certificate_file, relay.client_key_file);
    return identity;
}

}  // namespace

delivery::TlsLevel tls_level(std::string_view choice) {
    if (choice == "none") return delivery::TlsLevel::none;
    if (choice == "may") return delivery::TlsLevel::may;
    if (choice == "encrypt") return delivery::TlsLevel::encrypt;
    if (choice == "dane") return delivery::TlsLevel::dane;
    if (choice == "dane-only") return delivery::TlsLevel::dane_only;
    return delivery::TlsLevel::verify;
}

void complete_relay(RelaySettings& relay) {
    auto& oauth = relay.oauth;
    if (relay.auth.empty()) {
        relay.auth = has_oauth(oauth)                                          ? "oauth"
                     : !relay.username.empty() || !relay.password_file.empty() ? "password"
                                                                               : "none";
    }
    const Preset* preset = find_preset(relay.preset);
    if (preset != nullptr) {
        fill(relay.host, std::string(preset->host));
        fill(relay.max_connections, preset->connections);
        fill(relay.max_messages_per_minute, preset->messages_a_minute);
        fill(relay.max_recipients, preset->recipients);
    }
    if (relay.auth != "oauth") return;
    fill(oauth.flow, usual_flow(relay));
    fill(oauth.user, relay.username);
    if (preset == nullptr) return;
    // An address with a hole in it would be asked; without a tenant there is a mistake to tell.
    fill(oauth.token_url, with_tenant(preset->token_url, oauth.tenant));
    fill(oauth.device_url, with_tenant(preset->device_url, oauth.tenant));
    fill(oauth.auth_url, with_tenant(preset->auth_url, oauth.tenant));
    fill(oauth.scope,
         std::string(oauth.flow == "sign-in" ? preset->user_scope : preset->app_scope));
}

bool names_relay(const RelaySettings& relay) {
    return !relay.preset.empty() || relay.implicit_tls.has_value() || !relay.ca_file.empty() ||
           relay.auth != "none" || !relay.mechanisms.empty() ||
           !relay.client_certificate_file.empty() || !relay.client_key_file.empty() ||
           relay.max_connections > 0 || relay.max_recipients > 0 ||
           relay.max_messages_per_minute > 0;
}

Mistakes relay_mistakes(const RelaySettings& relay) {
    Mistakes mistakes;
    const bool named = !relay.username.empty() || !relay.password_file.empty() ||
                       has_oauth(relay.oauth) || !relay.client_certificate_file.empty() ||
                       (!relay.auth.empty() && relay.auth != "none");
    if (relay.host.empty()) {
        if (named)
            mistakes.push_back({relay.auth == "oauth" ? "oauth" : "username",
                                "[relay] has a login but no host",
                                "add host = \"smtp.provider.net:587\", or preset = "
                                "\"microsoft365\""});
        return mistakes;
    }
    if (auto host = parse_host_port(relay.host); !host)
        mistakes.push_back({"host", fmt::format("\"{}\" is no host with a port", relay.host),
                            "write it like \"smtp.provider.net:587\""});
    if (relay.client_certificate_file.empty() != relay.client_key_file.empty())
        mistakes.push_back(
            {relay.client_key_file.empty() ? "client_certificate_file" : "client_key_file",
             "client_certificate_file and client_key_file belong together",
             "give both, or neither"});
    if (relay.auth == "oauth") check_oauth(relay, mistakes);
    if (relay.auth == "password") check_password(relay, mistakes);
    if (relay.auth == "none" && !relay.username.empty())
        mistakes.push_back({"auth", "a username, and auth = \"none\"", "leave one of them out"});
    if (relay.auth == "certificate" && relay.client_certificate_file.empty())
        mistakes.push_back({"auth", "there is no certificate to log in with",
                            "add client_certificate_file and client_key_file"});
    if (relay.auth != "none" && relay.auth != "oauth" && relay.tls < delivery::TlsLevel::encrypt)
        mistakes.push_back(
            {"tls", "a password must not leave unencrypted",
             "set tls = \"verify\" (or \"encrypt\" if its certificate cannot be verified)"});
    check_mechanisms(relay, mistakes);
    return mistakes;
}

Result<delivery::Smarthost> make_smarthost(const RelaySettings& relay) {
    PH_TRY(auto next, parse_host_port(relay.host));
    delivery::Smarthost smarthost;
    smarthost.route = relay.route;
    smarthost.lmtp = relay.lmtp;
    smarthost.host = next.host;
    smarthost.port = next.port;
    smarthost.implicit_tls = relay.implicit_tls.value_or(next.port == kSubmissionsPort);
    smarthost.tls = relay.tls;
    smarthost.ca_file = relay.ca_file;
    smarthost.mechanisms = relay.mechanisms;
    smarthost.max_connections = relay.max_connections;
    smarthost.max_recipients = relay.max_recipients;
    smarthost.max_messages_a_minute = relay.max_messages_per_minute;
    if (const Preset* preset = find_preset(relay.preset)) smarthost.provider = preset->provider;
    if (!relay.client_certificate_file.empty()) {
        PH_TRY(smarthost.identity, make_identity(relay));
    }
    smarthost.external = relay.auth == "certificate";
    if (relay.auth == "oauth") {
        PH_TRY(smarthost.oauth, make_oauth(relay));
        smarthost.username = relay.oauth.user;
        return smarthost;
    }
    smarthost.username = relay.username;
    if (relay.password_file.empty()) return smarthost;
    PH_TRY(smarthost.password, read_secret(relay, relay.password_file, "password_file"));
    return smarthost;
}

}  // namespace posthaste::app
