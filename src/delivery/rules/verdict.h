// The verdict engine: what a reply means, by rules (rules/verdicts.toml) and, where none fits, by
// its codes (delivery.md 6.4). The same answer serves the failure table, bounces, the story of a
// message and automation. Immutable once made: safe on every thread.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "delivery/rules/rule_file.h"
#include "mail/dsn/cause.h"
#include "mail/outcome.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::delivery {

enum class Turn { none, defer, fail };  // what a rule makes of a reply's own class

// What a reply means.
struct Reading {
    mail::Cause cause = mail::Cause::unknown;
    std::string rule;      // "yahoo-tss04", "status 5.1.1", "code 552"; empty: nothing fits
    std::string provider;  // of the host, if it is known
    mail::Actor actor = mail::Actor::sender;
    std::string words;       // what happened, in a plain sentence
    std::string advice;      // what to do about it
    std::string source_url;  // where the reply is described; may be empty
    Turn turn = Turn::none;
    Seconds limit{};                       // Turn::defer: then the reply's own word counts
    std::optional<Seconds> retry_after{};  // the reply, or its rule, says how long to wait
    bool slow_down = false;                // it asks for less
    // Smarthosts only: nobody's mail passes until somebody mends it, or for that long.
    std::optional<Seconds> suspend{};
    std::string mend{};
};

class VerdictRules {
  public:
    // Those the program brings along.
    static const VerdictRules& builtin();
    // The same behind those of an operator's file. Fails with syntax; the text names the line.
    static Result<std::shared_ptr<const VerdictRules>> make(std::string_view operator_file,
                                                            std::string file_name);
    ~VerdictRules();

    Reading read(const ReplyFacts& reply) const;

    // What the rule of that id says of any reply; nothing if there is none.
    std::optional<Reading> by_rule(std::string_view id) const;
    // Its own words, for `mail::judge`; those of an operator's file are marked.
    std::optional<mail::RuleWords> words_of(std::string_view id) const;

    // The provider whose host this is; empty if it is nobody's we know.
    std::string provider_of(std::string_view host) const;
    // That of all of them; empty if they are not one provider's.
    std::string provider_of(std::span<const std::string> hosts) const;

    // For tests and lists: each rule in the order in which it is asked.
    std::vector<const RuleMatch*> rules() const;
    const std::vector<MailProvider>& providers() const;

  private:
    struct Impl;
    explicit VerdictRules(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// What became of a recipient, for people: `mail::judge` by these rules.
struct Explained {
    std::string cause;  // "block_ip"
    std::string rule;   // may be empty
    mail::Actor actor = mail::Actor::sender;
    std::string words;
    std::string advice;
    bool permanent = false;
};

Explained explain(const mail::Outcome& outcome,
                  const VerdictRules& rules = VerdictRules::builtin());

// "in 300 seconds", "after 5 minutes", "come back in 00:04:37". Between a second and a day.
std::optional<Seconds> find_wait(std::string_view lower_case_text);

}  // namespace posthaste::delivery
