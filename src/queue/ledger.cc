#include "queue/ledger.h"

#include "base/assert.h"

#include <algorithm>

namespace posthaste::queue {

namespace {

constexpr Milliseconds kFirstPause{50};
constexpr unsigned kMostDoublings = 8;  // 12.8 s

}  // namespace

struct Ledger::Shared {
    Inbox<Answer> answers;
    Ledger* owner = nullptr;  // the worker's thread only
};

Ledger::Ledger(store::Committer& committer, runtime::Worker& worker, std::function<void()> changed)
    : committer_(committer),
      worker_(worker),
      changed_(std::move(changed)),
      shared_(std::make_shared<Shared>()) {
    shared_->owner = this;
}

Ledger::~Ledger() {
    shared_->owner = nullptr;
}

void Ledger::write(store::Changes changes, Then then) {
    const std::uint64_t number = next_number_++;
    pending_.emplace(number, Pending{std::move(changes), std::move(then)});
    if (failed_) return;
    if (refused_.empty()) {
        submit(number);
    } else {
        refused_.push_back(number);  // behind those that wait
    }
}

void Ledger::submit(std::uint64_t number) {
    // The committer calls from its own thread, or at once.
    auto done = [shared = shared_, worker = &worker_, number](Result<void> result) {
        if (!shared->answers.push({number, std::move(result)})) return;
        worker->post([shared] {
            if (shared->owner != nullptr) shared->owner->take_answers();
        });
    };
    committer_.submit(pending_.at(number).changes, std::move(done));
}

void Ledger::take_answers() {
    std::vector<Then> finished;
    for (Answer& answer : shared_->answers.take()) {
        const auto found = pending_.find(answer.number);
        PH_ASSERT(found != pending_.end());
        if (answer.result) {
            refusals_ = 0;
            finished.push_back(std::move(found->second.then));
            pending_.erase(found);
        } else if (answer.result.error().kind == ErrorKind::store_failed) {
            failed_ = true;
        } else {
            refused_.push_back(answer.number);
            set_timer();
        }
    }
    for (Then& then : finished) {
        if (then) then();
    }
    changed_();
}

void Ledger::set_timer() {
    if (timer_set_ || stopped_) return;
    timer_set_ = true;
    const auto pause = kFirstPause * (1U << std::min(refusals_, kMostDoublings));
    ++refusals_;
    worker_.call_at(std::chrono::steady_clock::now() + pause, [shared = shared_] {
        if (shared->owner != nullptr) shared->owner->try_again();
    });
}

void Ledger::try_again() {
    timer_set_ = false;
    if (failed_ || stopped_) return;
    std::deque<std::uint64_t> waiting = std::exchange(refused_, {});
    std::ranges::sort(waiting);
    for (const std::uint64_t number : waiting) submit(number);
}

void Ledger::stop() {
    stopped_ = true;
}

}  // namespace posthaste::queue
