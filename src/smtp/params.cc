#include "smtp/params.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "smtp/date_time.h"
#include "smtp/decimal.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace posthaste::smtp {

namespace {

constexpr std::size_t kMaxEnvid = 100;  // RFC 3461 §4.4
constexpr std::size_t kMaxOrcpt = 500;  // RFC 3461 §4.2

std::unexpected<Error> bad_value(std::string text, std::string mend) {
    return fail(ErrorKind::syntax, std::move(text), std::move(mend));
}

Result<void> check_repeated(std::span<const Parameter> parameters) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            if (parameters[i].keyword == parameters[k].keyword) {
                return bad_value("The parameter " + parameters[i].keyword + " was sent twice",
                                 "Send each parameter once");
            }
        }
    }
    return {};
}

std::unexpected<Error> unknown(const Parameter& parameter) {
    return fail(
        ErrorKind::unsupported,
        "The parameter " + std::string(utf8::clip(parameter.keyword, 40)) + " is not offered here",
        "Use the extensions named in the reply to EHLO only");
}

bool is_word(const Parameter& parameter, std::string_view word) {
    return ascii::equals_ignore_case(parameter.value, word);
}

// Graphic characters and space: what may stand in a report without harm (RFC 3461 §4.2, §4.4).
bool is_printable_ascii(std::string_view text) {
    return std::ranges::all_of(text,
                               [](char c) { return !ascii::is_control(c) && !ascii::is_8bit(c); });
}

// At most 9 digits, as both RFCs have it.
std::optional<Seconds> read_seconds(std::string_view digits) {
    const Decimal number = parse_decimal(digits);
    if (!number.valid || number.overflow || digits.size() > 9) return std::nullopt;
    return Seconds(static_cast<std::int64_t>(number.value));
}

// RFC 2852 §4: "3600;R", "-15;N", "+86400;NT".
std::optional<mail::DeliverBy> read_by(std::string_view text) {
    const std::size_t semicolon = text.find(';');
    if (semicolon == std::string_view::npos) return std::nullopt;
    std::string_view time = text.substr(0, semicolon);
    std::string_view mode = text.substr(semicolon + 1);
    const bool negative = time.starts_with('-');
    if (negative || time.starts_with('+')) time.remove_prefix(1);
    const auto seconds = read_seconds(time);
    if (!seconds || mode.empty() || mode.size() > 2) return std::nullopt;
    mail::DeliverBy by;
    by.within = negative ? -*seconds : *seconds;
    by.trace = mode.size() == 2;
    if (by.trace && mode[1] != 't' && mode[1] != 'T') return std::nullopt;
    const char letter = ascii::to_lower(mode.substr(0, 1)).front();
    if (letter != 'n' && letter != 'r') return std::nullopt;
    by.mode = letter == 'n' ? mail::ByMode::notify : mail::ByMode::give_back;
    if (by.mode == mail::ByMode::give_back && by.within <= Seconds(0)) return std::nullopt;
    return by;
}

std::optional<std::int8_t> read_priority(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    if (text.size() != 1 || !ascii::is_digit(text[0])) return std::nullopt;
    const int value = text[0] - '0';
    if (negative && value == 0) return std::nullopt;
    return static_cast<std::int8_t>(negative ? -value : value);
}

// When it is to be sent, when it is to be there, and before whose it goes. False: of none of these.
Result<bool> read_schedule(const Parameter& parameter, MailParameters& result) {
    const std::string& keyword = parameter.keyword;
    if (keyword == "HOLDFOR" || keyword == "HOLDUNTIL") {
        if (result.hold_for || result.hold_until) {
            return bad_value("HOLDFOR and HOLDUNTIL were both sent", "Send one of them");
        }
        if (keyword == "HOLDFOR") {
            result.hold_for = read_seconds(parameter.value);
            if (!result.hold_for || *result.hold_for < Seconds(1)) {
                return bad_value("HOLDFOR is no number of seconds",
                                 "Write for example HOLDFOR=3600");
            }
        } else {
            result.hold_until = parse_date_time(parameter.value);
            if (!result.hold_until) {
                return bad_value("HOLDUNTIL is no date and time of RFC 3339",
                                 "Write for example HOLDUNTIL=2030-01-31T08:00:00Z");
            }
        }
        return true;
    }
    if (keyword == "BY") {
        const auto by = read_by(parameter.value);
        if (!by) {
            return bad_value("BY has a value that RFC 2852 does not know",
                             "Write for example BY=3600;R or BY=3600;N; R needs more than 0");
        }
        result.by = *by;
        return true;
    }
    if (keyword == "MT-PRIORITY") {
        result.priority = read_priority(parameter.value);
        if (!result.priority) {
            return bad_value("MT-PRIORITY is no number from -9 to 9",
                             "Write for example MT-PRIORITY=3");
        }
        return true;
    }
    return false;
}

