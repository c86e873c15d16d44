#include "base/levenshtein.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace posthaste {

namespace {

constexpr std::size_t kMaxWord = 64;  // longer input is no typing mistake, and costs its square

// Edits of single octets, and swaps of neighbours (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    using Row = std::array<std::size_t, kMaxWord + 1>;
    Row before_last{};
    Row last{};
    Row current{};
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t cost = ascii::lower(a[i - 1]) == ascii::lower(b[j - 1]) ? 0 : 1;
            current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + cost});
            const bool swapped = i > 1 && j > 1 &&
                                 ascii::lower(a[i - 1]) == ascii::lower(b[j - 2]) &&
                                 ascii::lower(a[i - 2]) == ascii::lower(b[j - 1]);
            if (swapped) current[j] = std::min(current[j], before_last[j - 2] + 1);
        }
        before_last = std::exchange(last, current);
    }
    return last[b.size()];
}

}  // namespace

std::optional<std::string> closest(std::string_view word,
                                   std::span<const std::string_view> candidates) {
    if (word.empty() || word.size() > kMaxWord) return std::nullopt;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    std::optional<std::string_view> best;
    for (const std::string_view candidate : candidates) {
        if (candidate.size() > kMaxWord) continue;
        const std::size_t far = distance(word, candidate);
        if (far < best_distance && far * 2 < std::max(word.size(), candidate.size())) {
            best_distance = far;
            best = candidate;
        }
    }
    return best ? std::optional<std::string>(*best) : std::nullopt;
}

}  // namespace posthaste
