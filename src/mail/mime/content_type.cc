#include "mail/mime/content_type.h"

#include "base/ascii.h"

namespace posthaste::mail {
namespace {

constexpr std::string_view kSeparators = "()<>@,;:\\\"/[]?=";  // tspecials

bool is_token_octet(char c) {
    return c > ' ' && c < 0x7f && kSeparators.find(c) == std::string_view::npos;
}

class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    // White space, folds and comments.
    void skip() {
        std::size_t depth = 0;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (depth > 0 && c == '\\' && at_ + 1 < text_.size()) {
                ++at_;
            } else if (c == '(') {
                ++depth;
            } else if (c == ')' && depth > 0) {
                --depth;
            } else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
                return;
            }
        }
    }

    bool take(char c) {
        skip();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    std::string token() {
        skip();
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_token_octet(text_[at_])) ++at_;
        return std::string(text_.substr(begin, at_ - begin));
    }

    // A token or quoted string; without quotes also what a token may not hold, as programs write
    // it: up to the next ';' or white space.
    std::string value() {
        skip();
        std::string out;
        if (at_ < text_.size() && text_[at_] == '"') {
            for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
                if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
                if (text_[at_] != '\r' && text_[at_] != '\n') out += text_[at_];
            }
            if (at_ < text_.size()) ++at_;
            return out;
        }
        constexpr std::string_view kEnds = "; \t\r\n";
        while (at_ < text_.size() && kEnds.find(text_[at_]) == std::string_view::npos)
            out += text_[at_++];
        return out;
    }

    // On to behind the next ';' that no quote holds.
    bool next_parameter() {
        while (at_ < text_.size()) {
            skip();
            if (at_ == text_.size()) break;
            if (text_[at_] == '"') {
                value();
                continue;
            }
            if (text_[at_++] == ';') return true;
        }
        return false;
    }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

bool ContentType::is(std::string_view both) const {
    const std::size_t slash = both.find('/');
    return type == both.substr(0, slash) && subtype == both.substr(slash + 1);
}

std::optional<std::string> find_parameter(std::string_view body, std::string_view name) {
    Reader reader(body);
    while (reader.next_parameter()) {
        const std::string found = reader.token();
        if (!reader.take('=')) continue;
        std::string value = reader.value();
        if (ascii::equals_ignore_case(found, name)) return value;
    }
    return std::nullopt;
}

ContentType parse_content_type(std::string_view body) {
    Reader reader(body);
    ContentType found;
    found.type = ascii::to_lower(reader.token());
    if (!found.type.empty() && reader.take('/')) found.subtype = ascii::to_lower(reader.token());
    if (found.subtype.empty()) return {};
    found.boundary = find_parameter(body, "boundary").value_or("");
    found.charset = ascii::to_lower(find_parameter(body, "charset").value_or(""));
    return found;
}

TransferEncoding parse_transfer_encoding(std::string_view body) {
    Reader reader(body);
    const std::string word = ascii::to_lower(reader.token());
    if (word.empty() || word == "7bit" || word == "8bit" || word == "binary")
        return TransferEncoding::identity;
    if (word == "quoted-printable") return TransferEncoding::quoted_printable;
    if (word == "base64") return TransferEncoding::base64;
    return TransferEncoding::other;
}

}  // namespace posthaste::mail
