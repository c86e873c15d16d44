#include "delivery/sts/mta_sts.h"

#include "base/ascii.h"
#include "delivery/sts/mta_sts_policy.h"
#include "delivery/sts/mta_sts_record.h"
#include "runtime/timer.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using namespace std::chrono_literals;

constexpr auto kWaitAtMost = 10s;      // S-1
constexpr auto kRecordWithCache = 5s;  // a cached policy does not wait long for DNS
constexpr auto kFetch = 60s;           // RFC 8461 §3.3
constexpr auto kStoreRead = 5s;
constexpr auto kRetryFetch = 5min;  // S-5
constexpr auto kShortest = 60s;     // a policy is kept for, so that no domain can make us busy
constexpr auto kRound = 15min;
constexpr auto kRefreshFrom = 20h;  // S-6: about daily, spread by the domain's name
constexpr std::size_t kSpreadMinutes = 8 * 60;
constexpr auto kRefreshRetry = 1h;
constexpr std::size_t kRefreshedAtOnce = 8;
constexpr std::size_t kRefreshedInARound = 400;
constexpr std::size_t kFetchesAtOnce = 1000;

bool has_policies(const mail::Domain& domain) {
    return !domain.is_literal() && !domain.is_single_label();
}

// Both sides of a clock that was set back count as "long ago".
bool is_over(Timestamp since, std::chrono::milliseconds wait, Timestamp now) {
    return now < since || now - since >= wait;
}

Deadline earlier(Deadline a, Deadline b) {
    return {std::min(a.at, b.at)};
}

// Whether to fetch the policy that the record names (S-1, S-2, S-3, S-5).
bool must_fetch(const StsEntry& entry, const std::string& id, Timestamp now) {
    const KnownSts* known = entry.valid(now);
    if (known != nullptr && known->policy.id == id) return false;
    return !entry.failed || entry.failed->id != id || is_over(entry.failed->at, kRetryFetch, now);
}

// Whether a policy that mail uses is to be fetched again (S-6).
bool is_due(const store::KeptRow& row, Timestamp now) {
    const auto entry = from_row(row);
    if (!entry || !entry->valid(now)) return false;
    const KnownSts& known = *entry->known;
    const auto spread = std::chrono::minutes(std::hash<std::string>()(row.key) % kSpreadMinutes);
    if (!is_over(known.fetched, kRefreshFrom + spread, now)) return false;
    if (entry->failed && !is_over(entry->failed->at, kRefreshRetry, now)) return false;
    return !is_over(known.used, std::max<Seconds>(known.max_age, std::chrono::days(2)), now);
}

}  // namespace

std::expected<StsDocument, StsFailure> judge_sts_answer(const Result<net::HttpAnswer>& answer) {
    if (!answer) {
        const ErrorKind kind = answer.error().kind;
        if (kind == ErrorKind::busy || kind == ErrorKind::cancelled)
            return std::unexpected(
                StsFailure{TlsResult::sts_policy_fetch_error, answer.error().text, true});
        const bool untrusted = kind == ErrorKind::tls;
        return std::unexpected(StsFailure{
            untrusted ? TlsResult::sts_webpki_invalid : TlsResult::sts_policy_fetch_error,
            answer.error().text});
    }
    if (answer->status != 200) {
        std::string why = fmt::format("the policy host answered {}", answer->status);
        if (answer->status >= 300 && answer->status < 400)
            why += ", and redirects are not followed";
        return std::unexpected(StsFailure{TlsResult::sts_policy_fetch_error, std::move(why)});
    }
    const auto type = answer->header("content-type");
    const auto media = ascii::trim(type.substr(0, type.find(';')));
    if (!media.empty() && !ascii::equals_ignore_case(media, "text/plain"))
        return std::unexpected(StsFailure{TlsResult::sts_policy_fetch_error,
                                          "the policy host answered no plain text"});
    auto document = parse_sts_policy(answer->body);
    if (!document)
        return std::unexpected(StsFailure{TlsResult::sts_policy_invalid,
                                          "the policy is not valid: " + document.error().text});
    return std::move(*document);
}

