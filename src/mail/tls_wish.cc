#include "mail/tls_wish.h"

#include "base/ascii.h"

namespace posthaste::mail {

bool says_tls_is_optional(std::string_view header) {
    constexpr std::string_view kName = "TLS-Required";
    bool says_no = false;
    std::size_t found = 0;
    while (!header.empty()) {
        const auto end = header.find("\r\n");
        const std::string_view line = header.substr(0, end);
        header.remove_prefix(end == std::string_view::npos ? header.size() : end + 2);
        if (!ascii::starts_with_ignore_case(line, kName)) continue;
        // Obsolete syntax has white space before the colon (RFC 5322 §4.5).
        const auto colon = line.find_first_not_of(" \t", kName.size());
        if (colon == std::string_view::npos || line[colon] != ':') continue;
        // A value that goes on in the next line is not the one word that there is.
        const bool folded = header.starts_with(' ') || header.starts_with('\t');
        says_no = !folded && ascii::equals_ignore_case(ascii::trim(line.substr(colon + 1)), "no");
        ++found;
    }
    return found == 1 && says_no;
}

}  // namespace posthaste::mail
