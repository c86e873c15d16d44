#include "delivery/shaping/shaping.h"

#include "base/levenshtein.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using queue::RateLimit;

constexpr std::uint64_t kMostNumber = 1'000'000;

struct Option {
    std::string_view name;
    Result<void> (*set)(PathLimits&, std::string_view);
    void (*unset)(PathLimits&);
    std::string (*told)(const PathLimits&);  // empty: not set
};

Result<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0 ||
        value > kMostNumber) {
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no number", text.substr(0, 40)),
                    fmt::format("write a whole number from 1 to {}", kMostNumber));
    }
    return value;
}

Result<Seconds> wait(std::string_view text) {
    constexpr std::string_view kForm = "write it like \"10s\" or \"1m\", an hour at most";
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (error != std::errc() || (unit != "s" && unit != "m") || value > 3600) {
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no time", text.substr(0, 40)),
                    std::string(kForm));
    }
    const Seconds seconds(static_cast<std::int64_t>(unit == "m" ? value * 60 : value));
    if (seconds > Seconds(3600)) {
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is too long", text.substr(0, 40)),
                    std::string(kForm));
    }
    return seconds;
}

Result<bool> yes_or_no(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return fail(ErrorKind::syntax, fmt::format("\"{}\" is neither true nor false", text),
                "write true or false, without quotes");
}

template <std::optional<std::uint64_t> PathLimits::* Member>
constexpr Option count_option(std::string_view name) {
    return {name,
            [](PathLimits& limits, std::string_view text) -> Result<void> {
                PH_TRY(limits.*Member, number(text));
                return {};
            },
            [](PathLimits& limits) { (limits.*Member).reset(); },
            [](const PathLimits& limits) {
                return limits.*Member ? std::to_string(*(limits.*Member)) : std::string();
            }};
}

template <std::optional<RateLimit> PathLimits::* Member>
constexpr Option rate_option(std::string_view name) {
    return {name,
            [](PathLimits& limits, std::string_view text) -> Result<void> {
                PH_TRY(limits.*Member, RateLimit::parse(text));
                return {};
            },
            [](PathLimits& limits) { (limits.*Member).reset(); },
            [](const PathLimits& limits) {
                return limits.*Member ? (limits.*Member)->to_string() : std::string();
            }};
}

template <std::optional<Seconds> PathLimits::* Member>
constexpr Option wait_option(std::string_view name) {
    return {name,
            [](PathLimits& limits, std::string_view text) -> Result<void> {
                PH_TRY(limits.*Member, wait(text));
                return {};
            },
            [](PathLimits& limits) { (limits.*Member).reset(); },
            [](const PathLimits& limits) {
                return limits.*Member ? fmt::format("{}s", (limits.*Member)->count())
                                      : std::string();
            }};
}

template <bool PathLimits::* Member, bool usual = true>
constexpr Option flag_option(std::string_view name) {
    return {name,
            [](PathLimits& limits, std::string_view text) -> Result<void> {
                PH_TRY(limits.*Member, yes_or_no(text));
                return {};
            },
            [](PathLimits& limits) { limits.*Member = usual; },
            [](const PathLimits& limits) {
                if (limits.*Member == usual) return std::string();
                return std::string(usual ? "false" : "true");
            }};
}

struct Word {
    std::string_view name;
    int value;
};

constexpr std::array kLevels{Word{"may", static_cast<int>(TlsLevel::may)},
                             Word{"encrypt", static_cast<int>(TlsLevel::encrypt)},
                             Word{"verify", static_cast<int>(TlsLevel::verify)}};
constexpr std::array kFamilies{Word{"any", static_cast<int>(IpFamily::any)},
                               Word{"v4", static_cast<int>(IpFamily::v4)},
                               Word{"v6", static_cast<int>(IpFamily::v6)}};

Result<int> choice(std::span<const Word> words, std::string_view text) {
    std::string all;
    for (const Word& word : words) {
        if (word.name == text) return word.value;
        all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", word.name);
    }
    return fail(ErrorKind::syntax, fmt::format("\"{}\" is not one of them", text.substr(0, 40)),
                "write one of " + all);
}

