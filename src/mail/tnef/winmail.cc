#include "mail/tnef/winmail.h"

#include "base/ascii.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "mail/mime/body_encoder.h"
#include "mail/mime/charset.h"
#include "mail/mime/header_repair.h"
#include "mail/text.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxName = 120;  // characters of a file's name

struct Extension {
    std::string_view ending;
    std::string_view type;
};

// Where the file says nothing, which it mostly does. Nothing here is shown by a mail program
// without being asked, but for pictures.
constexpr Extension kExtensions[] = {
    {"pdf", "application/pdf"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"zip", "application/zip"},
    {"rtf", "application/rtf"},
    {"txt", "text/plain"},
    {"csv", "text/csv"},
    {"ics", "text/calendar"},
    {"vcf", "text/vcard"},
    {"png", "image/png"},
    {"gif", "image/gif"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"bmp", "image/bmp"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
};

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7f &&
               std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
    });
}

// A type that a part in base64 may have (RFC 2046 §5.2).
std::optional<std::string> usable_type(std::string_view type) {
    const std::size_t slash = type.find('/');
    if (slash == std::string_view::npos || type.size() > 100) return std::nullopt;
    const std::string top = ascii::to_lower(type.substr(0, slash));
    if (!is_token(top) || !is_token(type.substr(slash + 1))) return std::nullopt;
    if (top == "multipart" || top == "message") return std::nullopt;
    return ascii::to_lower(type);
}

std::string type_of(const TnefAttachment& attachment, std::string_view name) {
    if (auto said = usable_type(attachment.type)) return *said;
    const std::size_t dot = name.rfind('.');
    if (dot != std::string_view::npos) {
        for (const Extension& known : kExtensions)
            if (ascii::equals_ignore_case(name.substr(dot + 1), known.ending))
                return std::string(known.type);
    }
    return "application/octet-stream";
}

// Without folders, and without what a header or a screen would choke on.
std::string file_name(const TnefContent& content, std::size_t index) {
    std::string name = content.attachments[index].name;
    name.resize(std::min(name.size(), name.find('\0')));
    if (!utf8::is_valid(name)) {
        const std::string octets(name.substr(0, 1024));
        auto read = to_utf8(content.text_charset, octets);
        if (!read) read = to_utf8("windows-1252", octets);
        name = read ? *read : utf8::from_latin1(octets);
    }
    if (const std::size_t folder = name.find_last_of("/\\"); folder != std::string::npos)
        name.erase(0, folder + 1);
    std::erase_if(name, [](char c) { return c == '"' || c == '\x7f' || (c >= 0 && c < ' '); });
    name = readable(name, kMaxName);
    if (name.empty() || name == "." || name == "..") name = fmt::format("attachment-{}", index + 1);
    return name;
}

std::string encoded(std::string_view octets) {
    BodyEncoder encoder(Encoding::base64);
    std::string out;
    encoder.update(octets, out);
    encoder.finish(out);
    if (!out.ends_with("\r\n")) out += "\r\n";
    return out;
}

// What comes out can be a part: a header and an empty line, all of it ASCII.
std::string header_of(std::string_view raw) {
    auto header = HeaderBlock::parse(raw);
    PH_ASSERT(header.has_value());
    const auto repaired = repair_header(*header, {});
    PH_ASSERT(repaired.has_value());
    return header->to_string() + "\r\n";
}

std::string attachment_part(const TnefContent& content, std::size_t index, bool shown) {
    const TnefAttachment& attachment = content.attachments[index];
    const std::string name = file_name(content, index);
    std::string raw = fmt::format(
        "Content-Type: {}; name=\"{}\"\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: {}; filename=\"{}\"\r\n",
        type_of(attachment, name), name, shown ? "inline" : "attachment", name);
    if (shown) raw += fmt::format("Content-ID: <{}>\r\n", attachment.content_id);
    return header_of(raw) + encoded(attachment.octets);
}

bool is_charset(std::string_view name) {
    return is_token(name) && name.size() <= 40;
}

// Line ends as mail has them; an octet 0 ends it.
std::string clean_text(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    std::string out;
    out.reserve(text.size() + text.size() / 32);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\r' || c == '\n') {
            if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
            out += "\r\n";
        } else {
            out += c;
        }
    }
    return out;
}

std::string text_part(std::string_view subtype, std::string_view text, std::string_view charset) {
    const std::string clean = clean_text(text);
    std::string out = fmt::format(
        "Content-Type: text/{}; charset={}\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n\r\n{}",
        subtype, is_charset(charset) ? charset : "windows-1252", quoted_printable(clean));
    if (!out.ends_with("\r\n")) out += "\r\n";
    return out;
}

