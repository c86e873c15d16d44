#include "delivery/rules/verdict.h"

#include "base/ascii.h"
#include "base/assert.h"
#include "delivery/rules/rules_text.h"
#include "formats/regex.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using formats::TomlEntry;
using formats::TomlTable;
using mail::Cause;
using std::chrono::hours;

constexpr Seconds kDeferLimit = hours(24);  // a permanent code that is retried annoys receivers
constexpr std::size_t kMostRules = 1000;

struct Rule {
    RuleMatch match;
    Cause cause = Cause::unknown;
    bool unmistakable = false;
    std::optional<mail::Actor> actor;
    std::string note;
    Turn turn = Turn::none;
    Seconds limit = kDeferLimit;
    std::optional<Seconds> retry_after;
    std::optional<Seconds> suspend;
    std::string mend;
    bool of_operator = false;

    void tell(Reading& reading) const;
    void tell_words(Reading& reading) const;
};

void Rule::tell(Reading& reading) const {
    reading.cause = cause;
    reading.rule = match.id;
    reading.source_url = match.source_url;
    reading.turn = turn;
    reading.limit = limit;
    reading.retry_after = retry_after;
    reading.suspend = suspend;
    reading.mend = mend;
    tell_words(reading);
}

// Files write it without its full stop, since it is told inside of sentences, too.
std::string as_sentence(std::string text) {
    if (!text.empty() && !text.ends_with('.')) text += '.';
    return text;
}

void Rule::tell_words(Reading& reading) const {
    const mail::CauseFacts& facts = mail::facts_of(cause);
    reading.actor = actor.value_or(facts.actor);
    reading.words = note.empty() ? std::string(facts.words) : note;
    reading.advice = mend.empty() ? std::string(facts.advice) : as_sentence(mend);
}

struct Source {
    std::string url;
    std::string checked_on;
};

Cause read_cause(RuleReader& reader, std::string_view key, const std::string& name) {
    const auto cause = mail::cause_by_name(name);
    if (!cause) {
        reader.mistake(key, fmt::format("\"{}\" is no class of replies", name),
                       "posthaste help explain lists them");
    }
    return cause.value_or(Cause::unknown);
}

Rule read_rule(RuleReader& reader, const std::map<std::string, Source>& sources) {
    Rule rule;
    rule.match = read_match(reader);
    rule.cause = read_cause(reader, "class", reader.text("class"));
    rule.note = reader.text("note");
    rule.unmistakable = reader.flag("unmistakable");
    constexpr std::array<std::string_view, 5> kWho{"sender", "recipient", "our_administrator",
                                                   "remote_administrator", "nobody"};
    const std::string who = reader.one_of("who", kWho);
    if (!who.empty()) rule.actor = mail::actor_by_name(who);
    constexpr std::array<std::string_view, 2> kActions{"defer", "fail"};
    const std::string action = reader.one_of("action", kActions);
    if (action == "defer") rule.turn = Turn::defer;
    if (action == "fail") rule.turn = Turn::fail;
    rule.limit = reader.duration("limit").value_or(kDeferLimit);
    if (rule.limit > kDeferLimit) {
        reader.mistake("limit", "a final reply is not tried again for more than a day",
                       "write \"24h\" or less");
    }
    rule.retry_after = reader.duration("retry_after");
    rule.suspend = reader.duration("suspend");
    rule.mend = reader.text("mend");
    if (rule.suspend && (rule.match.smarthost != true || rule.mend.empty())) {
        reader.mistake("suspend", "only the rule of a smarthost suspends, and it names the mend",
                       "write hop = \"smarthost\" and mend = \"what to do\"; for other hosts see "
                       "automation rules");
    }
    const std::string source = reader.text("source");
    if (!source.empty()) {
        const auto found = sources.find(source);
        if (found == sources.end()) {
            reader.mistake("source", fmt::format("there is no source \"{}\"", source),
                           "name one of [source], or write source_url and checked_on");
        } else {
            rule.match.source_url = found->second.url;
            rule.match.checked_on = found->second.checked_on;
        }
    }
    return rule;
}

bool is_wait_word(std::string_view word) {
    return word == "in" || word == "after" || word == "wait" || word == "for" || word == "next" ||
           word == "least";
}

