// Unicode forms of what people type: the same name or password typed on two machines is the same
// octets.
#pragma once

#include <string>
#include <string_view>

namespace posthaste::accounts {

// Windows-1252, which holds Latin-1 and the euro sign; its five unused octets become C1 controls.
// Never fails.
std::string from_windows_1252(std::string_view octets);

// UTF-8 as it is, anything else read as Windows-1252.
std::string to_utf8(std::string_view octets);

// `text` is valid UTF-8. Passwords get NFC, login names NFKC (which turns a full-width '@' into
// '@').
std::string to_nfc(std::string_view text);
std::string to_nfkc(std::string_view text);

}  // namespace posthaste::accounts
