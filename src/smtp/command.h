// One command line into a value (RFC 5321 §4.1, §4.1.1). Tolerates what mail programs really write
// (clients.md 3.1): any letter case, spaces after the colon, no angle brackets, EHLO without or
// with an odd argument. Refuses control octets, bare CR and LF, and everything that could be read
// in two ways.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace posthaste::smtp {

struct Parameter {
    std::string keyword;  // upper case
    std::string value;    // as written, empty when there is no '='
    bool has_value = false;
};

enum class Verb {
    ehlo,
    helo,
    starttls,
    auth,
    mail,
    rcpt,
    data,
    bdat,
    rset,
    noop,
    quit,
    vrfy,
    expn,
    help,
    http,     // GET, POST, HEAD, OPTIONS, PUT, PRI …: a browser or a cross-protocol attack
    foreign,  // POP and IMAP verbs: the incoming server was meant
    unknown,
};

struct Command {
    Verb verb = Verb::unknown;
    std::string_view argument;  // behind the verb, trimmed; a view into the line
};

// `line` without its CR LF. Errors: syntax (control octets, NUL, bare CR or LF).
Result<Command> parse_command(std::string_view line);

struct PathArgument {
    std::string path;  // what stood between the brackets, source route removed; "" for <>
    std::vector<Parameter> parameters;
};

// The argument of MAIL ("FROM:<a@b> SIZE=1") or RCPT ("TO:<c@d> NOTIFY=NEVER").
Result<PathArgument> parse_path_argument(std::string_view argument, std::string_view prefix);

struct BdatArgument {
    std::uint64_t size = 0;
    bool last = false;
};

// Strict decimal with an overflow check (threats.md S3).
Result<BdatArgument> parse_bdat(std::string_view argument);

// The EHLO argument made fit to be stored and logged: printable ASCII, at most 255 octets, "" if
// none.
std::string sanitise_greeting(std::string_view argument);

}  // namespace posthaste::smtp