std::string word_of(std::span<const Word> words, int value) {
    const auto found = std::ranges::find(words, value, &Word::value);
    return found == words.end() ? std::string() : std::string(found->name);
}

constexpr std::array kOptions{
    count_option<&PathLimits::connection_limit>("connection_limit"),
    count_option<&PathLimits::provider_connection_limit>("provider_connection_limit"),
    rate_option<&PathLimits::max_connection_rate>("max_connection_rate"),
    rate_option<&PathLimits::max_message_rate>("max_message_rate"),
    rate_option<&PathLimits::provider_message_rate>("provider_message_rate"),
    rate_option<&PathLimits::source_selection_rate>("source_selection_rate"),
    count_option<&PathLimits::max_deliveries_per_connection>("max_deliveries_per_connection"),
    count_option<&PathLimits::max_recipients_per_batch>("max_recipients_per_batch"),
    wait_option<&PathLimits::idle_timeout>("idle_timeout"),
    wait_option<&PathLimits::connect_timeout>("connect_timeout"),
    wait_option<&PathLimits::greeting_timeout>("greeting_timeout"),
    wait_option<&PathLimits::command_timeout>("command_timeout"),
    wait_option<&PathLimits::final_dot_timeout>("final_dot_timeout"),
    Option{"tls",
           [](PathLimits& limits, std::string_view text) -> Result<void> {
               PH_TRY(const int level, choice(kLevels, text));
               limits.tls = static_cast<TlsLevel>(level);
               return {};
           },
           [](PathLimits& limits) { limits.tls.reset(); },
           [](const PathLimits& limits) {
               return limits.tls ? word_of(kLevels, static_cast<int>(*limits.tls)) : std::string();
           }},
    Option{"ip_family",
           [](PathLimits& limits, std::string_view text) -> Result<void> {
               PH_TRY(const int family, choice(kFamilies, text));
               limits.family = static_cast<IpFamily>(family);
               return {};
           },
           [](PathLimits& limits) { limits.family = IpFamily::any; },
           [](const PathLimits& limits) {
               return limits.family == IpFamily::any
                          ? std::string()
                          : word_of(kFamilies, static_cast<int>(limits.family));
           }},
    flag_option<&PathLimits::reuse>("reuse"),
    flag_option<&PathLimits::pipelining>("pipelining"),
    flag_option<&PathLimits::rset, false>("rset"),
};

const Option* find(std::string_view name) {
    const auto found = std::ranges::find(kOptions, name, &Option::name);
    return found == kOptions.end() ? nullptr : &*found;
}

bool ends_below(std::string_view host, std::string_view suffix) {
    return host.size() > suffix.size() && host.ends_with(suffix);
}

}  // namespace

Result<void> set_option(PathLimits& limits, std::string_view option, std::string_view value) {
    if (const Option* known = find(option)) return known->set(limits, value);
    std::vector<std::string_view> names;
    for (const Option& known : kOptions) names.push_back(known.name);
    const auto near = closest(option, names);
    return fail(ErrorKind::not_found,
                fmt::format("there is no option \"{}\"", option.substr(0, 60)),
                near ? fmt::format("did you mean \"{}\"?", *near) : "docs/shaping.md has them all");
}

std::vector<std::pair<std::string, std::string>> told(const PathLimits& limits) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const Option& option : kOptions) {
        std::string value = option.told(limits);
        if (!value.empty()) all.emplace_back(option.name, std::move(value));
    }
    return all;
}

