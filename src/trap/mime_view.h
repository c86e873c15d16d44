// MimeReader: what is in a message, for people: its text, its HTML, its parts (RFC 2045, 2046).
// Takes the message in pieces; one pass, no recursion, memory bounded whatever comes. No input
// makes it fail: what cannot be understood is shown as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::trap {

enum class MimeEncoding : std::uint8_t { identity, quoted_printable, base64 };

// A part that is no multipart. An enclosed message is one part.
struct MimePart {
    std::string content_type;  // "text/plain", lower case
    std::string charset;       // lower case, empty if not given
    std::string file_name;     // decoded, one line, or empty
    std::string content_id;    // without the angle brackets
    MimeEncoding encoding = MimeEncoding::identity;
    bool attachment = false;   // neither the text nor the HTML, nor shown inside of it
    bool inline_part = false;  // belongs to the HTML
    std::uint64_t begin = 0;   // its encoded body in the message, in octets
    std::uint64_t end = 0;
};

struct MimeView {
    std::string text;  // UTF-8, lines end by LF: the first text/plain that is no attachment
    std::string html;  // the first text/html, likewise
    bool text_cut = false;
    bool html_cut = false;
    std::string unknown_charset;  // of text or html, when it cannot be converted here
    std::vector<MimePart> parts;
    bool parts_cut = false;

    std::size_t attachments() const;
};

class MimeReader {
  public:
    struct Limits {
        std::size_t text = 1 << 20;  // of text and of html, as encoded
        std::size_t parts = 1000;
        std::size_t depth = 50;
    };

    MimeReader() : MimeReader(Limits{}) {}

    explicit MimeReader(Limits limits);
    ~MimeReader();

    // The message from its header on, CR LF or LF lines.
    void feed(std::string_view octets);
    MimeView finish();  // once

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The octets of a part, its encoding undone.
std::string decode_part(std::string_view message, const MimePart& part);

}  // namespace posthaste::trap
