// English: replies of Microsoft 365 as a smarthost or as the other side (clients.md 4.4).
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"m365_basic_off", "Microsoft 365 takes no password logins here",
     "Basic authentication for sending is disabled: by the organisation's policy, by Security "
     "Defaults or Conditional Access, or by Microsoft's switch-off at the end of December 2026.",
     "Have the server log in with OAuth2 (XOAUTH2) in place of a password.\n"
     "Until 2027 an administrator can allow it: Set-TransportConfig "
     "-SmtpClientAuthenticationDisabled $false\n"
     "Mail waits in the queue meanwhile; nothing is lost."},
    {"m365_auth_off_tenant", "SMTP logins are switched off for the whole organisation",
     "SmtpClientAuthentication is disabled for the tenant. This holds for OAuth2 too.",
     "An administrator runs: Set-TransportConfig -SmtpClientAuthenticationDisabled $false\n"
     "Or for one mailbox alone: Set-CASMailbox -Identity relay@example.com "
     "-SmtpClientAuthenticationDisabled $false"},
    {"m365_auth_off_mailbox", "SMTP logins are switched off for this mailbox",
     "SmtpClientAuthentication is disabled for the mailbox. This holds for OAuth2 too.",
     "An administrator runs: Set-CASMailbox -Identity relay@example.com "
     "-SmtpClientAuthenticationDisabled $false\n"
     "The value $null lets the organisation's setting decide."},
    {"m365_federation", "Microsoft 365 could not reach your own sign-in server",
     "The organisation signs in through a federation server (STS), and that one did not answer or "
     "has no HTTPS.",
     "Tell whoever runs the federation server (AD FS or the like).\n"
     "Sending is tried again by itself."},
    {"m365_login_failed", "Microsoft 365 did not accept the login",
     "Its general refusal: wrong password or token, second factor demanded, old kinds of login "
     "blocked, the wrong object id of the service principal, or no permission for the mailbox.",
     "With a password: sign in at outlook.office.com with it to see whether it is right.\n"
     "With OAuth2: the object id must be the one of the Enterprise application, not of the App "
     "registration.\n"
     "The token's audience must be https://outlook.office365.com, its role SMTP.SendAsApp.\n"
     "The service principal needs: Add-MailboxPermission -AccessRights FullAccess"},
    {"m365_no_plain", "Microsoft 365 does not know this way to log in",
     "PLAIN was used. Microsoft 365 offers LOGIN and XOAUTH2 alone.",
     "Set the program to LOGIN or, better, XOAUTH2.\n"
     "Posthaste as a relay in between accepts PLAIN and LOGIN."},
    {"m365_not_logged_in", "The device or program sent without logging in",
     "No login was made, often because the connection was not encrypted; or a device for direct "
     "sending points at smtp.office365.com.",
     "In the device switch on authentication and TLS (port 587, STARTTLS).\n"
     "Or send through {host}, port {starttls_port} with STARTTLS."},
    {"m365_send_as", "The login may not send as this sender",
     "The From address is not the one of the login, and there is no Send As permission for it.",
     "Set the sender to the address of the login.\n"
     "Or give the right: Add-RecipientPermission sender@example.com -Trustee login@example.com "
     "-AccessRights SendAs"},
    {"m365_relay", "Exchange does not carry this mail to the outside",
     "An Exchange connector without login was asked to deliver to a domain that is not its own.",
     "Log in.\n"
     "Or grant the connector the right Ms-Exch-SMTP-Accept-Any-Recipient."},
    {"m365_basic_retired", "Microsoft has ended password logins for sending",
     "Basic authentication is no longer supported for client submission.",
     "Have the server log in with OAuth2 (XOAUTH2).\n"
     "Devices that know passwords only can send through {host}, which passes the mail on."},
    {"m365_old_tls", "The device's encryption is too old",
     "Microsoft 365 takes no TLS 1.0 and 1.1.",
     "Update the device, or switch on TLS 1.2 in it.\n"
     "For old devices: smtp-legacy.office365.com (an administrator must allow it), or a server of "
     "your own in between."},
    {"m365_concurrent", "Too many connections to one mailbox at once",
     "Microsoft 365 allows three at a time for a mailbox.",
     "Limit the route to two connections.\n"
     "The mail is sent a little later by itself."},
    {"m365_mailbox_permission", "The token is right, the mailbox permission is missing",
     "The login worked, but the application may not use this mailbox.",
     "An administrator runs: Add-MailboxPermission -Identity relay@example.com -User "
     "<service principal> -AccessRights FullAccess"},
    {"m365_mailbox_full", "The mailbox at Microsoft 365 is full",
     "Microsoft 365 keeps a copy of what is sent, and there is no room for it.",
     "Empty Sent Items and Deleted Items of the mailbox that logs in, or give it more room."},
    {"m365_connector", "Microsoft 365 does not recognise the connector",
     "Address or certificate of the sending server are not those of the connector any more.",
     "In the Exchange admin center, enter the server's present IP address or certificate name in "
     "the connector."},
    {"m365_direct_send", "Direct Send is switched off in this organisation",
     "RejectDirectSend is on: mail without a login is accepted from known sources alone.",
     "Make a partner connector with the server's IP address or certificate.\n"
     "Or log in."},
    {"m365_members_only", "The recipient accepts mail from inside alone",
     "The group or mailbox is set to take mail of authenticated senders of its organisation only.",
     "Ask the recipient's administrator to allow senders from outside, or use another address."},
    {"m365_restricted", "The account is blocked for sending spam",
     "Microsoft 365 restricted it after unusual sending; perhaps somebody else knows the password.",
     "Change the password and look for foreign rules and sign-ins.\n"
     "Then an administrator removes the block: security.microsoft.com > Restricted entities."},
    {"m365_hve_external", "High Volume Email does not deliver to the outside",
     "The HVE endpoint carries mail inside the organisation alone.",
     "Send mail to others over another route.\n"
     "In Posthaste, a [[route]] for your own domain can go over HVE and the rest elsewhere."},
    {"m365_spam", "Outlook.com refused the message as unwanted",
     "Content or sender looked like spam to Microsoft.",
     "Check SPF, DKIM and DMARC: \"posthaste dns show\" prints the records.\n"
     "Send it once more without links and attachments."},
    {"m365_banned_ip", "Microsoft does not accept mail from this IP address",
     "The address of the sending server is on Microsoft's own block list.",
     "Ask for its removal: https://sender.office.com\n"
     "Until then, send through a smarthost."},
};

}  // namespace

std::span<const Topic> microsoft_en() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