Result<void> read_mail(const Parameter& parameter, MailParameters& result) {
    const std::string& keyword = parameter.keyword;
    if (keyword == "SIZE") {
        const Decimal size = parse_decimal(parameter.value);
        if (!size.valid) return bad_value("SIZE is not a number", "Write for example SIZE=12345");
        result.size = size.value;  // beyond 64 bits: the largest, which is too large for anybody
    } else if (keyword == "BODY") {
        if (is_word(parameter, "8BITMIME")) {
            result.body = mail::BodyType::eight_bit;
        } else if (is_word(parameter, "BINARYMIME")) {
            return bad_value("BINARYMIME is not offered here",
                             "Encode the message and use BODY=8BITMIME");
        } else if (!is_word(parameter, "7BIT")) {
            return bad_value("BODY has an unknown value", "Use BODY=7BIT or BODY=8BITMIME");
        }
    } else if (keyword == "SMTPUTF8") {
        if (parameter.has_value)
            return bad_value("SMTPUTF8 takes no value", "Write SMTPUTF8 alone");
        result.smtputf8 = true;
    } else if (keyword == "REQUIRETLS") {
        if (parameter.has_value)
            return bad_value("REQUIRETLS takes no value", "Write REQUIRETLS alone");
        result.requiretls = true;
    } else if (keyword == "RET") {
        const bool full = is_word(parameter, "FULL");
        if (!full && !is_word(parameter, "HDRS")) {
            return bad_value("RET has an unknown value", "Use RET=FULL or RET=HDRS");
        }
        result.ret = full ? mail::Ret::full : mail::Ret::headers;
    } else if (keyword == "ENVID") {
        const auto decoded = xtext_decode(parameter.value);
        const bool good = decoded && !decoded->empty() && parameter.value.size() <= kMaxEnvid &&
                          is_printable_ascii(*decoded);
        if (!good) {
            return bad_value("ENVID is not xtext of at most 100 characters",
                             "Encode it as RFC 3461 says, or leave it out");
        }
        result.envid = parameter.value;
    } else if (keyword == "AUTH") {
        // The claim is nobody's proof: read and treated as <> (RFC 4954 §5).
        if (!parameter.has_value) return bad_value("AUTH needs a value", "Write AUTH=<>");
    } else {
        PH_TRY(const bool known, read_schedule(parameter, result));
        if (!known) return unknown(parameter);
    }
    return {};
}

Result<mail::Notify> read_notify(std::string_view list) {
    const auto bad = [] {
        return bad_value("NOTIFY has an unknown value",
                         "Use NOTIFY=NEVER, or a list of SUCCESS, FAILURE and DELAY");
    };
    mail::Notify notify = mail::Notify::unset;
    bool more = true;
    while (more) {
        const std::size_t comma = list.find(',');
        more = comma != std::string_view::npos;
        const std::string_view word = list.substr(0, std::min(comma, list.size()));
        list.remove_prefix(more ? comma + 1 : list.size());
        if (ascii::equals_ignore_case(word, "NEVER")) {
            notify = notify | mail::Notify::never;
        } else if (ascii::equals_ignore_case(word, "SUCCESS")) {
            notify = notify | mail::Notify::success;
        } else if (ascii::equals_ignore_case(word, "FAILURE")) {
            notify = notify | mail::Notify::failure;
        } else if (ascii::equals_ignore_case(word, "DELAY")) {
            notify = notify | mail::Notify::delay;
        } else {
            return bad();
        }
    }
    if (mail::has(notify, mail::Notify::never) && notify != mail::Notify::never) return bad();
    return notify;
}

