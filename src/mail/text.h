// Small text tools of this layer: characters that must never be shown or sent on, RFC 2047 encoded
// words, quoted-printable, folding. Pure functions over octets; no input makes them fail.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace posthaste::mail {

// `text` is valid UTF-8. True when it holds a character that some reader takes for a control or a
// line end (C1, U+2028, U+2029).
bool has_unsafe_character(std::string_view text);

// Hostile text for people, on one line: utf8::printable, without marks of writing direction, runs
// of white space become one space. At most `max_characters`; what was cut is shown as "...".
std::string readable(std::string_view text, std::size_t max_characters);

// The same in ASCII alone, what is beyond as \xHH; for machine-readable fields.
std::string readable_ascii(std::string_view text, std::size_t max_octets);

// Encoded words decoded (B and Q; UTF-8, US-ASCII, ISO 8859-1 and the sets of charset.h). What
// cannot be decoded stays as it is.
std::string decode_words(std::string_view body);

// Where the first thing stands that reads as an encoded word, whole or cut; npos if there is none.
std::size_t find_encoded_word(std::string_view text);

// `text` (valid UTF-8, one line) as a header body: itself when it is ASCII and cannot be taken for
// encoded words, else encoded words of at most 75 octets, one a line.
std::string encode_words(std::string_view text);

// RFC 2045 §6.7. CR LF stays a line end, everything else that is not plain text is encoded: also
// bare CR and LF, NUL, and white space at a line's end.
std::string quoted_printable(std::string_view octets);

// Breaks `line` at spaces into lines of at most `width` characters where it can, never over 900
// octets, each after the first opened by `indent`; no line end behind the last.
std::string wrap(std::string_view line, std::size_t width, std::string_view indent);

// xtext decoded (RFC 3461 §4); what is no xtext stays as it is.
std::string decode_xtext(std::string_view text);

// `text` is valid UTF-8. RFC 6533 §3 in ASCII: what is not plain text as \x{HEX}.
std::string escape_unicode(std::string_view text);

// The other way: \x{HEX} becomes the character; anything else stays as it is.
std::string unescape_unicode(std::string_view text);

// Every line ends in CR LF, holds no NUL and at most 998 octets: can go into a message as it is.
bool is_clean_content(std::string_view text);

}  // namespace posthaste::mail
