#include "mail/mime/header_repair.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "mail/domain.h"
#include "mail/mime/charset.h"
#include "mail/text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxLine = 998;  // without CR LF
// What is folded stays below what others break at, 992 at Haraka: a break of theirs would spoil our
// signature.
constexpr std::size_t kFolded = 900;
constexpr std::size_t kWidth = 76;    // of what we write (RFC 2047 §2)
constexpr std::size_t kMaxWord = 64;  // of an encoded word, so that one fits behind a short name

enum class Form { text, addresses, list, parameters, other };

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::ranges::any_of(
        names, [&](std::string_view each) { return ascii::equals_ignore_case(name, each); });
}

Form form_of(std::string_view name) {
    if (ascii::starts_with_ignore_case(name, "Resent-")) {
        const std::string_view rest = name.substr(7);
        if (is_one_of(rest, {"Date", "Message-ID"})) return Form::other;
        return Form::addresses;
    }
    if (is_one_of(name, {"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Errors-To",
                         "Disposition-Notification-To", "Return-Receipt-To", "Mail-Followup-To",
                         "Mail-Reply-To"})) {
        return Form::addresses;
    }
    if (ascii::starts_with_ignore_case(name, "List-")) return Form::list;
    if (is_one_of(name, {"Content-Type", "Content-Disposition"})) return Form::parameters;
    if (is_one_of(name,
                  {"Message-ID", "In-Reply-To", "References", "Content-ID", "Date", "MIME-Version",
                   "Content-Transfer-Encoding", "Received", "Return-Path", "DKIM-Signature",
                   "Authentication-Results", "Received-SPF", "Auto-Submitted", "Content-Language",
                   "Content-Location", "Content-MD5"}) ||
        ascii::starts_with_ignore_case(name, "ARC-")) {
        return Form::other;
    }
    return Form::text;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

bool is_space(char c) {
    return is_blank(c) || c == '\r' || c == '\n';
}

// Single octets a character, so that it can be read piece by piece.
std::optional<std::string> read_in(std::string_view charset, std::string_view octets) {
    const bool single = charset.starts_with("iso-8859-") || charset.starts_with("windows-125") ||
                        charset.starts_with("cp125") || charset.starts_with("koi8-");
    if (!single) return std::nullopt;
    constexpr std::size_t kPiece = 1024;
    std::string out;
    for (; !octets.empty(); octets.remove_prefix(std::min(octets.size(), kPiece))) {
        const auto piece = to_utf8(charset, octets.substr(0, kPiece));
        if (!piece) return std::nullopt;
        out += *piece;
    }
    return out;
}

// `octets` as UTF-8 on one line.
std::string read_text(std::string_view octets, const HeaderWish& wish) {
    std::string text;
    if (utf8::is_valid(octets)) {
        text = octets;
    } else if (auto said = read_in(wish.charset, octets)) {
        text = std::move(*said);
    } else if (auto guessed = read_in("windows-1252", octets)) {
        text = std::move(*guessed);
    } else {
        text = utf8::from_latin1(octets);
    }
    std::ranges::replace_if(text, [](char c) { return ascii::is_control(c); }, ' ');
    return text;
}

std::size_t sequence_length(char lead) {
    const auto c = static_cast<unsigned char>(lead);
    return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

// Q as it may stand in a phrase and a comment too (RFC 2047 §5 (3)).
void append_q(std::string& out, std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::string_view kPlain = "!*+-/";
    for (const char c : text) {
        if (c == ' ') {
            out += '_';
        } else if (ascii::is_alnum(c) || kPlain.find(c) != std::string_view::npos) {
            out += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            out += '=';
            out += kDigits[octet >> 4];
            out += kDigits[octet & 0xfU];
        }
    }
}

// Encoded words of at most kMaxWord octets with one space between them; every character whole in
// one of them. `text` is UTF-8.
std::string encode(std::string_view text) {
    const auto beyond = static_cast<std::size_t>(std::ranges::count_if(text, ascii::is_8bit));
    const bool packed = beyond * 4 > text.size() * 3;  // mostly not Latin: base64 is shorter
    const std::string_view open = packed ? "=?utf-8?B?" : "=?utf-8?Q?";
    const std::size_t room = kMaxWord - open.size() - 2;
    std::string out;
    std::string word;   // in Q
    std::string plain;  // in B
    const auto close = [&] {
        if (word.empty() && plain.empty()) return;
        if (!out.empty()) out += ' ';
        out.append(open).append(packed ? base64::encode(plain) : word).append("?=");
        word.clear();
        plain.clear();
    };
    for (std::size_t i = 0; i < text.size();) {
        const auto character = text.substr(i, sequence_length(text[i]));
        i += character.size();
        if (packed) {
            if ((plain.size() + character.size() + 2) / 3 * 4 > room) close();
            plain += character;
        } else {
            std::string next;
            append_q(next, character);
            if (word.size() + next.size() > room) close();
            word += next;
        }
    }
    close();
    return out;
}

// One pass over a field's body: pieces of text go to `out` as they are or in another form.
class Rewriter {
  public:
    Rewriter(std::string_view body, const HeaderWish& wish, HeaderRepair& repair)
        : body_(body), wish_(wish), repair_(repair) {}

    std::string text();
    std::string phrases(bool addresses);
    std::string parameters();
    std::string other();

  private:
    struct Word {
        std::size_t begin = 0, end = 0;
        bool quoted = false;
    };

    std::string_view piece(std::size_t begin, std::size_t end) const {
        return body_.substr(begin, end - begin);
    }

    std::size_t skip_spaces(std::size_t at) const {
        while (at < body_.size() && is_space(body_[at])) ++at;
        return at;
    }

    std::size_t end_of_quoted(std::size_t at) const;
    std::size_t end_of_comment(std::size_t at) const;
    std::string unquoted(std::string_view quoted) const;
    void end_phrase(std::string& out);
    void take_comment(std::string& out, std::size_t end);
    void take_angle(std::string& out, std::size_t end, bool addresses);
    std::string address(std::string_view raw);
    std::string parameter(std::string_view raw, bool has_extended);
    std::string without_8bit(std::string_view raw);

    std::string_view body_;
    const HeaderWish& wish_;
    HeaderRepair& repair_;
    std::size_t at_ = 0;
    std::vector<Word> phrase_;
};

std::size_t Rewriter::end_of_quoted(std::size_t at) const {
    for (++at; at < body_.size(); ++at) {
        if (body_[at] == '\\') {
            ++at;
        } else if (body_[at] == '"') {
            return at + 1;
        }
    }
    return body_.size();
}

std::size_t Rewriter::end_of_comment(std::size_t at) const {
    std::size_t depth = 0;
    for (; at < body_.size(); ++at) {
        if (body_[at] == '\\') {
            ++at;
        } else if (body_[at] == '(') {
            ++depth;
        } else if (body_[at] == ')' && --depth == 0) {
            return at + 1;
        }
    }
    return body_.size();
}

std::string Rewriter::unquoted(std::string_view quoted) const {
    std::string out;
    for (std::size_t i = 1; i < quoted.size(); ++i) {
        if (quoted[i] == '"' && i + 1 == quoted.size()) break;
        if (quoted[i] == '\\' && i + 1 < quoted.size()) ++i;
        if (quoted[i] != '\r' && quoted[i] != '\n') out += quoted[i];
    }
    return out;
}

std::string Rewriter::without_8bit(std::string_view raw) {
    std::string out;
    for (const char c : raw) {
        if (!ascii::is_8bit(c)) {
            out += c;
        } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80) {
            out += '?';
            ++repair_.lost;
        }
    }
    return out;
}

// Unstructured: words with other letters, and what stands between them; one that is encoded
// already stays.
std::string Rewriter::text() {
    std::string out;
    std::size_t at = 0;
    const auto is_encoded = [](std::string_view word) {
        return word.starts_with("=?") && word.ends_with("?=") && ascii::is_ascii(word);
    };
    bool after_encoded = false;
    while (at < body_.size()) {
        const std::size_t begin = skip_spaces(at);
        std::string_view gap = piece(at, begin);
        std::size_t end = begin;
        const auto word_end = [&](std::size_t from) {
            while (from < body_.size() && !is_space(body_[from])) ++from;
            return from;
        };
        end = word_end(begin);
        const std::string_view word = piece(begin, end);
        if (ascii::is_ascii(word)) {
            out += gap;
            out += word;
            after_encoded = is_encoded(word);
            at = end;
            continue;
        }
        // As far as words with such letters follow, so that the space between two is kept: between
        // encoded words it would vanish.
        for (;;) {
            const std::size_t next = skip_spaces(end);
            const std::size_t next_end = word_end(next);
            const std::string_view further = piece(next, next_end);
            if (further.empty() || (ascii::is_ascii(further) && !is_encoded(further))) break;
            if (is_encoded(further)) {
                end = next;  // the space before it goes into the word
                break;
            }
            end = next_end;
        }
        std::string content;
        if (after_encoded) content = " ";
        for (const char c : piece(begin, end)) {
            if (!is_space(c)) {
                content += c;
            } else if (!content.ends_with(' ')) {
                content += ' ';
            }
        }
        out += gap.empty() ? "" : " ";
        out += encode(read_text(content, wish_));
        after_encoded = true;
        at = end;
        if (at < body_.size() && !is_space(body_[at])) out += ' ';  // an encoded word follows
    }
    return out;
}

// The words gathered so far: a display name, or an address without brackets.
void Rewriter::end_phrase(std::string& out) {
    if (phrase_.empty()) return;
    const std::size_t begin = phrase_.front().begin;
    const std::size_t end = phrase_.back().end;
    const std::string_view raw = piece(begin, end);
    const bool has_at = std::ranges::any_of(phrase_, [&](const Word& word) {
        return !word.quoted && piece(word.begin, word.end).contains('@');
    });
    if (ascii::is_ascii(raw)) {
        out += raw;
    } else if (has_at) {
        out += address(raw);
    } else {
        std::string name;
        for (const Word& word : phrase_) {
            if (!name.empty()) name += ' ';
            const auto octets = piece(word.begin, word.end);
            name += word.quoted ? unquoted(octets) : std::string(octets);
        }
        out += encode(read_text(decode_words(read_text(name, wish_)), wish_));
    }
    phrase_.clear();
}

void Rewriter::take_comment(std::string& out, std::size_t end) {
    const std::string_view raw = piece(at_, end);
    if (ascii::is_ascii(raw)) {
        out += raw;
    } else {
        std::string inside;
        for (const char c : raw.substr(1)) {
            if (c != '\\') inside += is_space(c) ? ' ' : c;
        }
        if (inside.ends_with(')')) inside.pop_back();
        out += fmt::format("({})", encode(read_text(inside, wish_)));
    }
}

void Rewriter::take_angle(std::string& out, std::size_t end, bool addresses) {
    const std::string_view raw = piece(at_, end);
    if (ascii::is_ascii(raw)) {
        out += raw;
    } else if (addresses) {
        out += address(raw);
    } else {  // a URI (RFC 2369): RFC 3987 §3.1 says how its letters are written in ASCII
        constexpr std::string_view kDigits = "0123456789ABCDEF";
        for (const char c : raw) {
            if (!ascii::is_8bit(c)) {
                out += c;
                continue;
            }
            const auto octet = static_cast<unsigned char>(c);
            out += '%';
            out += kDigits[octet >> 4];
            out += kDigits[octet & 0xfU];
        }
    }
}

// Letters in the domain have an ASCII form; before the @ they have none (RFC 6531 §3.2).
std::string Rewriter::address(std::string_view raw) {
    const std::size_t at = raw.rfind('@');
    const std::string_view local = raw.substr(0, at == std::string_view::npos ? raw.size() : at);
    if (at != std::string_view::npos && ascii::is_ascii(local)) {
        std::string_view domain = raw.substr(at + 1);
        const std::string_view close = domain.ends_with('>') ? ">" : "";
        domain.remove_suffix(close.size());
        if (const auto parsed = Domain::parse(ascii::trim(domain)); parsed) {
            return fmt::format("{}@{}{}", local, parsed->ascii(), close);
        }
    }
    if (utf8::is_valid(raw)) {
        repair_.needs_utf8 = true;
        return std::string(raw);
    }
    return without_8bit(raw);
}

// RFC 5322 §3.4: display names, comments, addresses.
std::string Rewriter::phrases(bool addresses) {
    std::string out;
    std::size_t space = 0;  // where the white space before the present token begins
    while (at_ < body_.size()) {
        space = at_;
        at_ = skip_spaces(at_);
        const std::string_view gap = piece(space, at_);
        if (at_ == body_.size()) {
            end_phrase(out);
            out += gap;
            break;
        }
        const char c = body_[at_];
        constexpr std::string_view kEnds = "\"(<>,;:";
        if (c == '"' || kEnds.find(c) == std::string_view::npos) {
            if (phrase_.empty()) out += gap;
            std::size_t end = at_;
            if (c == '"') {
                end = end_of_quoted(at_);
            } else {
                while (end < body_.size() && !is_space(body_[end]) &&
                       kEnds.find(body_[end]) == std::string_view::npos) {
                    ++end;
                }
            }
            phrase_.push_back({at_, end, c == '"'});
            at_ = end;
            continue;
        }
        end_phrase(out);
        // An encoded word must stand apart from what follows (RFC 2047 §5).
        out += gap.empty() && out.ends_with("?=") && (c == '(' || c == '<') ? " " : gap;
        std::size_t end = at_ + 1;
        if (c == '(') {
            end = end_of_comment(at_);
            take_comment(out, end);
        } else if (c == '<') {
            const std::size_t close = body_.find('>', at_);
            end = close == std::string_view::npos ? body_.size() : close + 1;
            take_angle(out, end, addresses);
        } else {
            out += c;
        }
        at_ = end;
    }
    end_phrase(out);
    return out;
}

// RFC 2231 §3, §4: name*0*=utf-8''... in pieces that fit a line.
std::string extended(std::string_view name, std::string_view value) {
    constexpr std::size_t kPiece = 48;
    constexpr std::string_view kPlain = "!#$&+-.^_`{|}~";
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::vector<std::string> pieces(1, "utf-8''");
    for (const char c : value) {
        if (pieces.back().size() >= kPiece) pieces.emplace_back();
        if (ascii::is_alnum(c) || kPlain.find(c) != std::string_view::npos) {
            pieces.back() += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            pieces.back() += '%';
            pieces.back() += kDigits[octet >> 4];
            pieces.back() += kDigits[octet & 0xfU];
        }
    }
    if (pieces.size() == 1) return fmt::format("{}*={}", name, pieces.front());
    std::string out;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (i > 0) out += "; ";
        out += fmt::format("{}*{}*={}", name, i, pieces[i]);
    }
    return out;
}

