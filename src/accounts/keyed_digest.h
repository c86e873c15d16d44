// HMAC-SHA256 under the store's own secret: what is remembered about passwords is worth nothing
// without that key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace posthaste::accounts {

using Digest = std::array<std::uint8_t, 32>;

// Each part goes in with its length, so that no two lists of parts are the same octets. The first
// names the purpose.
Digest keyed_digest(std::string_view key, std::initializer_list<std::string_view> parts);

std::string to_octets(const Digest& digest);

// The digest is uniform, so its first octets are as good as any hash of it.
struct DigestHash {
    std::size_t operator()(const Digest& digest) const noexcept {
        std::size_t value = 0;
        std::memcpy(&value, digest.data(), sizeof value);
        return value;
    }
};

// SHA-256 of what comes in pieces.
class RunningDigest {
  public:
    RunningDigest();
    ~RunningDigest();
    RunningDigest(RunningDigest&&) noexcept;
    RunningDigest& operator=(RunningDigest&&) noexcept;

    void update(std::string_view octets);
    Digest finish();  // once

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace posthaste::accounts
