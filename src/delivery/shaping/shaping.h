// Shaping: what each path may do: connections, rates, messages a connection (delivery.md 4.1, 4.2).
// Blocks are laid over each other: default, provider, provider and source, site, domain, site and
// source, domain and source; a block of a later file over the same one of an earlier file, or in
// its place (replace_base). Read once, then constant; any thread.
#pragma once

#include "base/result.h"
#include "delivery/delivery.h"
#include "queue/gcra.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::delivery {

enum class IpFamily : std::uint8_t { any, v4, v6 };

// What one path may do. Nothing: no limit.
struct PathLimits {
    std::string provider;  // whose hosts these are; empty: nobody's that we know
    std::optional<std::uint64_t> connection_limit;           // at once, of this site
    std::optional<std::uint64_t> provider_connection_limit;  // ... of all sites of the provider
    std::optional<queue::RateLimit> max_connection_rate;     // new connections of this site
    std::optional<queue::RateLimit> max_message_rate;        // recipients of this site
    std::optional<queue::RateLimit> provider_message_rate;   // ... of all sites of the provider
    std::optional<queue::RateLimit> source_selection_rate;   // ... from this source (warm-up)
    std::optional<std::uint64_t> max_deliveries_per_connection;
    std::optional<std::uint64_t> max_recipients_per_batch;
    std::optional<Seconds> idle_timeout;
    std::optional<Seconds> connect_timeout;
    std::optional<Seconds> greeting_timeout;
    std::optional<Seconds> command_timeout;  // EHLO, MAIL, RCPT, each
    std::optional<Seconds> final_dot_timeout;
    std::optional<TlsLevel> tls;  // at least
    IpFamily family = IpFamily::any;
    bool reuse = true;
    bool pipelining = true;
    bool rset = false;  // RSET before each further message of a connection
};

// One option in the words of the file, as rules on replies change it too ("connection_limit",
// "1"). Errors: not_found (no such option), syntax (no such value).
Result<void> set_option(PathLimits& limits, std::string_view option, std::string_view value);
// Each option that is set, in those words, for people.
std::vector<std::pair<std::string, std::string>> told(const PathLimits& limits);

class Shaping {
  public:
    struct File {
        std::string name;  // for messages
        std::string text;
    };

    // Errors: syntax, with file:line:column, the line and a caret.
    static Result<Shaping> parse(const std::vector<File>& files);
    // What is shipped, and the operator's file over it unless the path is empty. Errors: also those
    // of reading it.
    static Result<Shaping> load(const std::string& operator_file);
    static std::string_view shipped();

    struct Path {
        std::vector<std::string> hosts;  // MX names, lower case; or the relay's
        std::string domain;              // of the recipients; of a relay empty
        std::string source;              // empty: the default address
        std::vector<std::string> sites;  // domains of site blocks that lead to the same hosts
    };

    PathLimits limits_of(const Path& path) const;
    // Whose hosts these are: all of them match one of its suffixes. Empty: nobody's.
    std::string provider_of(const std::vector<std::string>& hosts) const;

    // Domains that name a site: who has the same MX set as one of them has its limits.
    std::vector<std::string> site_domains() const;
    // It has a block of its own, and so is a path of its own.
    bool names_domain(std::string_view domain) const;

    // What is wrong with the files as such, in sentences: undated or without a source, suffixes
    // that overlap. Two site blocks of one MX set show in DNS alone: see SiteShaper.
    std::vector<std::string> lint() const;

  private:
    enum class Kind : std::uint8_t { by_default, provider, site, domain };

    struct Setting {
        std::string option;
        std::string value;
    };

    struct Block {
        Kind kind = Kind::by_default;
        std::string name;
        std::string source;  // of this source alone
        std::vector<std::string> match;
        std::vector<Setting> settings;
        std::vector<std::string> unset;
        std::string source_url;
        std::string checked_on;
        bool replace_base = false;
        bool shipped = false;
    };

    friend class ShapingReader;

    void add(Block block);
    void apply(Kind kind, std::string_view name, std::string_view source, PathLimits& limits) const;

    std::vector<Block> blocks_;
};

}  // namespace posthaste::delivery
