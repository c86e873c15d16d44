// MtaSts: which TLS a recipient's domain demands by its MTA-STS policy (RFC 8461; delivery.md 2.4,
// S-1 to S-9). Asks for the domain's record each time mail goes there (DNS answers are kept by the
// resolver), fetches the policy when the record names another one, at most one fetch a domain at a
// time, and keeps it for as long as it says. A cached policy holds until it expires, whatever
// becomes of the record and the policy host.
#pragma once

#include "base/log.h"
#include "delivery/sts/mta_sts_cache.h"
#include "delivery/sts/strangers_https.h"
#include "delivery/tls/tls_policy.h"
#include "net/resolver.h"
#include "runtime/callback.h"
#include "runtime/offload.h"
#include "runtime/task_group.h"
#include "runtime/worker.h"
#include "store/engine.h"

#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace posthaste::delivery {

struct StsDocument;

struct StsFailure {
    TlsResult result = TlsResult::sts_policy_fetch_error;
    std::string why;
    bool ours = false;  // too much to do here, or the server stops: says nothing about the host
};

// What a policy host's answer comes to (RFC 8461 §3.3): 200 and a policy in plain text, nothing
// else.
std::expected<StsDocument, StsFailure> judge_sts_answer(const Result<net::HttpAnswer>& answer);

// For people: what is known of a domain, and what its record says now.
struct StsView {
    Result<std::string> record{std::string()};  // the id
    StsEntry entry;
    bool valid = false;
};

class MtaSts final : public StsPolicies {
  public:
    struct Options {
        std::uint16_t port = 443;  // of policy hosts; another one in tests
        std::function<Timestamp()> clock = now;
        StsCache::Limits limits{};
    };

    // Beside the options all of it outlives this; `sessions` (may be null) is told of fetches that
    // failed.
    struct Parts {
        store::Engine& engine;
        net::Resolver& resolver;
        StrangersHttps& https;
        runtime::WorkerPool& workers;
        runtime::BlockingPool& blocking;
        TlsSessionSink* sessions = nullptr;
        Log& log;
    };

    MtaSts(Options options, Parts parts);
    ~MtaSts() override;

    // Begins the daily refresh of policies that mail has used (S-6). Once the workers run.
    void start();
    // Ends what runs; `done` is called on some worker. Any thread.
    void stop(const std::function<void()>& done);

    runtime::Task<std::optional<StsPolicy>> policy_of(mail::Domain domain,
                                                      Deadline deadline) override;
    runtime::Task<bool> is_current(mail::Domain domain, StsPolicy policy,
                                   Deadline deadline) override;

    // `refresh`: fetches it first, whatever is cached.
    runtime::Task<StsView> look(mail::Domain domain, bool refresh);
    // One round of S-6. For `start`, and for tests.
    runtime::Task<void> refresh_used();

    StsCache& cache() { return cache_; }

  private:
    using Landed = runtime::Callback<bool>;

    runtime::Task<StsEntry> entry_of(std::string name, Deadline deadline);
    runtime::Task<Result<std::string>> record_of(std::string name, Deadline deadline);
    // Begins a fetch, or joins the one under way. Nothing: too many are.
    std::optional<Landed> begin_fetch(const std::string& name, const std::string& id,
                                      runtime::Worker& worker);
    runtime::Task<void> fetch(std::string name, std::string id);
    void note_failure(const std::string& name, const std::string& id, const StsFailure& failure,
                      const KnownSts* valid);
    void land(const std::string& name, const std::string& id,
              std::expected<StsDocument, StsFailure> result);
    runtime::Task<std::optional<Landed>> begin_refresh(std::string name);
    static runtime::Task<void> wait_for_first(std::deque<Landed>& flying);
    runtime::Task<void> keep_fresh();
    static runtime::Task<void> close(runtime::TaskGroup& group,
                                     std::shared_ptr<std::function<void()>> last);

    const Options options_;
    const Parts parts_;
    StsCache cache_;
    Mutex mutex_;
    std::map<std::string, std::vector<Landed>> under_way_ PH_GUARDED_BY(mutex_);
    std::vector<std::unique_ptr<runtime::TaskGroup>> groups_;   // by worker
    std::vector<std::unique_ptr<runtime::TaskGroup>> closers_;  // of these
};

}  // namespace posthaste::delivery
