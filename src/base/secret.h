// Secret: a password, token or key. It does not print, does not convert to a string by itself, and
// its memory is cleansed when it ends.
#pragma once

#include <string>
#include <string_view>

namespace posthaste {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value);
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept;
    Secret& operator=(const Secret&);
    Secret& operator=(Secret&&) noexcept;
    ~Secret();

    std::string_view reveal() const { return value_; }

    bool empty() const { return value_.empty(); }

  private:
    std::string value_;
};

// Same time whatever the position of the first difference; lengths may be learned.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace posthaste
