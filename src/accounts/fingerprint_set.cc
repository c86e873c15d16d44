#include "accounts/fingerprint_set.h"

#include "base/random.h"

#include <bit>
#include <cstring>
#include <span>

namespace posthaste::accounts {
namespace {

constexpr std::size_t kFirst = 64;

// SipHash-2-4 (Aumasson, Bernstein 2012) over octets that come in pieces.
class SipHash {
  public:
    explicit SipHash(const std::uint64_t (&key)[2])
        : v_{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
             key[1] ^ 0x7465646279746573} {}

    void update(std::string_view octets) {
        for (const char c : octets) {
            word_ |= std::uint64_t{static_cast<unsigned char>(c)} << (8 * (length_ % 8));
            if (++length_ % 8 == 0) take();
        }
    }

    std::uint64_t finish() {
        word_ |= std::uint64_t{length_} << 56;
        take();
        v_[2] ^= 0xff;
        for (int i = 0; i < 4; ++i) round();
        return v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
    }

  private:
    void take() {
        v_[3] ^= word_;
        round();
        round();
        v_[0] ^= word_;
        word_ = 0;
    }

    void round() {
        v_[0] += v_[1];
        v_[1] = std::rotl(v_[1], 13) ^ v_[0];
        v_[0] = std::rotl(v_[0], 32);
        v_[2] += v_[3];
        v_[3] = std::rotl(v_[3], 16) ^ v_[2];
        v_[0] += v_[3];
        v_[3] = std::rotl(v_[3], 21) ^ v_[0];
        v_[2] += v_[1];
        v_[1] = std::rotl(v_[1], 17) ^ v_[2];
        v_[2] = std::rotl(v_[2], 32);
    }

    std::uint64_t v_[4];
    std::uint64_t word_ = 0;
    std::size_t length_ = 0;
};

}  // namespace

FingerprintSet::FingerprintSet() : slots_(kFirst, 0) {
    std::uint8_t octets[sizeof key_];
    fill_random(octets);
    std::memcpy(key_, octets, sizeof key_);
}

// A NUL, which neither text holds, parts them.
std::uint64_t FingerprintSet::fingerprint(std::string_view first, std::string_view second) const {
    SipHash hash(key_);
    hash.update(first);
    hash.update(std::string_view("\0", 1));
    hash.update(second);
    const std::uint64_t print = hash.finish();
    return print == 0 ? 1 : print;
}

std::size_t FingerprintSet::find(std::uint64_t print) const {
    std::size_t at = home(print);
    while (slots_[at] != 0 && slots_[at] != print) at = (at + 1) & (slots_.size() - 1);
    return at;
}

bool FingerprintSet::contains(std::string_view first, std::string_view second) const {
    return size_ > 0 && slots_[find(fingerprint(first, second))] != 0;
}

bool FingerprintSet::insert(std::string_view first, std::string_view second) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    const std::uint64_t print = fingerprint(first, second);
    const std::size_t at = find(print);
    if (slots_[at] != 0) return false;
    slots_[at] = print;
    ++size_;
    return true;
}

// Those behind it move up, so that none is parted from its home by a hole.
bool FingerprintSet::erase(std::string_view first, std::string_view second) {
    std::size_t hole = find(fingerprint(first, second));
    if (slots_[hole] == 0) return false;
    const std::size_t mask = slots_.size() - 1;
    slots_[hole] = 0;
    for (std::size_t at = (hole + 1) & mask; slots_[at] != 0; at = (at + 1) & mask) {
        const std::size_t wanted = home(slots_[at]);
        if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
        slots_[hole] = slots_[at];
        slots_[at] = 0;
        hole = at;
    }
    --size_;
    return true;
}

void FingerprintSet::grow() {
    std::vector<std::uint64_t> old(2 * slots_.size(), 0);
    old.swap(slots_);
    for (const std::uint64_t print : old) {
        if (print != 0) slots_[find(print)] = print;
    }
}

}  // namespace posthaste::accounts
