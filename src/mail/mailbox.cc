#include "mail/mailbox.h"

#include "base/ascii.h"
#include "base/assert.h"
#include "base/utf8.h"
#include "mail/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxLocal = 64;     // RFC 5321 §4.5.3.1.1
constexpr std::size_t kMaxMailbox = 254;  // a Path of 256 without its brackets (§4.5.3.1.3)

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
    return fail(ErrorKind::syntax,
                fmt::format("\"{}\" is not an address: {}", utf8::printable(text, 100), why),
                "write it as name@example.org");
}

// atext of RFC 5322 §3.2.3, widened by UTF8-non-ascii (RFC 6531 §3.3).
bool is_atext(char c) {
    constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~";
    return ascii::is_alnum(c) || ascii::is_8bit(c) || kMarks.find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view local) {
    if (local.empty() || local.front() == '.' || local.back() == '.') return false;
    char before = 0;
    for (const char c : local) {
        if (c == '.' ? before == '.' : !is_atext(c)) return false;
        before = c;
    }
    return true;
}

std::string quote(std::string_view local) {
    std::string out = "\"";
    for (const char c : local) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

// The content of the quoted string that opens `text`; moves `text` behind it. Quoting hides no
// control: a next hop might end the line or the address there (threats.md S7).
Result<std::string> take_quoted(std::string_view& text) {
    const std::string_view whole = text;
    std::string local;
    for (std::size_t i = 1; i < whole.size(); ++i) {
        char c = whole[i];
        if (c == '"') {
            text.remove_prefix(i + 1);
            return local;
        }
        if (c == '\\') {
            if (++i == whole.size()) break;
            c = whole[i];
            if (ascii::is_8bit(c)) return refuse(whole, "only ASCII may follow a backslash");
        }
        if (ascii::is_control(c)) return refuse(whole, "there is a control character in it");
        local += c;
    }
    return refuse(whole, "a quote is not closed");
}

}  // namespace

Result<Mailbox> Mailbox::parse(std::string_view text) {
    std::string_view rest = text;
    std::string local;
    if (text.starts_with('"')) {
        PH_TRY(local, take_quoted(rest));
        // "" is within the grammar, but "@example.org" is what others call a whole domain.
        if (local.empty()) return refuse(text, "nothing stands before the @");
    } else {
        const std::size_t at = std::min(text.find('@'), text.size());
        local = text.substr(0, at);
        rest.remove_prefix(at);
        if (local.empty()) return refuse(text, "nothing stands before the @");
        if (!is_dot_string(local)) {
            return refuse(text, "a character or dot before the @ is not allowed there");
        }
    }
    if (!rest.starts_with('@')) return refuse(text, "it needs one @");
    if (text.size() - rest.size() > kMaxLocal) {
        return refuse(text, "more than 64 octets stand before the @");
    }
    rest.remove_prefix(1);
    if (rest.find('@') != std::string_view::npos) return refuse(text, "it has more than one @");
    // The local part is kept as it came, not normalised to NFC: only the host that owns the mailbox
    // may interpret it (RFC 5321 §2.3.11), and it may hold two mailboxes that differ in just that.
    if (!utf8::is_valid(local)) return refuse(text, "it is not valid UTF-8");
    if (has_unsafe_character(local)) return refuse(text, "there is a control character in it");
    auto domain = Domain::parse(rest);
    if (!domain) return refuse(text, domain.error().text);
    Mailbox mailbox = make(std::move(local), std::move(*domain));
    if (mailbox.to_string().size() > kMaxMailbox) {
        return refuse(text, "it is longer than 254 octets");
    }
    return mailbox;
}

Mailbox Mailbox::make(std::string local, Domain domain) {
    PH_ASSERT(!local.empty());
    Mailbox mailbox;
    mailbox.local_ = std::move(local);
    mailbox.domain_ = std::move(domain);
    return mailbox;
}

std::string Mailbox::to_string() const {
    return (is_dot_string(local_) ? local_ : quote(local_)) + '@' + domain_.ascii();
}

std::string Mailbox::to_display() const {
    return (is_dot_string(local_) ? local_ : quote(local_)) + '@' + domain_.unicode();
}

bool Mailbox::is_ascii() const {
    return ascii::is_ascii(local_);
}

std::string Mailbox::key() const {
    return ascii::to_lower(local_) + '@' + domain_.ascii();
}

std::string to_string(const ReversePath& path) {
    return path ? path->to_string() : std::string();
}

}  // namespace posthaste::mail
