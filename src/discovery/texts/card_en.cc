// English: cards, records, help pages. Labels are those of the programs; {marks} are filled in.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr TextRow kRows[] = {
    {"card.automatic", "Automatic way"},
    {"card.full_address", "your full e-mail address"},
    {"card.your_password", "the password of your mail account"},
    {"card.device_password", "an app password made for this device alone"},
    {"card.other_port", "Port {port} with {security} works too."},
    {"card.labels_differ", "The labels differ a little between versions; the values are the same."},
    {"card.outlook_new_cloud",
     "This program hands your password to Microsoft, whose servers then fetch and send your mail."},
    {"card.qr_in_the_app",
     "Scan the QR code inside the app (Import settings > Scan QR code), not with the camera app."},
    {"card.app_password", "Use an app password here, not the password you sign in with."},
    {"card.device_from",
     "The sender address set in the device must be the same as the user name, or one it may use."},
    {"card.device_old",
     "If the device is too old for TLS 1.2, ask your administrator: it needs a port of its own."},
    {"card.app_env", "Keep the password out of the program: in the environment or in a file."},

    {"card.outlook-classic.name", "Outlook (classic)"},
    {"card.outlook-classic.automatic",
     "Close Outlook, open Control Panel > Mail > Email Accounts > New, and enter name, address and "
     "password: Outlook asks this server for the rest."},
    {"card.outlook-classic.path",
     "File > Account Settings > Account Settings > choose the account > Change"},
    {"card.outlook-classic.account", "Change Account"},
    {"card.outlook-classic.incoming", "Incoming mail server"},
    {"card.outlook-classic.outgoing", "Outgoing mail server (SMTP)"},
    {"card.outlook-classic.user", "User Name"},
    {"card.outlook-classic.password", "Password"},
    {"card.outlook-classic.spa", "Require logon using Secure Password Authentication (SPA)"},
    {"card.outlook-classic.outgoing_tab", "More Settings > Outgoing Server"},
    {"card.outlook-classic.requires", "My outgoing server (SMTP) requires authentication"},
    {"card.outlook-classic.same", "Use same settings as my incoming mail server"},
    {"card.outlook-classic.advanced_tab", "More Settings > Advanced"},
    {"card.outlook-classic.imap_port", "Incoming server (IMAP)"},
    {"card.outlook-classic.pop_port", "Incoming server (POP3)"},
    {"card.outlook-classic.encryption", "Use the following type of encrypted connection"},
    {"card.outlook-classic.smtp_port", "Outgoing server (SMTP)"},

    {"card.outlook-new.name", "Outlook (new), Outlook for Mac, iOS and Android"},
    {"card.outlook-new.automatic",
     "Add account, enter the address, and if Outlook asks for a provider choose IMAP."},
    {"card.outlook-new.path", "Settings > Accounts > Email accounts > Manage > Server settings"},
    {"card.outlook-new.incoming_part", "IMAP"},
    {"card.outlook-new.outgoing_part", "SMTP"},
    {"card.outlook-new.server", "Server"},
    {"card.outlook-new.port", "Port"},
    {"card.outlook-new.security", "Secure connection type"},
    {"card.outlook-new.user", "SMTP username"},
    {"card.outlook-new.password", "SMTP password"},

    {"card.apple.name", "Apple Mail, iPhone, iPad"},
    {"card.apple.automatic",
     "Install the profile by its link or QR code; the device then asks for the password."},
    {"card.apple.path",
     "Settings > Apps > Mail > Mail Accounts > the account > SMTP > Primary Server (before iOS 18: "
     "Settings > Mail > Accounts)"},
    {"card.apple.host", "Host Name"},
    {"card.apple.user", "User Name"},
    {"card.apple.password", "Password"},
    {"card.apple.ssl", "Use SSL"},
    {"card.apple.authentication", "Authentication"},
    {"card.apple.authentication_value", "Password"},
    {"card.apple.port", "Server Port"},

    {"card.thunderbird.name", "Thunderbird"},
    {"card.thunderbird.automatic",
     "Enter name, address and password and press Continue: Thunderbird finds the settings itself."},
    {"card.thunderbird.path", "Account Settings > Outgoing Server (SMTP) > Edit"},
    {"card.thunderbird.server", "Server Name"},
    {"card.thunderbird.port", "Port"},
    {"card.thunderbird.security", "Connection Security"},
    {"card.thunderbird.method", "Authentication Method"},
    {"card.thunderbird.method_value", "Normal password"},
    {"card.thunderbird.user", "User Name"},

    {"card.thunderbird-android.name", "Thunderbird for Android, K-9 Mail"},
    {"card.thunderbird-android.automatic",
     "Import settings > Scan QR code, or enter the address and let the app find the settings."},
    {"card.thunderbird-android.path", "Settings > the account > Sending mail > Outgoing server"},
    {"card.thunderbird-android.server", "SMTP server"},
    {"card.thunderbird-android.security", "Security"},
    {"card.thunderbird-android.port", "Port"},
    {"card.thunderbird-android.requires", "Require sign-in"},
    {"card.thunderbird-android.method", "Authentication"},
    {"card.thunderbird-android.method_value", "Normal password"},
    {"card.thunderbird-android.user", "Username"},
    {"card.thunderbird-android.password", "Password"},

    {"card.gmail.name", "Gmail (Send mail as)"},
    {"card.gmail.path",
     "Settings > See all settings > Accounts and Import > Send mail as > Add another email "
     "address"},
    {"card.gmail.server", "SMTP Server"},
    {"card.gmail.port", "Port"},
    {"card.gmail.user", "Username"},
    {"card.gmail.password", "Password"},
    {"card.gmail.ssl", "Secured connection using SSL"},
    {"card.gmail.tls", "Secured connection using TLS"},

    {"card.device.name", "Printer, scanner, device"},
    {"card.device.path", "The device's web page > Network or E-mail > SMTP"},
    {"card.device.server", "SMTP server"},
    {"card.device.port", "Port"},
    {"card.device.security", "Encryption"},
    {"card.device.requires", "SMTP authentication"},
    {"card.device.user", "User name"},
    {"card.device.password", "Password"},
    {"card.device.from", "Sender address (From)"},

    {"card.app.name", "Program or script"},
    {"card.app.path", "The program's mail or SMTP settings"},
    {"card.app.url", "URL"},
    {"card.app.server", "Host"},
    {"card.app.port", "Port"},
    {"card.app.security", "Encryption"},
    {"card.app.user", "User"},
    {"card.app.password", "Password"},
    {"card.app.from", "Sender (From)"},

    {"apple.profile.title", "Mail for {address}"},
    {"apple.profile.description", "Sets up the mail account with {name}. Holds no password."},

    {"dns.note.host", "Where mail programs and browsers find the server."},
    {"dns.note.set_up", "Lets mail programs find their settings by themselves."},
    {"dns.note.srv", "Names the mail servers and their ports (RFC 6186, RFC 8314)."},
    {"dns.note.spf",
     "SPF: which servers send for this domain. A domain has one such record: add to one that is "
     "there."},
    {"dns.note.dkim", "DKIM: the key with which mail is signed."},
    {"dns.note.dmarc",
     "DMARC: p=none watches only. Raise it to p=quarantine when the reports show no mail of yours "
     "that fails."},
    {"dns.column.name", "Name"},
    {"dns.column.type", "Type"},
    {"dns.column.priority", "Priority"},
    {"dns.column.weight", "Weight"},
    {"dns.column.port", "Port"},
    {"dns.column.value", "Value"},

    {"word.host", "the outgoing server named on the set-up page"},
    {"word.incoming", "your provider's IMAP or POP server"},
    {"word.admin", "your administrator"},

    {"page.help.title", "What went wrong"},
    {"page.help.cause", "Why"},
    {"page.help.steps", "What to do"},
    {"page.help.codes", "Codes"},
    {"page.help.back", "All settings"},
};

}  // namespace

std::span<const TextRow> card_en() {
    return kRows;
}

}  // namespace posthaste::discovery::tables
