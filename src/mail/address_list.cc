// parse_address_list: one pass over the octets into tokens, one over the tokens of each mailbox.
#include "base/ascii.h"
#include "mail/header.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxComments = 64;       // how deep they may nest
constexpr std::size_t kMaxAddresses = 10'000;  // bounds memory

std::unexpected<Error> refuse(std::string_view why) {
    return fail(ErrorKind::syntax, std::string(why), "write it as Name <name@example.org>");
}

enum class Kind { end, atom, quoted, literal, special };

struct Token {
    Kind kind = Kind::end;
    std::string_view text;  // as written, with quotes or brackets

    bool is(char c) const { return kind == Kind::special && text.front() == c; }
};

// Splits a body into the tokens of RFC 5322 §3.2; comments and folds between them vanish.
class Scanner {
  public:
    explicit Scanner(std::string_view body) : body_(body) {}

    Result<Token> next() {
        PH_CHECK(skip_blanks());
        if (at_ == body_.size()) return Token{};
        const std::size_t begin = at_;
        const char c = body_[at_];
        if (c == '"') return take_quoted();
        if (c == '[') return take_literal();
        if (kSpecials.find(c) != std::string_view::npos) {
            ++at_;
            return Token{Kind::special, body_.substr(begin, 1)};
        }
        while (at_ < body_.size() && is_atext(body_[at_])) ++at_;
        if (at_ == begin) return refuse("a character in it is not allowed there");
        return Token{Kind::atom, body_.substr(begin, at_ - begin)};
    }

  private:
    static constexpr std::string_view kSpecials = "<>@,;:.";

    // Printable ASCII without the specials is atext exactly (RFC 5322 §3.2.3).
    static bool is_atext(char c) {
        constexpr std::string_view kNot = "()<>[]:;@\\,.\"";
        return ascii::is_8bit(c) || (c > ' ' && c < 0x7f && kNot.find(c) == std::string_view::npos);
    }

    // One octet, or one fold; false for what must not stand in a body at all.
    bool step() {
        const std::string_view rest = body_.substr(at_);
        if (rest.size() > 2 && rest.starts_with("\r\n") && (rest[2] == ' ' || rest[2] == '\t')) {
            at_ += 3;
            return true;
        }
        if (rest.front() != '\t' && ascii::is_control(rest.front())) return false;
        ++at_;
        return true;
    }

    // The octet behind a backslash: any printable one or white space (RFC 5322 §3.2.1).
    bool step_pair() {
        ++at_;
        if (at_ == body_.size()) return false;
        if (body_[at_] != '\t' && ascii::is_control(body_[at_])) return false;
        ++at_;
        return true;
    }

    Result<> skip_blanks() {
        std::size_t depth = 0;
        while (at_ < body_.size()) {
            const char c = body_[at_];
            if (c == '\\' && depth > 0) {
                if (!step_pair()) return refuse("a backslash is followed by nothing it can quote");
                continue;
            }
            if (c == '(') {
                if (++depth > kMaxComments) return refuse("its comments are nested too deep");
            } else if (c == ')' && depth > 0) {
                --depth;
            } else if (depth == 0 && c != ' ' && c != '\t' && c != '\r') {
                return {};
            } else if (c == '<' || c == '>') {
                // In a comment these mean nothing, but to a reader who knows no comments they
                // enclose the address.
                return refuse("a comment in it holds '<' or '>'");
            }
            if (!step()) return refuse("there is a control character in it");
        }
        if (depth > 0) return refuse("a comment is not closed");
        return {};
    }

    Result<Token> take_quoted() {
        const std::size_t begin = at_++;
        while (at_ < body_.size()) {
            const char c = body_[at_];
            if (c == '"') {
                ++at_;
                return Token{Kind::quoted, body_.substr(begin, at_ - begin)};
            }
            if (!(c == '\\' ? step_pair() : step())) {
                return refuse("there is a control character in it");
            }
        }
        return refuse("a quote is not closed");
    }

    Result<Token> take_literal() {
        const std::size_t begin = at_++;
        while (at_ < body_.size() && body_[at_] != ']') {
            const char c = body_[at_];
            if (c == '[' || c == '\\' || c <= ' ' || c >= 0x7f) break;  // <= ' ': 8-bit too
            ++at_;
        }
        if (at_ == body_.size() || body_[at_] != ']') return refuse("a '[' in it is not closed");
        ++at_;
        return Token{Kind::literal, body_.substr(begin, at_ - begin)};
    }

    std::string_view body_;
    std::size_t at_ = 0;
};

// Appends what a quoted string says, without quotes, backslashes and folds.
void append_unquoted(std::string& out, std::string_view quoted) {
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        if (quoted[i] == '\\') ++i;
        if (quoted[i] != '\r' && quoted[i] != '\n') out += quoted[i];
    }
}

