// English: what the windows of mail programs say, where no number decides.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"login_refused", "The user name or password was not accepted",
     "The password is wrong or old, or the user name is not the full e-mail address.",
     "The user name must be your full e-mail address, for sending too.\n"
     "Thunderbird: send again and type the password anew. An old one is under Settings > Privacy & "
     "Security > Saved Passwords.\n"
     "iPhone, iPad: Settings > Apps > Mail > Mail Accounts > the account > SMTP > Primary Server.\n"
     "Mac: Mail > Settings > Accounts > Server Settings, under Outgoing Mail Server.\n"
     "Outlook: File > Account Settings > Account Settings > Change.\n"
     "If you changed it lately, change it in every program and on the phone."},
    {"program_cannot_connect", "The mail program cannot reach the outgoing server",
     "Server name, port or encryption is wrong, or the network blocks mail (port 25 is blocked in "
     "most).",
     "The outgoing server is {host}, port {tls_port} with SSL/TLS or {starttls_port} with "
     "STARTTLS. Never 25.\n"
     "Thunderbird: Account Settings > Outgoing Server (SMTP) > Edit.\n"
     "iPhone, iPad: Settings > Apps > Mail > Mail Accounts > the account > SMTP > Primary Server.\n"
     "Mac: Mail > Settings > Accounts > Server Settings.\n"
     "Try over the phone's network. If that works, the other network blocks mail.\n"
     "If it fails everywhere, tell {admin}."},
    {"setup_failed", "Outlook could not set up the account by itself",
     "It found no settings for the address: the address is misspelt, the network blocks the "
     "search, "
     "or the records that name the servers are missing.",
     "Check the address, letter by letter, also behind the @.\n"
     "Set the account up by hand: Advanced options > Let me set up my account manually > IMAP or "
     "POP.\n"
     "Incoming mail: {incoming}. Outgoing mail: {host}, port {tls_port} with SSL/TLS or "
     "{starttls_port} with STARTTLS. User name = your full e-mail address.\n"
     "Give this to {admin}: \"posthaste dns show\" and \"posthaste cert status\" name what the "
     "search lacks."},
    {"tls_on_starttls_port", "The program began with TLS on a port that begins without it",
     "What came back was no TLS: SSL/TLS is set for a port that wants STARTTLS, or something "
     "on the way answers in the server's place.",
     "Port {tls_port} goes with SSL/TLS, port {starttls_port} with STARTTLS: change the port or "
     "the "
     "encryption, not both.\n"
     "In scripts: SMTP_SSL, smtps:// or secure=true belong to {tls_port}; starttls() belongs to "
     "{starttls_port}.\n"
     "If it is so already, switch off the antivirus program's mail scan or try another network."},
    {"winmail", "Recipients get a file winmail.dat",
     "Outlook sent the message as Rich Text, a form that only Outlook reads; its attachments are "
     "inside that file.",
     "File > Options > Mail > Compose messages in this format: HTML.\n"
     "On the same page, under Message format: When sending messages in Rich Text format to "
     "Internet "
     "recipients: Convert to HTML format.\n"
     "If one recipient alone gets it, delete the address from the suggestions and type it anew.\n"
     "Send the message again."},
    {"outlook_login", "Outlook's login at the outgoing server failed",
     "The number stands beside the one for a login that does not fit (0x800CCC80); what failed is "
     "in the text behind \"The server responded\".",
     "Paste the text behind \"The server responded\" here.\n"
     "Untick \"Require logon using Secure Password Authentication (SPA)\" in the account.\n"
     "User Name must be your full e-mail address; type the password anew."},
    {"data_file_missing", "Outlook does not find its data file",
     "The account points to a PST or OST file that is not there any more or cannot be opened. The "
     "trouble is in this computer, not in the mail server.",
     "File > Account Settings > Account Settings > Data Files: look which file is missing.\n"
     "On the page E-mail choose the account, then Change Folder, and pick a folder that exists.\n"
     "If it stays, make a new profile: Control Panel > Mail > Show Profiles > Add."},
};

}  // namespace

std::span<const Topic> programs_en() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
