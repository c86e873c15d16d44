#include "formats/regex.h"

#include "base/assert.h"

#include <algorithm>
#include <re2/re2.h>
#include <re2/set.h>
#include <utility>

#include <fmt/format.h>

namespace posthaste::formats {

namespace {

constexpr std::int64_t kPatternMemory = 1 << 20;
constexpr std::int64_t kSetMemory = 16 << 20;

RE2::Options options_with(std::int64_t memory) {
    RE2::Options options(RE2::Latin1);  // replies are octets: not all of them are UTF-8
    options.set_case_sensitive(false);
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(memory);
    return options;
}

re2::StringPiece piece(std::string_view text) {
    return {text.data(), text.size()};
}

Result<void> check_length(std::string_view pattern) {
    if (pattern.size() <= kMaxPatternOctets) return {};
    return fail(ErrorKind::syntax,
                fmt::format("the pattern has more than {} octets", kMaxPatternOctets),
                "make two of it");
}

}  // namespace

struct Regex::Impl {
    explicit Impl(std::string_view pattern) : re(piece(pattern), options_with(kPatternMemory)) {}

    RE2 re;
};

Regex::Regex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::make(std::string_view pattern) {
    PH_CHECK(check_length(pattern));
    auto impl = std::make_unique<Impl>(pattern);
    if (!impl->re.ok()) {
        return fail(ErrorKind::syntax,
                    fmt::format("the pattern cannot be read: {}", impl->re.error()),
                    "see RE2's syntax: no look-around, no back references");
    }
    return Regex(std::move(impl));
}

bool Regex::is_in(std::string_view text) const {
    return RE2::PartialMatch(piece(text), impl_->re);
}

struct RegexSet::Impl {
    RE2::Set set{options_with(kSetMemory), RE2::UNANCHORED};
    std::vector<Regex> single;  // where the set runs out of memory for its states
    bool closed = false;
};

RegexSet::RegexSet() : impl_(std::make_unique<Impl>()) {}

RegexSet::RegexSet(RegexSet&&) noexcept = default;
RegexSet& RegexSet::operator=(RegexSet&&) noexcept = default;
RegexSet::~RegexSet() = default;

std::size_t RegexSet::size() const {
    return impl_->single.size();
}

Result<std::size_t> RegexSet::add(std::string_view pattern) {
    PH_ASSERT(!impl_->closed);
    PH_TRY(auto regex, Regex::make(pattern));
    std::string why;
    const int number = impl_->set.Add(piece(pattern), &why);
    if (number < 0) {
        return fail(ErrorKind::syntax, fmt::format("the pattern cannot be read: {}", why),
                    "see RE2's syntax: no look-around, no back references");
    }
    impl_->single.push_back(std::move(regex));
    PH_ASSERT(impl_->single.size() == static_cast<std::size_t>(number) + 1);
    return static_cast<std::size_t>(number);
}

Result<void> RegexSet::close() {
    PH_ASSERT(!impl_->closed);
    impl_->closed = true;
    if (impl_->set.Compile()) return {};
    return fail(ErrorKind::too_large, "the patterns together need too much memory",
                "use fewer or simpler patterns");
}

std::vector<std::size_t> RegexSet::find(std::string_view text) const {
    PH_ASSERT(impl_->closed);
    std::vector<std::size_t> found;
    if (impl_->single.empty()) return found;
    std::vector<int> numbers;
    RE2::Set::ErrorInfo error{};
    if (impl_->set.Match(piece(text), &numbers, &error)) {
        found.assign(numbers.begin(), numbers.end());
        std::ranges::sort(found);
        return found;
    }
    if (error.kind == RE2::Set::kNoError) return found;
    for (std::size_t i = 0; i < impl_->single.size(); ++i) {
        if (impl_->single[i].is_in(text)) found.push_back(i);
    }
    return found;
}

}  // namespace posthaste::formats
