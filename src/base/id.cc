#include "base/id.h"

#include "base/ascii.h"
#include "base/mutex.h"
#include "base/random.h"

#include <cstring>
#include <span>

namespace posthaste {

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLetters = 26;
constexpr std::uint8_t kNone = 0xff;

constexpr std::array<std::uint8_t, 256> kValues = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNone);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
        values[static_cast<std::uint8_t>(ascii::lower(kAlphabet[i]))] =
            static_cast<std::uint8_t>(i);
    }
    return values;
}();

class Maker {
  public:
    QueueId next() {
        const auto wall = now().time_since_epoch().count();
        const auto milliseconds = wall > 0 ? static_cast<std::uint64_t>(wall) : 0U;
        const MutexLock lock(mutex_);
        if (milliseconds > last_milliseconds_) {
            begin(milliseconds);
        } else if (!increment()) {
            begin(last_milliseconds_ + 1);
        }
        return last_;
    }

  private:
    void begin(std::uint64_t milliseconds) PH_REQUIRES(mutex_) {
        last_milliseconds_ = milliseconds;
        for (std::size_t i = 0; i < 6; ++i)
            last_.octets[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
        fill_random(std::span(last_.octets).subspan(6));
        last_.octets[6] &= 0x7fU;  // room to count up
    }

    // The random part plus one; false when it has run over.
    bool increment() PH_REQUIRES(mutex_) {
        for (std::size_t i = last_.octets.size(); i-- > 6;)
            if (++last_.octets[i] != 0) return true;
        return false;
    }

    Mutex mutex_;
    std::uint64_t last_milliseconds_ PH_GUARDED_BY(mutex_) = 0;
    QueueId last_ PH_GUARDED_BY(mutex_);
};

}  // namespace

QueueId QueueId::make() {
    static Maker maker;
    return maker.next();
}

std::optional<QueueId> QueueId::parse(std::string_view text) {
    if (text.size() != kLetters) return std::nullopt;
    // 26 letters hold 130 bits: the first may only carry three.
    if (kValues[static_cast<std::uint8_t>(text[0])] > 7) return std::nullopt;
    QueueId id;
    unsigned __int128 bits = 0;
    for (const char c : text) {
        const std::uint8_t value = kValues[static_cast<std::uint8_t>(c)];
        if (value == kNone) return std::nullopt;
        bits = bits << 5 | value;
    }
    for (std::size_t i = id.octets.size(); i-- > 0; bits >>= 8)
        id.octets[i] = static_cast<std::uint8_t>(bits);
    return id;
}

std::string QueueId::to_string() const {
    unsigned __int128 bits = 0;
    for (const std::uint8_t octet : octets) bits = bits << 8 | octet;
    std::string text(kLetters, '0');
    for (std::size_t i = kLetters; i-- > 0; bits >>= 5)
        text[i] = kAlphabet[static_cast<std::size_t>(bits & 31U)];
    return text;
}

}  // namespace posthaste

std::size_t std::hash<posthaste::QueueId>::operator()(const posthaste::QueueId& id) const noexcept {
    // The last octets are random or count up; the first are the time. Mixed, so that ids made in
    // one millisecond do not fall into neighbouring buckets of a power-of-two table.
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, id.octets.data(), sizeof high);
    std::memcpy(&low, id.octets.data() + 8, sizeof low);
    // Twice, since what counts up stands in the highest bits of `low`.
    std::uint64_t mixed = high ^ low;
    mixed ^= mixed >> 32;
    mixed *= 0x9e3779b97f4a7c15U;
    mixed ^= mixed >> 29;
    mixed *= 0xbf58476d1ce4e5b9U;
    mixed ^= mixed >> 32;
    return static_cast<std::size_t>(mixed);
}
