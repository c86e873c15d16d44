#include "submission/replies.h"

#include "base/assert.h"
#include "base/time.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::submission {
namespace {

struct Row {
    Say say;
    int number;
    int code;
    std::string_view status;
    // {0} and {1} are given by the caller, the named marks by the configuration.
    std::string_view text;
};

constexpr Row kRows[] = {
    {Say::encrypt_before_mail, 1, 530, "5.7.0",
     "Encryption needed. Outlook > Advanced > encrypted connection: {modes}. If already set: "
     "antivirus mail scan blocks it."},
    {Say::encrypt_before_auth, 1, 538, "5.7.11",
     "Encryption needed. Outlook > Advanced > encrypted connection: {modes}. If already set: "
     "antivirus mail scan blocks it."},
    {Say::login_first, 2, 530, "5.7.0",
     "Log in first. Outlook: More Settings > Outgoing Server > tick \"My outgoing server (SMTP) "
     "requires "
     "authentication\" and \"Use same settings...\""},
    {Say::wrong_login, 3, 535, "5.7.8",
     "User name or password not accepted. User Name is the full e-mail address. Retype the "
     "password: "
     "Outlook > Account Settings > Change."},
    {Say::name_needs_domain, 4, 535, "5.7.8",
     "User Name must be your full e-mail address, for example anna@example.com. Change it in "
     "Account "
     "Settings."},
    {Say::name_is_no_address, 5, 535, "5.7.8",
     "\"User Name\" must be your e-mail address, not your own name. Change it in Account "
     "Settings."},
    {Say::old_password, 6, 535, "5.7.8",
     "This is an old password; it was changed on {0}. Enter the new one in Outlook and on your "
     "phone."},
    {Say::no_spa, 7, 504, "5.5.4",
     "SPA is not used here. Outlook: untick \"Require logon using Secure Password Authentication "
     "(SPA)\"."},
    {Say::foreign_sender, 8, 553, "5.7.1",
     "You logged in as {0} and may not send as {1}. Outlook: set E-mail Address to yours or choose "
     "another From."},
    {Say::foreign_author, 8, 550, "5.7.1",
     "You logged in as {0} and may not send as {1}. Outlook: set E-mail Address to yours or choose "
     "another From."},
    {Say::too_large, 9, 552, "5.3.4",
     "Message is {0}, the limit is {1}. An attachment grows by a third when sent. Use a link or a "
     "smaller "
     "file."},
    {Say::wrong_server, 11, 500, "5.5.1",
     "This is the OUTGOING (SMTP) mail server. Put {incoming} as Incoming mail server."},
    {Say::account_closed, 13, 535, "5.7.13", "This account may not send. Ask {admin}."},
    {Say::network_banned, 14, 421, "4.7.0",
     "Too many failed logins from your network ({0}). Wait 10 min; last user name tried: {1}."},
    {Say::already_accepted, 18, 250, "2.0.0", "Already accepted as {0}, not sent twice"},
    {Say::accepted, 19, 250, "2.0.0", "Accepted as {0}"},
    {Say::disk_full, 20, 452, "4.3.1",
     "The disk of the mail server is full. Your message is fine: send it later, or tell {admin}."},
    {Say::store_failed, 21, 451, "4.3.0",
     "The mail server cannot store mail until its administrator has mended it. Tell {admin}, send "
     "later."},
    {Say::too_busy, 22, 451, "4.3.2",
     "The mail server has too much to do at this moment. Send the message again in a minute."},
    {Say::commit_unknown, 23, 451, "4.3.0",
     "Storing the message took too long. Send it again; it may then arrive twice. Tell {admin}."},
    {Say::greet_first, 24, 503, "5.5.1", "Say EHLO first."},
    {Say::mail_first, 24, 503, "5.5.1", "MAIL FROM must come before this."},
    {Say::recipient_first, 24, 503, "5.5.1", "RCPT TO must come before this."},
    {Say::no_recipient_left, 25, 554, "5.5.1",
     "No recipient was accepted, see the replies before. Correct the addresses and send again."},
    {Say::nested_mail, 24, 503, "5.5.1", "A message has begun already. Finish it, or send RSET."},
    {Say::in_chunks, 24, 503, "5.5.1",
     "BDAT has begun: only BDAT, NOOP, RSET and QUIT may come now."},
    {Say::already_tls, 24, 503, "5.5.1",
     "The connection is encrypted already. Leave STARTTLS out."},
    {Say::already_logged_in, 24, 503, "5.5.1", "You are logged in already. Leave AUTH out."},
    {Say::behind_starttls, 24, 503, "5.5.1",
     "Commands were sent behind STARTTLS without waiting for its reply: program at fault, or "
     "attack."},
    {Say::starttls_not_offered, 26, 502, "5.5.1",
     "STARTTLS is not offered on this port. Choose no encryption here, or another port."},
    {Say::unknown_command, 27, 500, "5.5.1",
     "This command is not known here. This is an SMTP server: EHLO, STARTTLS, AUTH, MAIL, RCPT, "
     "DATA."},
    {Say::not_implemented, 27, 502, "5.5.1", "This command is not offered here."},
    {Say::bad_octets, 28, 501, "5.5.2", "{0}."},
    {Say::bad_argument, 29, 501, "5.5.4", "{0}."},
    {Say::no_argument_wanted, 29, 501, "5.5.4", "Nothing may stand behind this command."},
    {Say::line_too_long, 30, 500, "5.5.2",
     "The line is too long: 4096 octets, 12288 for AUTH. Correct the program that sent it."},
    {Say::line_without_cr, 31, 500, "5.5.2",
     "The command ended with LF alone. Set the program or device to end lines with CR LF."},
    {Say::bad_sender, 32, 501, "5.1.7",
     "The sender {0} is not an e-mail address. Write it as anna@example.com."},
    {Say::bad_recipient, 33, 501, "5.1.3",
     "The recipient {0} is not an e-mail address. Write it as anna@example.com."},
    {Say::literal_recipient, 34, 550, "5.1.2",
     "Mail to a bare IP address is not carried. Write a domain name behind the @."},
    {Say::needs_smtputf8, 35, 553, "5.6.7",
     "{0} holds letters beyond ASCII, and the mail program did not ask for SMTPUTF8. Use another "
     "address or "
     "a newer program."},
    {Say::unknown_parameter, 36, 555, "5.5.4", "{0}."},
    {Say::bad_parameter, 37, 501, "5.5.4", "{0}."},
    {Say::bad_chunk, 38, 501, "5.5.4",
     "BDAT needs the size of the chunk, as in BDAT 1000 LAST. Closing, as the chunk cannot be "
     "found."},
    {Say::too_many_recipients, 39, 452, "4.5.3",
     "At most {0} in one message. Send it to the others as another message."},
    {Say::bare_cr, 40, 550, "5.6.0",
     "The message has lines that end with CR alone. Set the program that wrote it to end lines "
     "with CR LF."},
    {Say::nul_octet, 41, 550, "5.6.0",
     "The message holds NUL octets. Send such a file as an attachment (base64)."},
    {Say::lf_dot, 42, 550, "5.5.2",
     "The message was ended by a dot between LFs, not CR LF . CR LF. Set the device to send CR LF "
     "line ends."},
    {Say::several_from, 43, 550, "5.6.0",
     "The message has several From or Sender fields; one of each is allowed. Correct the program "
     "that wrote it."},
    {Say::no_from, 44, 550, "5.6.0",
     "The message has no From field. Enter your e-mail address as sender in the program or "
     "device."},
    {Say::bad_from, 45, 550, "5.6.0",
     "The From or Sender field cannot be read. Write it as Anna <anna@example.com>; a name with a "
     "comma in quotes: \"Muster, Anna\" <anna@example.com>"},
    {Say::bad_header, 46, 550, "5.6.0", "{0}. Correct the program that wrote it."},
    {Say::header_too_large, 47, 552, "5.3.4",
     "The header is over 1 MB or 1,000 fields. Send to fewer people at once, or use Bcc."},
    {Say::too_many_hops, 48, 554, "5.4.6",
     "The message has passed {0} servers: it goes round in a loop. Look for a forwarding rule that "
     "returns it."},
    {Say::only_plain_and_login, 49, 504, "5.5.4",
     "Only PLAIN and LOGIN are offered here. Choose \"normal password\" in the mail program."},
    {Say::login_unreadable, 50, 501, "5.5.2",
     "The login could not be read (base64, RFC 4616). Enter user name and password again."},
    {Say::login_cancelled, 51, 501, "5.7.0", "The login was cancelled by the mail program."},
    {Say::login_busy, 52, 454, "4.7.0",
     "Many people are logging in. Try again in a few seconds; your password was not looked at."},
    {Say::accounts_unavailable, 53, 454, "4.7.0",
     "The accounts cannot be read now. Try again later, or tell {admin}. Your password may be "
     "right."},
    {Say::too_many_logins, 54, 421, "4.7.0",
     "Too many failed logins. Check User Name (the full e-mail address) and password, then try "
     "again."},
    {Say::user_locked, 64, 454, "4.7.0",
     "Somebody is guessing this user's password, so new networks must wait 15 min. An app password "
     "works at once."},
    {Say::timed_out, 55, 421, "4.4.2",
     "Nothing came for too long, closing. Connect again; if it happens often, ask who runs the "
     "network."},
    {Say::login_timed_out, 56, 421, "4.4.2",
     "No login within {0} seconds, closing. Tick that the outgoing server requires "
     "authentication."},
    {Say::too_slow, 57, 421, "4.4.2",
     "The message came too slowly, closing. Try a better network, or a smaller attachment."},
    {Say::shutting_down, 58, 421, "4.3.2",
     "The mail server is restarting. Send again in a minute."},
    {Say::too_many_errors, 59, 421, "4.7.0",
     "Too many bad commands, closing. Check that the program speaks SMTP and its settings are "
     "right."},
    {Say::too_many_idle_commands, 60, 421, "4.7.0",
     "Too many commands without a message, closing. Connect again when there is mail to send."},
    {Say::too_many_connections, 61, 421, "4.3.2",
     "The mail server has too many connections. Try again in a minute."},
    {Say::too_many_from_network, 62, 421, "4.7.0",
     "Too many connections from your network that are not logged in. Wait a minute; look for a "
     "program "
     "that tries without end."},
    {Say::outside_legacy_range, 63, 421, "4.7.0",
     "This port is for old devices inside of the house. Mail programs: {ports}."},
    {Say::acts_for_another, 50, 535, "5.7.8",
     "This login asks to act for another user. Leave \"authorization identity\" (authzid) empty in "
     "the mail program."},
    {Say::duplicate_field, 43, 550, "5.6.0",
     "The message has several {0} fields; one of each is allowed. Correct the program that wrote "
     "it."},
    {Say::line_in_sealed_part, 65, 554, "5.6.0",
     "A signed or encrypted part has a line over 998 octets. Let the program encode it "
     "(quoted-printable, base64)."},
    {Say::line_not_mendable, 65, 554, "5.6.0",
     "A part has a line over 998 octets that cannot be wrapped. Let the program encode it "
     "(base64)."},
    {Say::too_many_parts, 66, 554, "5.6.0",
     "The message has over 10,000 parts, or parts over 50 deep in each other. Send attachments in "
     "one archive."},
    {Say::suppressed_recipient, 67, 550, "5.1.1",
     "{0} is on this account's suppression list: it refused mail or complained. Take it off: "
     "posthaste suppression remove."},
};

static_assert(std::size(kRows) == Catalogue::size());

constexpr bool rows_are_in_order() {
    for (std::size_t i = 0; i < std::size(kRows); ++i) {
        if (static_cast<std::size_t>(kRows[i].say) != i) return false;
    }
    return true;
}

static_assert(rows_are_in_order());

void append_replaced(std::string& line, std::string_view text, std::string_view mark,
                     std::string_view value) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos) {
        line += text;
        return;
    }
    line += text.substr(0, at);
    line += value;
    std::string_view rest = text.substr(at + mark.size());
    // A value that was clipped ends in "..." already.
    if (value.ends_with("...") && rest.starts_with('.')) rest.remove_prefix(1);
    line += rest;
}