// addr-spec with the white space, comments and mixed words of obs-local-part and obs-domain (RFC
// 5322 §4.4), written out as the strict grammar has it.
Result<Mailbox> read_addr_spec(const std::vector<Token>& tokens) {
    const auto at = std::ranges::find_if(tokens, [](const Token& t) { return t.is('@'); });
    if (tokens.empty()) return refuse("it holds no address");
    if (at == tokens.end()) return refuse("there is text without an address in it");
    const auto dots_fault = [](auto begin, auto end) {
        bool word_next = true;
        for (auto it = begin; it != end; ++it, word_next = !word_next) {
            if (word_next == it->is('.') || (it->kind == Kind::special && !it->is('.')))
                return true;
        }
        return word_next;
    };
    if (dots_fault(tokens.begin(), at))
        return refuse("what stands before the @ can be read in two ways");
    if (dots_fault(at + 1, tokens.end()))
        return refuse("what stands behind the @ can be read in two ways");
    std::string local;
    bool quoted = false;
    for (auto it = tokens.begin(); it != at; ++it) {
        if (it->kind == Kind::literal) return refuse("'[' stands before the @");
        if (it->kind == Kind::quoted) {
            quoted = true;
            append_unquoted(local, it->text);
        } else {
            local += it->text;
        }
    }
    // Encoded words do not belong here (RFC 2047 §5), yet some readers decode them, also to an '@'.
    if (local.find("=?") != std::string::npos && local.find("?=") != std::string::npos) {
        return refuse("there is an encoded word in an address");
    }
    std::string text;
    if (quoted) {
        text += '"';
        for (const char c : local) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    } else {
        text = std::move(local);
    }
    for (auto it = at; it != tokens.end(); ++it) {
        if (it->kind == Kind::quoted) return refuse("a quote stands behind the @");
        text += it->text;
    }
    PH_TRY(auto mailbox, Mailbox::parse(text));
    // The field goes on as it was written: a domain that only our mapping makes the sender's own
    // (UTS 46) may look like another to the reader, or be one to the next server (threats.md A3).
    const auto domain = std::string_view(text).substr(text.rfind('@') + 1);
    if (!mailbox.domain().is_spelled(domain)) {
        return refuse("its domain holds characters that cannot be seen or stand for others");
    }
    return mailbox;
}

class AddressListParser {
  public:
    explicit AddressListParser(std::string_view body) : scanner_(body) {}

    Result<std::vector<Mailbox>> parse() {
        while (true) {
            PH_TRY(const Token token, scanner_.next());
            if (token.kind == Kind::end) break;
            PH_CHECK(take(token));
        }
        PH_CHECK(end_mailbox());
        if (in_group_) return refuse("a group in it is not closed by ';'");
        return std::move(found_);
    }

  private:
    Result<> take(const Token& token) {
        if (token.is(',')) return end_mailbox();
        if (token.is(';')) return end_group();
        if (complete_) return refuse("there is text behind an address, or two addresses in one");
        if (token.is('<')) return take_angle();
        if (token.is(':')) return begin_group();
        if (token.is('>')) return refuse("a '>' stands where no '<' came before");
        words_.push_back(token);
        return {};
    }

    // A display name, or the name of a group. With an '@' or '[' in it a reader may take it for the
    // address: "ceo@example.com <me@example.org>". Only the same address twice says one thing:
    // "me@example.org <me@example.org>", as many phones and scripts write it.
    bool is_phrase() const {
        return std::ranges::all_of(
            words_, [](const Token& t) { return t.kind != Kind::literal && !t.is('@'); });
    }

    Result<> take_angle() {
        std::optional<Mailbox> named;
        if (!is_phrase()) {
            auto read = read_addr_spec(words_);
            if (!read) return refuse("an unquoted '@' or '[' stands before the '<'");
            named = std::move(*read);
        }
        words_.clear();
        bool route = false;
        while (true) {
            PH_TRY(const Token token, scanner_.next());
            if (token.kind == Kind::end) return refuse("a '<' is not closed");
            if (token.is('>')) break;
            if (token.is('<') || token.is(';')) return refuse("a '<' is not closed");
            if (words_.empty() && (token.is('@') || token.is(','))) {
                PH_CHECK(skip_route(route));
                continue;
            }
            if (token.is(',') || token.is(':'))
                return refuse("two addresses stand between '<' and '>'");
            words_.push_back(token);
        }
        PH_CHECK(add_address());
        if (named && named->key() != found_.back().key())
            return refuse("another address stands before the '<'");
        return {};
    }

    // obs-route (RFC 5322 §4.4): hosts the mail should pass, ended by ':'. Means nothing any more.
    Result<> skip_route(bool& seen) {
        if (seen) return refuse("two routes stand in one address");
        seen = true;
        while (true) {
            PH_TRY(const Token token, scanner_.next());
            if (token.is(':')) return {};
            const bool host = token.kind == Kind::atom || token.kind == Kind::literal;
            if (!host && !token.is('@') && !token.is(',') && !token.is('.')) {
                return refuse("the route before an address is not closed by ':'");
            }
        }
    }

    Result<> begin_group() {
        if (in_group_) return refuse("a group stands in a group");
        if (words_.empty() || !is_phrase()) return refuse("a ':' stands where no group begins");
        words_.clear();
        in_group_ = true;
        return {};
    }

    Result<> end_group() {
        PH_CHECK(end_mailbox());
        if (!in_group_)
            return refuse("a ';' stands where no group ends; use ',' between addresses");
        in_group_ = false;
        complete_ = true;  // only a ',' may follow
        return {};
    }

    Result<> end_mailbox() {
        if (!words_.empty()) PH_CHECK(add_address());
        complete_ = false;  // an empty element is obsolete, but says nothing: "a@x, ,b@x"
        return {};
    }

    Result<> add_address() {
        if (found_.size() == kMaxAddresses) {
            return fail(ErrorKind::too_large, "it holds more than 10000 addresses", "name fewer");
        }
        PH_TRY(auto mailbox, read_addr_spec(words_));
        found_.push_back(std::move(mailbox));
        words_.clear();
        complete_ = true;
        return {};
    }

    Scanner scanner_;
    std::vector<Token> words_;  // of the element being read
    bool complete_ = false;     // the element is done; only ',' or ';' may follow
    bool in_group_ = false;
    std::vector<Mailbox> found_;
};

}  // namespace

Result<std::vector<Mailbox>> parse_address_list(std::string_view body) {
    return AddressListParser(body).parse();
}

}  // namespace posthaste::mail
