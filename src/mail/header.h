// HeaderBlock: the header fields of a message as octets (RFC 5322 §2.2), split but not rewritten:
// what is not touched goes out as it came.
#pragma once

#include "base/result.h"
#include "mail/mailbox.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::mail {

struct HeaderField {
    std::string name;  // as written, without the white space that obsolete syntax allows before ':'
    std::string raw;   // the whole field with its folds and final CR LF

    std::string_view body() const;  // behind the colon, folds and all, without the final CR LF
    std::string unfolded() const;   // body without folds, trimmed
    bool is(std::string_view other) const;  // name, ignoring case
};

class HeaderBlock {
  public:
    // Of what a client brings.
    static constexpr std::size_t kMaxOctets = 1 << 20;  // threats.md P4
    static constexpr std::size_t kMaxFields = 1'000;    // delivery.md F-12

    // `block`: CR LF line ends only, without the empty line that ends it. The first line must be a
    // field; a line that is neither field nor fold is an error (a body without header has no
    // fields). There is room beyond those bounds for what this server adds to a header: it must
    // still be able to read, and sign, the largest that it has taken.
    static Result<HeaderBlock> parse(std::string_view block);
    // As a client brings it.
    static Result<HeaderBlock> parse_submitted(std::string_view block);

    const std::vector<HeaderField>& fields() const { return fields_; }

    const HeaderField* find(std::string_view name) const;  // the first of that name
    std::size_t count(std::string_view name) const;
    std::size_t remove(std::string_view name);  // all of that name; how many there were

    template <class Predicate>
    std::size_t remove_if(Predicate unwanted) {
        return std::erase_if(fields_, unwanted);
    }

    // Gives fields()[index] another name, or its own without white space before ':'; the body
    // stays.
    void rename(std::size_t index, std::string name);
    // `raw` in place of fields()[index], of the same name: one field, folded well, with its final
    // CR LF (a broken invariant else).
    void replace(std::size_t index, std::string raw);
    // `body` may be folded, and must not hold a line end otherwise (a broken invariant).
    void prepend(std::string name, std::string_view body);
    void append(std::string name, std::string_view body);
    void insert(std::size_t index, std::string name, std::string_view body);
    std::string to_string() const;  // without the empty line

  private:
    static Result<HeaderBlock> parse(std::string_view block, std::size_t max_octets,
                                     std::size_t max_fields);

    std::vector<HeaderField> fields_;
};

// Every address in a From, Sender, To … body through all obsolete syntax: groups, comments, routes,
// quoted strings, encoded words in display names (RFC 5322 §3.4, §4.4). Linear, no recursion.
// Anything that could be read in two ways is an error: NUL, two addresses in one mailbox, text
// without an address.
Result<std::vector<Mailbox>> parse_address_list(std::string_view body);

}  // namespace posthaste::mail
