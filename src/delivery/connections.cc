#include "delivery/connections.h"

#include <algorithm>

namespace posthaste::delivery {

namespace {

runtime::Task<void> say_goodbye(std::unique_ptr<ClientSession> session) {
    auto quitting = session->quit();
    co_await std::move(quitting);
}

}  // namespace

IdleConnections::IdleConnections(Limits limits, runtime::Worker& worker, Log& log)
    : limits_(limits),
      worker_(worker),
      goodbyes_(std::make_unique<runtime::TaskGroup>(worker, log)) {}

IdleConnections::~IdleConnections() {
    if (timer_) worker_.forget(*timer_);
    // The worker has ended before them; the process is about to.
    if (goodbyes_->size() > 0) static_cast<void>(goodbyes_.release());
}

bool IdleConnections::may_go_on(const ClientSession& session, SteadyTime now) const {
    const std::size_t offered = session.offered().max_mails.value_or(0xffff'ffff);
    return !closed_ && session.is_usable() &&
           session.messages() < std::min(limits_.messages, std::max<std::size_t>(offered, 1)) &&
           now - session.opened() < limits_.age;
}

void IdleConnections::dismiss(std::unique_ptr<ClientSession> session) {
    goodbyes_->spawn(say_goodbye(std::move(session)));
}

std::unique_ptr<ClientSession> IdleConnections::take(const std::string& path) {
    const auto found = paths_.find(path);
    if (found == paths_.end()) return nullptr;
    std::unique_ptr<ClientSession> session = std::move(found->second.back().session);
    found->second.pop_back();
    if (found->second.empty()) paths_.erase(found);
    --size_;
    return session;
}

void IdleConnections::put(const std::string& path, std::unique_ptr<ClientSession> session) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!may_go_on(*session, now) || size_ >= limits_.most) {
        dismiss(std::move(session));
        return;
    }
    paths_[path].push_back({std::move(session), now});
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
    for (auto path = paths_.begin(); path != paths_.end();) {
        std::vector<Idle>& all = path->second;
        const auto old = std::ranges::partition(all, [&](const Idle& idle) {
            return now - idle.since < limits_.idle && now - idle.session->opened() < limits_.age;
        });
        for (Idle& idle : old) dismiss(std::move(idle.session));
        size_ -= old.size();
        all.erase(old.begin(), old.end());
        path = all.empty() ? paths_.erase(path) : std::next(path);
    }
}

runtime::Task<void> IdleConnections::close() {
    closed_ = true;
    if (timer_) worker_.forget(*timer_);
    timer_.reset();
    for (auto& [path, all] : paths_) {
        for (Idle& idle : all) dismiss(std::move(idle.session));
    }
    paths_.clear();
    size_ = 0;
    auto waiting = goodbyes_->wait_empty(Deadline::after(Seconds(1)));
    co_await std::move(waiting);
    auto closing = goodbyes_->close();
    co_await std::move(closing);
}

}  // namespace posthaste::delivery
