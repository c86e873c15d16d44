#include "formats/toml.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace posthaste::formats {

namespace {

// toml++ 3.3 asserts on some malformed input ("[" and a line end are enough), and in a release
// build tells the compiler to assume the opposite. Here an assertion of its parser is a syntax
// error like any other.
struct ParserGaveUp {};

}  // namespace

}  // namespace posthaste::formats

#undef NDEBUG
#define TOML_ASSERT(expr) \
    ((expr) ? static_cast<void>(0) : throw ::posthaste::formats::ParserGaveUp{})
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>

namespace posthaste::formats {

static_assert(TOML_MAX_NESTED_VALUES == kMaxTomlDepth);

std::string_view to_string(TomlKind kind) {
    switch (kind) {
        case TomlKind::table:
            return "a table";
        case TomlKind::array:
            return "a list in brackets";
        case TomlKind::string:
            return "text in quotes";
        case TomlKind::integer:
            return "a whole number";
        case TomlKind::floating:
            return "a number with a point";
        case TomlKind::boolean:
            return "true or false";
        case TomlKind::datetime:
            return "a date or time";
    }
    return "unknown";
}

// ---- the tree ----

std::span<const TomlEntry> TomlTable::entries() const {
    return entries_;
}

const TomlEntry* TomlTable::find(std::string_view key) const {
    const auto found = std::ranges::find(entries_, key, &TomlEntry::key);
    return found == entries_.end() ? nullptr : &*found;
}

TomlKind TomlValue::kind() const {
    return static_cast<TomlKind>(data_.index());
}

std::optional<std::int64_t> TomlValue::as_integer() const {
    const auto* number = std::get_if<std::int64_t>(&data_);
    return number != nullptr ? std::optional(*number) : std::nullopt;
}

std::optional<double> TomlValue::as_floating() const {
    const auto* number = std::get_if<double>(&data_);
    return number != nullptr ? std::optional(*number) : std::nullopt;
}

std::optional<bool> TomlValue::as_boolean() const {
    const auto* truth = std::get_if<bool>(&data_);
    return truth != nullptr ? std::optional(*truth) : std::nullopt;
}

const std::string* TomlValue::as_datetime() const {
    const auto* datetime = std::get_if<Datetime>(&data_);
    return datetime != nullptr ? &datetime->text : nullptr;
}

// ---- from toml++'s tree to ours ----

class TomlConverter {
  public:
    // Recursive, over a tree whose depth key_too_deep() and TOML_MAX_NESTED_VALUES have bounded.
    static TomlTable table(const toml::table& from) {
        TomlTable to;
        to.entries_.reserve(from.size());
        for (const auto& [key, node] : from)
            to.entries_.push_back({std::string(key.str()), position(key.source()), value(node)});
        // toml++ sorts by name.
        std::ranges::sort(to.entries_, {}, [](const TomlEntry& entry) {
            return std::pair(entry.key_position, std::string_view(entry.key));
        });
        return to;
    }

  private:
    static TomlPosition position(const toml::source_region& region) {
        return {region.begin.line, region.begin.column};
    }

    static TomlValue value(const toml::node& from) {
        TomlValue to;
        to.position_ = position(from.source());
        if (const auto* nested = from.as_table()) {
            to.data_ = table(*nested);
        } else if (const auto* array = from.as_array()) {
            std::vector<TomlValue> items;
            items.reserve(array->size());
            for (const toml::node& item : *array) items.push_back(value(item));
            to.data_ = std::move(items);
        } else if (const auto* text = from.as_string()) {
            to.data_ = text->get();
        } else if (const auto* integer = from.as_integer()) {
            to.data_ = integer->get();
        } else if (const auto* floating = from.as_floating_point()) {
            to.data_ = floating->get();
        } else if (const auto* truth = from.as_boolean()) {
            to.data_ = truth->get();
        } else if (const auto* date = from.as_date()) {
            to.data_ = datetime(date->get());
        } else if (const auto* time = from.as_time()) {
            to.data_ = datetime(time->get());
        } else if (const auto* moment = from.as_date_time()) {
            to.data_ = datetime(moment->get());
        }
        return to;
    }