MtaSts::MtaSts(Options options, Parts parts)
    : options_(std::move(options)), parts_(parts), cache_(options_.limits) {
    for (std::size_t i = 0; i < parts_.workers.size(); ++i) {
        groups_.push_back(std::make_unique<runtime::TaskGroup>(parts_.workers[i], parts_.log));
        closers_.push_back(std::make_unique<runtime::TaskGroup>(parts_.workers[i], parts_.log));
    }
}

MtaSts::~MtaSts() {
    // Their workers have ended before them; the process is about to.
    for (auto* groups : {&groups_, &closers_}) {
        for (auto& group : *groups) {
            // NOLINTNEXTLINE(bugprone-unused-return-value): left to the process
            if (group->size() > 0) group.release();
        }
    }
}

void MtaSts::start() {
    parts_.workers[0].post([this] { groups_[0]->spawn(keep_fresh()); });
}

runtime::Task<void> MtaSts::close(runtime::TaskGroup& group,
                                  std::shared_ptr<std::function<void()>> last) {
    auto closing = group.close();
    co_await std::move(closing);
    last.reset();
}

void MtaSts::stop(const std::function<void()>& done) {
    // Runs when the last worker has ended what was its.
    std::shared_ptr<std::function<void()>> last(new std::function<void()>(done),
                                                [](std::function<void()>* all_closed) {
                                                    (*all_closed)();
                                                    delete all_closed;
                                                });
    for (std::size_t i = 0; i < groups_.size(); ++i) {
        parts_.workers[i].post([this, i, last] { closers_[i]->spawn(close(*groups_[i], last)); });
    }
}

runtime::Task<StsEntry> MtaSts::entry_of(std::string name, Deadline deadline) {
    if (auto entry = cache_.find(name)) co_return std::move(*entry);
    auto read = [&engine = parts_.engine, name]() -> Result<StsEntry> {
        PH_TRY(const auto row, engine.kept(kStsKind, name));
        return row ? from_row(*row).value_or(StsEntry()) : StsEntry();
    };
    auto reading = runtime::offload(parts_.blocking, std::move(read),
                                    earlier(deadline, Deadline::after(kStoreRead)));
    auto entry = co_await std::move(reading);
    // Not remembered: a policy that is there must be found the next time.
    if (!entry) co_return StsEntry();
    cache_.loaded(name, std::move(*entry));
    co_return cache_.find(name).value_or(StsEntry());
}

runtime::Task<Result<std::string>> MtaSts::record_of(std::string name, Deadline deadline) {
    auto asking = parts_.resolver.kept_txt("_mta-sts." + name, deadline);
    const auto answer = co_await std::move(asking);
    if (answer.status == net::DnsStatus::failed)
        co_return fail(ErrorKind::dns, answer.why.empty() ? "DNS did not answer" : answer.why);
    co_return read_sts_record(answer.texts);
}

runtime::Task<std::optional<StsPolicy>> MtaSts::policy_of(mail::Domain domain, Deadline deadline) {
    if (!has_policies(domain)) co_return std::nullopt;
    const std::string name = domain.ascii();
    deadline = earlier(deadline, Deadline::after(kWaitAtMost));
    auto finding = entry_of(name, deadline);
    StsEntry entry = co_await std::move(finding);
    const bool cached = entry.valid(options_.clock()) != nullptr;
    auto asking =
        record_of(name, cached ? earlier(deadline, Deadline::after(kRecordWithCache)) : deadline);
    const auto id = co_await std::move(asking);
    if (id && must_fetch(entry, *id, options_.clock())) {
        const auto& context = co_await runtime::this_task();
        if (const auto landed = begin_fetch(name, *id, *context.worker)) {
            auto waiting = landed->wait(deadline);
            const auto ignored = co_await std::move(waiting);  // what there is now counts
            entry = cache_.find(name).value_or(entry);
        }
    }
    const Timestamp at = options_.clock();
    const KnownSts* known = entry.valid(at);
    if (known == nullptr) co_return std::nullopt;
    cache_.used(name, at);
    if (known->policy.mode == StsMode::none) co_return std::nullopt;
    co_return known->policy;
}

