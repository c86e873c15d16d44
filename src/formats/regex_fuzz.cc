#include "base/assert.h"
#include "formats/regex.h"

#include <cstddef>
#include <cstdint>

// The first line is a pattern, what follows is the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste::formats;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view pattern = input.substr(0, end);
    const std::string_view text = input.substr(std::min(end + 1, input.size()));
    RegexSet set;
    if (!set.add(pattern) || !set.add("rate limit") || !set.close()) return 0;
    const auto single = Regex::make(pattern);
    PH_ASSERT(single.has_value());
    const auto found = set.find(text);
    const bool in_set = !found.empty() && found.front() == 0;
    PH_ASSERT(in_set == single->is_in(text));
    return 0;
}
