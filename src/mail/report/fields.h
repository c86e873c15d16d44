// Fields: header fields of mail that strangers' programs have made, read as leniently as possible:
// any line ends, any names, what is no field passed over. For reports that come back (RFC 3464,
// RFC 5965) and what they quote. Linear; bounded, whatever comes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::mail::report {

// The line that opens `rest`, without its end; `rest` goes on behind it.
std::string_view take_line(std::string_view& rest);

class Fields {
  public:
    static constexpr std::size_t kMost = 500;             // fields
    static constexpr std::size_t kLongest = 4096;         // octets of a value
    static constexpr std::size_t kMostOctets = 64 << 10;  // of all values

    // Takes lines off `rest` up to and with the first empty one, or up to a line that begins with
    // "--" (a boundary, where a header was cut off).
    static Fields take(std::string_view& rest);

    // The value of the first field of that name, unfolded and trimmed; empty if there is none.
    const std::string& value(std::string_view name) const;
    bool has(std::string_view name) const;
    std::vector<std::string_view> all(std::string_view name) const;

    bool empty() const { return fields_.empty(); }

    std::size_t size() const { return fields_.size(); }

  private:
    struct Field {
        std::string name;  // in small letters
        std::string value;
    };

    const Field* find(std::string_view name) const;

    std::vector<Field> fields_;
};

}  // namespace posthaste::mail::report