runtime::Task<bool> MtaSts::is_current(mail::Domain domain, StsPolicy policy, Deadline deadline) {
    const std::string name = domain.ascii();
    auto asking = parts_.resolver.txt("_mta-sts." + name, deadline);
    const auto answer = co_await std::move(asking);
    if (answer.status == net::DnsStatus::failed) co_return false;
    auto finding = entry_of(name, deadline);
    const StsEntry entry = co_await std::move(finding);
    const KnownSts* known = entry.valid(options_.clock());
    if (known == nullptr || known->policy.fingerprint != policy.fingerprint) co_return false;
    const auto id = read_sts_record(answer.texts);
    if (!id || *id == known->policy.id) co_return true;  // S-4: without a record the cache holds
    const auto& context = co_await runtime::this_task();
    if (must_fetch(entry, *id, options_.clock())) begin_fetch(name, *id, *context.worker);
    co_return false;
}

std::optional<MtaSts::Landed> MtaSts::begin_fetch(const std::string& name, const std::string& id,
                                                  runtime::Worker& worker) {
    Landed mine;
    {
        const MutexLock lock(mutex_);
        const auto flight = under_way_.find(name);
        if (flight != under_way_.end()) {
            flight->second.push_back(mine);
            return mine;
        }
        if (under_way_.size() >= kFetchesAtOnce) return std::nullopt;
        under_way_[name].push_back(mine);
    }
    groups_[worker.index()]->spawn(fetch(name, id));
    return mine;
}

runtime::Task<void> MtaSts::fetch(std::string name, std::string id) {
    const std::string host = "mta-sts." + name;
    net::HttpCall call;
    call.url = options_.port == 443
                   ? fmt::format("https://{}/.well-known/mta-sts.txt", host)
                   : fmt::format("https://{}:{}/.well-known/mta-sts.txt", host, options_.port);
    auto asking = parts_.https.ask(host, std::move(call), Deadline::after(kFetch));
    const auto answer = co_await std::move(asking);
    land(name, id, judge_sts_answer(answer));
}

void MtaSts::note_failure(const std::string& name, const std::string& id, const StsFailure& failure,
                          const KnownSts* valid) {
    cache_.failed(name, {id, options_.clock(), failure.result, failure.why});
    const bool holds = valid != nullptr && valid->policy.mode != StsMode::none;
    parts_.log.write(holds ? LogLevel::warning : LogLevel::info, "sts.fetch_failed",
                     {{"domain", name},
                      {"id", id},
                      {"why", failure.why},
                      {"what", holds ? "the policy that is cached holds until it expires"
                                     : "mail goes as if there were no policy"},
                      {"until", holds ? format_iso8601(valid->expires) : std::string()}});
    if (parts_.sessions == nullptr) return;
    TlsSession session;
    session.type = TlsSession::PolicyType::sts;
    session.policy_domain = session.domain = name;
    session.result = failure.result;
    session.reason = failure.why;
    parts_.sessions->note(session);
}

void MtaSts::land(const std::string& name, const std::string& id,
                  std::expected<StsDocument, StsFailure> result) {
    const Timestamp at = options_.clock();
    const auto before = cache_.find(name).value_or(StsEntry());
    const KnownSts* valid = before.valid(at);
    if (result) {
        const auto kept = std::max<Seconds>(result->max_age, kShortest);
        const Timestamp used = before.known ? before.known->used : at;
        cache_.fetched(name, {make_policy(*result, id), result->max_age, at, at + kept, used});
        if (valid == nullptr || valid->policy.id != id)
            parts_.log.info("sts.policy", {{"domain", name},
                                           {"mode", to_string(result->mode)},
                                           {"id", id},
                                           {"max_age_s", result->max_age.count()}});
    } else if (!result.error().ours) {
        note_failure(name, id, result.error(), valid);
    }
    std::vector<Landed> waiting;
    {
        const MutexLock lock(mutex_);
        const auto flight = under_way_.find(name);
        if (flight != under_way_.end()) {
            waiting = std::move(flight->second);
            under_way_.erase(flight);
        }
    }
    for (const auto& one : waiting) one(result.has_value());
}

