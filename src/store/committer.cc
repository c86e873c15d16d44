#include "store/committer.h"

#include "base/assert.h"
#include "store/content.h"
#include "store/space.h"
#include "store/submission_queue.h"

#include <atomic>
#include <future>
#include <pthread.h>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace posthaste::store {

namespace {

constexpr Milliseconds kQuiet{100};  // without commits, then the engine may tidy up
constexpr Milliseconds kLookWhenFull{250};
constexpr Seconds kSaveClockEvery{60};

constexpr const char* kMendDisk =
    "look at the disk and the kernel's log (dmesg), then restart posthaste";

SubmissionQueue::Options queue_options(const Committer::Options& options) {
    return {.max_waiting = options.max_waiting,
            .max_waiting_octets = options.max_waiting_octets,
            .gather_from = options.gather_from,
            .gather = options.gather};
}

SpaceGuard::Options space_options(const Committer::Options& options) {
    return {.folder = options.folder,
            .floor_octets = options.floor_octets,
            .reserve_octets = options.folder.empty() ? 0 : options.reserve_octets,
            .free = {}};
}

// An error that says something about one submission, not about the store: the others of its batch
// are innocent.
bool is_own_fault(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::conflict:
        case ErrorKind::not_found:
        case ErrorKind::denied:
        case ErrorKind::too_large:
        case ErrorKind::syntax:
        case ErrorKind::unsupported:
            return true;
        default:
            return false;
    }
}

}  // namespace

struct Committer::Impl {
    Impl(Engine& to, Options given)
        : engine(to),
          options(std::move(given)),
          waiting(queue_options(options)),
          space(space_options(options)),
          thread([this] { run(); }) {
        pthread_setname_np(thread.native_handle(), "ph-committer");
    }

    ~Impl() {
        waiting.stop();
        thread.join();
    }

    void run();
    void commit(std::vector<Submission> batch);
    Result<void> apply(const std::vector<Submission>& batch);
    void commit_when_full(std::vector<Submission> batch, Error error);
    void commit_one_by_one(std::vector<Submission> batch);
    std::vector<Submission> without_mail(std::vector<Submission> batch, const Error& error);
    void answer(std::vector<Submission>& batch, const Result<void>& result);
    void refuse(std::vector<Submission>& batch, const Error& error);
    void save_clock_if_due(bool at_the_end);
    void maintain_when_quiet();
    void look_at_space();
    void fail_for_good(const Error& error);
    void publish_health();
    SteadyTime next_wake() const;
    Error full_error() const;

    std::optional<Error> failed() const {
        if (health != Health::failed) return std::nullopt;
        const MutexLock lock(mutex);
        return failure;
    }

    Engine& engine;
    const Options options;
    SubmissionQueue waiting;

    std::atomic<Health> health{Health::ok};
    mutable Mutex mutex;
    std::optional<Error> failure PH_GUARDED_BY(mutex);
    std::string full_text PH_GUARDED_BY(mutex);

    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> submissions{0};
    std::atomic<std::uint64_t> sync_microseconds{0};
    std::atomic<std::uint64_t> directory_generation{0};

    // The committer's thread alone.
    SpaceGuard space;
    SteadyTime last_commit = std::chrono::steady_clock::now();
    SteadyTime clock_due = last_commit;

    std::thread thread;  // last: starts when everything else is there
};

void Committer::Impl::run() {
    look_at_space();
    for (;;) {
        auto taken = waiting.take(next_wake());
        if (taken.stopping) break;
        if (!taken.refused.empty()) {
            refuse(taken.refused,
                   {ErrorKind::busy, "too much waits for the disk", "try again in a moment"});
        }
        if (const auto met = engine.failure()) fail_for_good(*met);
        look_at_space();
        if (!taken.batch.empty()) commit(std::move(taken.batch));
        save_clock_if_due(false);
        maintain_when_quiet();
    }
    save_clock_if_due(true);
}

SteadyTime Committer::Impl::next_wake() const {
    SteadyTime wake = SteadyTime::max();
    if (options.clock != nullptr) wake = std::min(wake, clock_due);
    if (engine.wants_maintenance()) wake = std::min(wake, last_commit + kQuiet);
    if (space.full()) wake = std::min(wake, std::chrono::steady_clock::now() + kLookWhenFull);
    return health == Health::failed ? SteadyTime::max() : wake;
}

void Committer::Impl::commit(std::vector<Submission> batch) {
    if (const auto error = failed()) return refuse(batch, *error);
    if (space.full()) batch = without_mail(std::move(batch), full_error());
    if (batch.empty()) return;
    auto applied = apply(batch);
    if (applied) {
        answer(batch, {});
    } else if (applied.error().kind == ErrorKind::store_full) {
        commit_when_full(std::move(batch), std::move(applied).error());
    } else if (is_own_fault(applied.error().kind) && batch.size() > 1) {
        commit_one_by_one(std::move(batch));
    } else {
        refuse(batch, applied.error());
    }
}

Result<void> Committer::Impl::apply(const std::vector<Submission>& batch) {
    std::vector<const Changes*> changes;
    changes.reserve(batch.size());
    for (const Submission& submission : batch) changes.push_back(&submission.changes);
    const SteadyTime start = std::chrono::steady_clock::now();
    auto applied = engine.apply(changes);
    last_commit = std::chrono::steady_clock::now();
    if (applied) {
        commits.fetch_add(1, std::memory_order_relaxed);
        submissions.fetch_add(batch.size(), std::memory_order_relaxed);
        const auto took =
            std::chrono::duration_cast<std::chrono::microseconds>(last_commit - start);
        sync_microseconds.fetch_add(static_cast<std::uint64_t>(took.count()),
                                    std::memory_order_relaxed);
        const bool changed = std::ranges::any_of(batch, [](const Submission& submission) {
            return changes_directory(submission.changes);
        });
        if (changed) directory_generation.fetch_add(1);
    } else if (applied.error().kind == ErrorKind::store_failed) {
        fail_for_good(applied.error());
        return std::unexpected(*failed());
    }
    return applied;
}