// The row's text with everything in it. Values stand in order, each mark once.
std::string fill_in(std::string_view text, std::initializer_list<std::string_view> values) {
    constexpr std::string_view kMarks[] = {"{0}", "{1}"};
    std::string filled(text);
    std::size_t i = 0;
    for (const auto value : values) {
        PH_ASSERT(i < std::size(kMarks));
        std::string next;
        append_replaced(next, filled, kMarks[i++], value);
        filled = std::move(next);
    }
    return filled;
}

// What a parser says is a sentence and its mend, and the mend stands last: it may take all of the
// line but the number. The help page then gives way, whose address the number leads to.
constexpr std::size_t room_for_reason(const Row& row) {
    constexpr std::string_view kAround = "555 5.5.4  [R00]\r\n";
    constexpr std::string_view kMark = "{0}";
    return kMaxReply - kAround.size() - (row.text.size() - kMark.size());
}

}  // namespace

std::string clip(std::string_view text, std::size_t max) {
    std::string out;
    bool was_8bit = false;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        const bool continues = was_8bit && (octet & 0xc0) == 0x80;  // one '?' a character
        was_8bit = octet >= 0x80;
        if (continues) continue;
        // Braces would be taken for a mark of the table.
        const bool plain = octet >= 0x20 && octet < 0x7f && c != '{' && c != '}';
        out += plain ? c : '?';
        if (out.size() > max) break;
    }
    if (out.size() > max) {
        out.resize(max - 3);
        out += "...";
    }
    return out;
}

