#include "delivery/rules/rule_file.h"

#include "base/ascii.h"
#include "base/levenshtein.h"
#include "formats/regex.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using formats::TomlEntry;
using formats::TomlKind;
using formats::TomlTable;
using formats::TomlValue;

constexpr std::size_t kMostMatter = 2048;
constexpr std::int64_t kLongest = 30 * 86'400;

bool contains(const auto& range, const auto& value) {
    return std::ranges::find(range, value) != std::ranges::end(range);
}

std::optional<int> read_number(std::string_view digits) {
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || digits.empty())
        return std::nullopt;
    return value;
}

// "421", "4xx"
std::optional<std::pair<int, int>> read_code(std::string_view text) {
    if (text.size() == 3 && text.substr(1) == "xx" && text[0] >= '2' && text[0] <= '5') {
        const int first = (text[0] - '0') * 100;
        return std::pair(first, first + 99);
    }
    const auto code = read_number(text);
    if (!code || *code < 200 || *code > 599) return std::nullopt;
    return std::pair(*code, *code);
}

// "5.7.1", "x.7.28"
std::optional<RuleMatch::Status> read_status(std::string_view text) {
    const bool any = text.starts_with("x.");
    const std::string whole = any ? "5" + std::string(text.substr(1)) : std::string(text);
    const auto status = mail::EnhancedStatus::parse(whole);
    if (!status) return std::nullopt;
    return RuleMatch::Status{any ? 0 : status->cls, status->subject, status->detail};
}

// "<anna@example.org>" becomes "<>": a word with an @ is an address.
std::string without_addresses(std::string_view text) {
    constexpr std::string_view kEdges = " \t<>()[]{},;\"";
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(kEdges), text.size());
        const std::string_view word = text.substr(0, end);
        if (!word.contains('@')) out += word;
        text.remove_prefix(end);
        if (text.empty()) break;
        out += text.front();
        text.remove_prefix(1);
    }
    return out;
}

}  // namespace

std::string ReplyFacts::matter() const {
    std::string out = std::to_string(code);
    if (status) out += ' ' + status->to_string();
    out += ' ';
    out += without_addresses(std::string_view(text).substr(0, kMostMatter));
    if (out.size() > kMostMatter) out.resize(kMostMatter);
    return out;
}

bool MailProvider::owns(std::string_view host) const {
    const std::string lower = ascii::to_lower(host);
    std::string_view bare = lower;
    if (bare.ends_with('.')) bare.remove_suffix(1);
    return std::ranges::any_of(hosts, [&](const std::string& end) {
        return end.starts_with('.') ? bare.ends_with(end) : bare == end;
    });
}

bool RuleMatch::fits(const ReplyFacts& reply) const {
    if (smarthost && reply.smarthost && *smarthost != *reply.smarthost) return false;
    if (!stages.empty() && reply.stage && !contains(stages, *reply.stage)) return false;
    if (!codes.empty() && std::ranges::none_of(codes, [&](const auto& range) {
            return reply.code >= range.first && reply.code <= range.second;
        }))
        return false;
    if (statuses.empty()) return true;
    if (!reply.status) return false;
    return std::ranges::any_of(statuses, [&](const Status& status) {
        return (status.cls == 0 || status.cls == reply.status->cls) &&
               status.subject == reply.status->subject && status.detail == reply.status->detail;
    });
}

RuleReader::RuleReader(std::string_view text, std::string file_name, const TomlTable& table,
                       formats::TomlPosition position)
    : text_(text), file_name_(std::move(file_name)), table_(table), position_(position) {}

const TomlEntry* RuleReader::ask(std::string_view key) {
    asked_.push_back(key);
    return table_.find(key);
}

Error RuleReader::error_at(formats::TomlPosition position, const std::string& what,
                           std::string mend) const {
    std::string told =
        fmt::format("{}:{}:{}: {}", file_name_, position.line, position.column, what);
    const std::string excerpt = formats::toml_excerpt(text_, position);
    if (!excerpt.empty()) told += "\n" + excerpt;
    return fail(ErrorKind::syntax, std::move(told), std::move(mend)).error();
}

void RuleReader::mistake(std::string_view key, const std::string& what, std::string mend) {
    if (error_) return;
    const TomlEntry* entry = table_.find(key);
    error_ =
        error_at(entry != nullptr ? entry->value.position() : position_, what, std::move(mend));
}

void RuleReader::adopt(Error error) {
    if (!error_) error_ = std::move(error);
}

std::string RuleReader::text(std::string_view key) {
    const TomlEntry* entry = ask(key);
    if (entry == nullptr) return {};
    if (const std::string* value = entry->value.as_string()) return *value;
    if (const std::string* value = entry->value.as_datetime()) return *value;
    mistake(key, fmt::format("\"{}\" must be text in quotes, not {}", key,
                             to_string(entry->value.kind())));
    return {};
}

bool RuleReader::flag(std::string_view key) {
    const TomlEntry* entry = ask(key);
    if (entry == nullptr) return false;
    const auto value = entry->value.as_boolean();
    if (!value) mistake(key, fmt::format("\"{}\" must be true or false", key));
    return value.value_or(false);
}

std::optional<Seconds> RuleReader::duration(std::string_view key) {
    const std::string value = text(key);
    if (value.empty()) return std::nullopt;
    const auto duration = read_duration(value);
    if (!duration)
        mistake(key, fmt::format("\"{}\" is no time", value),
                "write \"90s\", \"15m\", \"2h\" or \"4d\"");
    return duration;
}

