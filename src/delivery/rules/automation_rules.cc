// Reading automation rules.
#include "base/assert.h"
#include "delivery/rules/automation.h"
#include "delivery/rules/rules_text.h"
#include "formats/regex.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using formats::TomlTable;
using Kind = AutomationAction::Kind;
using Scope = AutomationRule::Scope;

constexpr std::size_t kMostRules = 200;
constexpr std::size_t kMostCount = 1000;
constexpr Seconds kLongestPer = std::chrono::hours(24);

constexpr auto kActions = std::to_array<std::pair<std::string_view, Kind>>({
    {"suspend", Kind::suspend},
    {"set", Kind::set},
    {"suspend_account", Kind::suspend_account},
    {"suspend_account_at_site", Kind::suspend_account},
    {"slow_account_at_site", Kind::slow_account},
    {"bounce_account_at_site", Kind::bounce_account},
    {"use_other_source", Kind::use_other_source},
    {"treat_as_temporary", Kind::treat_as_temporary},
    {"treat_as_permanent", Kind::treat_as_permanent},
    {"retry_after", Kind::retry_after},
    {"notify", Kind::notify},
});

// Of a path (delivery.md 4.2).
constexpr auto kOptions = std::to_array<std::string_view>(
    {"connection_limit", "provider_connection_limit", "max_connection_rate", "max_message_rate",
     "provider_message_rate", "max_deliveries_per_connection", "max_recipients_per_batch",
     "idle_timeout", "source_selection_rate", "reuse", "pipelining", "tls", "ip_family"});

// "immediate", "2/1h"
void read_trigger(RuleReader& reader, AutomationRule& rule) {
    const std::string text = reader.text("trigger");
    if (text == "immediate") return;
    const std::size_t slash = text.find('/');
    std::size_t count = 0;
    if (slash != std::string::npos) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + slash, count);
        if (error != std::errc() || end != text.data() + slash) count = 0;
    }
    const auto per =
        slash == std::string::npos ? std::nullopt : read_duration(text.substr(slash + 1));
    if (count < 1 || count > kMostCount || !per || *per > kLongestPer) {
        reader.mistake("trigger", fmt::format("\"{}\" is no trigger", text),
                       "write \"immediate\", or \"2/1h\": twice within an hour (a day at most)");
        return;
    }
    rule.count = count;
    rule.per = *per;
}

AutomationAction read_action(RuleReader& reader) {
    AutomationAction action;
    std::vector<std::string_view> names;
    for (const auto& [name, kind] : kActions) names.push_back(name);
    const std::string what = reader.one_of("do", names);
    if (what.empty())
        reader.mistake("do", "an action says what it does", "write { do = \"suspend\" }");
    for (const auto& [name, kind] : kActions) {
        if (name == what) action.kind = kind;
    }
    action.option = reader.one_of("option", kOptions);
    action.value = reader.text("value");
    const bool sets = action.kind == Kind::set;
    if (sets && (action.option.empty() || action.value.empty())) {
        reader.mistake("do", "\"set\" needs an option and its value",
                       "write { do = \"set\", option = \"connection_limit\", value = \"1\" }");
    }
    if (!sets && !action.option.empty()) reader.mistake("option", "only \"set\" has an option");
    if (action.kind == Kind::slow_account) {
        const auto rate = queue::RateLimit::parse(action.value);
        if (!rate)
            reader.mistake("value", "\"slow_account_at_site\" needs a rate",
                           "write value = \"10/min\"");
        action.rate = rate.value_or(queue::RateLimit{});
    }
    if (action.kind == Kind::retry_after) {
        const auto wait = read_duration(action.value);
        if (!wait) reader.mistake("value", "\"retry_after\" needs a time", "write value = \"30m\"");
        action.wait = wait.value_or(Seconds(0));
    }
    return action;
}

// "share_of" with "share" (percent) and "attempts" makes a rule about what share of the recipients
// came to.
bool read_share(RuleReader& reader, AutomationRule& rule) {
    using Of = AutomationShare::Of;
    constexpr std::array<std::string_view, 3> kWhat{"hard_bounces", "blocks", "complaints"};
    const std::string of = reader.one_of("share_of", kWhat);
    const std::string share = reader.text("share");
    const auto attempts = reader.number("attempts");
    if (of.empty()) {
        if (!share.empty() || attempts)
            reader.mistake("share", "a share of what?", "write share_of = \"hard_bounces\"");
        return false;
    }
    rule.share.emplace();
    rule.share->of = of == kWhat[0]   ? Of::hard_bounces
                     : of == kWhat[1] ? Of::blocks
                                      : Of::complaints;
    double percent = 0;
    const auto [end, error] = std::from_chars(share.data(), share.data() + share.size(), percent);
    const bool good = error == std::errc() && end + 1 == share.data() + share.size() &&
                      *end == '%' && percent >= 0.1 && percent <= 100;
    if (!good) reader.mistake("share", fmt::format("\"{}\" is no share", share), "write \"5%\"");
    rule.share->per_mille = good ? static_cast<std::uint64_t>(percent * 10 + 0.5) : 1000;
    if (attempts && (*attempts < 10 || *attempts > 1'000'000))
        reader.mistake("attempts", "a share is of 10 to 1000000 attempts");
    rule.share->attempts = static_cast<std::uint64_t>(attempts.value_or(1000));
    return true;
}