// Between two ';'.
std::string Rewriter::parameter(std::string_view raw, bool has_extended) {
    const std::size_t equals = raw.find('=');
    if (equals == std::string_view::npos) return without_8bit(raw);
    const std::string_view name = ascii::trim(raw.substr(0, equals));
    const std::string_view value = ascii::trim(raw.substr(equals + 1));
    const bool sound = !name.empty() && std::ranges::all_of(name, [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '_';
    });
    if (!sound) return without_8bit(raw);
    if (has_extended) return {};  // the same is said in ASCII beside it (RFC 2231)
    const std::string said = value.starts_with('"') ? unquoted(value) : std::string(value);
    return ' ' + extended(name, read_text(said, wish_));
}

std::string Rewriter::parameters() {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < body_.size();) {
        if (body_[at] == '"') {
            at = end_of_quoted(at);
        } else if (body_[at] == '(') {
            at = end_of_comment(at);
        } else if (body_[at] == ';') {
            parts.push_back(piece(begin, at));
            begin = ++at;
        } else {
            ++at;
        }
    }
    parts.push_back(piece(begin, body_.size()));
    const auto name_of = [](std::string_view part) {
        return ascii::to_lower(ascii::trim(part.substr(0, part.find_first_of("*="))));
    };
    std::set<std::string> extended_names;
    for (const std::string_view part : parts) {
        if (part.substr(0, part.find('=')).contains('*')) extended_names.insert(name_of(part));
    }
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i == 0 || ascii::is_ascii(parts[i])) {
            if (i > 0) out += ';';
            out += without_8bit(parts[i]);
            continue;
        }
        const bool has_extended = extended_names.contains(name_of(parts[i]));
        const std::string said = parameter(parts[i], has_extended);
        if (!said.empty()) out += ';' + said;
    }
    return out;
}

