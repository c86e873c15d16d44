// Automation: rules on what hosts reply change a path for a while (delivery.md 4.3): suspend it,
// set an option, use another source. Each change is an override with its cause and its end; a
// person sees and clears them (`posthaste overrides`), and they survive a restart.
//
// It sees replies of other hosts alone; what this server says itself never comes here, so that no
// override can feed itself. Thread-safe, bounded: counters and overrides that are too many push out
// the oldest.
#pragma once

#include "base/id.h"
#include "base/log.h"
#include "base/mutex.h"
#include "delivery/rules/overrides.h"
#include "delivery/rules/verdict.h"
#include "store/engine.h"
#include "store/lazy_writer.h"
#include "store/queue_time.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::delivery {

struct AutomationAction {
    enum class Kind {
        suspend,
        set,
        suspend_account,
        slow_account,
        bounce_account,
        use_other_source,
        treat_as_temporary,
        treat_as_permanent,
        retry_after,
        notify,
    } kind = Kind::suspend;

    std::string option;  // of Kind::set
    std::string value;
    Seconds wait{};           // of Kind::retry_after
    queue::RateLimit rate{};  // of Kind::slow_account
};

// What share of the recipients tried came to, in place of what a single reply says.
struct AutomationShare {
    enum class Of { hard_bounces, blocks, complaints } of = Of::hard_bounces;
    std::uint64_t per_mille = 50;
    std::uint64_t attempts = 1000;  // that many at least
};

struct AutomationRule {
    enum class Scope { path, source_and_provider, account_and_site };

    RuleMatch match;
    std::optional<mail::Cause> cause;
    std::optional<AutomationShare> share{};
    std::size_t count = 1;  // that many …
    Seconds per{};          // … within that time
    Scope scope = Scope::path;
    bool bulk = false;  // counts, and changes, mail of that profile alone
    Seconds duration{};
    std::vector<AutomationAction> actions;
    std::string note;
};

// Immutable. Fails with syntax; the text names the line.
class AutomationRules {
  public:
    static Result<std::shared_ptr<const AutomationRules>> make(std::string_view operator_file,
                                                               std::string file_name,
                                                               const VerdictRules& verdicts);
    ~AutomationRules();

    const std::vector<AutomationRule>& all() const;
    // Numbers of those that fit the reply of a host of that provider, read as that cause.
    std::vector<std::size_t> find(const ReplyFacts& reply, std::string_view provider,
                                  mail::Cause cause) const;

  private:
    struct Impl;
    explicit AutomationRules(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// What is in force.
struct ActiveOverride {
    std::string id;  // "yahoo-tss04 yahoo": rule and scope
    std::string rule;
    std::string scope;    // "source+provider", …
    std::string applies;  // for people: "all mail to yahoo"
    std::string what;     // for people: "nothing is sent"
    std::string note;
    std::string first_reply;  // those that caused it, printable
    std::string last_reply;
    std::string last_host;
    std::uint64_t replies = 0;
    Timestamp since;  // wall
    Seconds left{};
};

// A recipient complained of a message that had been delivered (RFC 5965).
struct Complaint {
    QueueId id{};             // of the message
    std::uint32_t index = 0;  // of the recipient
    std::string account{};    // that sent it
    std::string host{};       // that had taken it
    bool bulk = false;
    std::string feedback{};  // "abuse"
};

class Automation final : public Overrides, public store::LazySource {
  public:
    static constexpr std::string_view kKind = "override";  // of KeptRow
    static constexpr std::size_t kMostOverrides = 1000;
    static constexpr std::size_t kMostCounters = 10'000;

    using QueueNow = std::function<store::QueueTime()>;

    Automation(std::shared_ptr<const AutomationRules> rules,
               std::shared_ptr<const VerdictRules> verdicts, QueueNow now, Log& log);

    // What was in force when the server ended. Rows of rules that are no more are left out.
    Result<void> load(store::Engine& engine);
    void restore(const std::vector<store::KeptRow>& rows);

    // What a reply changes about the very recipients it was for.
    struct Effect {
        bool temporary = false;
        bool permanent = false;
        std::optional<Seconds> retry_after;
        bool began = false;  // an override came into force, or was prolonged
    };

    // `path`: whose mail it was, and the way it went.
    Effect observe(const ReplyFacts& reply, mail::Cause cause, const PathName& path);

    // What an attempt came to, for rules about shares (delivery.md 4.3). True: an override began.
    bool tried(const PathName& path, const std::vector<const mail::Outcome*>& outcomes);

    // Into the shares of complaints among what that host has taken from the account; the same one
    // again counts once. True: an override began. What was delivered before this process began is
    // in no share.
    bool complained(const Complaint& complaint);

    // Recipients of an account that a rule has slowed down: nothing if they may go, and they are
    // counted; else how long until they may.
    std::optional<Seconds> wait_of_account(const PathName& path, const PathOverrides& overrides,
                                           std::uint64_t recipients);

    PathOverrides of(const PathName& path) const override;

    std::vector<ActiveOverride> list() const;
    // All, or those whose id, rule or provider is `which`; returns how many.
    std::size_t clear(std::string_view which);

    void take_changes(store::Changes& into, std::size_t most) override;

  private:
    struct Entry {
        std::size_t rule = 0;
        PathName path;  // what does not belong to the scope is empty
        store::QueueTime until;
        Timestamp since;
        std::string first_reply;
        std::string last_reply;
        std::string last_host;
        std::uint64_t replies = 0;
    };

    struct Counter {
        std::deque<store::QueueTime> times;
        std::string first_reply;
    };

    struct Totals {
        std::size_t rule = 0;
        PathName scope;
        std::uint64_t attempts = 0;
        std::uint64_t counted = 0;
        std::string last_reply;
        std::deque<std::string> hosts;  // of complaints: who took them, the latest last
    };

    struct Pace {
        queue::Gcra gcra;
        SteadyTime used{};
    };

    void begin(const std::string& key, std::size_t rule, const PathName& path,
               const ReplyFacts& reply, const std::string& first, Effect& effect)
        PH_REQUIRES(mutex_);
    Totals& totals_of(std::size_t rule, const PathName& scope) PH_REQUIRES(mutex_);
    void sweep(const std::string& key, Totals& totals, const std::string& host, Effect& effect)
        PH_REQUIRES(mutex_);
    bool count(const std::string& key, const AutomationRule& rule, const std::string& text,
               store::QueueTime now, std::string& first) PH_REQUIRES(mutex_);
    void drop_expired(store::QueueTime now) PH_REQUIRES(mutex_);
    ActiveOverride describe(const std::string& key, const Entry& entry, store::QueueTime now) const
        PH_REQUIRES(mutex_);

    const std::shared_ptr<const AutomationRules> rules_;
    const std::shared_ptr<const VerdictRules> verdicts_;  // whose providers the rules name
    const QueueNow now_;
    Log& log_;
    mutable Mutex mutex_;
    std::map<std::string, Entry> entries_ PH_GUARDED_BY(mutex_);
    std::map<std::string, Counter> counters_ PH_GUARDED_BY(mutex_);
    std::map<std::string, Totals> totals_ PH_GUARDED_BY(mutex_);                      // of shares
    std::deque<std::pair<QueueId, std::uint32_t>> complaints_ PH_GUARDED_BY(mutex_);  // of late
    std::map<std::string, Pace> paces_ PH_GUARDED_BY(mutex_);  // of slowed accounts
    std::set<std::string> changed_ PH_GUARDED_BY(mutex_);      // keys to be stored, or removed
};

}  // namespace posthaste::delivery
