// Shaping files: TOML into blocks.
#include "base/ascii.h"
#include "base/file.h"
#include "base/levenshtein.h"
#include "delivery/shaping/shaping.h"
#include "formats/toml.h"
#include "mail/domain.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace posthaste::delivery {

extern const std::string_view providers_toml;

namespace {

constexpr std::array<std::string_view, 6> kAboutBlocks{"match",      "unset",      "replace_base",
                                                       "source_url", "checked_on", "note"};
constexpr std::array<std::string_view, 4> kKinds{"default", "provider", "site", "domain"};

}  // namespace

class ShapingReader {
  public:
    ShapingReader(Shaping& shaping, const Shaping::File& file, bool shipped)
        : shaping_(shaping), file_(file), shipped_(shipped) {}

    Result<void> read() {
        PH_TRY(const auto table, formats::parse_toml(file_.text, file_.name));
        for (const auto& entry : table.entries()) PH_CHECK(read_kind(entry));
        return {};
    }

  private:
    using Block = Shaping::Block;
    using Kind = Shaping::Kind;

    std::unexpected<Error> wrong(formats::TomlPosition at, std::string_view text,
                                 std::string mend) const {
        return fail(ErrorKind::syntax,
                    fmt::format("{}:{}:{}: {}\n{}", file_.name, at.line, at.column, text,
                                formats::toml_excerpt(file_.text, at)),
                    std::move(mend));
    }

    template <std::size_t N>
    static std::string mend_of(std::string_view word,
                               const std::array<std::string_view, N>& known) {
        const auto near = closest(word, known);
        return near ? fmt::format("did you mean \"{}\"?", *near) : "docs/shaping.md has the words";
    }

    Result<void> read_kind(const formats::TomlEntry& entry) {
        const auto known = std::ranges::find(kKinds, entry.key);
        const auto* table = entry.value.as_table();
        if (known == kKinds.end() || table == nullptr) {
            return wrong(entry.key_position,
                         fmt::format("\"{}\" is neither [default] nor [provider.NAME], "
                                     "[site.\"DOMAIN\"] or [domain.\"DOMAIN\"]",
                                     entry.key),
                         mend_of(entry.key, kKinds));
        }
        if (entry.key == "default") return read_block(Kind::by_default, "", *table);
        const Kind kind = entry.key == "provider" ? Kind::provider
                          : entry.key == "site"   ? Kind::site
                                                  : Kind::domain;
        for (const auto& block : table->entries()) {
            const auto* settings = block.value.as_table();
            if (settings == nullptr) {
                return wrong(block.key_position, fmt::format("\"{}\" is no section", block.key),
                             fmt::format("write [{}.\"NAME\"] above it", entry.key));
            }
            std::string name = block.key;
            if (kind != Kind::provider) {
                const auto domain = mail::Domain::parse(name);
                if (!domain) {
                    return wrong(block.key_position, fmt::format("\"{}\" is no domain", name),
                                 "put the whole domain in quotes: [site.\"example.net\"]");
                }
                name = domain->ascii();
            }
            PH_CHECK(read_block(kind, name, *settings));
        }
        return {};
    }

    Result<void> read_block(Kind kind, const std::string& name, const formats::TomlTable& table) {
        Block block;
        block.kind = kind;
        block.name = name;
        block.shipped = shipped_;
        for (const auto& entry : table.entries()) {
            if (entry.key != "source") PH_CHECK(read_entry(entry, block));
        }
        shaping_.add(block);
        const auto* sources = table.find("source");
        if (sources == nullptr) return {};
        const auto* by_name = sources->value.as_table();
        if (by_name == nullptr || kind == Kind::by_default) {
            return wrong(sources->key_position, "source is no section here",
                         "write [provider.NAME.source.\"NAME OF THE SOURCE\"]");
        }
        for (const auto& source : by_name->entries()) {
            const auto* settings = source.value.as_table();
            if (settings == nullptr) {
                return wrong(source.key_position, fmt::format("\"{}\" is no section", source.key),
                             "write the name of a [[source]] there");
            }
            Block own;
            own.kind = kind;
            own.name = name;
            own.source = source.key;
            own.source_url = block.source_url;
            own.checked_on = block.checked_on;
            for (const auto& entry : settings->entries()) PH_CHECK(read_entry(entry, own));
            shaping_.add(std::move(own));
        }
        return {};
    }

