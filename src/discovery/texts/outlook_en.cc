// English: what Outlook's own numbers mean (clients.md 4.1, 4.2 from 78 on, 4.3).
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"spa", "Outlook tries a kind of login that is not used here",
     "\"Secure Password Authentication\" (SPA) is ticked. It means NTLM, which this server does "
     "not "
     "offer; the connection is encrypted anyway.",
     "File > Account Settings > Account Settings > choose the account > Change.\n"
     "Untick \"Require logon using Secure Password Authentication (SPA)\".\n"
     "Under More Settings > Outgoing Server choose \"Use same settings as my incoming mail "
     "server\"."},
    {"cert_name", "The server's name does not match its certificate",
     "The server name typed into Outlook is not one of the names in the certificate, or a hotel "
     "network or antivirus program answers in its place.",
     "Enter {host} as Outgoing mail server (SMTP), letter by letter.\n"
     "If it is right already, try another network, such as the phone's.\n"
     "If the certificate shown is from an antivirus program, switch off its mail scan."},
    {"cert_date", "The certificate is not valid on this date",
     "Either the clock of this computer is wrong, or the server's certificate has run out.",
     "Look at date, time and time zone of the computer and correct them.\n"
     "If they are right, tell {admin}: the certificate must be renewed."},
    {"cert_untrusted", "The certificate's issuer is not trusted",
     "The certificate was made by an authority this computer does not know: an antivirus program "
     "or "
     "company network in between, a system without updates, or a server with a certificate of its "
     "own making.",
     "Look who issued the certificate that is shown. If it is an antivirus program, switch off its "
     "mail scan.\n"
     "Install the updates of the system.\n"
     "Otherwise tell {admin}: the server needs a certificate from a public authority."},
    {"connection_lost", "The connection broke in the middle",
     "The network is unstable, or an antivirus program or firewall cut the connection.",
     "Send again; nothing is lost, the message is in the Outbox.\n"
     "If it happens again, try another network, such as the phone's.\n"
     "If that helps, switch off the antivirus program's mail scan or ask who runs the network."},
    {"busy", "Outlook is still busy with an earlier send and receive",
     "Two runs of Send/Receive overlap, or a message hangs in the Outbox.",
     "Close Outlook and open it again.\n"
     "Look into the Outbox: move a message that hangs to Drafts, then send it again."},
    {"no_host", "The server's name was not found",
     "The name of the outgoing server is misspelt, or the network cannot look up names.",
     "Copy the name: Outgoing mail server (SMTP) is {host}.\n"
     "Open any web page. If none opens, the network is at fault."},
    {"no_connection", "Outlook cannot reach the outgoing server",
     "The port is wrong or blocked (25 is blocked in most networks), a firewall or antivirus "
     "program is in the way, or the server is down.",
     "Outgoing mail server (SMTP) is {host}.\n"
     "More Settings > Advanced: outgoing server {tls_port} with SSL/TLS, or {starttls_port} with "
     "STARTTLS. Never 25.\n"
     "Try over the phone's network. If that works, the other network blocks mail.\n"
     "If it fails everywhere, tell {admin}."},
    {"dropped", "The server's connection was closed before the message was through",
     "Most often the encryption type does not fit the port (SSL/TLS on {starttls_port} or STARTTLS "
     "on {tls_port}). Other causes: an antivirus program that scans mail, or a message larger than "
     "the server takes.",
     "More Settings > Advanced: outgoing server {tls_port} with SSL/TLS, or {starttls_port} with "
     "STARTTLS.\n"
     "Send a short message without attachment. If it goes, the attachment was too large: send a "
     "link instead.\n"
     "If it does not, switch off the antivirus program's mail scan and try again."},
    {"bad_address", "A recipient's address is not complete",
     "An address was typed without its domain, or with a blank or comma inside.",
     "Open the message and correct the red or odd address: it is written as name@example.org.\n"
     "If it came from the suggestions, delete it there and type it anew."},
    {"socket", "The computer's network connection failed",
     "A firewall or antivirus program on this computer, or its network driver, refuses Outlook the "
     "connection.",
     "Restart the computer and try again.\n"
     "Allow Outlook in the firewall, and switch off the antivirus program's mail scan.\n"
     "Check: {host}, port {tls_port} with SSL/TLS or {starttls_port} with STARTTLS."},
    {"account_broken", "The account in Outlook is damaged, or the login was cancelled",
     "Outlook cannot read the account's settings, or its password window was closed.",
     "Send again and enter the password when asked.\n"
     "If no window comes, remove the account in Account Settings and add it again; mail on an IMAP "
     "server stays."},
    {"timeout", "The server did not answer in time",
     "The encryption type does not fit the port, so that both sides wait for each other; or a "
     "firewall swallows the connection; or a large message is being scanned.",
     "More Settings > Advanced: outgoing server {tls_port} with SSL/TLS, or {starttls_port} with "
     "STARTTLS.\n"
     "Raise Server Timeouts on the same page to 5 minutes.\n"
     "Try without attachment and with the antivirus program's mail scan off."},
    {"wrong_encryption", "The encrypted connection could not be made",
     "The encryption type does not fit the port, or this version of Windows or Outlook knows only "
     "old encryption.",
     "More Settings > Advanced: outgoing server {tls_port} with SSL/TLS, or {starttls_port} with "
     "STARTTLS.\n"
     "On Windows 7 and Outlook 2010 or 2013, TLS 1.2 must be switched on (update KB3140245)."},
    {"winsock", "Windows' network part does not work",
     "The trouble is in this computer, not in the mail server.",
     "Restart the computer.\n"
     "Check that a web page opens. If not, have the network connection repaired."},
    {"odd_reply", "Something answered that is no mail server",
     "Another kind of server is at this name and port, or a device in the network answers in its "
     "place.",
     "Check: Outgoing mail server (SMTP) is {host}, port {tls_port} with SSL/TLS or "
     "{starttls_port} with STARTTLS.\n"
     "The incoming server is another one: {incoming}.\n"
     "Read the text behind \"The server responded\" and paste it here."},
    {"sender_refused", "The server refused the sender",
     "Outlook did not log in to the outgoing server, or it logged in as somebody who may not send "
     "as this address.",
     "More Settings > Outgoing Server: tick \"My outgoing server (SMTP) requires authentication\" "
     "and choose \"Use same settings as my incoming mail server\".\n"
     "In the account, E-mail Address must be the address you log in with.\n"
     "With several accounts, choose the right one under From."},
    {"recipient_refused", "The server refused a recipient",
     "Mostly Outlook did not log in to the outgoing server, which then refuses to carry mail to "
     "others. Else an address is wrong; one wrong address stops the whole message.",
     "More Settings > Outgoing Server: tick \"My outgoing server (SMTP) requires authentication\" "
     "and choose \"Use same settings as my incoming mail server\".\n"
     "Check the address named in the message, letter by letter.\n"
     "Read the text behind \"The server responded\" and paste it here."},
    {"nobody", "The message has no sender or no recipients",
     "Outlook tried to send it without an address in the account or in To, Cc and Bcc.",
     "Open the message in the Outbox and enter a recipient.\n"
     "Check E-mail Address in the account."},
    {"needs_starttls", "The server wants an encrypted connection",
     "Encryption is set to None (or Auto, which fell back to none).",
     "More Settings > Advanced: encrypted connection STARTTLS with port {starttls_port}, or "
     "SSL/TLS "
     "with port {tls_port}.\n"
     "If it is set already, an antivirus program's mail scan takes the encryption away: switch the "
     "scan off."},
    {"no_starttls", "Outlook was told that there is no encryption",
     "STARTTLS is chosen for a port that does not have it, or an antivirus program or firewall "
     "removed the offer on the way.",
     "More Settings > Advanced: outgoing server {tls_port} with SSL/TLS. Nothing can be removed "
     "there.\n"
     "If that fails too, switch off the antivirus program's mail scan or try another network."},
    {"no_dsn", "The server does not do delivery receipts",
     "A delivery receipt was asked for, and this server cannot give one.",
     "Send without \"Request a Delivery Receipt\".\n"
     "Check that Outlook talks to the right server: {host}."},
    {"starttls_failed", "The server could not start encryption",
     "Its certificate or key has a fault, or it is overloaded.",
     "Try again in some minutes.\n"
     "If it stays, tell {admin}: \"posthaste cert status\" shows what is wrong."},
    {"no_common_login", "Outlook and the server share no way to log in",
     "\"Secure Password Authentication\" (SPA) is ticked, or the connection is not encrypted, and "
     "without encryption no login is offered.",
     "Untick \"Require logon using Secure Password Authentication (SPA)\" in the account, and "
     "under "
     "More Settings > Outgoing Server.\n"
     "More Settings > Advanced: outgoing server {tls_port} with SSL/TLS, or {starttls_port} with "
     "STARTTLS.\n"
     "If both are so, switch off the antivirus program's mail scan."},
    {"incoming_side", "This is about fetching mail, not sending",
     "The number comes from the incoming server (POP3 or IMAP). Posthaste only sends.",
     "Check the Incoming mail server, its port and the password: {incoming}.\n"
     "Sending may work all the same: send yourself a message."},
    {"no_connection_incoming", "Outlook cannot reach the incoming server",
     "Host name or port of the incoming server is wrong, or an antivirus program is in the way.",
     "Check Incoming mail server and its port: {incoming}.\n"
     "Switch off the antivirus program's mail scan and try again."},
    {"no_connection_out", "Outlook cannot connect to the outgoing (SMTP) server",
     "Port 25 is set and blocked, or port or server name are wrong.",
     "Outgoing mail server (SMTP) is {host}.\n"
     "More Settings > Advanced: outgoing server {starttls_port} with STARTTLS, or {tls_port} with "
     "SSL/TLS. Never 25.\n"
     "Try over the phone's network. If that works, the other network blocks mail."},
    {"incoming_timeout", "The incoming server did not answer in time",
     "The number is about fetching mail: the server is slow, or a very large message is waiting.",
     "More Settings > Advanced: raise Server Timeouts to 5 minutes.\n"
     "Check Incoming mail server: {incoming}. Sending may work all the same."},
    {"send_timeout", "The outgoing server did not answer in time",
     "A large attachment over a slow line, or an antivirus program that scans it. Sometimes "
     "Outlook "
     "shows this for a refusal: then the reason stands behind \"The server responded\".",
     "If there is text behind \"The server responded\", paste it here.\n"
     "More Settings > Advanced: raise Server Timeouts to 5 minutes.\n"
     "Send without attachment, with the antivirus program's mail scan off.\n"
     "Check: {host}, port {tls_port} with SSL/TLS or {starttls_port} with STARTTLS."},
    {"receipt_loop", "A read receipt hangs in the Outbox",
     "Outlook tries to send a read receipt, which has an empty sender, and the server refuses "
     "those. "
     "The receipt cannot be seen in the Outbox and is tried for ever.",
     "Send over {host}: it accepts read receipts.\n"
     "Against another server, the receipt must be deleted with the tool MFCMAPI.\n"
     "File > Options > Mail > Tracking: choose \"Never send a read receipt\" meanwhile."},
    {"mapi_network", "Outlook has no connection to its server",
     "The computer is offline, or Outlook is set to work offline.",
     "Look at the lower edge of Outlook's window. Send/Receive > Work Offline must be off.\n"
     "Check that a web page opens."},
    {"mapi_logon", "Outlook could not log in",
     "The password is wrong or missing, or the profile is damaged.",
     "Enter the password again: File > Account Settings > Account Settings > Change.\n"
     "If it stays, make a new profile: Control Panel > Mail > Show Profiles > Add."},
    {"mapi_extended", "Outlook could not tell what the server meant",
     "This number stands for any refusal that Outlook has no words for. What matters is the text "
     "behind \"The server responded\".",
     "Paste the text behind \"The server responded\" here.\n"
     "Without such text, restart Outlook; then repair the data file with SCANPST.EXE.\n"
     "If it stays, remove the account and add it again."},
    {"mapi_provider", "Outlook says the server is not available",
     "Mostly the profile or the connection to Exchange; with other accounts sometimes a limit on "
     "how much may be sent.",
     "Close Outlook, restart the computer and send again.\n"
     "Send in smaller portions.\n"
     "If it stays, make a new profile: Control Panel > Mail > Show Profiles > Add."},
    {"data_file", "Outlook's data file is damaged or full",
     "The trouble is in this computer's PST or OST file, not in the mail server.",
     "Repair the file with SCANPST.EXE (it comes with Office), with Outlook closed.\n"
     "If the file is very large, archive or delete old mail."},
    {"unknown", "We do not know this code or text",
     "Nothing in it is a number or a sentence that we have an explanation for.",
     "Paste the whole text of the error window, with what stands behind \"The server responded\".\n"
     "Compare the settings: {host}, port {tls_port} with SSL/TLS or {starttls_port} with STARTTLS, "
     "user name = your full e-mail address, authentication ticked.\n"
     "If it stays, send the text to {admin}."},
};

}  // namespace

std::span<const Topic> outlook_en() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