std::string mask_user(std::string_view user) {
    if (user.empty()) return "none";
    const std::size_t at = user.find('@');
    std::string masked(user.substr(0, 1));
    masked += "***";
    if (at != std::string_view::npos) masked += user.substr(at);
    return masked;
}

std::string_view Answer::text() const {
    std::string_view rest = line;
    const std::size_t skip = 3 + 1 + status.size() + 1;
    rest.remove_prefix(std::min(skip, rest.size()));
    if (rest.ends_with("\r\n")) rest.remove_suffix(2);
    return rest;
}

std::string Answer::name() const {
    return fmt::format("R{}", number);
}

Catalogue::Catalogue(Names names) : names_(std::move(names)) {
    names_.admin = names_.admin.empty() ? "your administrator" : clip(names_.admin);
    incoming_ =
        names_.incoming.empty() ? "your provider's IMAP or POP server" : clip(names_.incoming);
    if (names_.starttls_port == 0 && names_.tls_port == 0) {
        names_.starttls_port = 587;
        names_.tls_port = 465;
    }
    if (names_.tls_port == 0) {
        ports_ = fmt::format("port {} with STARTTLS", names_.starttls_port);
        modes_ = fmt::format("STARTTLS for {}", names_.starttls_port);
    } else if (names_.starttls_port == 0) {
        ports_ = fmt::format("port {} with SSL/TLS", names_.tls_port);
        modes_ = fmt::format("SSL/TLS for {}", names_.tls_port);
    } else {
        ports_ = fmt::format("port {} with STARTTLS, or {} with SSL/TLS", names_.starttls_port,
                             names_.tls_port);
        modes_ =
            fmt::format("STARTTLS for {}, SSL/TLS for {}", names_.starttls_port, names_.tls_port);
    }
    const std::string clean = clip(names_.help_base, kMaxReply);
    if (clean != names_.help_base) names_.help_base.clear();  // a cut address helps nobody
}

