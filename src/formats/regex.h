// Regular expressions for text that strangers wrote: linear in time whatever pattern and text are,
// bounded in memory, octets in and no look-around (RE2's syntax). Immutable once made, so safe on
// every thread.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::formats {

inline constexpr std::size_t kMaxPatternOctets = 1024;

// One pattern, letters of either case, found anywhere in the text.
class Regex {
  public:
    // Fails with syntax; the error says what RE2 dislikes and where.
    static Result<Regex> make(std::string_view pattern);

    Regex(Regex&&) noexcept;
    Regex& operator=(Regex&&) noexcept;
    ~Regex();

    bool is_in(std::string_view text) const;

  private:
    struct Impl;
    explicit Regex(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Many patterns, asked in one pass over the text.
class RegexSet {
  public:
    RegexSet();
    RegexSet(RegexSet&&) noexcept;
    RegexSet& operator=(RegexSet&&) noexcept;
    ~RegexSet();

    // The number of the pattern, counted from 0. Fails with syntax. Not after `close`.
    Result<std::size_t> add(std::string_view pattern);
    // No more patterns come. Fails with too_large when they need more memory than a set may have.
    Result<void> close();

    // Those that are found anywhere in the text, in rising order.
    std::vector<std::size_t> find(std::string_view text) const;

    std::size_t size() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace posthaste::formats