std::optional<std::int64_t> RuleReader::number(std::string_view key) {
    const TomlEntry* entry = ask(key);
    if (entry == nullptr) return std::nullopt;
    const auto value = entry->value.as_integer();
    if (!value) mistake(key, fmt::format("\"{}\" must be a whole number", key));
    return value;
}

std::vector<std::string> RuleReader::texts(std::string_view key) {
    const TomlEntry* entry = ask(key);
    std::vector<std::string> out;
    if (entry == nullptr) return out;
    const auto add = [&](const TomlValue& value) {
        if (const std::string* one = value.as_string()) {
            out.push_back(*one);
        } else if (const auto number = value.as_integer()) {
            out.push_back(std::to_string(*number));
        } else {
            mistake(key, fmt::format("\"{}\" must be text, or a list of texts", key));
        }
    };
    if (const auto* list = entry->value.as_array()) {
        for (const TomlValue& value : *list) add(value);
    } else {
        add(entry->value);
    }
    return out;
}

const TomlTable* RuleReader::table(std::string_view key) {
    const TomlEntry* entry = ask(key);
    if (entry == nullptr) return nullptr;
    const TomlTable* value = entry->value.as_table();
    if (value == nullptr) mistake(key, fmt::format("\"{}\" must be a section", key));
    return value;
}

const std::vector<TomlValue>* RuleReader::array(std::string_view key) {
    const TomlEntry* entry = ask(key);
    if (entry == nullptr) return nullptr;
    const auto* value = entry->value.as_array();
    if (value == nullptr)
        mistake(key, fmt::format("\"{}\" must be a list: write [[{}]] above each of its tables",
                                 key, key));
    return value;
}

std::string RuleReader::one_of(std::string_view key, std::span<const std::string_view> words) {
    std::string value = text(key);
    if (value.empty() || contains(words, value)) return value;
    const auto near = closest(value, words);
    std::string all;
    for (const std::string_view word : words)
        all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", word);
    mistake(key, fmt::format("{} cannot be \"{}\"", key, value),
            near ? fmt::format("did you mean \"{}\"?", *near) : fmt::format("it can be {}", all));
    return {};
}

Result<void> RuleReader::finish() {
    for (const TomlEntry& entry : table_.entries()) {
        if (error_) break;
        if (contains(asked_, entry.key)) continue;
        const auto near = closest(entry.key, asked_);
        error_ = error_at(entry.key_position, fmt::format("unknown key \"{}\"", entry.key),
                          near ? fmt::format("did you mean \"{}\"?", *near) : std::string());
    }
    if (error_) return std::unexpected(*error_);
    return {};
}

RuleMatch read_match(RuleReader& reader) {
    RuleMatch match;
    match.id = reader.text("id");
    if (match.id.empty()) reader.mistake("id", "a rule needs an id of its own");
    match.provider = reader.text("provider");
    match.text = reader.text("text");
    if (!match.text.empty()) {
        const auto regex = formats::Regex::make(match.text);
        if (!regex) reader.mistake("text", regex.error().text, regex.error().mend);
    }
    constexpr std::array<std::string_view, 2> kHops{"smarthost", "mx"};
    const std::string hop = reader.one_of("hop", kHops);
    if (!hop.empty()) match.smarthost = hop == "smarthost";
    for (const std::string& key : reader.texts("stage")) {
        const auto stage = stage_by_key(key);
        if (stage)
            match.stages.push_back(*stage);
        else
            reader.mistake("stage", fmt::format("\"{}\" is no stage", key),
                           "it can be banner, ehlo, starttls, auth, mail, rcpt, data or final_dot");
    }
    for (const std::string& text : reader.texts("code")) {
        const auto code = read_code(text);
        if (code)
            match.codes.push_back(*code);
        else
            reader.mistake("code", fmt::format("\"{}\" is no reply code", text),
                           "write 421 or \"4xx\"");
    }
    for (const std::string& text : reader.texts("enhanced")) {
        const auto status = read_status(text);
        if (status)
            match.statuses.push_back(*status);
        else
            reader.mistake("enhanced", fmt::format("\"{}\" is no enhanced code", text),
                           "write \"5.7.1\" or \"x.7.1\"");
    }
    match.source_url = reader.text("source_url");
    match.checked_on = reader.text("checked_on");
    match.matches = reader.texts("matches");
    match.differs = reader.texts("differs");
    return match;
}

std::optional<Seconds> read_duration(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    const auto value = read_number(text.substr(0, text.size() - 1));
    if (!value || *value < 1) return std::nullopt;
    const std::int64_t unit = text.back() == 's'   ? 1
                              : text.back() == 'm' ? 60
                              : text.back() == 'h' ? 3600
                              : text.back() == 'd' ? 86'400
                                                   : 0;
    if (unit == 0 || *value > kLongest / unit) return std::nullopt;
    return Seconds(*value * unit);
}

std::optional<ReplyFacts> read_reply_line(std::string_view line) {
    line = ascii::trim(line);
    if (line.size() < 3) return std::nullopt;
    const auto code = read_number(line.substr(0, 3));
    if (!code || *code < 200 || *code > 599) return std::nullopt;
    if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return std::nullopt;
    ReplyFacts facts;
    facts.code = *code;
    const std::string_view rest = ascii::trim(line.substr(std::min<std::size_t>(4, line.size())));
    const std::size_t end = std::min(rest.find(' '), rest.size());
    facts.status = mail::EnhancedStatus::parse(rest.substr(0, end));
    if (facts.status && facts.status->cls != facts.code / 100) facts.status.reset();
    facts.text = facts.status ? ascii::trim(rest.substr(end)) : rest;
    return facts;
}

}  // namespace posthaste::delivery
