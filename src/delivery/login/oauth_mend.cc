#include "delivery/login/oauth_mend.h"

#include "base/ascii.h"
#include "delivery/delivery.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

struct Code {
    std::string_view needle;
    std::string_view mend;
};

// Microsoft's numbers (learn.microsoft.com, Entra authentication error codes).
constexpr auto kMicrosoft = std::to_array<Code>({
    {"AADSTS7000215",
     "client_secret_file holds no valid secret: Entra shows its value once, when it is made "
     "(Certificates & secrets); the secret's id is something else"},
    {"AADSTS7000222",
     "the client secret has expired: make a new one in Entra (App registrations, the app, "
     "Certificates & secrets), put its value into client_secret_file, restart; a certificate "
     "lasts longer"},
    {"AADSTS700016",
     "Entra knows no such app in this tenant: check client_id (Application (client) ID) and "
     "tenant"},
    {"AADSTS900023", "check tenant: it is the Directory (tenant) ID, or a domain of the tenant"},
    {"AADSTS90002", "check tenant: it is the Directory (tenant) ID, or a domain of the tenant"},
    {"AADSTS700027",
     "Entra does not know this certificate: upload certificate_file (App registrations, the app, "
     "Certificates & secrets, Certificates)"},
    {"AADSTS700024", "Entra finds the time wrong: check the clock of this machine (timedatectl)"},
    {"AADSTS700030", "Entra does not know this certificate: upload certificate_file again"},
    {"AADSTS700021", "check certificate_file and key_file: Entra cannot use the assertion"},
    {"AADSTS500011", "check scope: for Microsoft 365 it is https://outlook.office365.com/.default"},
    {"AADSTS70011", "check scope: for Microsoft 365 it is https://outlook.office365.com/.default"},
    {"AADSTS1002012",
     "check scope: with client credentials it is https://outlook.office365.com/.default"},
    {"AADSTS7000218",
     "Entra wants to know this app as a public client: App registrations, the app, "
     "Authentication, Allow public client flows: Yes"},
    {"AADSTS65001",
     "nobody has consented yet: an administrator grants consent in Entra (API permissions, Grant "
     "admin consent), then posthaste relay login"},
    {"AADSTS50173", "the password was changed since: sign in again: posthaste relay login"},
    {"AADSTS700082", "nothing was sent for 90 days: sign in again: posthaste relay login"},
    {"AADSTS50076", "a second factor is wanted: sign in again: posthaste relay login"},
    {"AADSTS50079", "a second factor is wanted: sign in again: posthaste relay login"},
    {"AADSTS53003",
     "a Conditional Access policy of the tenant forbids it: its administrator must except this "
     "app"},
    {"AADSTS50057", "the account is disabled: its administrator must enable it"},
    {"AADSTS50034", "there is no such account in this tenant: check user and tenant"},
});

constexpr std::string_view kTenantSwitch =
    "Set-TransportConfig -SmtpClientAuthenticationDisabled $false";

std::string google_mend(const OAuthSettings& settings, std::string_view error,
                        std::string_view description) {
    const bool account = settings.grant == Grant::service_account;
    if (account && error == "unauthorized_client")
        return fmt::format(
            "in admin.google.com, Security, API controls, Domain-wide delegation: add the service "
            "account's client ID with the scope {}",
            settings.scope);
    if (account && description.contains("User ID"))
        return "check user: it is the mailbox's full address, in a Google Workspace domain";
    if (account && error == "invalid_grant")
        return "check the clock of this machine (timedatectl), user, and that the service account "
               "and its key are still there";
    if (error == "invalid_client")
        return "check client_id and client_secret_file: both are shown in Google Cloud, APIs & "
               "Services, Credentials";
    if (error == "invalid_grant")
        return "sign in again: posthaste relay login (while the app's publishing status is "
               "\"Testing\", Google ends every sign-in after seven days)";
    return {};
}

std::string general_mend(const OAuthSettings& settings, std::string_view error) {
    if (error == "invalid_grant" && settings.grant == Grant::refresh_token)
        return "sign in again: posthaste relay login";
    if (error == "interaction_required" || error == "consent_required")
        return "sign in again: posthaste relay login";
    if (error == "invalid_client")
        return settings.grant == Grant::client_certificate
                   ? "check client_id, and that the token server knows this certificate"
                   : "check client_id and client_secret_file";
    if (error == "invalid_scope") return "check scope";
    if (error == "unauthorized_client")
        return "the token server does not let this app use that way to a token: allow it there";
    if (error == "unsupported_grant_type")
        return "the token server does not know that way to a token: choose another one";
    if (error == "access_denied") return "somebody said no: posthaste relay login begins anew";
    if (error == "expired_token") return "the code was not used in time: posthaste relay login";
    return "check [relay.oauth] against what the provider shows";
}

std::string microsoft_checklist(const Smarthost& smarthost) {
    const std::string box = in_command(smarthost.username);
    if (!smarthost.oauth)
        return "check username and password_file. Microsoft 365 takes passwords from existing "
               "tenants until the end of December 2026 only: set auth = \"oauth\" "
               "(docs/microsoft365.md)";
    if (smarthost.oauth->grant == Grant::refresh_token)
        return fmt::format(
            "whoever signed in must be {} or have the right to send as it: posthaste relay login "
            "with that account",
            box);
    return fmt::format(
        "Microsoft 365 took the app and not the mailbox: check user, New-ServicePrincipal with "
        "the object id of the Enterprise application (not the one under App registrations), and "
        "Add-MailboxPermission -Identity {} -User <service principal> -AccessRights FullAccess; a "
        "new permission takes up to an hour",
        box);
}

