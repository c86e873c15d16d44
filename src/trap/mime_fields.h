// Header fields of MIME parts (RFC 2045 §5, RFC 2183, RFC 2231), read as leniently as mail programs
// do.
#pragma once

#include "trap/mime_view.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::trap {

// "text/plain; charset=utf-8" as its first word, lower case, and its parameters, names in lower
// case.
struct MimeField {
    static constexpr std::size_t kMaxParameters = 64;

    std::string value;
    std::vector<std::pair<std::string, std::string>> parameters;

    // Continuations (name*0, name*1 …) joined and percent escapes undone (RFC 2231).
    std::string parameter(std::string_view name) const;
};

MimeField parse_mime_field(std::string_view body);
MimeEncoding parse_encoding(std::string_view body);

// Lenient decoders: what is no code is left out (base64) or kept (quoted-printable).
std::string decode_base64(std::string_view text);
std::string decode_quoted_printable(std::string_view text);
std::string decode(MimeEncoding encoding, std::string_view octets);

// As UTF-8: UTF-8, US-ASCII, ISO 8859-1 and Windows-1252 (the same for all readers, WHATWG). False
// in `known` for any other charset; octets above 0x7f are then shown as \xHH.
std::string to_utf8(std::string_view octets, std::string_view charset, bool& known);

}  // namespace posthaste::trap