// The same block of a later file is laid over the earlier one, or takes its place.
void Shaping::add(Block block) {
    const auto same = std::ranges::find_if(blocks_, [&](const Block& other) {
        return other.kind == block.kind && other.name == block.name && other.source == block.source;
    });
    if (same == blocks_.end()) {
        blocks_.push_back(std::move(block));
        return;
    }
    if (block.match.empty()) block.match = same->match;
    if (!block.replace_base) {
        std::vector<Setting> settings = std::move(same->settings);
        std::erase_if(settings, [&](const Setting& setting) {
            return std::ranges::find(block.unset, setting.option) != block.unset.end();
        });
        for (Setting& setting : block.settings) settings.push_back(std::move(setting));
        block.settings = std::move(settings);
        block.unset.insert(block.unset.end(), same->unset.begin(), same->unset.end());
        if (block.source_url.empty()) block.source_url = same->source_url;
        if (block.checked_on.empty()) block.checked_on = same->checked_on;
    }
    *same = std::move(block);
}

void Shaping::apply(Kind kind, std::string_view name, std::string_view source,
                    PathLimits& limits) const {
    for (const Block& block : blocks_) {
        if (block.kind != kind || block.name != name || block.source != source) continue;
        for (const std::string& option : block.unset) {
            if (const Option* known = find(option)) known->unset(limits);
        }
        for (const Setting& setting : block.settings) {
            // It was read well before.
            static_cast<void>(set_option(limits, setting.option, setting.value));
        }
    }
}

std::string Shaping::provider_of(const std::vector<std::string>& hosts) const {
    if (hosts.empty()) return {};
    for (const Block& block : blocks_) {
        if (block.kind != Kind::provider || !block.source.empty()) continue;
        const bool all = std::ranges::all_of(hosts, [&](const std::string& host) {
            return std::ranges::any_of(
                block.match, [&](const std::string& suffix) { return ends_below(host, suffix); });
        });
        if (all) return block.name;
    }
    return {};
}

PathLimits Shaping::limits_of(const Path& path) const {
    PathLimits limits;
    limits.provider = provider_of(path.hosts);
    apply(Kind::by_default, "", "", limits);
    const bool from_source = !path.source.empty();
    if (!limits.provider.empty()) {
        apply(Kind::provider, limits.provider, "", limits);
        if (from_source) apply(Kind::provider, limits.provider, path.source, limits);
    }
    for (const std::string& site : path.sites) apply(Kind::site, site, "", limits);
    if (!path.domain.empty()) apply(Kind::domain, path.domain, "", limits);
    if (!from_source) return limits;
    for (const std::string& site : path.sites) apply(Kind::site, site, path.source, limits);
    if (!path.domain.empty()) apply(Kind::domain, path.domain, path.source, limits);
    return limits;
}

std::vector<std::string> Shaping::site_domains() const {
    std::vector<std::string> names;
    for (const Block& block : blocks_) {
        if (block.kind != Kind::site) continue;
        if (std::ranges::find(names, block.name) == names.end()) names.push_back(block.name);
    }
    return names;
}

bool Shaping::names_domain(std::string_view domain) const {
    return std::ranges::any_of(blocks_, [&](const Block& block) {
        return block.kind == Kind::domain && block.name == domain;
    });
}

std::vector<std::string> Shaping::lint() const {
    std::vector<std::string> wrong;
    std::vector<std::pair<std::string, std::string>> suffixes;  // and whose
    for (const Block& block : blocks_) {
        const std::string name = block.name.empty() ? "default" : block.name;
        if (block.shipped && block.source_url.empty()) wrong.push_back(name + " has no source_url");
        if (block.shipped && block.checked_on.empty()) wrong.push_back(name + " has no checked_on");
        if (block.kind != Kind::provider || !block.source.empty()) continue;
        if (block.match.empty()) wrong.push_back(name + " matches no host");
        for (const std::string& suffix : block.match) {
            for (const auto& [other, whose] : suffixes) {
                if (!other.ends_with(suffix) && !suffix.ends_with(other)) continue;
                wrong.push_back(
                    fmt::format("{} of {} and {} of {} overlap: a host would have two "
                                "providers",
                                suffix, name, other, whose));
            }
            suffixes.emplace_back(suffix, name);
        }
    }
    return wrong;
}

}  // namespace posthaste::delivery