std::string microsoft_login_mend(const Smarthost& smarthost, std::string_view text) {
    const std::string box = in_command(smarthost.username);
    if (text.contains("sts service was unreachable") || text.contains("sts url does not support"))
        return "the tenant's own sign-in server (federation) does not answer as it should: its "
               "administrator must look; the login is tried again by itself";
    if (text.contains("disabled for the mailbox"))
        return fmt::format(
            "SMTP AUTH is off for this mailbox, and OAuth needs it too: in Exchange Online "
            "PowerShell run Set-CASMailbox -Identity {} -SmtpClientAuthenticationDisabled $false",
            box);
    if (text.contains("smtpclientauthentication is disabled"))
        return fmt::format(
            "SMTP AUTH is off for the whole tenant, and OAuth needs it too: in Exchange Online "
            "PowerShell run {}, or for this mailbox alone Set-CASMailbox -Identity {} "
            "-SmtpClientAuthenticationDisabled $false",
            kTenantSwitch, box);
    if (text.contains("5.7.30") || text.contains("basic authentication")) {
        if (smarthost.oauth)
            return fmt::format(
                "Microsoft 365 says that it takes no passwords, and none was sent: check that "
                "SMTP AUTH is on (Set-CASMailbox -Identity {} -SmtpClientAuthenticationDisabled "
                "$false)",
                box);
        return "Microsoft 365 takes no passwords here any more: set auth = \"oauth\" in [relay] "
               "(docs/microsoft365.md says each step)";
    }
    if (text.contains("5.7.139"))
        return fmt::format(
            "the tenant's Security Defaults, Conditional Access or SMTP AUTH setting forbids this "
            "login: {}, and Set-CASMailbox -Identity {} -SmtpClientAuthenticationDisabled $false",
            kTenantSwitch, box);
    if (text.contains("5.7.3") || text.contains("authentication unsuccessful"))
        return microsoft_checklist(smarthost);
    return {};
}

std::string google_login_mend(const Smarthost& smarthost, std::string_view text) {
    if (text.contains("5.7.8") || text.contains("not accepted") ||
        text.contains("badcredentials")) {
        if (!smarthost.oauth)
            return "Google takes no account password here: make an app password "
                   "(myaccount.google.com/apppasswords, needs 2-Step Verification) and put it into "
                   "password_file, or set auth = \"oauth\" (docs/google.md)";
        if (smarthost.oauth->grant == Grant::service_account)
            return "Google took the service account and not the mailbox: check user, and in "
                   "admin.google.com the scope https://mail.google.com/ under Domain-wide "
                   "delegation";
        return "whoever signed in must be the account in user: posthaste relay login";
    }
    if (text.contains("invalid credentials for relay"))
        return "in admin.google.com, Apps, Google Workspace, Gmail, Routing, SMTP relay service: "
               "add this server's address, or require SMTP authentication and set a login";
    return {};
}

}  // namespace

std::string in_command(std::string_view mailbox) {
    const bool harmless =
        !mailbox.empty() && mailbox.size() <= 128 && std::ranges::all_of(mailbox, [](char c) {
            return ascii::is_alnum(c) || std::string_view("@.-_+").contains(c);
        });
    return harmless ? std::string(mailbox) : "<mailbox>";
}

std::string in_section(std::string mend, std::string_view route) {
    if (route.empty()) return mend;
    const auto replace = [&](std::string_view from, const std::string& to) {
        for (auto at = mend.find(from); at != mend.npos; at = mend.find(from, at + to.size()))
            if (mend.compare(at, to.size(), to) != 0) mend.replace(at, from.size(), to);
    };
    replace("[relay.oauth]", fmt::format("[route.oauth] of route \"{}\"", route));
    replace("[relay]", fmt::format("[[route]] \"{}\"", route));
    replace("posthaste relay login", fmt::format("posthaste relay login {}", route));
    return mend;
}

std::string token_mend(const OAuthSettings& settings, std::string_view error,
                       std::string_view description) {
    for (const Code& code : kMicrosoft)
        if (description.contains(code.needle)) return std::string(code.mend);
    if (settings.provider == Provider::google) {
        auto mend = google_mend(settings, error, description);
        if (!mend.empty()) return mend;
    }
    return general_mend(settings, error);
}

bool is_about_the_setting(const smtp::Reply& reply) {
    const std::string text = ascii::to_lower(
        (reply.status ? reply.status->to_string() + " " : std::string()) + reply.text());
    return text.contains("5.7.139") || text.contains("5.7.30 ") || text.contains("is disabled") ||
           text.contains("basic authentication is not supported");
}

std::string login_mend(const Smarthost& smarthost, const smtp::Reply& reply) {
    const std::string text = ascii::to_lower(
        (reply.status ? reply.status->to_string() + " " : std::string()) + reply.text());
    const std::string host = ascii::to_lower(smarthost.host);
    const bool microsoft = smarthost.provider == Provider::microsoft ||
                           host.ends_with(".office365.com") || host.ends_with(".outlook.com");
    const bool google = smarthost.provider == Provider::google || host.ends_with(".gmail.com");
    std::string mend = microsoft ? microsoft_login_mend(smarthost, text)
                       : google  ? google_login_mend(smarthost, text)
                                 : std::string();
    if (mend.empty() && (reply.code == 504 || reply.code == 502))
        mend =
            "the relay offers this kind of login and does not take it: name another that it "
            "offers in [relay] mechanisms";
    if (mend.empty() && smarthost.oauth)
        mend =
            "the relay refuses the token: check user and scope, and that this app may send for "
            "that mailbox (posthaste relay status)";
    return mend;
}

}  // namespace posthaste::delivery
