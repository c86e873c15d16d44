#include "delivery/client/connections.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

runtime::Task<void> say_goodbye(std::unique_ptr<ClientSession> session) {
    auto quitting = session->quit();
    co_await std::move(quitting);
}

}  // namespace

std::string Place::key() const {
    return fmt::format("{}\n{}\n{}\n{}\n{}", host, port, login, source, ehlo);
}

IdleConnections::IdleConnections(Limits limits, runtime::Worker& worker, Log& log)
    : limits_(limits),
      worker_(worker),
      goodbyes_(std::make_unique<runtime::TaskGroup>(worker, log)) {}

IdleConnections::~IdleConnections() {
    if (timer_) worker_.forget(*timer_);
    // The worker has ended before them; the process is about to.
    if (goodbyes_->size() > 0) static_cast<void>(goodbyes_.release());
}

bool IdleConnections::may_go_on(const ClientSession& session, const Keep& keep,
                                SteadyTime now) const {
    const std::size_t offered = session.offered().max_mails.value_or(0xffff'ffff);
    const std::size_t most = keep.messages.value_or(limits_.messages);
    return !closed_ && keep.at_all && session.is_usable() &&
           session.messages() < std::min(most, std::max<std::size_t>(offered, 1)) &&
           now - session.opened() < limits_.age;
}

void IdleConnections::dismiss(std::unique_ptr<ClientSession> session) {
    goodbyes_->spawn(say_goodbye(std::move(session)));
}

IdleConnections::Kept IdleConnections::take(const std::string& place, const TlsPolicy& policy) {
    const auto found = places_.find(place);
    if (found == places_.end()) return {};
    std::vector<Idle>& all = found->second;
    const auto latest = std::find_if(all.rbegin(), all.rend(), [&](const Idle& idle) {
        return satisfies(idle.kept.shown, policy);
    });
    if (latest == all.rend()) return {};
    Kept kept = std::move(latest->kept);
    all.erase(std::next(latest).base());
    if (all.empty()) places_.erase(found);
    --size_;
    return kept;
}

void IdleConnections::put(const std::string& place, Kept kept, Keep keep) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!may_go_on(*kept.session, keep, now) || size_ >= limits_.most) {
        dismiss(std::move(kept.session));
        return;
    }
    places_[place].push_back({std::move(kept), now, keep.idle.value_or(limits_.idle)});
    ++size_;
    set_timer();
}

// Once a second is exact enough, and no timer is moved for each message.
void IdleConnections::set_timer() {
    if (timer_ || size_ == 0) return;
    timer_ = worker_.call_at(std::chrono::steady_clock::now() + Seconds(1), [this] {
        timer_.reset();
        expire();
        set_timer();
    });
}

void IdleConnections::expire() {
    const SteadyTime now = std::chrono::steady_clock::now();
    for (auto place = places_.begin(); place != places_.end();) {
        std::vector<Idle>& all = place->second;
        const auto old = std::ranges::partition(all, [&](const Idle& idle) {
            return now - idle.since < idle.longest &&
                   now - idle.kept.session->opened() < limits_.age;
        });
        for (Idle& idle : old) dismiss(std::move(idle.kept.session));
        size_ -= old.size();
        all.erase(old.begin(), old.end());
        place = all.empty() ? places_.erase(place) : std::next(place);
    }
}

runtime::Task<void> IdleConnections::close() {
    closed_ = true;
    if (timer_) worker_.forget(*timer_);
    timer_.reset();
    for (auto& [place, all] : places_) {
        for (Idle& idle : all) dismiss(std::move(idle.kept.session));
    }
    places_.clear();
    size_ = 0;
    auto waiting = goodbyes_->wait_empty(Deadline::after(Seconds(1)));
    co_await std::move(waiting);
    auto closing = goodbyes_->close();
    co_await std::move(closing);
}

}  // namespace posthaste::delivery