std::string Rewriter::other() {
    return without_8bit(body_);
}

std::size_t longest_line(std::string_view raw) {
    std::size_t longest = 0;
    while (!raw.empty()) {
        const std::size_t end = std::min(raw.find("\r\n"), raw.size());
        longest = std::max(longest, end);
        raw.remove_prefix(std::min(raw.size(), end + 2));
    }
    return longest;
}

// Breaks lines over `limit` before white space that a word follows; behind a comma where there is
// none (`commas`). A line without such a place stays.
std::string fold(std::string_view raw, std::size_t limit, bool commas) {
    std::string out;
    std::size_t name = raw.find(':') + 1;  // never broken within
    while (!raw.empty()) {
        const std::size_t end = std::min(raw.find("\r\n"), raw.size());
        std::string_view line = raw.substr(0, end);
        raw.remove_prefix(std::min(raw.size(), end + 2));
        while (line.size() > limit) {
            std::size_t at = 0;
            bool comma = false;
            bool quoted = false;
            bool word_before = false;
            for (std::size_t i = 0; i + 1 < line.size(); ++i) {
                if (i > limit && at != 0) break;
                if (line[i] == '"') quoted = !quoted;
                const bool breaks =
                    word_before && i > name && is_blank(line[i]) && !is_blank(line[i + 1]);
                if (breaks) at = i, comma = false;
                if (!breaks && commas && !quoted && i > name && i < limit && line[i] == ',' &&
                    !is_blank(line[i + 1])) {
                    at = i + 1;
                    comma = true;
                }
                word_before = word_before || (i >= name && !is_blank(line[i]));
            }
            if (at == 0) break;
            out.append(line.substr(0, at)).append("\r\n");
            if (comma) out += ' ';
            line.remove_prefix(at);
            name = 0;
        }
        out.append(line).append("\r\n");
        name = 0;
    }
    return out;
}

