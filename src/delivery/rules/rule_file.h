// What the files of rules have in common: reading a TOML file with mistakes that are told by line,
// and the part of a rule that says to which replies it fits (rules/verdicts.toml tells the keys).
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "delivery/attempt/stage.h"
#include "formats/toml.h"
#include "mail/status.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::delivery {

// A reply as rules see it.
struct ReplyFacts {
    int code = 0;
    std::optional<mail::EnhancedStatus> status{};
    std::string text{};               // without code and status
    std::string host{};               // whose reply it is; empty: not known
    std::optional<Stage> stage{};     // nothing: not known
    std::optional<bool> smarthost{};  // nothing: not known

    bool any_provider = false;  // the host is not known: unmistakable rules of providers count

    // "550 5.1.1 No such user <>": cut at 2 KiB, addresses left out, since their words are not the
    // server's.
    std::string matter() const;
};

// Hosts of one provider end so, or are called so.
struct MailProvider {
    std::string name;
    std::vector<std::string> hosts;  // ".google.com", "smtp.example.com"; in lower case

    bool owns(std::string_view host) const;
};

struct RuleMatch {
    std::string id;
    std::string provider;  // empty: any
    std::string text;      // empty: any
    std::vector<Stage> stages;
    std::vector<std::pair<int, int>> codes;  // from, to

    struct Status {
        int cls = 0;  // 0: any
        int subject = 0;
        int detail = 0;
    };

    std::vector<Status> statuses;
    std::optional<bool> smarthost;
    std::string source_url;
    std::string checked_on;            // "2026-11-23"
    std::vector<std::string> matches;  // replies that the rule must decide about
    std::vector<std::string> differs;  // and that it must not

    // All but the text and the provider. What is not known of the reply fits.
    bool fits(const ReplyFacts& reply) const;
};

// One table of a file; each key is asked for by name, and what nobody has asked for is a mistake.
class RuleReader {
  public:
    RuleReader(std::string_view text, std::string file_name, const formats::TomlTable& table,
               formats::TomlPosition position);

    // An empty value, and the mistake kept, when it is of the wrong kind. The first mistake counts.
    std::string text(std::string_view key);
    bool flag(std::string_view key);
    std::optional<Seconds> duration(std::string_view key);
    std::optional<std::int64_t> number(std::string_view key);
    std::vector<std::string> texts(
        std::string_view key);  // one, or a list; numbers as their digits
    const formats::TomlTable* table(std::string_view key);
    const std::vector<formats::TomlValue>* array(std::string_view key);
    // A text that must be one of these; empty when the key is not there.
    std::string one_of(std::string_view key, std::span<const std::string_view> words);

    void adopt(Error error);  // a mistake of what lies below
    void mistake(std::string_view key, const std::string& what, std::string mend = {});

    // Whether the table has been read without a mistake and to its end.
    Result<void> finish();

    Error error_at(formats::TomlPosition position, const std::string& what, std::string mend) const;

  private:
    const formats::TomlEntry* ask(std::string_view key);

    std::string_view text_;
    std::string file_name_;
    const formats::TomlTable& table_;
    formats::TomlPosition position_;
    std::vector<std::string_view> asked_;
    std::optional<Error> error_;
};

// id, provider, hop, stage, code, enhanced, text, source_url, checked_on, matches, differs.
RuleMatch read_match(RuleReader& reader);

// "90s", "15m", "2h", "4d".
std::optional<Seconds> read_duration(std::string_view text);

// The line as a reply: "550 5.1.1 No such user". Nothing if it does not begin with a code.
std::optional<ReplyFacts> read_reply_line(std::string_view line);

}  // namespace posthaste::delivery
