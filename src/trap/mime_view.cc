#include "trap/mime_view.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/text.h"
#include "trap/mime_fields.h"

#include <algorithm>

namespace posthaste::trap {

namespace {

constexpr std::size_t kMaxLine =
    8 << 10;  // held at once; the rest of a longer line follows as pieces
constexpr std::size_t kMaxField = 16 << 10;  // of one header field
constexpr std::size_t kMaxBoundary = 200;    // RFC 2046 allows 70
constexpr std::size_t kMaxNameLength = 200;  // characters of a file name

std::string unix_lines(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        if (text[i] != '\0') out += text[i];
    }
    return out;
}

// Text that is UTF-8 but for a last character that was cut would be taken for another charset.
void drop_partial_character(std::string& text) {
    if (utf8::is_valid(text)) return;
    for (std::size_t drop = 1; drop <= 3 && drop <= text.size(); ++drop) {
        const auto shorter = std::string_view(text).substr(0, text.size() - drop);
        if (!ascii::is_8bit(text[shorter.size()]) || !utf8::is_valid(shorter)) continue;
        text.resize(shorter.size());
        return;
    }
}

bool is_blank(std::string_view line) {
    return line == "\r\n" || line == "\n";
}

}  // namespace

std::size_t MimeView::attachments() const {
    return static_cast<std::size_t>(std::ranges::count_if(parts, &MimePart::attachment));
}

struct MimeReader::Impl {
    enum class In {
        header,
        body,
        skip
    };  // skip: before the first and behind the last part of a multipart

    explicit Impl(Limits l) : limits(l) {}

    void feed(std::string_view octets) {
        while (!octets.empty()) {
            const std::size_t end = octets.find('\n');
            const std::size_t room = kMaxLine - line.size();
            const std::size_t take =
                std::min(end == std::string_view::npos ? octets.size() : end + 1, room);
            line += octets.substr(0, take);
            octets.remove_prefix(take);
            if (line.ends_with('\n') || line.size() == kMaxLine) take_line();
        }
    }

    void take_line() {
        const bool whole = line.ends_with('\n');
        if (!line_begins || !take_boundary()) {
            if (in == In::header)
                take_header_line();
            else if (in == In::body)
                take_body_line();
        }
        position += line.size();
        line_end_before = line.ends_with("\r\n") ? 2 : whole ? 1 : 0;
        line_begins = whole;
        line.clear();
    }

    // A line that is a boundary of any open multipart ends all parts within that one (RFC 2046
    // §5.1.2).
    bool take_boundary() {
        if (!line.starts_with("--") || boundaries.empty()) return false;
        std::string_view rest = std::string_view(line).substr(2);
        rest = rest.substr(0, rest.find_last_not_of(" \t\r\n") + 1);
        for (std::size_t i = boundaries.size(); i-- > 0;) {
            if (!rest.starts_with(boundaries[i])) continue;
            const std::string_view tail = rest.substr(boundaries[i].size());
            if (!tail.empty() && tail != "--") continue;
            end_part(true);
            boundaries.resize(tail.empty() ? i + 1 : i);
            in = tail.empty() ? In::header : In::skip;
            return true;
        }
        return false;
    }

    void take_header_line() {
        if (line_begins && is_blank(line)) {
            end_field();
            begin_part();
            return;
        }
        const bool continued = !line_begins || line.starts_with(' ') || line.starts_with('\t');
        if (!continued) end_field();
        std::string_view words = line;
        while (words.ends_with('\n') || words.ends_with('\r')) words.remove_suffix(1);
        field += words.substr(0, kMaxField - std::min(field.size(), kMaxField));
    }

    void end_field() {
        const std::size_t colon = std::min(field.find(':'), field.size());
        const auto name = ascii::trim(std::string_view(field).substr(0, colon));
        const auto body =
            ascii::trim(std::string_view(field).substr(std::min(colon + 1, field.size())));
        if (ascii::equals_ignore_case(name, "Content-Type")) {
            type = parse_mime_field(body);
        } else if (ascii::equals_ignore_case(name, "Content-Disposition")) {
            disposition = parse_mime_field(body);
        } else if (ascii::equals_ignore_case(name, "Content-Transfer-Encoding")) {
            part.encoding = parse_encoding(body);
        } else if (ascii::equals_ignore_case(name, "Content-ID")) {
            part.content_id = mail::readable(body, kMaxNameLength);
            std::erase_if(part.content_id, [](char c) { return c == '<' || c == '>'; });
        }
        field.clear();
    }