// New mail goes first; what is under way gets the reserve and one more try.
void Committer::Impl::commit_when_full(std::vector<Submission> batch, Error error) {
    space.found_full(std::chrono::steady_clock::now());
    publish_health();
    batch = without_mail(std::move(batch), error);
    if (batch.empty()) return;
    space.give_up_reserve();
    auto applied = apply(batch);
    if (applied) {
        answer(batch, {});
    } else if (is_own_fault(applied.error().kind) && batch.size() > 1) {
        commit_one_by_one(std::move(batch));
    } else {
        refuse(batch, applied.error());
    }
}

void Committer::Impl::commit_one_by_one(std::vector<Submission> batch) {
    for (Submission& submission : batch) {
        std::vector<Submission> alone;
        alone.push_back(std::move(submission));
        commit(std::move(alone));
    }
}

std::vector<Submission> Committer::Impl::without_mail(std::vector<Submission> batch,
                                                      const Error& error) {
    std::vector<Submission> mail;
    std::vector<Submission> rest;
    for (Submission& submission : batch)
        (submission.brings_mail ? mail : rest).push_back(std::move(submission));
    refuse(mail, error);
    return rest;
}

void Committer::Impl::answer(std::vector<Submission>& batch, const Result<void>& result) {
    for (Submission& submission : batch) {
        // Its octets are not needed any more, and the answer may bring the next submission.
        submission.changes.clear();
        submission.done(result);
    }
}

void Committer::Impl::refuse(std::vector<Submission>& batch, const Error& error) {
    for (const Submission& submission : batch) {
        // After a failed write or sync nobody knows whether the row is there; the next start finds
        // out.
        if (error.kind == ErrorKind::store_failed || options.content_folder.empty()) break;
        for (const Change& change : submission.changes) {
            if (const auto* const add = std::get_if<AddMessage>(&change))
                discard_content(options.content_folder, add->row.body);
        }
    }
    answer(batch, std::unexpected(error));
}

void Committer::Impl::save_clock_if_due(bool at_the_end) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (options.clock == nullptr || failed() || (!at_the_end && now < clock_due)) return;
    clock_due = now + kSaveClockEvery;
    // Not worth the reserve: without it the time that the server is down counts a little short.
    if (space.full()) return;
    std::vector<Submission> batch;
    batch.push_back(
        Submission::make({SaveClock{options.clock->mark()}}, [](const Result<void>&) {}));
    if (const auto saved = apply(batch); !saved && saved.error().kind == ErrorKind::store_full) {
        space.found_full(now);
        publish_health();
    }
}

void Committer::Impl::maintain_when_quiet() {
    while (engine.wants_maintenance() && waiting.empty() && !failed() &&
           std::chrono::steady_clock::now() - last_commit >= kQuiet) {
        engine.maintain();
    }
    if (const auto met = engine.failure()) fail_for_good(*met);
}

void Committer::Impl::look_at_space() {
    if (failed()) return;
    space.look(std::chrono::steady_clock::now());
    publish_health();
}

Error Committer::Impl::full_error() const {
    return {ErrorKind::store_full, "the disk is full: " + space.text(), "free some disk space"};
}

void Committer::Impl::fail_for_good(const Error& error) {
    {
        const MutexLock lock(mutex);
        if (failure) return;
        failure =
            Error{ErrorKind::store_failed, error.text, error.mend.empty() ? kMendDisk : error.mend};
    }
    health = Health::failed;
    engine.stop_writing(error);
}

void Committer::Impl::publish_health() {
    const bool full = space.full();
    Health was = full ? Health::ok : Health::full;
    // Never away from `failed`, which may come from another thread.
    if (!health.compare_exchange_strong(was, full ? Health::full : Health::ok) && !full) return;
    const MutexLock lock(mutex);
    full_text = full ? space.text() : std::string();
}

Committer::Committer(Engine& engine, Options options)
    : impl_(std::make_unique<Impl>(engine, std::move(options))) {}

Committer::~Committer() = default;

void Committer::submit(Changes changes, Done done) {
    impl_->waiting.push(Submission::make(std::move(changes), std::move(done)));
}

Result<void> Committer::submit_and_wait(Changes changes) {
    PH_ASSERT(std::this_thread::get_id() != impl_->thread.get_id());
    std::promise<Result<void>> promise;
    auto result = promise.get_future();
    submit(std::move(changes),
           [&promise](Result<void> outcome) { promise.set_value(std::move(outcome)); });
    return result.get();
}

Health Committer::health() const {
    return impl_->health;
}

std::string Committer::health_text() const {
    const MutexLock lock(impl_->mutex);
    if (impl_->failure)
        return fmt::format("{}; nothing is accepted or delivered until a restart: {}",
                           impl_->failure->text, impl_->failure->mend);
    if (!impl_->full_text.empty())
        return fmt::format(
            "new mail is refused, mail that is here goes on: {}; free some disk space",
            impl_->full_text);
    return "the store takes mail";
}

void Committer::report_failure(std::string text) {
    impl_->fail_for_good({ErrorKind::store_failed, std::move(text), kMendDisk});
    impl_->waiting.wake();
}

std::uint64_t Committer::directory_generation() const {
    return impl_->directory_generation;
}

Committer::Counts Committer::counts() const {
    return {.commits = impl_->commits,
            .submissions = impl_->submissions,
            .sync_microseconds = impl_->sync_microseconds};
}

}  // namespace posthaste::store
