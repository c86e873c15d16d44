#include "accounts/login_name.h"

#include "accounts/unicode.h"
#include "base/ascii.h"
#include "mail/mailbox.h"

#include <utility>

namespace posthaste::accounts {
namespace {

constexpr std::size_t kMaxLogin = 1024;  // octets as sent; no address is that long in any encoding

// What is pasted along and cannot be seen: zero width space and joiner, marks of direction, BOM.
constexpr std::string_view kUnseen[] = {"\u200b", "\u2060", "\u200e", "\u200f", "\ufeff"};

// White space around: NFKC has made the no-break and wide spaces plain ones; controls are dropped
// too.
std::string_view trim(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || ascii::is_control(c); };
    for (std::size_t before = text.size() + 1; text.size() < before;) {
        before = text.size();
        while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
        while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
        for (const auto unseen : kUnseen) {
            if (text.starts_with(unseen)) text.remove_prefix(unseen.size());
            if (text.ends_with(unseen)) text.remove_suffix(unseen.size());
        }
    }
    return text;
}

// As programs write them, and word processors in the languages of their users.
constexpr std::pair<std::string_view, std::string_view> kQuotes[] = {
    {"\"", "\""},         {"'", "'"},           {"\u201c", "\u201d"},
    {"\u201e", "\u201c"}, {"\u201e", "\u201d"}, {"\u2018", "\u2019"},
    {"\u201a", "\u2018"}, {"\u00ab", "\u00bb"}, {"\u00bb", "\u00ab"},
};

// One pair of quotes around the whole; "anna b"@example.com is an address and keeps its own.
std::string_view strip_quotes(std::string_view text) {
    for (const auto& [open, close] : kQuotes) {
        if (text.size() < open.size() + close.size()) continue;
        if (!text.starts_with(open) || !text.ends_with(close)) continue;
        return trim(text.substr(open.size(), text.size() - open.size() - close.size()));
    }
    return text;
}

// "Anna Muster <anna@example.com>" and <anna@example.com>.
std::string_view strip_brackets(std::string_view text) {
    if (!text.ends_with('>')) return text;
    const std::size_t open = text.rfind('<');
    if (open == std::string_view::npos) return text;
    return trim(text.substr(open + 1, text.size() - open - 2));
}

std::string_view strip_scheme(std::string_view text) {
    constexpr std::string_view kScheme = "mailto:";
    return ascii::starts_with_ignore_case(text, kScheme) ? trim(text.substr(kScheme.size())) : text;
}

// Windows offers DOMAIN\anna and .\anna.
std::string_view strip_windows_domain(std::string_view text) {
    if (text.starts_with('"')) return text;  // a quoted local part has backslashes of its own
    const std::size_t slash = text.rfind('\\');
    return slash == std::string_view::npos ? text : trim(text.substr(slash + 1));
}

// cPanel taught people anna%example.com and anna+example.com. Behind a '+' there must be a dot, or
// it is a tag.
std::string restore_at(std::string_view text) {
    for (const char mark : {'%', '+'}) {
        const std::size_t at = text.rfind(mark);
        if (at == std::string_view::npos || at == 0) continue;
        const std::string_view domain = text.substr(at + 1);
        if (domain.find('.') == std::string_view::npos || !mail::Domain::parse(domain)) continue;
        return std::string(text.substr(0, at)) + '@' + std::string(domain);
    }
    return std::string(text);
}

}  // namespace

LoginName parse_login_name(std::string_view octets) {
    if (octets.size() > kMaxLogin) return {LoginName::Form::unknown, {}};
    const std::string unicode = to_nfkc(to_utf8(octets));
    std::string_view bare = strip_quotes(trim(unicode));
    bare = strip_quotes(strip_brackets(strip_scheme(bare)));
    bare = strip_windows_domain(strip_scheme(bare));
    if (bare.empty()) return {LoginName::Form::empty, {}};

    std::string name(bare);
    if (name.find('@') == std::string::npos) {
        if (name.find_first_of(" \t") != std::string::npos) return {LoginName::Form::person, {}};
        name = restore_at(name);
    }
    if (name.find('@') == std::string::npos) {
        return {LoginName::Form::local_part, ascii::to_lower(name)};
    }
    const auto mailbox = mail::Mailbox::parse(name);
    if (!mailbox) return {LoginName::Form::unknown, {}};
    return {LoginName::Form::address, mailbox->key()};
}

}  // namespace posthaste::accounts
