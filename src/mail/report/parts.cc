#include "mail/report/parts.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <algorithm>
#include <optional>

namespace posthaste::mail::report {

namespace {

constexpr std::size_t kLongestBoundary = 200;  // RFC 2046 §5.1.1 allows 70

int hex_value(char c) {
    if (ascii::is_digit(c)) return c - '0';
    const char small = ascii::lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::string decode_quoted_printable(std::string_view text, std::size_t most) {
    std::string out;
    for (std::size_t i = 0; i < text.size() && out.size() < most; ++i) {
        if (text[i] != '=') {
            out += text[i];
            continue;
        }
        std::size_t end = i + 1;
        while (end < text.size() && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r'))
            ++end;
        if (end < text.size() && text[end] == '\n') {
            i = end;  // a soft line break
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low < 0) {
            out += '=';
            continue;
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (ascii::is_digit(c)) return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// RFC 2045 §6.8: letters of no meaning are passed over.
std::string decode_base64(std::string_view text, std::size_t most) {
    std::string out;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        if (c == '=' || out.size() >= most) break;
        const int value = base64_value(c);
        if (value < 0) continue;
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffff;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

// Enough of it to read sentences: tags go, block ends are line ends, the commonest entities.
std::string without_tags(std::string_view html) {
    std::string out;
    for (std::size_t i = 0; i < html.size(); ++i) {
        if (html[i] == '<') {
            const auto end = html.find('>', i);
            if (end == std::string_view::npos) break;
            const auto tag = html.substr(i + 1, 3);
            const bool in_line = ascii::starts_with_ignore_case(tag, "b>") ||
                                 ascii::starts_with_ignore_case(tag, "/b>") ||
                                 ascii::starts_with_ignore_case(tag, "a ") ||
                                 ascii::starts_with_ignore_case(tag, "/a");
            if (!in_line) out += '\n';
            i = end;
            continue;
        }
        if (html[i] == '&') {
            struct Entity {
                std::string_view name;
                char letter;
            };

            static constexpr Entity kEntities[] = {
                {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&nbsp;", ' '}, {"&#64;", '@'}};
            const auto* found = std::ranges::find_if(kEntities, [&](const Entity& entity) {
                return html.substr(i).starts_with(entity.name);
            });
            if (found != std::end(kEntities)) {
                out += found->letter;
                i += found->name.size() - 1;
                continue;
            }
        }
        out += html[i];
    }
    return out;
}

class Walk {
  public:
    Walk(std::string_view message, Entity& entity) : rest_(message), entity_(entity) {}

    void run() {
        entity_.header = Fields::take(rest_);
        entity_.type = parse_content_type(entity_.header.value("Content-Type"));
        begin(entity_.header, entity_.type);
        while (!rest_.empty()) {
            const auto* line_begin = rest_.data();
            const auto line = take_line(rest_);
            if (!line.starts_with("--") || !at_boundary(line, line_begin)) continue;
        }
        end_part(rest_.data());
    }

  private:
    void begin(const Fields& header, const ContentType& type) {
        if (type.type == "multipart" && !type.boundary.empty() &&
            type.boundary.size() <= kLongestBoundary && boundaries_.size() < Entity::kDeepest) {
            boundaries_.push_back(type.boundary);
            return;  // what comes before the first part is for nobody
        }
        if (entity_.parts.size() >= Entity::kMostParts) return;
        Part part;
        part.type = type;
        part.encoding = parse_transfer_encoding(header.value("Content-Transfer-Encoding"));
        open_ = std::move(part);
        body_begin_ = rest_.data();
    }

    // Up to the line that begins there, whose line end before belongs to the boundary.
    void end_part(const char* end) {
        if (!open_) return;
        std::string_view body(body_begin_, static_cast<std::size_t>(end - body_begin_));
        if (!rest_.empty() || at_boundary_) {
            if (body.ends_with('\n')) body.remove_suffix(1);
            if (body.ends_with('\r')) body.remove_suffix(1);
        }
        open_->body = body;
        entity_.parts.push_back(std::move(*open_));
        open_.reset();
    }

    bool at_boundary(std::string_view line, const char* line_begin) {
        const auto said = ascii::trim(line.substr(2));
        for (std::size_t level = boundaries_.size(); level-- > 0;) {
            const std::string& boundary = boundaries_[level];
            if (!said.starts_with(boundary)) continue;
            const auto behind = said.substr(boundary.size());
            if (!behind.empty() && behind != "--") continue;
            at_boundary_ = true;
            end_part(line_begin);
            at_boundary_ = false;
            boundaries_.resize(level + (behind.empty() ? 1 : 0));
            if (!behind.empty()) return true;
            const Fields header = Fields::take(rest_);
            begin(header, parse_content_type(header.value("Content-Type")));
            return true;
        }
        return false;
    }

    std::string_view rest_;
    Entity& entity_;
    std::vector<std::string> boundaries_;
    std::optional<Part> open_;
    const char* body_begin_ = nullptr;
    bool at_boundary_ = false;
};

}  // namespace

std::string Part::decoded(std::size_t most) const {
    switch (encoding) {
        case TransferEncoding::quoted_printable:
            return decode_quoted_printable(body, most);
        case TransferEncoding::base64:
            return decode_base64(body, most);
        default:
            return std::string(body.substr(0, most));
    }
}

std::string Part::text(std::size_t most) const {
    std::string text = decoded(most);
    if (!utf8::is_valid(utf8::clip(text, text.size()))) text = utf8::from_latin1(text);
    return type.is("text/html") ? without_tags(text) : text;
}

const Part* Entity::find(std::string_view type_and_subtype) const {
    const auto found = std::ranges::find_if(
        parts, [&](const Part& part) { return part.type.is(type_and_subtype); });
    return found == parts.end() ? nullptr : &*found;
}

Entity read_entity(std::string_view message) {
    Entity entity;
    Walk(message, entity).run();
    return entity;
}

}  // namespace posthaste::mail::report