    Result<std::vector<std::string>> texts(const formats::TomlEntry& entry) const {
        std::vector<std::string> all;
        const auto* array = entry.value.as_array();
        const auto refuse = [&] {
            return wrong(entry.value.position(), fmt::format("{} is a list of texts", entry.key),
                         R"(write it like [".example.net"])");
        };
        if (array == nullptr) return refuse();
        for (const auto& value : *array) {
            const auto* text = value.as_string();
            if (text == nullptr) return refuse();
            all.push_back(ascii::to_lower(*text));
        }
        return all;
    }

    Result<void> read_entry(const formats::TomlEntry& entry, Block& block) {
        if (std::ranges::find(kAboutBlocks, entry.key) != kAboutBlocks.end()) {
            return read_about(entry, block);
        }
        std::string value;
        if (const auto* text = entry.value.as_string()) value = *text;
        if (const auto number = entry.value.as_integer()) value = std::to_string(*number);
        if (const auto flag = entry.value.as_boolean()) value = *flag ? "true" : "false";
        PathLimits scratch;
        if (auto set = set_option(scratch, entry.key, value); !set) {
            const bool unknown = set.error().kind == ErrorKind::not_found;
            return wrong(unknown || value.empty() ? entry.key_position : entry.value.position(),
                         set.error().text, set.error().mend);
        }
        block.settings.push_back({entry.key, std::move(value)});
        return {};
    }

    Result<void> read_about(const formats::TomlEntry& entry, Block& block) {
        const auto* text = entry.value.as_string();
        if (entry.key == "match") {
            PH_TRY(block.match, texts(entry));
            const bool good = block.kind == Kind::provider && !block.match.empty() &&
                              std::ranges::all_of(block.match, [](const std::string& suffix) {
                                  return suffix.size() > 2 && suffix.starts_with('.');
                              });
            if (!good) {
                return wrong(entry.value.position(),
                             "match is for providers, and each text starts with a dot",
                             R"(write it like match = [".example.net"])");
            }
        } else if (entry.key == "unset") {
            PH_TRY(block.unset, texts(entry));
            for (const std::string& option : block.unset) {
                PathLimits all;
                const auto known = set_option(all, option, "");
                // An option that exists refuses the empty value, not the name.
                if (known || known.error().kind != ErrorKind::not_found) continue;
                return wrong(entry.value.position(), known.error().text, known.error().mend);
            }
        } else if (entry.key == "replace_base") {
            const auto flag = entry.value.as_boolean();
            if (!flag) return wrong(entry.value.position(), "replace_base is true or false", "");
            block.replace_base = *flag;
        } else if (entry.key == "checked_on") {
            const auto* date = entry.value.as_datetime();
            if (date == nullptr) {
                return wrong(entry.value.position(), "checked_on is a date",
                             "write it like 2026-08-01, without quotes");
            }
            block.checked_on = *date;
        } else if (text == nullptr) {
            return wrong(entry.value.position(), fmt::format("{} is a text", entry.key),
                         "put it in quotes");
        } else if (entry.key == "source_url") {
            block.source_url = *text;
        }
        return {};
    }

    Shaping& shaping_;
    const Shaping::File& file_;
    bool shipped_;
};

Result<Shaping> Shaping::parse(const std::vector<File>& files) {
    Shaping shaping;
    bool first = true;
    for (const File& file : files) {
        PH_CHECK(ShapingReader(shaping, file, std::exchange(first, false)).read());
    }
    return shaping;
}

std::string_view Shaping::shipped() {
    return providers_toml;
}

Result<Shaping> Shaping::load(const std::string& operator_file) {
    std::vector<File> files{{"providers.toml", std::string(shipped())}};
    if (!operator_file.empty()) {
        auto text = read_file(operator_file, formats::kMaxTomlOctets);
        if (!text) {
            return fail(text.error().kind,
                        fmt::format("the shaping file cannot be read: {}", text.error().text),
                        "[delivery] shaping_file names a file that the server may read");
        }
        files.push_back({operator_file, std::move(*text)});
    }
    PH_TRY(auto shaping, parse(files));
    if (const auto wrong = shaping.lint(); !wrong.empty()) {
        return fail(ErrorKind::syntax,
                    fmt::format("{}: {}", operator_file.empty() ? "providers.toml" : operator_file,
                                wrong.front()),
                    "docs/shaping.md says what a block holds");
    }
    return shaping;
}

}  // namespace posthaste::delivery
