// English: our own replies, R1 and on (the numbers of submission/replies.h).
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"r1", "The connection must be encrypted",
     "The program tried to send or log in without encryption. The encryption is set to None, or an "
     "antivirus program that scans mail took it away.",
     "Outlook: More Settings > Advanced: encrypted connection STARTTLS with port {starttls_port}, "
     "or "
     "SSL/TLS with port {tls_port}.\n"
     "If it is set already, switch off the antivirus program's mail scan, or use {tls_port} with "
     "SSL/TLS."},
    {"r2", "The program did not log in",
     "Outlook leaves the login to the outgoing server out unless a box is ticked, and this server "
     "carries nobody's mail without a login.",
     "Outlook: More Settings > Outgoing Server: tick \"My outgoing server (SMTP) requires "
     "authentication\".\n"
     "Choose \"Use same settings as my incoming mail server\".\n"
     "Other programs: set Authentication to \"Normal password\", with your full e-mail address as "
     "user name."},
    {"r3", "User name or password is not right",
     "The password is mistyped or old, or the user name is not the full e-mail address. For a "
     "device or program it may be that it needs an app password.",
     "User Name is your full e-mail address.\n"
     "Type the password anew: Outlook > File > Account Settings > Account Settings > Change.\n"
     "If you changed it lately, change it in every program and on the phone.\n"
     "If you have forgotten it, ask {admin}."},
    {"r4", "The user name has no domain",
     "Only the part before the @ was entered, and it is not clear whose it is.",
     "Enter your full e-mail address as User Name, for example anna@example.com: File > Account "
     "Settings > Account Settings > Change."},
    {"r5", "The user name is a person's name",
     "In \"User Name\" stands a name with blanks, not an e-mail address.",
     "Enter your full e-mail address as User Name: File > Account Settings > Account Settings > "
     "Change.\n"
     "Your own name belongs into \"Your Name\" above it."},
    {"r6", "This is an old password",
     "The program still uses the password from before it was changed.",
     "Enter the new password: Outlook > File > Account Settings > Account Settings > Change.\n"
     "Change it on the phone and in every other program too."},
    {"r7", "Outlook tries a kind of login that is not used here",
     "\"Secure Password Authentication\" (SPA), which is NTLM, is ticked.",
     "Untick \"Require logon using Secure Password Authentication (SPA)\" in the account.\n"
     "Look at More Settings > Outgoing Server too: there is the same box."},
    {"r8", "The sender is not an address of this login",
     "You logged in with one address and send as another. Nobody may send in somebody else's name.",
     "Outlook: in the account, set E-mail Address to the address you log in with.\n"
     "With several accounts, choose the right one under From.\n"
     "Scanners and programs: the sender address must be the user name, or one it may use.\n"
     "If you should be allowed to use that address, ask {admin}."},
    {"r9", "The message is too large",
     "It exceeds the limit named in the reply. An attachment grows by a third when it is sent.",
     "Send a link to the file in place of the file.\n"
     "Or make it smaller, or split it over several messages."},
    {"r10", "The recipient does not exist here",
     "There is no such mailbox in this domain: mostly a typing mistake.",
     "Check the address, letter by letter.\n"
     "Delete the wrong one from the suggestions and type it anew."},
    {"r11", "The incoming server's settings stand at the outgoing server",
     "The program speaks POP3, IMAP or HTTP to a server that only sends mail.",
     "Incoming mail server is {incoming}.\n"
     "Outgoing mail server (SMTP) is {host}, port {tls_port} with SSL/TLS or {starttls_port} with "
     "STARTTLS."},
    {"r12", "More was sent than is allowed at once",
     "Your login reached its limit. If you did not send that much, somebody else uses your "
     "password.",
     "Wait until the time in the reply: the message goes out by itself.\n"
     "If it was not you, change your password at once and tell {admin}."},
    {"r13", "This account may not send", "It is closed or suspended.", "Ask {admin}."},
    {"r14", "Too many failed logins from this network",
     "Some program in your network tries again and again with a wrong password. For a while nobody "
     "there can log in.",
     "Wait ten minutes.\n"
     "Find the program or device with the old password; the reply names the beginning of its user "
     "name.\n"
     "Enter the right password there, or switch it off."},
    {"r15", "This mail program is not allowed here",
     "The new Outlook and Outlook mobile give your password to Microsoft's servers, and this "
     "organisation does not want that.",
     "Use classic Outlook, Thunderbird or Apple Mail.\n"
     "Ask {admin} if you need another program."},
    {"r16", "Port 25 is for servers", "Mail programs send over another port.",
     "Outlook: More Settings > Advanced: outgoing server {starttls_port} with STARTTLS, or "
     "{tls_port} with SSL/TLS."},
    {"r17", "The device's encryption is too old",
     "It offers TLS 1.0 or 1.1 alone, which the ordinary ports do not take any more.",
     "Update the device, or switch on TLS 1.2 in it.\n"
     "For devices that cannot, {admin} can open a port of its own for old ones."},
    {"r18", "The message was there already",
     "The program sent it a second time because the answer to the first got lost. It was accepted "
     "once and goes out once.",
     "Nothing is to be done."},
    {"r19", "The message was accepted",
     "It is safe on the server's disk and on its way. The word behind \"as\" is its number.",
     "Nothing is to be done. If it does not arrive, give that number to {admin}: \"posthaste "
     "trace\" shows where it is."},
    {"r20", "The server's disk is full",
     "It takes no new mail until there is room. Your message is fine.",
     "Send it later; Outlook tries again by itself.\n"
     "Tell {admin}."},
    {"r21", "The server cannot store mail",
     "Its disk failed. It accepts nothing until somebody has looked at it, so that nothing is "
     "lost.",
     "Tell {admin} at once: \"posthaste status\" shows the fault, then the server must be "
     "restarted.\n"
     "Send the message later."},
    {"r22", "The server has too much to do at this moment", "More mail comes in than it can store.",
     "Send again in a minute; Outlook tries by itself."},
    {"r23", "Storing the message took too long", "The server cannot say whether it was stored.",
     "Send it again. It may arrive twice.\n"
     "Tell {admin}: the disk is slow or failing."},
    {"r24", "Commands came in the wrong order",
     "The program, or something between it and the server, does not keep to SMTP.",
     "Send again.\n"
     "Switch off the antivirus program's mail scan, or use port {tls_port} with SSL/TLS.\n"
     "If it is a program of your own, compare it with RFC 5321, section 4.1.4."},
    {"r25", "No recipient was accepted",
     "Every recipient was refused, and then the program tried to send the message all the same.",
     "Read the replies before this one: each says what is wrong with its address.\n"
     "Correct the addresses and send again."},
    {"r26", "STARTTLS is not offered on this port",
     "The port is one without encryption, for programs on the server itself.",
     "Use {host} with port {starttls_port} and STARTTLS, or {tls_port} with SSL/TLS.\n"
     "Or choose no encryption for this port."},
    {"r27", "The server does not know this command",
     "The program speaks something other than SMTP, or an extension that is not offered.",
     "Check: Outgoing mail server (SMTP) is {host}; the incoming one is {incoming}.\n"
     "Switch off the antivirus program's mail scan, or use port {tls_port} with SSL/TLS."},
    {"r28", "A command holds octets that may not be in it",
     "Control characters, or letters that are no UTF-8, came in a command.",
     "Correct the program or device that sent it.\n"
     "If it is Outlook, switch off the antivirus program's mail scan, or use port {tls_port} with "
     "SSL/TLS."},
    {"r29", "A command has an argument that cannot be read",
     "The program sent a command in a form that SMTP does not allow.",
     "The reply says what is wrong: correct the program that sent it."},
    {"r30", "A command was too long",
     "More than 4,096 octets (12,288 for a login) came without a line end.",
     "Correct the program that sent it.\n"
     "If it is Outlook, check the encryption: {tls_port} with SSL/TLS, or {starttls_port} with "
     "STARTTLS."},
    {"r31", "A command ended with LF alone",
     "SMTP ends lines with CR LF. Scripts and devices sometimes send LF alone.",
     "Set the program or device to end lines with CR LF (\"\\r\\n\")."},
    {"r32", "The sender is not an e-mail address",
     "In the account or device stands something that is no address.",
     "Enter your e-mail address, in the form anna@example.com, as sender."},
    {"r33", "A recipient is not an e-mail address",
     "It was typed without its domain, or with blanks, commas or other characters inside.",
     "Correct it: name@example.org.\n"
     "If it came from the suggestions or the address book, correct it there."},
    {"r34", "Mail to a bare IP address is not carried", "Behind the @ stands a number in brackets.",
     "Write a domain name behind the @."},
    {"r35", "The address has letters beyond ASCII",
     "Such addresses need SMTPUTF8, which this mail program did not ask for.",
     "Use a newer mail program, such as Thunderbird.\n"
     "Or use another address of the recipient."},
    {"r36", "A parameter is not known here",
     "The program asked for an SMTP extension that is not offered.",
     "The reply names it: switch that function off, or correct the program."},
    {"r37", "A parameter has a wrong value",
     "The program sent an SMTP extension's parameter in a form that is not allowed.",
     "The reply says what is wrong: correct the program that sent it."},
    {"r38", "A BDAT command has no size",
     "The server cannot know where the chunk ends and closes the connection.",
     "Correct the program: BDAT 1000 LAST (RFC 3030).\n"
     "Or have it use DATA."},
    {"r39", "The message has too many recipients",
     "The limit for one message is named in the reply.",
     "Send to some of them, then to the others as another message.\n"
     "For large groups use a mailing list."},
    {"r40", "Lines of the message end with CR alone",
     "What such a line end means is understood in two ways, and that can be misused; so it is "
     "refused.",
     "Set the program that wrote the message to end lines with CR LF."},
    {"r41", "The message holds NUL octets",
     "A file was put into the message as it is, not as an attachment.",
     "Send the file as an attachment (base64)."},
    {"r42", "The message's end is marked in a wrong way",
     "The dot that ends a message stood between LFs, not between CR LFs.",
     "Set the device or program to end lines with CR LF, or update it."},
    {"r43", "The message has several From fields",
     "Which of them a reader sees is not clear, and that can be misused.",
     "Correct the program that wrote it: one From, at most one Sender."},
    {"r44", "The message has no From field", "The program or device does not say who it is from.",
     "Enter your e-mail address as sender in the program or device."},
    {"r45", "The From field cannot be read", "It is not in the form of an address.",
     "Write it as: Anna <anna@example.com>\n"
     "If the name has a comma or a dot, put it in quotes."},
    {"r46", "The message's header is not right",
     "A line of it has a form that mail does not allow.",
     "The reply says what is wrong: correct the program that wrote it."},
    {"r47", "The message's header is too large",
     "It is over 1 MB or has more than 1,000 fields, mostly through a very long To line.",
     "Send to fewer people at once, or use Bcc or a mailing list."},
    {"r48", "The message goes round in a loop",
     "It has passed through so many servers that it must come back again and again.",
     "Look for a forwarding rule that sends it back to where it came from, and delete it."},
    {"r49", "Only PLAIN and LOGIN are offered here", "The program tried another way to log in.",
     "Choose \"Normal password\" as authentication method.\n"
     "In Outlook untick \"Require logon using Secure Password Authentication (SPA)\"."},
    {"r50", "The login could not be read",
     "It was not in the form that SMTP logins have (base64, RFC 4616).",
     "Enter user name and password again.\n"
     "If it is a program of your own, correct its coding of the login.\n"
     "If the reply speaks of another user, leave \"authorization identity\" (authzid) empty."},
    {"r51", "The login was cancelled",
     "The mail program broke it off, mostly because its password window was closed.",
     "Send again and enter the password."},
    {"r52", "Many people are logging in",
     "The server checks passwords one after the other. Yours was not looked at.",
     "Try again in a few seconds; do not change the password."},
    {"r53", "The accounts cannot be read now",
     "The server's list of accounts, or the server that checks passwords, is not available. Your "
     "password may be right.",
     "Try again later; do not change the password.\n"
     "If it stays, tell {admin}."},
    {"r54", "Too many failed logins on this connection", "User name or password are wrong.",
     "User Name is your full e-mail address.\n"
     "Type the password anew, then send again."},
    {"r55", "Nothing came for too long",
     "The connection went silent: an unstable network, or a firewall that forgets connections.",
     "Send again.\n"
     "If it happens often, ask who runs the network, or try the phone's."},
    {"r56", "The program did not log in in time",
     "A connection without a login is closed after a while.",
     "Outlook: More Settings > Outgoing Server: tick \"My outgoing server (SMTP) requires "
     "authentication\".\n"
     "A program of your own should connect when there is mail to send."},
    {"r57", "The message came too slowly", "Less than 1 KB a second came over a whole minute.",
     "Try a better network.\n"
     "Send a smaller attachment, or a link."},
    {"r58", "The server is restarting", "It does so within seconds.",
     "Send again in a minute; Outlook tries by itself."},
    {"r59", "Too many bad commands",
     "The program makes the same mistake again and again, or does not speak SMTP.",
     "Check: Outgoing mail server (SMTP) is {host}, port {tls_port} with SSL/TLS or "
     "{starttls_port} "
     "with STARTTLS.\n"
     "The replies before this one say what is wrong."},
    {"r60", "Too many commands without a message",
     "The program keeps the connection busy and sends nothing.",
     "Have it connect when there is mail to send."},
    {"r61", "The server has too many connections", "It takes no more for the moment.",
     "Try again in a minute.\n"
     "If it stays, tell {admin}."},
    {"r62", "Too many connections from your network that are not logged in",
     "Some program there tries without end, or many devices share the address.",
     "Wait a minute and send again.\n"
     "Look for a program or device with a wrong password."},
    {"r63", "This port is for old devices",
     "It speaks encryption that is no longer safe, so it serves some addresses of the house alone, "
     "and yours is none of them.",
     "In a mail program set Outgoing mail server (SMTP) to {host}, port {tls_port} with SSL/TLS or "
     "{starttls_port} with STARTTLS.\n"
     "For an old device tell {admin} its address: it belongs into allow of [legacy]."},
    {"r64", "Somebody is guessing this user's password",
     "Many different passwords were tried for this user name within an hour, from several "
     "networks. "
     "For 15 minutes the password is only looked at when it comes from a network where the user "
     "has signed in before. Yours may be right.",
     "Wait 15 minutes, then send again; do not change the password for this.\n"
     "At your usual place it works now, and an app password works everywhere.\n"
     "If you are abroad and it goes on, ask {admin} for an app password."},
    {"r65", "A line of the message is too long",
     "Mail allows 998 letters in a line. Elsewhere this server would have wrapped it, but here "
     "that "
     "would break the signature, the encryption, or a part that must stay as it is.",
     "Let the mail program encode the text (quoted-printable or base64); most do so by "
     "themselves.\n"
     "Or send it without a signature, or the text as an attached file."},
    {"r66", "The message has too many parts",
     "It has over 10,000 parts, or messages and parts over 50 deep within each other, mostly "
     "because it was forwarded as an attachment again and again.",
     "Put the attachments into one archive (zip), or forward the text instead of the whole "
     "message."},
    {"r67", "The recipient is on the suppression list",
     "Mail to this address failed before, or its owner complained, so this account sends nothing "
     "to it any more.",
     "Check the address, and take it off your own list.\n"
     "If it is right and wants the mail, ask {admin} to take it off: posthaste suppression show "
     "says why it is there, posthaste suppression remove takes it off."},
};

}  // namespace

std::span<const Topic> replies_en() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