    // The header of a part, or of the message, has ended.
    void begin_part() {
        if (type.value.starts_with("multipart/")) {
            auto boundary = type.parameter("boundary");
            if (!boundary.empty() && boundary.size() <= kMaxBoundary &&
                boundaries.size() < limits.depth) {
                boundaries.push_back(std::move(boundary));
                forget_header();
                in = In::skip;
                return;
            }
        }
        in = In::body;
        in_part = true;
        part.begin = position + line.size();
        part.content_type = type.value.find('/') == std::string::npos
                                ? "text/plain"
                                : mail::readable(type.value, 100);
        part.charset = ascii::to_lower(type.parameter("charset"));
        auto name = disposition.parameter("filename");
        if (name.empty()) name = type.parameter("name");
        part.file_name = mail::readable(mail::decode_words(name), kMaxNameLength);
        const bool apart = disposition.value == "attachment" || !part.file_name.empty();
        if (part.content_type == "text/plain" && !apart && !has_text) {
            has_text = true;
            sink = &text;
            text_part = part;
        } else if (part.content_type == "text/html" && !apart && !has_html) {
            has_html = true;
            sink = &html;
            html_part = part;
        } else {
            part.inline_part = disposition.value != "attachment" && !part.content_id.empty();
            part.attachment = !part.inline_part;
        }
    }

    void forget_header() {
        type = {};
        disposition = {};
        part = {};
    }

    void take_body_line() {
        if (sink == nullptr) return;
        auto& cut = sink == &text ? text_cut : html_cut;
        const std::size_t room = limits.text - std::min(sink->size(), limits.text);
        cut = cut || line.size() > room;
        sink->append(line, 0, room);
    }

    // The line end in front of a boundary belongs to the boundary.
    void end_part(bool at_boundary) {
        if (in == In::header) {  // a part that has no body, perhaps no header either
            end_field();
            if (!type.value.empty() && !type.value.starts_with("multipart/")) {
                begin_part();
                part.begin = position;
            }
        }
        if (in_part) {
            part.end = at_boundary ? std::max(part.begin, position - line_end_before) : position;
            if (at_boundary && sink != nullptr) trim_line_end(*sink);
            if (parts.size() < limits.parts) {
                parts.push_back(part);
            } else {
                parts_cut = true;
            }
        }
        in_part = false;
        sink = nullptr;
        forget_header();
    }

    void trim_line_end(std::string& body) const {
        if (body.ends_with("\r\n")) {
            body.resize(body.size() - 2);
        } else if (body.ends_with('\n')) {
            body.pop_back();
        }
    }

    MimeView finish() {
        if (!line.empty()) take_line();
        if (in == In::header) {  // a message that is all header
            end_field();
            begin_part();
            part.begin = position;
        }
        end_part(false);
        MimeView view;
        view.text_cut = text_cut;
        view.html_cut = html_cut;
        view.text = convert(text, text_part, text_cut, view);
        view.html = convert(html, html_part, html_cut, view);
        view.parts = std::move(parts);
        view.parts_cut = parts_cut;
        return view;
    }

    static std::string convert(std::string_view encoded, const MimePart& from, bool cut,
                               MimeView& view) {
        bool known = true;
        auto octets = decode(from.encoding, encoded);
        if (cut) drop_partial_character(octets);
        auto converted = to_utf8(octets, from.charset, known);
        if (!known) view.unknown_charset = mail::readable(from.charset, 40);
        return unix_lines(converted);
    }

    const Limits limits;
    In in = In::header;
    std::string line;            // what has come of the present one
    bool line_begins = true;     // `line` is the beginning of a line, not a piece of a long one
    std::uint64_t position = 0;  // of `line` in the message
    std::uint64_t line_end_before = 0;
    std::vector<std::string> boundaries;  // of the multiparts that are open
    std::string field;
    MimeField type, disposition;
    MimePart part;
    bool in_part = false;
    std::string* sink = nullptr;
    std::string text, html;
    bool has_text = false, has_html = false;
    bool text_cut = false, html_cut = false;
    MimePart text_part, html_part;
    std::vector<MimePart> parts;
    bool parts_cut = false;
};

MimeReader::MimeReader(Limits limits) : impl_(std::make_unique<Impl>(limits)) {}

MimeReader::~MimeReader() = default;

void MimeReader::feed(std::string_view octets) {
    impl_->feed(octets);
}

MimeView MimeReader::finish() {
    return impl_->finish();
}

std::string decode_part(std::string_view message, const MimePart& part) {
    const std::size_t begin = std::min<std::size_t>(part.begin, message.size());
    const std::size_t end = std::clamp<std::size_t>(part.end, begin, message.size());
    return decode(part.encoding, message.substr(begin, end - begin));
}

}  // namespace posthaste::trap
