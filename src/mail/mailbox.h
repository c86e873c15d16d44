// Mailbox: local-part@domain, by the one strict grammar for SMTP, HTTP, headers and configuration
// (RFC 5321 §4.1.2, RFC 6531 §3.3). No source routes, no %-hack, no comments, no controls.
#pragma once

#include "base/result.h"
#include "mail/domain.h"

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::mail {

class Mailbox {
  public:
    // A Dot-string or Quoted-string (UTF-8 allowed, strict), then the last unquoted '@', then a
    // Domain. At most 64 octets before the '@' and 254 in all.
    static Result<Mailbox> parse(std::string_view text);

    static Mailbox make(std::string local, Domain domain);  // `local` unquoted, already valid

    const std::string& local() const { return local_; }  // without quoting

    const Domain& domain() const { return domain_; }

    std::string to_string() const;   // quoted where the grammar needs it; A-label domain
    std::string to_display() const;  // U-label domain, for people
    bool is_ascii() const;           // the local part; the domain always is (A-labels)
    // Folded for comparison: local part ASCII-lower-cased, domain as it is. Two mailboxes with one
    // key belong to one login.
    std::string key() const;

    bool operator==(const Mailbox&) const = default;

  private:
    std::string local_;
    Domain domain_;
};

// Where failures go; nothing for the null sender "<>" (RFC 5321 §4.5.5).
using ReversePath = std::optional<Mailbox>;

std::string to_string(const ReversePath& path);  // "" for the null sender

}  // namespace posthaste::mail
