#include "store/submission_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace posthaste::store {

namespace {

constexpr unsigned kLearnAgain = 64;  // rounds

std::size_t octets_of(const Changes& changes) {
    std::size_t octets = 0;
    for (const Change& change : changes) {
        octets += sizeof(Change);
        if (const auto* const add = std::get_if<AddMessage>(&change)) {
            octets += add->recipients.size() * sizeof(RecipientRow);
            if (add->row.header) octets += add->row.header->size();
            if (add->row.body.octets) octets += add->row.body.octets->size();
        }
    }
    return octets;
}

// What is refused keeps the names of its files, which are to be removed, and no memory worth
// counting.
void drop_octets(Changes& changes) {
    for (Change& change : changes) {
        if (auto* const add = std::get_if<AddMessage>(&change)) {
            add->row.header.reset();
            add->row.body.octets.reset();
            std::vector<RecipientRow>().swap(add->recipients);
        }
    }
}

}  // namespace

Submission Submission::make(Changes changes, Committer::Done done) {
    Submission submission;
    submission.part = part_of(changes);
    submission.brings_mail = store::brings_mail(changes);
    submission.octets = octets_of(changes);
    submission.changes = std::move(changes);
    submission.done = std::move(done);
    return submission;
}

SubmissionQueue::SubmissionQueue(Options options)
    : options_(options),
      arrivals_(std::max<std::size_t>(options.gather_from, 1), SteadyTime::min()) {}

bool SubmissionQueue::has_room(const Submission& submission) const {
    // An outcome that is refused makes a message go out twice; it is refused when nothing else is
    // left to do.
    const std::size_t times = submission.brings_mail ? 1 : 2;
    return waiting_.size() < options_.max_waiting * times &&
           waiting_octets_ + submission.octets <= options_.max_waiting_octets * times;
}

void SubmissionQueue::push(Submission submission) {
    bool notify = false;
    {
        const MutexLock lock(mutex_);
        arrivals_[next_arrival_] = std::chrono::steady_clock::now();
        next_arrival_ = (next_arrival_ + 1) % arrivals_.size();
        if (has_room(submission)) {
            waiting_octets_ += submission.octets;
            waiting_.push_back(std::move(submission));
        } else {
            drop_octets(submission.changes);
            refused_.push_back(std::move(submission));
        }
        notify = std::exchange(idle_, false) || (gathering_ && enough());
        if (notify) gathering_ = false;
    }
    if (notify) wake_.notify_one();
}

void SubmissionQueue::wake() {
    {
        const MutexLock lock(mutex_);
        woken_ = true;
    }
    wake_.notify_one();
}

void SubmissionQueue::stop() {
    {
        const MutexLock lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
}

bool SubmissionQueue::empty() const {
    const MutexLock lock(mutex_);
    return waiting_.empty() && refused_.empty();
}

bool SubmissionQueue::comes_quickly() const {
    if (options_.gather_from == 0 || options_.gather.count() == 0) return false;
    const SteadyTime oldest = arrivals_[next_arrival_];
    return oldest != SteadyTime::min() &&
           std::chrono::steady_clock::now() - oldest <= options_.gather;
}

bool SubmissionQueue::enough() const {
    return (all_of_them_ != 0 && waiting_.size() >= all_of_them_) ||
           waiting_.size() >= options_.max_batch || waiting_octets_ >= options_.max_batch_octets ||
           !refused_.empty();
}

void SubmissionQueue::gather(MutexLock& lock) {
    if (++rounds_ % kLearnAgain == 0) all_of_them_ = 0;
    if (waiting_.size() > all_of_them_) all_of_them_ = 0;
    const SteadyTime end = std::chrono::steady_clock::now() + options_.gather;
    while (!stop_ && !enough()) {
        gathering_ = true;
        const bool timed_out = wake_.wait_until(lock.native(), end) == std::cv_status::timeout;
        gathering_ = false;
        if (!timed_out) continue;
        const SteadyTime last =
            arrivals_[(next_arrival_ + arrivals_.size() - 1) % arrivals_.size()];
        // Nobody came in the second half of the wait: all who are there are here.
        all_of_them_ = end - last > options_.gather / 2 ? waiting_.size() : 0;
        return;
    }
}

void SubmissionQueue::fill(std::vector<Submission>& batch) {
    std::size_t octets = 0;
    while (!waiting_.empty() && batch.size() < options_.max_batch &&
           octets < options_.max_batch_octets) {
        Submission& next = waiting_.front();
        if (!batch.empty() && next.part != batch.front().part) return;
        octets += next.octets;
        waiting_octets_ -= next.octets;
        batch.push_back(std::move(next));
        waiting_.pop_front();
    }
}

SubmissionQueue::Taken SubmissionQueue::take(SteadyTime until) {
    Taken taken;
    MutexLock lock(mutex_);
    while (waiting_.empty() && refused_.empty() && !stop_ && !woken_ &&
           std::chrono::steady_clock::now() < until) {
        idle_ = true;
        wake_.wait_until(lock.native(), until);
        idle_ = false;
    }
    woken_ = false;
    if (!waiting_.empty() && refused_.empty() && comes_quickly()) gather(lock);
    fill(taken.batch);
    taken.refused.swap(refused_);
    taken.stopping = stop_ && taken.batch.empty() && taken.refused.empty();
    return taken;
}

}  // namespace posthaste::store
