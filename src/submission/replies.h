// The reply catalogue: every sentence that this server says to a mail program, in one table
// (clients.md 6.2). The person sees it inside a dialog of Outlook, so each refusal names what to
// change, in the words of that program, and ends with the address of its help page or, where that
// does not fit, with its number: [R8].
//
// Whatever names go in, a reply is one line of printable ASCII, at most 200 octets with its CR LF.
// Greetings are the exception: a host name is said whole (RFC 5321 §4.2), so a name of 253 octets
// makes them longer.
//
// Numbers are stable: help pages, logs and `posthaste doctor R8` go by them. Never renumber.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace posthaste::submission {

enum class Say : std::uint8_t {
    // R1 to R19: clients.md 6.2. In brackets: what goes in.
    encrypt_before_mail,
    encrypt_before_auth,
    login_first,
    wrong_login,
    name_needs_domain,
    name_is_no_address,
    old_password,  // [date]
    no_spa,
    foreign_sender,  // [account, address] of MAIL
    foreign_author,  // [account, address] in From or Sender
    too_large,       // [size, limit]
    wrong_server,
    account_closed,
    network_banned,    // [network, last user name]
    already_accepted,  // [id]
    accepted,          // [id]
    // The store.
    disk_full,
    store_failed,
    too_busy,
    commit_unknown,
    // Order.
    greet_first,
    mail_first,
    recipient_first,
    no_recipient_left,
    nested_mail,
    in_chunks,
    already_tls,
    already_logged_in,
    behind_starttls,
    starttls_not_offered,
    // Syntax.
    unknown_command,
    not_implemented,
    bad_octets,    // [reason]
    bad_argument,  // [reason]
    no_argument_wanted,
    line_too_long,
    line_without_cr,
    bad_sender,     // [address]
    bad_recipient,  // [address]
    literal_recipient,
    needs_smtputf8,     // [address]
    unknown_parameter,  // [reason]
    bad_parameter,      // [reason]
    bad_chunk,
    // Content.
    too_many_recipients,  // ["1000 recipients"]
    bare_cr,
    nul_octet,
    lf_dot,
    several_from,
    no_from,
    bad_from,
    bad_header,  // [reason]
    header_too_large,
    too_many_hops,  // [count]
    // Logins.
    only_plain_and_login,
    login_unreadable,
    login_cancelled,
    login_busy,
    accounts_unavailable,
    too_many_logins,
    user_locked,
    // The connection.
    timed_out,
    login_timed_out,  // [seconds]
    too_slow,
    shutting_down,
    too_many_errors,
    too_many_idle_commands,
    too_many_connections,
    too_many_from_network,
    outside_legacy_range,
    // Logins, again.
    acts_for_another,
    // Content, again.
    duplicate_field,  // [name]
    line_in_sealed_part,
    line_not_mendable,
    too_many_parts,
    // Recipients, again.
    suppressed_recipient,  // [address]
};

constexpr std::size_t kMaxReply = 200;        // octets, CR LF included
constexpr std::size_t kMaxAddressShown = 40;  // longer ones are clipped with "..."

struct Answer {
    int number = 0;  // R8 is 8
    int code = 0;
    std::string_view status;  // "5.7.1"
    std::string line;         // with CR LF
    std::string address{};    // R8: the one that was refused

    std::string_view text() const;  // without code, status and CR LF
    std::string name() const;       // "R8"
};

class Catalogue {
  public:
    struct Names {
        std::string hostname;
        std::string admin;
        std::string incoming;   // host of the incoming server, may be empty
        std::string help_base;  // "https://mail.example.com/h/", may be empty
        // What mail programs are to set. 0: there is none; without either, the usual ones.
        std::uint16_t starttls_port = 587;
        std::uint16_t tls_port = 465;
    };

    explicit Catalogue(Names names);

    Answer make(Say say) const { return make(say, {}); }

    // `values` may be hostile: what is not printable ASCII becomes '?', what is long is clipped.
    Answer make(Say say, std::initializer_list<std::string_view> values) const;

    std::string banner() const;    // 220
    std::string greeting() const;  // 250, to HELO
    std::string goodbye() const;   // 221

    // "port 587 with STARTTLS, or 465 with SSL/TLS", or the one there is.
    const std::string& ports() const { return ports_; }

    static constexpr std::size_t size() {
        return static_cast<std::size_t>(Say::suppressed_recipient) + 1;
    }

  private:
    void append_configured(std::string& line, std::string_view text) const;
    std::string finish(std::string line, int number) const;

    Names names_;
    std::string incoming_;  // what to say for it
    std::string ports_;
    std::string modes_;  // "STARTTLS for 587, SSL/TLS for 465"
};

// An address, name or reason as it may stand in a reply: printable ASCII, at most `max` octets.
std::string clip(std::string_view text, std::size_t max = kMaxAddressShown);

// R14: "a***@example.com".
std::string mask_user(std::string_view user);

// R9 for a message of `size` octets.
Answer too_large(const Catalogue& replies, std::uint64_t size, std::uint64_t limit);

// What is said when all is well.
constexpr std::string_view kOk = "250 2.0.0 Ok\r\n";
constexpr std::string_view kSenderOk = "250 2.1.0 Ok\r\n";
// To MAIL with a priority that the account has no right to: it goes with a lower one (RFC 6710 §8).
std::string lowered_priority(int priority);
constexpr std::string_view kRecipientOk = "250 2.1.5 Ok\r\n";
constexpr std::string_view kGoAhead = "354 End the message with a dot on a line of its own\r\n";
constexpr std::string_view kReadyForTls = "220 2.0.0 Ready to start TLS\r\n";
constexpr std::string_view kLoggedIn = "235 2.7.0 Authentication successful\r\n";
constexpr std::string_view kNotVerified =
    "252 2.5.0 Addresses are not told; send and you will see\r\n";
constexpr std::string_view kHelp =
    "214 2.0.0 EHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP QUIT (RFC 5321, RFC 6409)\r\n";

}  // namespace posthaste::submission