std::string rewritten(const HeaderField& field, Form form, const HeaderWish& wish,
                      HeaderRepair& repair) {
    Rewriter rewriter(field.body(), wish, repair);
    switch (form) {
        case Form::text:
            return rewriter.text();
        case Form::addresses:
            return rewriter.phrases(true);
        case Form::list:
            return rewriter.phrases(false);
        case Form::parameters:
            return rewriter.parameters();
        case Form::other:
            return rewriter.other();
    }
    std::unreachable();
}

}  // namespace

Result<HeaderRepair> repair_header(HeaderBlock& header, const HeaderWish& wish) {
    HeaderRepair repair;
    std::size_t size = 0;  // of all fields so far
    for (std::size_t i = 0; i < header.fields().size(); ++i) {
        const HeaderField& field = header.fields()[i];
        size += field.raw.size();
        const bool beyond =
            !ascii::is_ascii(field.raw) && !(wish.keep_utf8 && utf8::is_valid(field.raw));
        const bool too_long = longest_line(field.raw) > kMaxLine;
        if (!beyond && !too_long) continue;
        const Form form = form_of(field.name);
        std::string raw = field.raw;
        if (beyond) {
            raw = fmt::format("{}:{}\r\n", field.name, rewritten(field, form, wish, repair));
            repair.encoded += ascii::is_ascii(raw) ? 1 : 0;
        }
        const bool commas = form == Form::addresses || form == Form::list;
        raw = fold(raw, beyond ? kWidth : kFolded, commas);
        if (longest_line(raw) > kMaxLine && form == Form::text) {
            // One word longer than a line: as encoded words it can be broken anywhere.
            const std::string_view body = std::string_view(raw).substr(raw.find(':') + 1);
            std::string line;
            for (const char c : ascii::trim(body)) {
                if (c != '\r' && c != '\n') line += c;
            }
            raw = fold(fmt::format("{}: {}\r\n", field.name, encode(line)), kWidth, false);
        }
        if (longest_line(raw) > kMaxLine) {
            return fail(ErrorKind::syntax,
                        fmt::format("the field {} has a line over 998 octets",
                                    utf8::printable(field.name, 60)),
                        "the program that wrote the message must fold it");
        }
        repair.folded += too_long ? 1 : 0;
        size = size - field.raw.size() + raw.size();
        if (size > HeaderBlock::kMaxOctets) {
            return fail(ErrorKind::too_large, "the header is larger than 1 MB once it is in ASCII",
                        "send to fewer people at once, or shorten the header fields");
        }
        header.replace(i, std::move(raw));
    }
    return repair;
}

bool has_utf8_address(const HeaderBlock& header) {
    const HeaderWish wish;
    return std::ranges::any_of(header.fields(), [&](const HeaderField& field) {
        if (ascii::is_ascii(field.raw) || form_of(field.name) != Form::addresses) return false;
        HeaderRepair found;
        static_cast<void>(rewritten(field, Form::addresses, wish, found));
        return found.needs_utf8;
    });
}

}  // namespace posthaste::mail
