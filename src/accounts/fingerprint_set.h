// FingerprintSet: which pairs of texts are known, in 16 to 32 octets each (a 64-bit SipHash under a
// key of this process, open addressing). It may be wrong once in 10^12 for a million entries, and
// then only says "perhaps": what counts is in the store. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace posthaste::accounts {

class FingerprintSet {
  public:
    FingerprintSet();

    bool contains(std::string_view first, std::string_view second) const;
    bool insert(std::string_view first, std::string_view second);  // false: it was there
    bool erase(std::string_view first, std::string_view second);   // false: it was not

    std::size_t size() const { return size_; }

    std::size_t octets() const { return slots_.capacity() * sizeof(std::uint64_t); }

  private:
    std::uint64_t fingerprint(std::string_view first, std::string_view second) const;

    std::size_t home(std::uint64_t print) const { return print & (slots_.size() - 1); }

    std::size_t find(std::uint64_t print) const;  // its place, or the free one where it would be
    void grow();

    std::uint64_t key_[2];
    std::vector<std::uint64_t> slots_;  // 0: free; a power of two, at most half full
    std::size_t size_ = 0;
};

}  // namespace posthaste::accounts
