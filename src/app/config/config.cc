#include "app/config/config.h"

#include "app/config/option_table.h"
#include "app/config/option_value.h"
#include "app/config/route_settings.h"
#include "app/config/whole_checks.h"
#include "base/ascii.h"
#include "base/assert.h"
#include "base/file.h"
#include "base/levenshtein.h"
#include "formats/toml.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

using formats::TomlEntry;
using formats::TomlPosition;
using formats::TomlTable;

constexpr std::size_t kMaxFile = 1 << 20;

// "posthaste.toml:3:7: expected a value" and an excerpt behind the line's end, as the parser tells
// it.
struct SyntaxPlace {
    TomlPosition at;
    std::string text;
};

SyntaxPlace place_of(const Error& error, const std::string& file) {
    SyntaxPlace place{{}, error.text.substr(0, error.text.find('\n'))};
    std::string_view rest = place.text;
    if (!rest.starts_with(file + ":")) return place;
    rest.remove_prefix(file.size() + 1);
    auto number = [&](std::uint32_t& value) {
        auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
        auto taken = static_cast<std::size_t>(end - rest.data());
        if (failed != std::errc() || taken == rest.size() || *end != ':') return false;
        rest.remove_prefix(taken + 1);
        return true;
    };
    if (!number(place.at.line) || !number(place.at.column)) return {{}, place.text};
    place.text = ascii::trim(rest);
    return place;
}

// Where a [[route]] and its keys stand.
struct RoutePlace {
    TomlPosition whole;
    std::vector<std::pair<std::string, TomlPosition>> keys;

    TomlPosition of(std::string_view key) const {
        for (const auto& [name, at] : keys)
            if (name == key) return at;
        return whole;
    }
};

class Loader {
  public:
    Loader(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
        result_.settings.file = file_;
        result_.settings.folder = std::filesystem::absolute(file_).parent_path().string();
    }

    LoadedConfig run(const std::vector<std::string>& environment) {
        auto document = formats::parse_toml(text_, file_);
        if (!document) {
            auto place = place_of(document.error(), file_);
            mistake(place.at, place.text, document.error().mend);
            return std::move(result_);
        }
        walk(*document, "");
        read_environment(environment);
        set_defaults();
        complete_settings(result_.settings, read_);
        for (auto& found : whole_mistakes(result_.settings, read_))
            mistake(place(found.key), std::move(found.text), std::move(found.mend));
        check_routes_and_sources();
        return std::move(result_);
    }

  private:
    void mistake(TomlPosition at, std::string text, std::string mend) {
        result_.mistakes.push_back({file_, at.line, at.column, formats::toml_excerpt(text_, at),
                                    std::move(text), std::move(mend)});
    }

    void walk(const TomlTable& table, const std::string& prefix) {
        for (const auto& entry : table.entries()) {
            auto key = prefix + entry.key;
            if (key == "route" || key == "source") {
                walk_list(entry);
            } else if (entry.value.as_table() != nullptr && is_section(key)) {
                walk(*entry.value.as_table(), key + ".");
            } else {
                read_entry(entry, key, {});
            }
        }
    }

    static bool is_section(std::string_view key) {
        for (const auto& option : option_table())
            if (option.key.starts_with(std::string(key) + ".")) return true;
        return false;
    }

    // [[route]] and [[source]].
    void walk_list(const TomlEntry& entry) {
        const auto* items = entry.value.as_array();
        if (items == nullptr) {
            mistake(entry.key_position, fmt::format("{}s are a list of tables", entry.key),
                    fmt::format("write [[{}]] with two brackets", entry.key));
            return;
        }
        for (const auto& item : *items) {
            if (item.as_table() == nullptr)
                mistake(item.position(), fmt::format("a {} is a table", entry.key),
                        fmt::format("write [[{}]], then its keys below it", entry.key));
            else if (entry.key == "route")
                walk_route(*item.as_table(), item.position());
            else
                walk_source(*item.as_table(), item.position());
        }
    }