struct Cursor {
    std::string_view text;
    std::size_t at = 0;

    bool ended() const { return at >= text.size(); }

    std::string_view take_while(auto belongs) {
        const std::size_t begin = at;
        while (!ended() && belongs(text[at])) ++at;
        return text.substr(begin, at - begin);
    }
};

std::optional<long> to_number(std::string_view digits) {
    if (digits.empty() || digits.size() > 6) return std::nullopt;
    long value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value;
}

// "00:04:37" or "04:37", the first number read already.
std::optional<long> read_clock(Cursor& cursor, long first) {
    long value = first;
    int parts = 1;
    while (!cursor.ended() && cursor.text[cursor.at] == ':' && parts < 3) {
        ++cursor.at;
        const auto number = to_number(cursor.take_while(ascii::is_digit));
        if (!number || *number > 59) return std::nullopt;
        value = value * 60 + *number;
        ++parts;
    }
    if (parts == 1) return std::nullopt;
    return value;
}

std::optional<long> unit_in_seconds(std::string_view word) {
    if (word == "s" || word.starts_with("sec")) return 1;
    if (word == "m" || word.starts_with("min")) return 60;
    if (word == "h" || word.starts_with("hour") || word.starts_with("hr")) return 3600;
    return std::nullopt;
}

}  // namespace

struct VerdictRules::Impl {
    std::vector<Rule> rules;  // in the order in which they are asked
    std::vector<MailProvider> providers;
    std::map<std::pair<int, int>, Cause> statuses;
    std::map<int, Cause> codes;
    formats::RegexSet texts;  // by number of the rule

    Result<void> load(std::string_view text, const std::string& file_name, bool of_operator);
    Result<void> load_rules(std::string_view text, const std::string& file_name,
                            const std::vector<formats::TomlValue>& tables,
                            const std::map<std::string, Source>& sources);
    Result<void> close();
    const Rule* find(std::string_view id) const;
};

namespace {

Result<std::map<std::string, Source>> read_sources(std::string_view text,
                                                   const std::string& file_name,
                                                   const TomlTable* table) {
    std::map<std::string, Source> sources;
    if (table == nullptr) return sources;
    for (const TomlEntry& entry : table->entries()) {
        RuleReader reader(text, file_name, *table, entry.key_position);
        const TomlTable* one = reader.table(entry.key);
        if (one == nullptr) return std::unexpected(reader.finish().error());
        RuleReader inner(text, file_name, *one, entry.key_position);
        sources[entry.key] = {inner.text("url"), inner.text("checked_on")};
        PH_CHECK(inner.finish());
    }
    return sources;
}

}  // namespace

Result<void> VerdictRules::Impl::load(std::string_view text, const std::string& file_name,
                                      bool of_operator) {
    PH_TRY(const auto root, formats::parse_toml(text, file_name));
    RuleReader reader(text, file_name, root, {1, 1});
    PH_TRY(const auto sources, read_sources(text, file_name, reader.table("source")));
    if (const TomlTable* table = reader.table("provider")) {
        for (const TomlEntry& entry : table->entries()) {
            RuleReader names(text, file_name, *table, entry.key_position);
            MailProvider provider{entry.key, names.texts(entry.key)};
            for (std::string& host : provider.hosts) host = ascii::to_lower(host);
            providers.push_back(std::move(provider));
        }
    }
    if (!of_operator) {
        if (const TomlTable* table = reader.table("status")) {
            for (const TomlEntry& entry : table->entries()) {
                const auto status = mail::EnhancedStatus::parse("5." + entry.key);
                const auto* name = entry.value.as_string();
                const auto cause = name ? mail::cause_by_name(*name) : std::nullopt;
                PH_ASSERT(status && cause);  // of our own file
                statuses[{status->subject, status->detail}] = *cause;
            }
        }
        if (const TomlTable* table = reader.table("code")) {
            for (const TomlEntry& entry : table->entries()) {
                const auto* name = entry.value.as_string();
                const auto cause = name ? mail::cause_by_name(*name) : std::nullopt;
                const auto code = to_number(entry.key);
                PH_ASSERT(code && cause);
                codes[static_cast<int>(*code)] = *cause;
            }
        }
    }
    if (of_operator) reader.array("automation");  // read by automation_rules.cc
    if (const auto* tables = reader.array("rule")) {
        PH_CHECK(load_rules(text, file_name, *tables, sources));
    }
    for (Rule& rule : rules) rule.of_operator = of_operator;
    return reader.finish();
}