// Which attachments the HTML shows within itself. Names that no header can hold are not looked for.
std::vector<bool> shown_by(const TnefContent& content) {
    constexpr std::size_t kMost = 64;  // of them, so that the search stays linear
    std::vector<bool> shown(content.attachments.size());
    std::size_t searched = 0;
    for (std::size_t i = 0; i < shown.size() && searched < kMost; ++i) {
        const std::string& id = content.attachments[i].content_id;
        const bool plain = !id.empty() && id.size() <= 200 && std::ranges::all_of(id, [](char c) {
            return c > ' ' && c < 0x7f && c != '<' && c != '>';
        });
        if (!plain) continue;
        ++searched;
        shown[i] = content.html.find("cid:" + id) != std::string::npos;
    }
    return shown;
}

// One winmail.dat, unpacked.
class Unpacked {
  public:
    Unpacked(const TnefContent& content, std::string_view mark)
        : content_(content), mark_(mark), shown_(shown_by(content)) {}

    bool has_html() const { return !ascii::trim(content_.html).empty(); }

    bool has_text() const { return !ascii::trim(content_.text).empty(); }

    // The formatted body, with the pictures it shows.
    std::string html_part() const {
        std::string html = text_part("html", content_.html, content_.html_charset);
        if (std::ranges::find(shown_, true) == shown_.end()) return html;
        std::vector<std::string> parts{std::move(html)};
        for (std::size_t i = 0; i < shown_.size(); ++i)
            if (shown_[i]) parts.push_back(attachment_part(content_, i, true));
        return container("related", parts);
    }

    // Where the message has no body outside of the file.
    std::optional<std::string> body() const {
        if (has_html() && has_text()) return container("alternative", {text_body(), html_part()});
        if (has_html()) return html_part();
        if (has_text()) return text_body();
        return std::nullopt;
    }

    std::string text_body() const {
        return text_part("plain", content_.text, content_.text_charset);
    }

    // RTF is the formatting of a message without HTML: nothing of it is lost.
    std::vector<std::string> attachments() const {
        std::vector<std::string> parts;
        if (!has_html() && !content_.rtf.empty()) {
            parts.push_back(
                "Content-Type: application/rtf; name=\"message.rtf\"\r\n"
                "Content-Transfer-Encoding: base64\r\n"
                "Content-Disposition: attachment; filename=\"message.rtf\"\r\n\r\n" +
                encoded(content_.rtf));
        }
        for (std::size_t i = 0; i < shown_.size(); ++i) {
            const bool within = shown_[i] && has_html();
            if (!within) parts.push_back(attachment_part(content_, i, false));
        }
        return parts;
    }

    std::string boundary(std::string_view kind) const {
        return fmt::format("=_{}_{}", kind, mark_);
    }

    std::string container(std::string_view kind, const std::vector<std::string>& parts) const {
        const std::string mark = boundary(kind);
        std::string out =
            fmt::format("Content-Type: multipart/{}; boundary=\"{}\"\r\n\r\n", kind, mark);
        return out + joined(parts, mark);
    }

    static std::string joined(const std::vector<std::string>& parts, std::string_view mark) {
        std::string out;
        for (const std::string& part : parts) out += fmt::format("--{}\r\n{}\r\n", mark, part);
        return out + fmt::format("--{}--\r\n", mark);
    }

  private:
    const TnefContent& content_;
    std::string mark_;
    std::vector<bool> shown_;
};

constexpr std::string_view kNothing = "Content-Type: text/plain; charset=us-ascii\r\n\r\n";

// Meetings, contacts and tasks hold more than a text and files; "IPM.Note" and what is made of it
// (a signed one never comes here) do not, "REPORT." and the empty class neither.
bool is_letter(std::string_view message_class) {
    if (message_class.empty()) return true;
    const std::string name = ascii::to_lower(message_class);
    // What Outlook 97 wrote.
    return name == "ipm.note" || name.starts_with("ipm.note.") || name == "ipm.microsoft mail.note";
}

