#include "smtp/command.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/domain.h"
#include "smtp/decimal.h"

#include <algorithm>

namespace posthaste::smtp {

namespace {

constexpr std::size_t kMaxParameters = 32;
constexpr std::size_t kMaxKeyword = 64;
constexpr std::size_t kMaxValue = 512;
constexpr std::size_t kMaxGreeting = 255;

struct NamedVerb {
    std::string_view name;
    Verb verb;
};

constexpr NamedVerb kVerbs[] = {
    {"EHLO", Verb::ehlo},    {"HELO", Verb::helo},    {"STARTTLS", Verb::starttls},
    {"AUTH", Verb::auth},    {"MAIL", Verb::mail},    {"RCPT", Verb::rcpt},
    {"DATA", Verb::data},    {"BDAT", Verb::bdat},    {"RSET", Verb::rset},
    {"NOOP", Verb::noop},    {"QUIT", Verb::quit},    {"VRFY", Verb::vrfy},
    {"EXPN", Verb::expn},    {"HELP", Verb::help},    {"GET", Verb::http},
    {"POST", Verb::http},    {"HEAD", Verb::http},    {"PUT", Verb::http},
    {"OPTIONS", Verb::http}, {"PRI", Verb::http},     {"CONNECT", Verb::http},
    {"DELETE", Verb::http},  {"TRACE", Verb::http},   {"PATCH", Verb::http},
    {"USER", Verb::foreign}, {"PASS", Verb::foreign}, {"CAPA", Verb::foreign},
    {"APOP", Verb::foreign}, {"STAT", Verb::foreign}, {"RETR", Verb::foreign},
    {"LIST", Verb::foreign}, {"UIDL", Verb::foreign}, {"DELE", Verb::foreign},
    {"STLS", Verb::foreign},
};

// What an IMAP client says first, behind its tag.
constexpr std::string_view kImapCommands[] = {"CAPABILITY", "LOGIN",    "AUTHENTICATE",
                                              "ID",         "STARTTLS", "NOOP",
                                              "LOGOUT",     "SELECT",   "NAMESPACE"};

constexpr bool is_space(char c) {
    return c == ' ' || c == '\t';
}

std::string_view first_word(std::string_view text) {
    return text.substr(0, std::min(text.find_first_of(" \t"), text.size()));
}

std::string_view trim_front(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

Verb find_verb(std::string_view word, std::string_view argument) {
    for (const auto& known : kVerbs) {
        if (ascii::equals_ignore_case(word, known.name)) return known.verb;
    }
    const bool tag = !word.empty() && word.size() <= 16 && std::ranges::all_of(word, [](char c) {
        return ascii::is_alnum(c) || c == '.';
    });
    if (!tag) return Verb::unknown;
    const std::string_view second = first_word(argument);
    const bool imap = std::ranges::any_of(kImapCommands, [&](std::string_view name) {
        return ascii::equals_ignore_case(second, name);
    });
    return imap ? Verb::foreign : Verb::unknown;
}

// Addresses may become SMTPUTF8, and a computer may be called "Büro-PC" (clients.md 3.1).
bool may_have_8bit(Verb verb) {
    return verb == Verb::ehlo || verb == Verb::helo || verb == Verb::mail || verb == Verb::rcpt;
}

std::unexpected<Error> bad_path(std::string text) {
    return fail(ErrorKind::syntax, std::move(text), "Write the address as <anna@example.com>");
}

// Where a path ends: quoted strings may hold '>' and spaces (RFC 5321 §4.1.2).
Result<std::size_t> find_path_end(std::string_view text, bool bracketed) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (ascii::is_control(c) && c != '\t')
            return bad_path("The address holds a control character");
        if (quoted) {
            if (c == '\t') return bad_path("The address holds a control character");
            if (c == '\\') {
                ++i;
                if (i < text.size() && ascii::is_control(text[i])) {
                    return bad_path("The address holds a control character");
                }
            } else if (c == '"') {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == '<') {
            return bad_path("The address has two opening brackets");
        } else if (c == '>') {
            if (bracketed) return i;
            return bad_path("The address has a closing bracket only");
        } else if (is_space(c)) {
            if (!bracketed) return i;
            return bad_path("There is a space inside the address");
        }
    }
    if (quoted) return bad_path("The address has an opening quote only");
    if (bracketed) return bad_path("The address has an opening bracket only");
    return text.size();
}

// "@a,@b:u@c" is "u@c": the route is read and dropped (RFC 5321 App. C).
Result<std::string_view> drop_source_route(std::string_view path) {
    if (!path.starts_with('@')) return path;
    for (;;) {
        path.remove_prefix(1);  // '@'
        const std::size_t from = path.starts_with('[') ? std::min(path.find(']'), path.size()) : 0;
        const std::size_t end = path.find_first_of(",:", from);
        if (end == std::string_view::npos || !mail::Domain::parse(path.substr(0, end))) {
            return bad_path("The address has a malformed source route");
        }
        const bool last = path[end] == ':';
        path.remove_prefix(end + 1);
        if (last) break;
        if (!path.starts_with('@')) return bad_path("The address has a malformed source route");
    }
    if (path.empty() || path.starts_with('@')) {
        return bad_path("The address has a source route and no mailbox");
    }
    return path;
}

// esmtp-keyword ["=" esmtp-value] (RFC 5321 §4.1.2, values with UTF-8 by RFC 6531 §3.3).
Result<Parameter> parse_parameter(std::string_view text) {
    const auto bad = [] {
        return fail(ErrorKind::syntax, "A parameter behind the address is malformed",
                    "Write parameters as KEYWORD or KEYWORD=value, with a space between them");
    };
    const std::size_t equals = text.find('=');
    const std::string_view keyword = text.substr(0, std::min(equals, text.size()));
    const bool keyword_ok =
        !keyword.empty() && keyword.size() <= kMaxKeyword && keyword[0] != '-' &&
        std::ranges::all_of(keyword, [](char c) { return ascii::is_alnum(c) || c == '-'; });
    if (!keyword_ok) return bad();
    Parameter parameter{ascii::to_upper(keyword), {}, equals != std::string_view::npos};
    if (!parameter.has_value) return parameter;

    const std::string_view value = text.substr(equals + 1);
    const bool value_ok =
        !value.empty() && value.size() <= kMaxValue && utf8::is_valid(value) &&
        std::ranges::none_of(value, [](char c) { return c == '=' || ascii::is_control(c); });
    if (!value_ok) return bad();
    parameter.value = value;
    return parameter;
}

}  // namespace

Result<Command> parse_command(std::string_view line) {
    const std::string_view word = first_word(line);
    const std::string_view argument = ascii::trim(line.substr(word.size()));
    const Verb verb = find_verb(word, argument);
    // A browser is sent away whatever else its line holds (threats.md S9).
    if (verb == Verb::http) return Command{verb, argument};
    for (const char c : line) {
        if (c == '\0') {
            return fail(ErrorKind::syntax, "The command holds a NUL octet", "Send text only");
        }
        if (c == '\r' || c == '\n') {
            return fail(ErrorKind::syntax, "The command holds a bare CR or LF",
                        "End each line with CR LF and nothing else");
        }
        if (ascii::is_control(c) && c != '\t') {
            return fail(ErrorKind::syntax, "The command holds a control character",
                        "Send text only");
        }
        if (ascii::is_8bit(c) && !may_have_8bit(verb)) {
            return fail(ErrorKind::syntax, "The command holds characters beyond ASCII",
                        "Use ASCII outside of addresses");
        }
    }
    return Command{verb, argument};
}

Result<PathArgument> parse_path_argument(std::string_view argument, std::string_view prefix) {
    if (prefix.ends_with(':')) prefix.remove_suffix(1);
    std::string_view rest = trim_front(argument);
    const bool named = ascii::starts_with_ignore_case(rest, prefix);
    if (named) rest = trim_front(rest.substr(prefix.size()));
    if (!named || !rest.starts_with(':')) {
        return bad_path("Behind the command " + std::string(prefix) + ": is missing");
    }
    rest = trim_front(rest.substr(1));

    const bool bracketed = rest.starts_with('<');
    if (bracketed) rest.remove_prefix(1);
    PH_TRY(const std::size_t end, find_path_end(rest, bracketed));
    const std::string_view written = rest.substr(0, end);
    if (!bracketed && written.empty()) return bad_path("The address is missing");
    rest.remove_prefix(bracketed ? end + 1 : end);
    if (!rest.empty() && !is_space(rest[0]))
        return bad_path("Something is glued to the closing bracket");
    PH_TRY(const std::string_view path, drop_source_route(written));

    PathArgument result{std::string(path), {}};
    for (rest = trim_front(rest); !rest.empty(); rest = trim_front(rest)) {
        if (result.parameters.size() == kMaxParameters) {
            return fail(ErrorKind::syntax, "There are too many parameters behind the address",
                        "Send each parameter once");
        }
        const std::string_view word = first_word(rest);
        PH_TRY(Parameter parameter, parse_parameter(word));
        result.parameters.push_back(std::move(parameter));
        rest.remove_prefix(word.size());
    }
    return result;
}

Result<BdatArgument> parse_bdat(std::string_view argument) {
    const std::string_view text = ascii::trim(argument);
    const std::string_view digits = first_word(text);
    const std::string_view last = trim_front(text.substr(digits.size()));
    const Decimal size = parse_decimal(digits);
    if (!size.valid || size.overflow ||
        !(last.empty() || ascii::equals_ignore_case(last, "LAST"))) {
        return fail(ErrorKind::syntax,
                    "BDAT needs the size of the chunk in octets, and LAST with the last one",
                    "Write for example BDAT 1000 LAST");
    }
    return BdatArgument{size.value, !last.empty()};
}

std::string sanitise_greeting(std::string_view argument) {
    std::string clean;
    bool was_8bit = false;
    for (const char c : argument) {
        if (clean.size() == kMaxGreeting) break;
        // One mark for each character: octets that continue one add none.
        const bool continues = was_8bit && (static_cast<unsigned char>(c) & 0xC0) == 0x80;
        was_8bit = ascii::is_8bit(c);
        if (continues) continue;
        clean += c > ' ' && c < 0x7f ? c : '?';
    }
    return clean;
}

}  // namespace posthaste::smtp
