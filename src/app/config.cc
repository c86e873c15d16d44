#include "app/config.h"

#include "app/bounce_services.h"
#include "app/host_port.h"
#include "app/listen_addresses.h"
#include "app/option_table.h"
#include "app/route_settings.h"
#include "base/ascii.h"
#include "base/assert.h"
#include "base/file.h"
#include "base/levenshtein.h"
#include "formats/toml.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <set>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

using formats::TomlEntry;
using formats::TomlKind;
using formats::TomlPosition;
using formats::TomlTable;
using formats::TomlValue;

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

std::string_view expected(OptionType type) {
    switch (type) {
        case OptionType::text:
        case OptionType::choice:
        case OptionType::path:
        case OptionType::address:
            return "text in quotes";
        case OptionType::texts:
        case OptionType::paths:
        case OptionType::addresses:
            return "text in quotes, or a list of it";
        case OptionType::flag:
            return "true or false";
        case OptionType::number:
            return "a whole number without quotes";
        case OptionType::size:
            return "a size in quotes such as \"50 MB\"";
        case OptionType::duration:
            return "a duration in quotes such as \"5m\"";
        case OptionType::durations:
            return "a list of durations such as [\"5m\", \"1h\"]";
    }
    return "";
}

// A value outside the file's syntax: from TOML or from the environment.
struct Raw {
    TomlKind kind = TomlKind::string;
    std::vector<std::string> texts;
    std::int64_t integer = 0;
    bool flag = false;
    bool list = false;
};