    void walk_route(const TomlTable& table, TomlPosition at) {
        RouteSettings route;
        const auto before = places_.size();
        walk_route_keys(table, "route[].", route);
        RoutePlace place{at,
                         {places_.begin() + static_cast<std::ptrdiff_t>(before), places_.end()}};
        const bool has_via = std::ranges::any_of(
            place.keys, [](const auto& known) { return known.first == "route[].via"; });
        complete_route(route, route_places_.size() + 1);
        if (!has_via && route.via.empty())
            mistake(at, "this route has no \"via\"",
                    "write via = \"host:port\", \"mx\", \"trap\" or \"hold\"");
        route_places_.push_back(std::move(place));
        result_.settings.routes.push_back(std::move(route));
    }

    // `prefix` is "route[]." or "route[].oauth.".
    void walk_route_keys(const TomlTable& table, const std::string& prefix, RouteSettings& route) {
        for (const auto& field : table.entries()) {
            const auto key = prefix + field.key;
            if (field.value.as_table() != nullptr && is_section(key)) {
                walk_route_keys(*field.value.as_table(), key + ".", route);
                continue;
            }
            read_entry(field, key,
                       [&](const OptionValue& value) { return set_route(route, key, value); });
        }
    }

    void walk_source(const TomlTable& table, TomlPosition at) {
        SourceSettings source;
        for (const auto& field : table.entries()) {
            const auto key = "source[]." + field.key;
            read_entry(field, key,
                       [&](const OptionValue& value) { return set_source(source, key, value); });
        }
        if (source.name.empty() && !read_.broken.contains("source[]"))
            mistake(at, "this source has no \"name\"", "routes name it: name = \"first\"");
        source_places_.push_back(at);
        result_.settings.sources.push_back(std::move(source));
    }

    using SetItem = std::function<Result<void>(const OptionValue&)>;

    void read_entry(const TomlEntry& entry, const std::string& key, const SetItem& set_item) {
        const auto* option = find_option(key);
        if (option == nullptr) {
            unknown(entry, key);
            return;
        }
        if (!option->built) {
            mistake(entry.key_position, fmt::format("\"{}\" is not built yet in this version", key),
                    "leave it out for now");
            return;
        }
        read_.seen.insert(key);
        places_.emplace_back(key, entry.value.position());
        auto value = typed_value(*option, raw_value(entry.value), result_.settings.folder);
        Result<void> status;
        if (!value)
            status = std::unexpected(value.error());
        else if (set_item)
            status = set_item(*value);
        else
            status = option->set(result_.settings, *value);
        if (status) return;
        read_.broken.insert(key.substr(0, key.find('.')));
        mistake(entry.value.position(), status.error().text, status.error().mend);
    }

    void unknown(const TomlEntry& entry, const std::string& key) {
        std::vector<std::string_view> known;
        for (const auto& option : option_table()) known.push_back(option.key);
        std::vector<std::string> sections;
        for (auto option : known)
            if (auto dot = option.find('.'); dot != std::string_view::npos)
                sections.emplace_back(option.substr(0, option.find_first_of(".[")));
        for (const auto& section : sections) known.push_back(section);
        if (is_section(key)) {
            read_.broken.insert(key);
            mistake(entry.key_position, fmt::format("\"{}\" is a section, not a key", key),
                    fmt::format("write [{}] on a line of its own, and its keys below it", key));
            return;
        }
        auto near = closest(key, known);
        // A key in the wrong section: its last part is known elsewhere.
        if (!near) {
            for (auto candidate : known) {
                auto dot = candidate.rfind('.');
                if (dot != std::string_view::npos && candidate.substr(dot + 1) == entry.key)
                    near = std::string(candidate);
            }
        }
        auto shown = near ? fmt::format("did you mean \"{}\"?", *near)
                          : std::string("posthaste help config lists every key");
        if (entry.key == "password")
            shown =
                "a password is never written here: put it in a file of its own and name that: "
                "password_file = \"…\"";
        if (entry.key == "client_secret")
            shown =
                "a secret is never written here: put it in a file of its own and name that: "
                "client_secret_file = \"…\"";
        mistake(entry.key_position, fmt::format("unknown key \"{}\"", key), shown);
    }

