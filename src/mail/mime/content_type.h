// The fields that say what a part is (RFC 2045 §5, §6; RFC 2183), read as leniently as mail
// programs do. Pure, linear.
#pragma once

#include "mail/header.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste::mail {

struct ContentType {
    std::string type;      // in small letters: "multipart"; empty when there is none to read
    std::string subtype;   // likewise: "mixed"
    std::string boundary;  // of a multipart
    std::string charset;   // in small letters

    bool is(std::string_view both) const;  // "text/plain"
};

// What is no type at all has empty members: text/plain by default (RFC 2045 §5.2).
ContentType parse_content_type(std::string_view body);

// The first parameter of that name, without quotes.
std::optional<std::string> find_parameter(std::string_view body, std::string_view name);

enum class TransferEncoding : std::uint8_t {
    identity,  // 7bit, 8bit, binary, or nothing said
    quoted_printable,
    base64,
    other,
};

TransferEncoding parse_transfer_encoding(std::string_view body);

}  // namespace posthaste::mail
