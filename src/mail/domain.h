// Domain: the part behind the @, as a host name in A-label form, or an address literal (RFC 5321
// §4.1.2, §4.1.3; RFC 5891). Parsed once, compared as octets, never a bare string afterwards.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace posthaste::mail {

class Domain {
  public:
    // UTF-8 in any letter case; U-labels become A-labels (UTS 46, non-transitional), one trailing
    // dot is dropped. Labels of 1 to 63 octets, 253 in all, letters, digits, hyphen and underscore.
    // Literals:
    // "[192.0.2.1]", "[IPv6:2001:db8::1]". All-numeric names are refused (delivery.md R-4).
    static Result<Domain> parse(std::string_view text);

    const std::string& ascii() const { return ascii_; }  // lower case; literals with brackets

    std::string unicode() const;  // for people

    // Whether `text`, which this was parsed from, says the name as it is, but for letter case and
    // the order of accents: no letter in it is mapped to another, to a dot or to nothing (soft
    // hyphen, zero-width space, full-width letters). For text that goes on as it was written.
    bool is_spelled(std::string_view text) const;

    bool is_literal() const { return ascii_.starts_with('['); }

    std::string literal_address() const;  // "192.0.2.1" or "2001:db8::1"; literals only
    bool is_single_label() const;

    auto operator<=>(const Domain&) const = default;

  private:
    std::string ascii_;
};

}  // namespace posthaste::mail