// The message is nothing but the file.
void replace_all(const TnefPart& part, const Unpacked& unpacked, HeaderBlock& header,
                 WinmailChange& change) {
    std::vector<std::string> parts;
    parts.push_back(unpacked.body().value_or(std::string(kNothing)));
    for (std::string& each : unpacked.attachments()) parts.push_back(std::move(each));
    const std::string mark = unpacked.boundary("mixed");
    header.remove_if([](const HeaderField& field) {
        return ascii::starts_with_ignore_case(field.name, "Content-");
    });
    header.append("Content-Type", fmt::format("multipart/mixed; boundary=\"{}\"", mark));
    if (header.find("MIME-Version") == nullptr) header.append("MIME-Version", "1.0");
    change.edits.push_back(
        {part.body_begin, part.end, std::nullopt, Unpacked::joined(parts, mark)});
}

// The plain text that Outlook has put before the file gets its formatted form beside it.
void add_formatted(const TnefPart& part, const Unpacked& unpacked, WinmailChange& change) {
    const TnefPart::Text& text = *part.text;
    if (text.blank) {
        if (auto body = unpacked.body()) {
            if (body->ends_with("\r\n")) body->resize(body->size() - 2);
            change.edits.push_back({text.header_begin, text.end, std::nullopt, std::move(*body)});
        }
        return;
    }
    if (!unpacked.has_html()) return;
    const std::string mark = unpacked.boundary("alternative");
    change.edits.push_back(
        {text.header_begin, text.header_begin, std::nullopt,
         fmt::format("Content-Type: multipart/alternative; boundary=\"{0}\"\r\n\r\n--{0}\r\n",
                     mark)});
    change.edits.push_back(
        {text.end, text.end, std::nullopt,
         fmt::format("\r\n--{0}\r\n{1}\r\n--{0}--", mark, unpacked.html_part())});
}

void replace_part(const TnefPart& part, const Unpacked& unpacked, WinmailChange& change) {
    std::vector<std::string> parts = unpacked.attachments();
    if (part.text) {
        add_formatted(part, unpacked, change);
    } else if (part.first) {
        parts.insert(parts.begin(), unpacked.body().value_or(std::string(kNothing)));
    }
    if (parts.empty()) {
        change.edits.push_back({part.delimiter_begin, part.end, std::nullopt, {}});
        return;
    }
    std::string text;
    for (std::string& each : parts) {
        if (!text.empty()) text += fmt::format("\r\n--{}\r\n", part.boundary);
        text += each;
    }
    // The line end before the next boundary is still there.
    text.resize(text.size() - 2);
    change.edits.push_back({part.header_begin, part.end, std::nullopt, std::move(text)});
}

}  // namespace

Result<std::string> decode_body(std::string_view octets, TransferEncoding encoding) {
    switch (encoding) {
        case TransferEncoding::identity:
            return std::string(octets);
        case TransferEncoding::base64: {
            std::string packed;
            packed.reserve(octets.size());
            for (const char c : octets)
                if (c != '\r' && c != '\n' && c != ' ' && c != '\t') packed += c;
            auto decoded = base64::decode(packed);
            if (!decoded) return fail(ErrorKind::syntax, "it is no base64");
            return std::move(*decoded);
        }
        case TransferEncoding::quoted_printable:
        case TransferEncoding::other:
            break;
    }
    return fail(ErrorKind::syntax, "it has a transfer encoding that nobody uses for such files");
}

Result<WinmailChange> replace_winmail(std::span<const TnefPart> parts,
                                      std::span<const TnefContent> contents, HeaderBlock& header,
                                      std::string_view mark) {
    PH_ASSERT(parts.size() == contents.size());
    WinmailChange change;
    // Two files with one text before them: the first gives its formatting.
    bool text_done = false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const TnefContent& content = contents[i];
        if (!is_letter(content.message_class))
            return fail(ErrorKind::unsupported,
                        fmt::format("it is no letter but a thing of Outlook's own ({})",
                                    readable_ascii(content.message_class, 60)));
        const Unpacked unpacked(content, fmt::format("{}_{}", mark, i));
        change.attachments += content.attachments.size();
        change.formatted = change.formatted || unpacked.has_html() || !content.rtf.empty();
        if (parts[i].boundary.empty()) {
            replace_all(parts[i], unpacked, header, change);
            continue;
        }
        TnefPart part = parts[i];
        if (part.text && text_done) {
            part.text.reset();
            part.first = false;
        }
        text_done = text_done || part.text.has_value();
        replace_part(part, unpacked, change);
    }
    PH_ASSERT(std::ranges::is_sorted(change.edits, {}, &BodyEdit::begin));
    header.remove("X-MS-TNEF-Correlator");
    return change;
}

}  // namespace posthaste::mail