int hex_value(char c, bool lower_too) {
    if (ascii::is_digit(c)) return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (lower_too && c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

// EmbeddedUnicodeChar, "\x{FC}" (RFC 6533 §3). The length of it at the start of `text`, 0 if there
// is none or if it stands for a control character or for none at all.
std::size_t embedded_character(std::string_view text) {
    if (!text.starts_with("\\x{")) return 0;
    const std::size_t end = text.substr(0, 10).find('}');
    if (end == std::string_view::npos || end < 5 || end > 9) return 0;
    std::uint32_t code = 0;
    for (const char c : text.substr(3, end - 3)) {
        const int digit = hex_value(c, true);
        if (digit < 0) return 0;
        code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return control || surrogate || code > 0x10ffff ? 0 : end + 1;
}

// The address behind "utf-8;": printable characters, embedded ones, UTF-8 as it is, and "+2B" from
// senders that apply xtext here as well.
bool is_utf8_address(std::string_view text) {
    if (!utf8::is_valid(text)) return false;
    std::size_t i = 0;
    while (i < text.size()) {
        const char c = text[i];
        if (c == '\\') {
            const std::size_t length = embedded_character(text.substr(i));
            if (length == 0) return false;
            i += length;
        } else if (c == '+') {
            const auto octet = xtext_decode(text.substr(i, 3));
            if (!octet || octet->size() != 1 || !is_printable_ascii(*octet)) return false;
            i += 3;
        } else if (c == '=' || c == ' ' || ascii::is_control(c)) {
            return false;
        } else {
            ++i;
        }
    }
    return true;
}

// atom of RFC 822, which is what names an address type (RFC 3461 §4.2): unknown, X400, x-local.
bool is_atom(std::string_view text) {
    constexpr std::string_view kSpecials = "()<>@,;:\\\".[]";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return c > ' ' && c < 0x7f && kSpecials.find(c) == std::string_view::npos;
    });
}

bool is_orcpt(std::string_view value) {
    if (value.size() > kMaxOrcpt) return false;
    const std::size_t semicolon = value.find(';');
    if (semicolon == std::string_view::npos) return false;
    const std::string_view type = value.substr(0, semicolon);
    const std::string_view address = value.substr(semicolon + 1);
    if (address.empty()) return false;
    if (ascii::equals_ignore_case(type, "utf-8")) return is_utf8_address(address);
    if (!is_atom(type)) return false;
    const auto decoded = xtext_decode(address);
    return decoded && is_printable_ascii(*decoded);
}

}  // namespace

Result<MailParameters> parse_mail_parameters(std::span<const Parameter> parameters) {
    PH_CHECK(check_repeated(parameters));
    MailParameters result;
    for (const auto& parameter : parameters) PH_CHECK(read_mail(parameter, result));
    return result;
}

Result<RcptParameters> parse_rcpt_parameters(std::span<const Parameter> parameters) {
    PH_CHECK(check_repeated(parameters));
    RcptParameters result;
    for (const auto& parameter : parameters) {
        if (parameter.keyword == "NOTIFY") {
            PH_TRY(result.notify, read_notify(parameter.value));
        } else if (parameter.keyword == "ORCPT") {
            if (!is_orcpt(parameter.value)) {
                return bad_value(
                    "ORCPT is not an address in the form of RFC 3461",
                    "Write for example ORCPT=rfc822;anna@example.com, or leave it out");
            }
            result.orcpt = parameter.value;
        } else {
            return unknown(parameter);
        }
    }
    return result;
}

std::string xtext_encode(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        if (c > ' ' && c < 0x7f && c != '+' && c != '=') {
            encoded += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            encoded += '+';
            encoded += hex[octet >> 4];
            encoded += hex[octet & 15];
        }
    }
    return encoded;
}

std::optional<std::string> xtext_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '+') {
            if (text.size() - i < 3) return std::nullopt;
            const int high = hex_value(text[i + 1], false);
            const int low = hex_value(text[i + 2], false);
            if (high < 0 || low < 0) return std::nullopt;
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c <= ' ' || c >= 0x7f || c == '=') {
            return std::nullopt;
        } else {
            decoded += c;
        }
    }
    return decoded;
}

}  // namespace posthaste::smtp