runtime::Task<StsView> MtaSts::look(mail::Domain domain, bool refresh) {
    const std::string name = domain.ascii();
    StsView view;
    const auto deadline = Deadline::after(kFetch);
    auto finding = entry_of(name, deadline);
    view.entry = co_await std::move(finding);
    auto asking = parts_.resolver.txt("_mta-sts." + name, deadline);
    const auto answer = co_await std::move(asking);
    view.record = answer.status == net::DnsStatus::failed
                      ? Result<std::string>(fail(ErrorKind::dns, answer.why))
                      : read_sts_record(answer.texts);
    if (refresh && view.record && has_policies(domain)) {
        const auto& context = co_await runtime::this_task();
        if (const auto landed = begin_fetch(name, *view.record, *context.worker)) {
            auto waiting = landed->wait(deadline);
            const auto ignored = co_await std::move(waiting);
        }
        view.entry = cache_.find(name).value_or(view.entry);
    }
    view.valid = view.entry.valid(options_.clock()) != nullptr;
    co_return view;
}

// ---- the daily refresh (S-6)

runtime::Task<std::optional<MtaSts::Landed>> MtaSts::begin_refresh(std::string name) {
    auto asking = record_of(name, Deadline::after(kWaitAtMost));
    const auto id = co_await std::move(asking);
    if (!id) {
        cache_.failed(name, {"", options_.clock(), TlsResult::sts_policy_fetch_error,
                             "its record cannot be had: " + id.error().text});
        co_return std::nullopt;
    }
    const auto& context = co_await runtime::this_task();
    co_return begin_fetch(name, *id, *context.worker);
}

runtime::Task<void> MtaSts::wait_for_first(std::deque<Landed>& flying) {
    auto waiting = flying.front().wait(Deadline::after(kFetch + 5s));
    const auto ignored = co_await std::move(waiting);  // what came of it has been told
    flying.pop_front();
}

runtime::Task<void> MtaSts::refresh_used() {
    auto read = [this, at = options_.clock()]() -> Result<std::vector<std::string>> {
        PH_TRY(const auto rows, parts_.engine.kept(kStsKind));
        std::vector<std::string> due;
        for (const auto& row : rows) {
            if (due.size() < kRefreshedInARound && is_due(row, at)) due.push_back(row.key);
        }
        return due;
    };
    auto reading = runtime::offload(parts_.blocking, std::move(read), Deadline::after(kFetch));
    const auto due = co_await std::move(reading);
    if (!due) co_return;
    std::deque<Landed> flying;
    for (const auto& name : *due) {
        auto finding = entry_of(name, Deadline::after(kStoreRead));
        const auto entry = co_await std::move(finding);
        // What is in memory may be newer than its row.
        if (!entry.known || !is_due(to_row(name, entry), options_.clock())) continue;
        auto beginning = begin_refresh(name);
        auto landed = co_await std::move(beginning);
        if (landed) flying.push_back(std::move(*landed));
        while (flying.size() >= kRefreshedAtOnce) {
            auto waiting = wait_for_first(flying);
            co_await std::move(waiting);
        }
    }
    while (!flying.empty()) {
        auto waiting = wait_for_first(flying);
        co_await std::move(waiting);
    }
    cache_.remove_expired(options_.clock());
}

runtime::Task<void> MtaSts::keep_fresh() {
    for (;;) {
        auto refreshing = refresh_used();
        co_await std::move(refreshing);
        auto sleeping = runtime::sleep_for(kRound);
        const auto slept = co_await std::move(sleeping);
        if (!slept) co_return;
    }
}

}  // namespace posthaste::delivery