Result<void> VerdictRules::Impl::load_rules(std::string_view text, const std::string& file_name,
                                            const std::vector<formats::TomlValue>& tables,
                                            const std::map<std::string, Source>& sources) {
    std::set<std::string> ids;
    for (const Rule& rule : rules) ids.insert(rule.match.id);
    std::vector<Rule> of_providers;
    std::vector<Rule> of_all;
    for (const auto& value : tables) {
        const TomlTable* table = value.as_table();
        if (table == nullptr) {
            return fail(
                ErrorKind::syntax,
                fmt::format("{}:{}: a rule must be a table", file_name, value.position().line),
                "write [[rule]] above each of them");
        }
        RuleReader reader(text, file_name, *table, value.position());
        Rule rule = read_rule(reader, sources);
        if (!ids.insert(rule.match.id).second) {
            reader.mistake("id", fmt::format("there is a rule \"{}\" already", rule.match.id));
        }
        const bool known = rule.match.provider.empty() ||
                           std::ranges::find(providers, rule.match.provider, &MailProvider::name) !=
                               providers.end();
        if (!known) {
            reader.mistake("provider",
                           fmt::format("there is no provider \"{}\"", rule.match.provider),
                           "name its hosts below [provider]");
        }
        PH_CHECK(reader.finish());
        (rule.match.provider.empty() ? of_all : of_providers).push_back(std::move(rule));
    }
    // The more particular first.
    for (auto* some : {&of_providers, &of_all}) std::ranges::move(*some, std::back_inserter(rules));
    if (rules.size() > kMostRules) {
        return fail(ErrorKind::too_large,
                    fmt::format("{}: more than {} rules", file_name, kMostRules));
    }
    return {};
}

Result<void> VerdictRules::Impl::close() {
    for (const Rule& rule : rules) PH_CHECK(texts.add(rule.match.text));
    return texts.close();
}