Answer Catalogue::make(Say say, std::initializer_list<std::string_view> values) const {
    const Row& row = kRows[static_cast<std::size_t>(say)];
    std::string text(row.text);
    if (values.size() == 1) {
        const bool reason = row.text.starts_with("{0}.");
        text = fill_in(text,
                       {clip(*values.begin(), reason ? room_for_reason(row) : kMaxAddressShown)});
    } else if (values.size() == 2) {
        text = fill_in(text, {clip(*values.begin()), clip(*(values.begin() + 1))});
    }
    std::string line = fmt::format("{} {} ", row.code, row.status);
    append_configured(line, text);
    if (row.code >= 400) line = finish(std::move(line), row.number);
    line += "\r\n";
    return {.number = row.number, .code = row.code, .status = row.status, .line = std::move(line)};
}

// A sentence holds one of these marks at most.
void Catalogue::append_configured(std::string& line, std::string_view text) const {
    const std::pair<std::string_view, std::string_view> marks[] = {
        {"{admin}", names_.admin},
        {"{incoming}", incoming_},
        {"{ports}", ports_},
        {"{modes}", modes_},
    };
    const auto* found = std::ranges::find_if(
        marks, [&](const auto& mark) { return text.find(mark.first) != std::string_view::npos; });
    if (found == std::end(marks)) {
        line += text;
    } else {
        append_replaced(line, text, found->first, found->second);
    }
}

// Adds the help address, or the number where the address does not fit.
std::string Catalogue::finish(std::string line, int number) const {
    const std::size_t room = kMaxReply - 2;
    const std::string help = fmt::format(" {}{}", names_.help_base, number);
    if (!names_.help_base.empty() && line.size() + help.size() <= room) return line + help;
    const std::string mark = fmt::format(" [R{}]", number);
    if (line.size() + mark.size() > room) line.resize(room - mark.size());
    return line + mark;
}

Answer too_large(const Catalogue& replies, std::uint64_t size, std::uint64_t limit) {
    const std::string shown = format_size(size);
    if (shown != format_size(limit))
        return replies.make(Say::too_large, {shown, format_size(limit)});
    // "50 MB, the limit is 50 MB" would explain nothing.
    return replies.make(Say::too_large,
                        {fmt::format("{} octets", size), fmt::format("{} octets", limit)});
}

// "outgoing (SMTP) mail server": whoever put the incoming server's settings here reads it
// (clients.md 6.1 no. 19).
std::string Catalogue::banner() const {
    return fmt::format("220 {} ESMTP outgoing (SMTP) mail server\r\n", names_.hostname);
}

std::string Catalogue::greeting() const {
    return fmt::format("250 {}\r\n", names_.hostname);
}

std::string Catalogue::goodbye() const {
    return fmt::format("221 2.0.0 {} closing\r\n", names_.hostname);
}

std::string lowered_priority(int priority) {
    return fmt::format(
        "250 2.3.6 {} is the priority of this message, the highest that the account may use\r\n",
        priority);
}

}  // namespace posthaste::submission
