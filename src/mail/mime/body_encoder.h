// BodyEncoder: a transfer encoding made, or its lines mended, while the octets stream through
// (RFC 2045 §6.7, §6.8). What comes out has CR LF line ends, at most 76 octets a line, and no
// octet above 0x7f.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace posthaste::mail {

enum class Encoding : std::uint8_t {
    quoted_printable,
    base64,
    quoted_printable_again,  // is that already, but with lines too long or octets above 0x7f
    base64_again,            // likewise
};

class BodyEncoder {
  public:
    explicit BodyEncoder(Encoding encoding) : encoding_(encoding) {}

    // Octets cut anywhere; appends to `out`, holds back at most 60 of them.
    void update(std::string_view octets, std::string& out);
    // Once. What ended in CR LF still does.
    void finish(std::string& out);

  private:
    void quote(std::string_view octets, bool all, std::string& out);
    void mend_quoted(std::string_view octets, bool all, std::string& out);
    void pack(std::string_view octets, std::string& out);
    void rewrap(std::string_view octets, std::string& out);
    void put_unit(std::string_view unit, bool line_ends, std::string& out);
    void note_end(std::string_view octets);

    Encoding encoding_;
    std::string held_;
    std::size_t column_ = 0;
    bool any_ = false;    // a line of base64 is out
    char before_ = '\0';  // the last two octets that came
    char last_ = '\0';
};

}  // namespace posthaste::mail
