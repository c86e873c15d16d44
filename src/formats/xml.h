// XML 1.0 both ways, as far as set-up documents need it. Reading is for hostile input: no document
// type, no entities beyond the five of XML itself, everything bounded. Writing is filling in
// patterns, so that a document can be read in the source as it goes out.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::formats {

struct XmlAttribute {
    std::string name;  // as written, with its prefix
    std::string value;
};

// One element of a parsed document; owns what is below it.
struct XmlElement {
    std::string name;  // without its prefix, in the letter case of the document
    std::string text;  // the character data directly inside, without white space at its ends
    std::vector<XmlAttribute> attributes;
    std::vector<XmlElement> children;

    // The first child of that name, whatever its letter case and prefix; nullptr without one.
    const XmlElement* child(std::string_view child_name) const;
    // The value of the attribute of exactly that name; empty without one.
    std::string_view attribute(std::string_view attribute_name) const;
};

struct XmlLimits {
    std::size_t max_octets = 65'536;
    std::size_t max_elements = 4096;
};

inline constexpr std::size_t kMaxXmlDepth = 32;

// The root element of a document in UTF-8, with or without byte order mark. Comments and processing
// instructions are skipped. Fails with denied (a document type: threats.md W3), too_large or
// syntax; nothing is ever cut off or guessed.
Result<XmlElement> parse_xml(std::string_view document, XmlLimits limits = {});

// Fit for element content and for quoted attribute values. Characters that XML cannot hold become
// U+FFFD; what is not UTF-8 comes out as utf8::printable writes it.
std::string escape_xml(std::string_view text);

using XmlValues = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// `pattern` with every {name} replaced by its value, escaped. A name without a value is asserted.
std::string fill_xml(std::string_view pattern, XmlValues values);

}  // namespace posthaste::formats
