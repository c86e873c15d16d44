// English: what any server's reply means by its number or its words (clients.md 4.2).
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"smtp_421", "The server closed the connection for now (421)",
     "It has too many connections, is restarting, limits how fast mail comes, or does not take old "
     "encryption.",
     "Wait ten minutes; Outlook sends again by itself.\n"
     "Read the text of the reply: it says which of these it is.\n"
     "If it stays, tell {admin}."},
    {"smtp_450", "The server asks to try again later (450)",
     "The recipient's mailbox is busy, or the server makes first-time senders wait (greylisting).",
     "Wait: the message is tried again by itself.\n"
     "If it stays for a day, check the recipient's address and the text of the reply."},
    {"smtp_451", "The server had a trouble of its own (451)",
     "Something on the server does not work at this moment. Some servers also say it to programs "
     "that did not log in.",
     "Try again in some minutes.\n"
     "More Settings > Outgoing Server: \"My outgoing server (SMTP) requires authentication\" must "
     "be ticked.\n"
     "If it stays, tell {admin}."},
    {"smtp_452", "The server has no room, or there are too many recipients (452)",
     "Its disk is full, a limit on how much may be sent is reached, or the message has more "
     "recipients than it takes at once.",
     "Send to fewer recipients at once.\n"
     "Wait an hour and send the rest.\n"
     "If it stays, tell {admin}."},
    {"smtp_454", "The server cannot check logins or start encryption now (454)",
     "The part of the server that knows passwords or certificates is not available. Your password "
     "may be right.",
     "Try again in some minutes, and do not change the password.\n"
     "If it stays, tell {admin}."},
    {"smtp_500", "The server did not understand a command (500)",
     "An antivirus program or firewall changes what is sent, or the program talks to the wrong "
     "kind "
     "of server.",
     "Use port {tls_port} with SSL/TLS: nothing on the way can change it.\n"
     "Switch off the antivirus program's mail scan.\n"
     "Check: Outgoing mail server (SMTP) is {host}."},
    {"smtp_501", "The server did not accept a value (501)",
     "An address has a wrong form, or the server dislikes the name the computer gives itself.",
     "Check the recipients: name@example.org, without blanks and commas.\n"
     "Check E-mail Address in the account.\n"
     "If both are right, use {host}: it accepts any computer name."},
    {"smtp_502", "The server does not offer what the program asked for (502)",
     "Login or encryption was tried on a server or port that does not have it.",
     "Check: Outgoing mail server (SMTP) is {host}, port {tls_port} with SSL/TLS or "
     "{starttls_port} "
     "with STARTTLS."},
    {"smtp_503", "Commands came in the wrong order (503)",
     "Mostly the program did not log in or did not start encryption first.",
     "More Settings > Outgoing Server: tick \"My outgoing server (SMTP) requires "
     "authentication\".\n"
     "More Settings > Advanced: {tls_port} with SSL/TLS, or {starttls_port} with STARTTLS."},
    {"smtp_504", "The server does not know this way to log in (504)",
     "\"Secure Password Authentication\" (SPA) is ticked, or the server wants another way than the "
     "program offers.",
     "Untick \"Require logon using Secure Password Authentication (SPA)\".\n"
     "In other programs choose \"Normal password\"."},
    {"smtp_530", "Login or encryption is missing (530)",
     "The program tried to send without logging in, or without encryption.",
     "More Settings > Outgoing Server: tick \"My outgoing server (SMTP) requires authentication\" "
     "and choose \"Use same settings as my incoming mail server\".\n"
     "More Settings > Advanced: {tls_port} with SSL/TLS, or {starttls_port} with STARTTLS."},
    {"smtp_535", "User name or password was not accepted (535)",
     "The password is wrong or old, or the user name is not the full e-mail address.",
     "User Name must be your full e-mail address.\n"
     "Type the password anew: File > Account Settings > Account Settings > Change.\n"
     "If you changed it lately, change it in every program and on the phone."},
    {"smtp_550", "The server refused the message or a recipient (550)",
     "The recipient does not exist there, the program did not log in, or the server's rules refuse "
     "the mail.",
     "Check the recipient's address, letter by letter.\n"
     "More Settings > Outgoing Server: \"My outgoing server (SMTP) requires authentication\" must "
     "be ticked.\n"
     "Read the rest of the reply: it mostly says which of these it is."},
    {"smtp_551", "The recipient is not with this server (551)",
     "The program did not log in, so that the server takes mail for its own people only.",
     "More Settings > Outgoing Server: tick \"My outgoing server (SMTP) requires "
     "authentication\".\n"
     "Check the recipient's address."},
    {"smtp_552", "The message is too large (552)",
     "It exceeds what the server takes, or the recipient's mailbox is full. An attachment grows by "
     "a "
     "third when it is sent.",
     "Send a link, or a smaller or compressed file.\n"
     "Split the attachments over several messages."},
    {"smtp_553", "The sender or an address is not allowed (553)",
     "The sender is not an address of the login, or an address has a wrong form.",
     "In the account, E-mail Address must be the address you log in with.\n"
     "With several accounts, choose the right one under From.\n"
     "Check the recipients: name@example.org."},
    {"smtp_554", "The server's rules refuse the message (554)",
     "It took the message for unwanted mail, or refuses this sender or network.",
     "Read the rest of the reply: it mostly says why.\n"
     "Send it once more without links and attachments.\n"
     "If it stays, give the whole reply to {admin}."},
    {"relay_denied", "The server does not carry mail for strangers",
     "The program did not log in to the outgoing server. Most often the box for it is not ticked.",
     "More Settings > Outgoing Server: tick \"My outgoing server (SMTP) requires authentication\" "
     "and choose \"Use same settings as my incoming mail server\".\n"
     "Check: Outgoing mail server (SMTP) is {host}."},
    {"greylisted", "The server makes first-time senders wait",
     "Greylisting: the first try is refused for some minutes, the next one is accepted.",
     "Wait: the message is tried again by itself within the hour.\n"
     "If your own program gets this reply, it is not logged in: tick \"My outgoing server (SMTP) "
     "requires authentication\"."},
    {"sender_policy", "The recipient's server does not believe the sender",
     "SPF, DKIM or DMARC of the sender's domain do not allow the server that sent the mail.",
     "Send over {host}, not over another provider's server.\n"
     "Give this to {admin}: \"posthaste dns show\" prints the SPF, DKIM and DMARC records."},
    {"blocklisted", "The sending address is on a block list",
     "The recipient's server refuses the network address the mail came from.",
     "If your own program gets this, it is not logged in or uses the wrong server: {host}, port "
     "{tls_port} with SSL/TLS, authentication ticked.\n"
     "If it is in a report, give it to {admin}: the list named in it says how to get off."},
    {"no_such_recipient", "The recipient's address does not exist",
     "The recipient's server knows no such mailbox: a typing mistake, or the person has left.",
     "Check the address, letter by letter, also behind the @.\n"
     "Delete the old address from the suggestions and type it anew.\n"
     "Ask the recipient by another way."},
    {"mailbox_full", "The recipient's mailbox is full", "There is no room for the message.",
     "Tell the recipient by another way, and send it again later."},
    {"app_password", "The provider wants an app password",
     "With two-step sign-in the ordinary password does not work in mail programs.",
     "Make an app password on the provider's security page.\n"
     "Enter it in the program in place of the password."},
};

}  // namespace

std::span<const Topic> smtp_en() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