std::string count_of_files(std::size_t count) {
    if (count == 0) return "no file";
    return fmt::format("{} {}", count, count == 1 ? "file" : "files");
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
        check_whole();
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
        if (source.name.empty() && !broken_.contains("source[]"))
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
        seen_.insert(key);
        places_.emplace_back(key, entry.value.position());
        auto value = typed(*option, from_toml(entry.value));
        Result<void> status;
        if (!value)
            status = std::unexpected(value.error());
        else if (set_item)
            status = set_item(*value);
        else
            status = option->set(result_.settings, *value);
        if (status) return;
        broken_.insert(key.substr(0, key.find('.')));
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
            broken_.insert(key);
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

    static Raw from_toml(const TomlValue& value) {
        Raw raw;
        raw.kind = value.kind();
        if (const auto* text = value.as_string()) raw.texts.push_back(*text);
        raw.integer = value.as_integer().value_or(0);
        raw.flag = value.as_boolean().value_or(false);
        const auto* items = value.as_array();
        if (items == nullptr) return raw;
        raw.list = true;
        raw.kind = TomlKind::string;
        for (const auto& item : *items) {
            if (item.kind() != TomlKind::string) raw.kind = item.kind();
            raw.texts.push_back(item.as_string() != nullptr ? *item.as_string() : std::string());
        }
        return raw;
    }

    Result<OptionValue> typed(const Option& option, const Raw& raw) {
        auto wrong = [&]() -> std::unexpected<Error> {
            return fail(ErrorKind::syntax,
                        fmt::format("\"{}\" needs {}, found {}", option.key, expected(option.type),
                                    raw.list ? "a list" : formats::to_string(raw.kind)));
        };
        OptionValue value;
        value.list = raw.list;
        bool takes_list = option.type == OptionType::texts || option.type == OptionType::paths ||
                          option.type == OptionType::addresses ||
                          option.type == OptionType::durations;
        if (raw.list && !takes_list) return wrong();
        if (option.type == OptionType::flag) {
            if (raw.kind != TomlKind::boolean) return wrong();
            value.flag = raw.flag;
            return value;
        }
        if (option.type == OptionType::number) {
            if (raw.kind != TomlKind::integer) return wrong();
            if (raw.integer < 1 || raw.integer > 1'000'000'000)
                return fail(ErrorKind::syntax,
                            fmt::format("\"{}\" must be between 1 and 1000000000", option.key));
            value.numbers.push_back(raw.integer);
            return value;
        }
        if (raw.kind != TomlKind::string) {
            if (raw.kind == TomlKind::integer &&
                (option.type == OptionType::size || option.type == OptionType::duration))
                return fail(ErrorKind::syntax, fmt::format("{} has no unit", raw.integer),
                            fmt::format("write {}", expected(option.type)));
            return wrong();
        }
        value.texts = raw.texts;
        PH_CHECK(convert(option, value));
        return value;
    }

    Result<void> convert(const Option& option, OptionValue& value) {
        for (auto& text : value.texts) {
            if (text.empty())
                return fail(ErrorKind::syntax, fmt::format("\"{}\" is empty", option.key),
                            "leave it out or give a value");
            if (option.type == OptionType::size) {
                PH_TRY(auto octets, parse_size(text));
                if (octets == 0) return nothing(option, text);
                value.numbers.push_back(static_cast<std::int64_t>(octets));
            } else if (option.type == OptionType::duration ||
                       option.type == OptionType::durations) {
                PH_TRY(auto seconds, parse_duration(text));
                if (seconds == Seconds(0)) return nothing(option, text);
                value.numbers.push_back(seconds.count());
            } else if (option.type == OptionType::path || option.type == OptionType::paths) {
                text = absolute(text);
            } else if (option.type == OptionType::choice) {
                PH_CHECK(check_choice(option, text));
            }
        }
        return {};
    }

    // No key has a use for no time or no room: with it no mail would ever come in, or go out.
    static std::unexpected<Error> nothing(const Option& option, std::string_view text) {
        return fail(
            ErrorKind::syntax,
            fmt::format("\"{}\" cannot be \"{}\", which is nothing at all", option.key, text),
            option.fallback.empty() ? std::string("write more than that")
                                    : fmt::format("the default is {}", option.fallback));
    }

    static Result<void> check_choice(const Option& option, const std::string& text) {
        std::vector<std::string_view> choices;
        auto rest = option.choices;
        while (!rest.empty()) {
            auto end = std::min(rest.find(' '), rest.size());
            choices.push_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        if (std::ranges::find(choices, text) != choices.end()) return {};
        auto near = closest(text, choices);
        return fail(ErrorKind::syntax, fmt::format("\"{}\" cannot be \"{}\"", option.key, text),
                    near ? fmt::format("did you mean \"{}\"?", *near)
                         : fmt::format("one of: {}", option.choices));
    }

    // Paths start at the file's folder; a leading $CREDENTIALS_DIRECTORY is the supervisor's
    // (systemd.exec(5)).
    std::string absolute(const std::string& text) const {
        constexpr std::string_view kCredentials = "$CREDENTIALS_DIRECTORY/";
        if (text.starts_with(kCredentials)) {
            const char* folder =
                getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): read at start
            return std::string(folder != nullptr ? folder : "/run/credentials") + "/" +
                   text.substr(kCredentials.size());
        }
        return std::filesystem::path(result_.settings.folder)
            .append(text)
            .lexically_normal()
            .string();
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
        Raw raw;
        if (option.type == OptionType::flag && (text == "true" || text == "false")) {
            raw.kind = TomlKind::boolean;
            raw.flag = text == "true";
        } else if (option.type == OptionType::number) {
            raw.kind = TomlKind::integer;
            raw.integer = std::atoll(text.c_str());
        } else {
            raw.texts.push_back(text);
        }
        auto value = typed(option, raw);
        Result<void> status;
        if (value) {
            clear(option.key);
            status = option.set(result_.settings, *value);
        } else {
            status = std::unexpected(value.error());
        }
        if (!status) broken_.insert(std::string(option.key.substr(0, option.key.find('.'))));
        if (!status)
            result_.mistakes.push_back({"environment",
                                        0,
                                        0,
                                        {},
                                        fmt::format("{}: {}", name, status.error().text),
                                        status.error().mend});
        seen_.insert(std::string(option.key));
    }

    // Lists are appended to by their setters: an environment name replaces what the file said.
    void clear(std::string_view key) {
        if (key == "listen.submission") result_.settings.submission.clear();
    }

    void set_defaults() {
        for (const auto& option : option_table()) {
            if (!option.set || option.fallback.empty() || seen_.contains(std::string(option.key)))
                continue;
            // The fallback is written as in the file (bare words for choices), so it goes the same
            // way.
            auto literal = option.type == OptionType::choice
                               ? fmt::format("\"{}\"", option.fallback)
                               : std::string(option.fallback);
            auto document = formats::parse_toml("x = " + literal, "default");
            PH_ASSERT(document.has_value());
            auto value = typed(option, from_toml(document->entries()[0].value));
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

    // What no single key can tell.
    void check_whole() {
        auto& s = result_.settings;
        if (s.hostname.empty() && !seen_.contains("hostname"))
            mistake({}, "\"hostname\" is missing", "add: hostname = \"mail.example.com\"");
        if (s.store_path.empty() && !seen_.contains("store.path") && !broken_.contains("store"))
            mistake({}, "\"store.path\" is missing",
                    "add: [store] and path = \"/var/lib/posthaste\"");
        if (s.admin.empty() && !s.hostname.empty()) s.admin = "postmaster@" + s.hostname;
        if (s.admin_socket.empty() && !s.store_path.empty())
            s.admin_socket = s.store_path + "/admin.sock";
        if (s.cert_files.size() != s.key_files.size() && !broken_.contains("tls"))
            mistake(
                place(s.cert_files.empty() ? "tls.key_file" : "tls.cert_file"),
                fmt::format("{} in cert_file but {} in key_file",
                            count_of_files(s.cert_files.size()),
                            count_of_files(s.key_files.size())),
                s.key_files.empty()    ? "add key_file = \"…\": the private key of that certificate"
                : s.cert_files.empty() ? "add cert_file = \"…\": the certificate of that key"
                                       : "give cert_file and key_file the same number of files, in "
                                         "the same order");
        check_acme();
        check_listen();
        if (s.trap && s.mode != Mode::trap)
            mistake(place("listen.trap"),
                    "listen.trap takes mail without a login, so it needs mode = \"trap\"",
                    "set mode = \"trap\", or leave listen.trap out");
        check_relay();
        check_routes_and_sources();
        check_legacy();
        check_bounces();
    }

    void check_routes_and_sources() {
        if (broken_.contains("route[]") || broken_.contains("source[]")) return;
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

    // What no bind can do, said before one fails.
    void check_listen() {
        const auto& s = result_.settings;
        if (broken_.contains("listen")) return;
        if (s.submission.empty() && !s.https && !s.trap)
            mistake(
                place("listen.submission"), "nothing is listened on, so no mail could ever come in",
                "leave listen.submission out (then it is [\":587\", \":465\"]), or name a port");
        const auto all = listen_addresses(s);
        for (std::size_t i = 0; i < all.size(); ++i)
            for (std::size_t j = 0; j < i; ++j) {
                if (all[i].key == "legacy.listen" && all[j].key == "listen.submission")
                    continue;  // check_legacy tells more
                if (!exclude_each_other(all[i].address, all[j].address)) continue;
                mistake(
                    place(all[i].key),
                    fmt::format("\"{}\" is listened on already, as \"{}\" of {}",
                                all[i].address.to_string(), all[j].address.to_string(), all[j].key),
                    "leave one of the two out, or give it another port");
                break;
            }
    }

    // A port with old encryption is fenced, or the server does not start.
    void check_legacy() {
        const auto& s = result_.settings;
        const auto& legacy = s.legacy;
        if (broken_.contains("legacy")) return;
        if (!legacy.listen) {
            if (!legacy.allow.empty() || legacy.allow_public)
                mistake(place(legacy.allow.empty() ? "legacy.allow_public" : "legacy.allow"),
                        "[legacy] says who may come, but not where",
                        "add listen = \"10.0.0.1:2525\", or leave [legacy] out");
            return;
        }
        if (legacy.allow.empty())
            mistake(place("legacy.listen"),
                    "the port for old devices is open to nobody: [legacy] has no \"allow\"",
                    "name the devices: allow = [\"192.168.1.40\"], or their network");
        for (const auto& network : legacy.allow) {
            if (network.is_inside() || legacy.allow_public) continue;
            mistake(place("legacy.allow"),
                    fmt::format("{} lies in the internet, and what old TLS carries can be read and "
                                "changed on the way",
                                network.to_string()),
                    "name networks of the house alone (10.0.0.0/8, 192.168.0.0/16, fd00::/8), or "
                    "say that it is meant: allow_public = true");
        }
        for (const auto& other : s.submission) {
            if (other.port != legacy.listen->port || other.port == 0) continue;
            mistake(place("legacy.listen"),
                    fmt::format("port {} is one of [listen] submission, which refuses old TLS",
                                other.port),
                    "give old devices a port of their own, such as 2525");
        }
    }

    void check_bounces() {
        if (broken_.contains("bounces")) return;
        if (const auto found = find_bounce_mistake(result_.settings))
            mistake(place(found->key), found->text, found->mend);
    }

    void check_acme() {
        const auto& s = result_.settings;
        if (broken_.contains("tls") || broken_.contains("listen")) return;
        if (!s.acme && !s.acme_names.empty())
            mistake(place("tls.acme_names"), "acme_names needs ACME, and that is off",
                    "add acme = true, or put the names into the certificate of cert_file");
        if (!s.acme) return;
        if (!s.cert_files.empty())
            mistake(place("tls.acme"),
                    "certificates come from files (cert_file) or by ACME, not both",
                    "leave out cert_file and key_file, or acme");
        if (!s.https && !s.http_challenge)
            mistake(place("tls.acme"),
                    "the authority looks for us on port 80 or 443, and neither is listened on",
                    "add to [listen]: http_challenge = \":80\", or https = \":443\"");
    }

    void check_relay() {
        auto& relay = result_.settings.relay;
        if (broken_.contains("relay")) return;
        complete_relay(relay);
        for (const auto& found : relay_mistakes(relay))
            mistake(place("relay." + found.key), found.text, found.mend);
    }

    std::string_view text_;
    std::string file_;
    LoadedConfig result_;
    std::set<std::string> seen_;    // keys that were named, well or not
    std::set<std::string> broken_;  // sections with a mistake of their own: no second one follows
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