    void read_environment(const std::vector<std::string>& environment) {
        for (const auto& entry : environment) {
            if (!entry.starts_with("POSTHASTE_") || entry.starts_with("POSTHASTE_CONFIG="))
                continue;
            auto equals = entry.find('=');
            auto name = entry.substr(0, equals);
            auto text = equals == std::string::npos ? std::string() : entry.substr(equals + 1);
            const Option* found = nullptr;
            for (const auto& option : option_table())
                if (option.set && environment_name(option.key) == name) found = &option;
            if (found == nullptr || !found->built) {
                result_.mistakes.push_back(
                    {"environment",
                     0,
                     0,
                     {},
                     fmt::format("unknown name {}", name),
                     "names are made of the keys: relay.host is POSTHASTE_RELAY_HOST"});
                continue;
            }
            apply_environment(*found, name, text);
        }
    }

    void apply_environment(const Option& option, const std::string& name, const std::string& text) {
        auto value = typed_value(option, raw_value(option, text), result_.settings.folder);
        Result<void> status;
        if (value) {
            status = option.set(result_.settings, *value);
        } else {
            status = std::unexpected(value.error());
        }
        if (!status) read_.broken.insert(std::string(option.key.substr(0, option.key.find('.'))));
        if (!status)
            result_.mistakes.push_back({"environment",
                                        0,
                                        0,
                                        {},
                                        fmt::format("{}: {}", name, status.error().text),
                                        status.error().mend});
        read_.seen.insert(std::string(option.key));
    }

    void set_defaults() {
        for (const auto& option : option_table()) {
            if (!option.set || option.fallback.empty() ||
                read_.seen.contains(std::string(option.key)))
                continue;
            // The fallback is written as in the file (bare words for choices), so it goes the same
            // way.
            auto literal = option.type == OptionType::choice
                               ? fmt::format("\"{}\"", option.fallback)
                               : std::string(option.fallback);
            auto document = formats::parse_toml("x = " + literal, "default");
            PH_ASSERT(document.has_value());
            auto value = typed_value(option, raw_value(document->entries()[0].value),
                                     result_.settings.folder);
            PH_ASSERT(value.has_value());
            auto status = option.set(result_.settings, *value);
            PH_ASSERT(status.has_value());
        }
    }

    TomlPosition place(std::string_view key) const {
        for (const auto& [name, at] : places_)
            if (name == key) return at;
        return {};
    }

    void check_routes_and_sources() {
        if (read_.broken.contains("route[]") || read_.broken.contains("source[]")) return;
        const auto& s = result_.settings;
        for (auto& found : check_routes(s))
            mistake(found.of_source ? source_places_[found.index]
                                    : route_places_[found.index].of(found.key),
                    std::move(found.text), std::move(found.mend));
        for (const auto& name : s.source_pool)
            if (std::ranges::find(s.sources, name, &SourceSettings::name) == s.sources.end())
                mistake(place("delivery.source"),
                        fmt::format("no [[source]] is called \"{}\"", name),
                        "delivery.source names those that [[source]] tables describe");
    }

    std::string_view text_;
    std::string file_;
    LoadedConfig result_;
    ReadKeys read_;
    std::vector<std::pair<std::string, TomlPosition>> places_;
    std::vector<RoutePlace> route_places_;
    std::vector<TomlPosition> source_places_;
};

}  // namespace

std::string ConfigMistake::to_string() const {
    std::string out = line != 0 ? fmt::format("{}:{}:{}: {}\n", file, line, column, text)
                                : fmt::format("{}: {}\n", file, text);
    if (!excerpt.empty()) out += excerpt + "\n";
    if (!mend.empty()) out += fmt::format("  mend  {}\n", mend);
    return out;
}

std::string default_config_file() {
    const char* named = getenv("POSTHASTE_CONFIG");  // NOLINT(concurrency-mt-unsafe): read at start
    return named != nullptr && *named != '\0' ? named : "/etc/posthaste/posthaste.toml";
}

LoadedConfig parse_config(std::string_view text, const std::string& file,
                          const std::vector<std::string>& environment) {
    return Loader(text, file).run(environment);
}

LoadedConfig load_config(const std::string& file, const std::vector<std::string>& environment) {
    auto text = read_file(file, kMaxFile);
    if (!text) {
        LoadedConfig result;
        result.mistakes.push_back({file,
                                   0,
                                   0,
                                   {},
                                   text.error().text,
                                   "name the file with --config FILE or POSTHASTE_CONFIG; "
                                   "posthaste help config shows one"});
        return result;
    }
    return parse_config(*text, file, environment);
}

}  // namespace posthaste::app
