// Dialects: how the mail programs of people write SMTP, each as a value, so that the table reads
// like its specification (clients.md section 3). `posthaste send --as` speaks them to any server,
// and the integration tests speak them to ours: what is believed of a program is written here once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace posthaste::app {

// How the login is said. LOGIN asks for the name unless it stands behind the command.
enum class LoginForm : std::uint8_t {
    plain,               // AUTH PLAIN with its response (RFC 4616)
    plain_in_two_steps,  // waits for 334 first
    login,               // AUTH LOGIN, two prompts
    login_with_name,     // AUTH LOGIN with the name, one prompt
};

enum class Goodbye : std::uint8_t {
    quit,
    quit_and_reset,  // says QUIT, hears nothing more, resets the connection
    hang_up,         // closes without QUIT
};

// In patterns {} is the address; {literal} in `greeting` the program's own one, as an address
// literal. In `header` {date}, {short_date}, {hex}, {uuid} and {domain} (of the sender).
struct Dialect {
    std::string_view name;     // "outlook"
    std::string_view program;  // what it stands for, for people
    std::string_view greeting = "EHLO {literal}";
    std::string_view ipv6_tag = "IPv6:";  // inside of {literal}
    std::string_view starttls = "STARTTLS";
    LoginForm login = LoginForm::plain;
    std::string_view auth = "AUTH";   // the verb as it writes it
    bool password_as_latin1 = false;  // with LOGIN
    bool login_after_plain = false;   // a refused PLAIN is followed by LOGIN at once
    std::string_view mail = "MAIL FROM:<{}>";
    std::string_view rcpt = "RCPT TO:<{}>";
    std::string_view size = {};       // "SIZE={}" behind MAIL where offered
    std::string_view eight_bit = {};  // "BODY=8BITMIME" likewise
    std::string_view data = "DATA";
    bool chunking = false;         // BDAT where offered
    bool pipelining = false;       // MAIL, RCPT and DATA in one go where offered
    std::string_view header = {};  // fields it adds, each with CR LF
    bool mime = true;              // false: From, To and Subject alone
    bool lf = false;               // lines of the message end with LF alone; the dot does not
    Goodbye goodbye = Goodbye::quit;
    std::string_view quit = "QUIT";
};

std::span<const Dialect> dialects();

// Null for a name that is none.
const Dialect* find_dialect(std::string_view name);

// What `posthaste send` speaks by itself: the standard, nothing odd.
const Dialect& plain_dialect();

}  // namespace posthaste::app