    template <class T>
    static TomlValue::Datetime datetime(const T& from) {
        std::ostringstream text;
        text << from;
        return {std::move(text).str()};
    }
};

// ---- bounds that toml++ does not have ----

namespace {

// Skips a string or a comment; anything else is one octet.
std::size_t token_end(std::string_view text, std::size_t at) {
    const char quote = text[at];
    if (quote == '#') return std::min(text.find('\n', at), text.size());
    if (quote != '"' && quote != '\'') return at + 1;
    const std::string_view three = text.substr(at, 3);
    const bool many_lines = three == R"(""")" || three == "'''";
    for (std::size_t i = at + (many_lines ? 3 : 1); i < text.size(); ++i) {
        if (text[i] == '\\' && quote == '"') {
            ++i;
        } else if (!many_lines && (text[i] == quote || text[i] == '\n')) {
            return i + 1;
        } else if (many_lines && text.substr(i, 3) == three) {
            // Up to two quotes may belong to the text: """a"""""
            for (i += 3; i < text.size() && text[i] == quote;) ++i;
            return i;
        }
    }
    return text.size();
}

// "a.a.a.a…" makes a table for each point, and toml++ takes tables apart by recursion: without a
// bound a long key is a stack overflow. Reads strings as toml++ does up to the first syntax error,
// where that ends.
std::optional<TomlPosition> key_too_deep(std::string_view text) {
    std::size_t points = 0;
    TomlPosition position{1, 1};
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        const std::size_t end = token_end(text, at);
        if (c == '.') {
            if (++points >= kMaxTomlDepth) return position;
        } else if (!ascii::is_alnum(c) && !ascii::is_8bit(c) &&
                   std::string_view("-_ \t\"'").find(c) == std::string_view::npos) {
            points = 0;
        }
        const auto lines =
            static_cast<std::uint32_t>(std::ranges::count(text.substr(at, end - at), '\n'));
        position.line += lines;
        position.column = lines > 0 ? 1 : position.column + static_cast<std::uint32_t>(end - at);
        at = end;
    }
    return std::nullopt;
}

// Rather one line too many than one too few: only names such as password_file, which hold no secret
// but say where it is, are let through.
bool may_hold_secret(std::string_view line) {
    constexpr std::string_view kWords[] = {"password", "passwd", "secret", "token", "private"};
    const std::string lower = ascii::to_lower(line);
    if (lower.find("://") != std::string::npos && lower.find('@') != std::string::npos) return true;
    for (const std::string_view word : kWords) {
        for (std::size_t at = lower.find(word); at != std::string::npos;
             at = lower.find(word, at)) {
            at += word.size();
            std::size_t end = at;
            while (end < lower.size() && (ascii::is_alnum(lower[end]) || lower[end] == '_')) ++end;
            if (!std::string_view(lower).substr(at, end - at).ends_with("_file")) return true;
        }
    }
    return false;
}

std::unexpected<Error> syntax_error(std::string_view text, const std::string& file_name,
                                    TomlPosition position, std::string_view what) {
    std::string message = fmt::format("{}:{}:{}: {}", file_name, position.line, position.column,
                                      utf8::printable(what, 300));
    if (const std::string excerpt = toml_excerpt(text, position); !excerpt.empty())
        message += "\n" + excerpt;
    return fail(ErrorKind::syntax, std::move(message), "correct the line and try again");
}

}  // namespace

std::string toml_excerpt(std::string_view text, TomlPosition position) {
    constexpr std::size_t kWidth = 100;
    if (position.line == 0) return {};
    for (std::uint32_t line = 1; line < position.line; ++line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
    std::string_view line = text.substr(0, text.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::string hidden;
    if (may_hold_secret(line)) {
        hidden =
            std::string(line.substr(0, std::min(line.find('='), line.size()))) + "= (not shown)";
        line = hidden;
    }
    // Tabs are one column here, as they are in the position.
    std::string shown(line);
    std::ranges::replace(shown, '\t', ' ');
    const std::string number = std::to_string(position.line);
    const std::size_t caret = position.column == 0 ? 0 : position.column - 1;
    std::string excerpt = fmt::format("{:>5} | {}", number, utf8::printable(shown, kWidth));
    if (hidden.empty() && caret < kWidth)
        excerpt += fmt::format("\n{:>5} | {}^", "", std::string(caret, ' '));
    return excerpt;
}

namespace {

std::optional<toml::parse_result> try_parse(std::string_view text) {
    try {
        return toml::parse(text);
    } catch (const ParserGaveUp&) {
        return std::nullopt;
    }
}

// The parser reads forward, so the line it gave up at is the first that makes it do so.
TomlPosition place_of_giving_up(std::string_view text) {
    std::vector<std::size_t> line_ends;
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1))
        line_ends.push_back(at + 1);
    const auto first = std::ranges::partition_point(
        line_ends, [&](std::size_t end) { return try_parse(text.substr(0, end)).has_value(); });
    const auto lines_before = static_cast<std::size_t>(first - line_ends.begin());
    const std::size_t begin = lines_before == 0 ? 0 : line_ends[lines_before - 1];
    const std::size_t indent = std::min(text.find_first_not_of(" \t", begin), text.size()) - begin;
    return {static_cast<std::uint32_t>(lines_before + 1), static_cast<std::uint32_t>(indent + 1)};
}

}  // namespace

Result<TomlTable> parse_toml(std::string_view text, std::string file_name) {
    if (text.size() > kMaxTomlOctets)
        return fail(ErrorKind::too_large,
                    fmt::format("{} has more than {} octets", file_name, kMaxTomlOctets),
                    "check that this is the right file");
    if (const auto position = key_too_deep(text))
        return syntax_error(text, file_name, *position,
                            fmt::format("a key has more than {} parts", kMaxTomlDepth));
    const std::optional<toml::parse_result> parsed = try_parse(text);
    if (!parsed)
        return syntax_error(text, file_name, place_of_giving_up(text),
                            "a key or a value is missing or malformed");
    if (!*parsed) {
        const auto& begin = parsed->error().source().begin;
        return syntax_error(text, file_name, {begin.line, begin.column},
                            parsed->error().description());
    }
    return TomlConverter::table(parsed->table());
}

}  // namespace posthaste::formats