VerdictRules::VerdictRules(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

VerdictRules::~VerdictRules() = default;

const VerdictRules& VerdictRules::builtin() {
    static const std::shared_ptr<const VerdictRules> rules = [] {
        auto made = make("", "");
        PH_ASSERT(made.has_value());
        return *made;
    }();
    return *rules;
}

Result<std::shared_ptr<const VerdictRules>> VerdictRules::make(std::string_view operator_file,
                                                               std::string file_name) {
    // The operator's providers may be those of ours, which are read first for their names alone.
    auto ours = std::make_unique<Impl>();
    PH_CHECK(ours->load(kVerdictsToml, "verdicts.toml", false));
    auto impl = std::make_unique<Impl>();
    if (!operator_file.empty()) {
        impl->providers = ours->providers;
        PH_CHECK(impl->load(operator_file, file_name, true));
        // A provider that both name is the operator's.
        std::ranges::reverse(impl->providers);
    } else {
        impl->providers = std::move(ours->providers);
    }
    impl->statuses = std::move(ours->statuses);
    impl->codes = std::move(ours->codes);
    for (Rule& rule : ours->rules) {
        // One of the operator's by the same name stands in its place.
        const bool replaced = std::ranges::any_of(
            impl->rules, [&](const Rule& other) { return other.match.id == rule.match.id; });
        if (!replaced) impl->rules.push_back(std::move(rule));
    }
    PH_CHECK(impl->close());
    return std::shared_ptr<const VerdictRules>(new VerdictRules(std::move(impl)));
}

std::string VerdictRules::provider_of(std::string_view host) const {
    const auto found = std::ranges::find_if(
        impl_->providers, [&](const MailProvider& provider) { return provider.owns(host); });
    return found == impl_->providers.end() ? std::string() : found->name;
}

std::string VerdictRules::provider_of(std::span<const std::string> hosts) const {
    std::string provider;
    for (const std::string& host : hosts) {
        const std::string one = provider_of(host);
        if (one.empty() || (!provider.empty() && one != provider)) return {};
        provider = one;
    }
    return provider;
}

Reading VerdictRules::read(const ReplyFacts& reply) const {
    const std::string matter = reply.matter();
    Reading reading;
    reading.provider = reply.host.empty() ? std::string() : provider_of(reply.host);
    const Rule* decided = nullptr;
    for (const std::size_t number : impl_->texts.find(matter)) {
        const Rule& rule = impl_->rules[number];
        const bool of_host =
            rule.match.provider.empty() ||
            (reply.any_provider ? rule.unmistakable : rule.match.provider == reading.provider);
        if (!of_host || !rule.match.fits(reply)) continue;
        decided = &rule;
        break;
    }
    if (decided != nullptr) {
        decided->tell(reading);
    } else if (reply.status &&
               impl_->statuses.contains({reply.status->subject, reply.status->detail})) {
        reading.cause = impl_->statuses.at({reply.status->subject, reply.status->detail});
        reading.rule = "status " + reply.status->to_string();
    } else if (const auto code = impl_->codes.find(reply.code); code != impl_->codes.end()) {
        reading.cause = code->second;
        reading.rule = fmt::format("code {}", reply.code);
    } else if (reply.status && reply.status->subject == 7) {
        reading.cause = Cause::policy;
        reading.rule = "status x.7";
    }
    if (decided == nullptr) {
        Rule by_code;
        by_code.cause = reading.cause;
        by_code.tell_words(reading);
    }
    const bool transient = reply.code >= 400 && reply.code < 500;
    if (transient) {
        if (const auto asked = find_wait(ascii::to_lower(matter))) reading.retry_after = asked;
    }
    reading.slow_down =
        reading.cause == Cause::rate_limited && (transient || reading.turn == Turn::defer);
    return reading;
}

const Rule* VerdictRules::Impl::find(std::string_view id) const {
    const auto found =
        std::ranges::find_if(rules, [&](const Rule& rule) { return rule.match.id == id; });
    return found == rules.end() ? nullptr : &*found;
}

std::optional<Reading> VerdictRules::by_rule(std::string_view id) const {
    const Rule* found = impl_->find(id);
    if (found == nullptr) return std::nullopt;
    Reading reading;
    found->tell(reading);
    return reading;
}

std::optional<mail::RuleWords> VerdictRules::words_of(std::string_view id) const {
    const Rule* found = impl_->find(id);
    if (found == nullptr) return std::nullopt;
    return mail::RuleWords{found->cause, found->actor, found->note, as_sentence(found->mend),
                           found->of_operator};
}

std::vector<const RuleMatch*> VerdictRules::rules() const {
    std::vector<const RuleMatch*> all;
    for (const Rule& rule : impl_->rules) all.push_back(&rule.match);
    return all;
}

const std::vector<MailProvider>& VerdictRules::providers() const {
    return impl_->providers;
}

Explained explain(const mail::Outcome& outcome, const VerdictRules& rules) {
    const auto words = rules.words_of(outcome.rule);
    mail::Judgement judged = mail::judge(outcome, words ? &*words : nullptr);
    Explained out;
    out.cause = mail::to_string(judged.cause);
    out.rule = outcome.rule;
    out.actor = judged.actor;
    out.words = std::move(judged.words);
    out.advice = std::move(judged.advice);
    out.permanent = judged.permanent;
    return out;
}

std::optional<Seconds> find_wait(std::string_view text) {
    Cursor cursor{text.substr(0, 2048)};
    std::string_view before;
    while (!cursor.ended()) {
        if (const auto word = cursor.take_while(ascii::is_alpha); !word.empty()) {
            before = word;
            continue;
        }
        const auto digits = cursor.take_while(ascii::is_digit);
        if (digits.empty()) {
            ++cursor.at;
            continue;
        }
        const bool meant = is_wait_word(std::exchange(before, {}));
        const auto number = to_number(digits);
        if (!meant || !number) continue;
        std::optional<long> wait = read_clock(cursor, *number);
        if (!wait) {
            cursor.take_while([](char c) { return c == ' ' || c == '-'; });
            const auto unit = unit_in_seconds(cursor.take_while(ascii::is_alpha));
            if (unit) wait = *number * *unit;
        }
        if (wait && *wait >= 1 && *wait <= 86'400) return Seconds(*wait);
    }
    return std::nullopt;
}

}  // namespace posthaste::delivery