AutomationRule read_rule(RuleReader& reader, std::string_view text, const std::string& file_name,
                         const VerdictRules& verdicts) {
    AutomationRule rule;
    rule.match = read_match(reader);
    if (const std::string name = reader.text("class"); !name.empty()) {
        rule.cause = mail::cause_by_name(name);
        if (!rule.cause)
            reader.mistake("class", fmt::format("\"{}\" is no class of replies", name));
    }
    const bool of_share = read_share(reader, rule);
    if (!of_share) read_trigger(reader, rule);
    constexpr std::array<std::string_view, 3> kScopes{"path", "source+provider", "account+site"};
    const std::string scope = reader.one_of("scope", kScopes);
    if (scope == kScopes[1]) rule.scope = Scope::source_and_provider;
    if (scope == kScopes[2]) rule.scope = Scope::account_and_site;
    constexpr std::array<std::string_view, 1> kMail{"bulk"};
    rule.bulk = !reader.one_of("mail", kMail).empty();
    if (rule.bulk && rule.scope != Scope::account_and_site)
        reader.mistake("mail", "only an account's mail is told apart by its profile",
                       "write scope = \"account+site\"");
    rule.duration = reader.duration("duration").value_or(std::chrono::hours(1));
    rule.note = reader.text("note");
    if (const auto* actions = reader.array("actions")) {
        for (const auto& value : *actions) {
            const TomlTable* table = value.as_table();
            if (table == nullptr) {
                reader.mistake("actions", "an action is a table", "write { do = \"suspend\" }");
                continue;
            }
            RuleReader inner(text, file_name, *table, value.position());
            rule.actions.push_back(read_action(inner));
            if (const auto read = inner.finish(); !read) reader.adopt(read.error());
        }
    }
    if (rule.actions.empty()) reader.mistake("actions", "the rule does nothing");
    const auto& providers = verdicts.providers();
    if (!rule.match.provider.empty() &&
        std::ranges::find(providers, rule.match.provider, &MailProvider::name) == providers.end()) {
        reader.mistake("provider", fmt::format("there is no provider \"{}\"", rule.match.provider),
                       "name its hosts below [provider]");
    }
    if (rule.match.text.empty() && rule.match.codes.empty() && rule.match.statuses.empty() &&
        !rule.cause && !rule.share) {
        reader.mistake("id", "the rule fits every reply", "give it a text, a code or a class");
    }
    return rule;
}

Result<std::vector<AutomationRule>> load(std::string_view text, const std::string& file_name,
                                         const VerdictRules& verdicts) {
    std::vector<AutomationRule> rules;
    if (text.empty()) return rules;
    PH_TRY(const auto root, formats::parse_toml(text, file_name));
    const auto* entry = root.find("automation");
    if (entry == nullptr) return rules;
    RuleReader whole(text, file_name, root, {1, 1});
    const auto* tables = whole.array("automation");
    if (tables == nullptr) return std::unexpected(whole.finish().error());
    for (const auto& value : *tables) {
        const TomlTable* table = value.as_table();
        if (table == nullptr) {
            return std::unexpected(whole.error_at(value.position(), "a rule must be a table",
                                                  "write [[automation]] above each of them"));
        }
        RuleReader reader(text, file_name, *table, value.position());
        AutomationRule rule = read_rule(reader, text, file_name, verdicts);
        for (const AutomationRule& other : rules) {
            if (other.match.id == rule.match.id)
                reader.mistake("id", fmt::format("there is a rule \"{}\" already", rule.match.id));
        }
        PH_CHECK(reader.finish());
        rules.push_back(std::move(rule));
    }
    if (rules.size() > kMostRules) {
        return fail(ErrorKind::too_large,
                    fmt::format("{}: more than {} rules", file_name, kMostRules));
    }
    return rules;
}

}  // namespace

struct AutomationRules::Impl {
    std::vector<AutomationRule> rules;
    formats::RegexSet texts;
};

AutomationRules::AutomationRules(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AutomationRules::~AutomationRules() = default;

Result<std::shared_ptr<const AutomationRules>> AutomationRules::make(std::string_view operator_file,
                                                                     std::string file_name,
                                                                     const VerdictRules& verdicts) {
    auto impl = std::make_unique<Impl>();
    PH_TRY(impl->rules, load(operator_file, file_name, verdicts));
    PH_TRY(auto ours, load(kAutomationToml, "automation.toml", verdicts));
    for (AutomationRule& rule : ours) {
        const bool replaced = std::ranges::any_of(impl->rules, [&](const AutomationRule& other) {
            return other.match.id == rule.match.id;
        });
        if (!replaced) impl->rules.push_back(std::move(rule));
    }
    for (const AutomationRule& rule : impl->rules) PH_CHECK(impl->texts.add(rule.match.text));
    PH_CHECK(impl->texts.close());
    return std::shared_ptr<const AutomationRules>(new AutomationRules(std::move(impl)));
}

const std::vector<AutomationRule>& AutomationRules::all() const {
    return impl_->rules;
}

std::vector<std::size_t> AutomationRules::find(const ReplyFacts& reply, std::string_view provider,
                                               mail::Cause cause) const {
    std::vector<std::size_t> found = impl_->texts.find(reply.matter());
    std::erase_if(found, [&](std::size_t number) {
        const AutomationRule& rule = impl_->rules[number];
        if (rule.share) return true;
        if (!rule.match.provider.empty() && rule.match.provider != provider) return true;
        return (rule.cause && *rule.cause != cause) || !rule.match.fits(reply);
    });
    return found;
}

}  // namespace posthaste::delivery
