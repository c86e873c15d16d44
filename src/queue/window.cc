#include "queue/window.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace posthaste::queue {

namespace {

using std::chrono::minutes;

constexpr std::array kProbes{minutes(1),  minutes(2),  minutes(4), minutes(8),
                             minutes(15), minutes(30), minutes(60)};
constexpr double kFewestFailures = 3;
// Near the size where the site complained last, one more connection is tried this much more rarely:
// a site that carries five is asked for a sixth once in some 50 transactions, not once in six.
constexpr double kCautious = 0.1;
// What a site carried then says less about now.
constexpr auto kIdle = minutes(10);
constexpr int kMostHalvings = 10;

}  // namespace

double Window::size_at(SteadyTime now) const {
    if (used_ == SteadyTime{} || now < used_ + kIdle) return size_;
    const auto halvings = std::min<SteadyTime::rep>((now - used_) / kIdle, kMostHalvings);
    return std::max(size_ / static_cast<double>(1U << halvings), std::min(size_, kStart));
}

std::size_t Window::slots(SteadyTime now) const {
    if (dead_) return now >= next_probe_ ? 1 : 0;
    return std::clamp<std::size_t>(static_cast<std::size_t>(size_at(now)), 1,
                                   std::max<std::size_t>(limit_, 1));
}

void Window::feedback(SiteSignal signal, SteadyTime now, double jitter) {
    size_ = size_at(now);
    used_ = now;
    switch (signal) {
        case SiteSignal::good:
            grow();
            return;
        case SiteSignal::trouble:
            trouble(now, jitter);
            return;
        case SiteSignal::slow_down:
            failures_ = 0;
            if (dead_) grow();  // it answers
            shrink_to(size_ / 2);
            return;
        case SiteSignal::neutral:
            // A probe that told nothing does not bring the site back, and is not repeated at once.
            if (dead_ && now >= next_probe_) next_probe_ = now + minutes(1);
            return;
    }
}

void Window::grow() {
    failures_ = 0;
    if (dead_) {
        dead_ = false;
        probes_ = 0;
        size_ = 1;
        ceiling_ = 0;
        return;
    }
    // One more would be as many as it complained about.
    const bool near_ceiling = ceiling_ > 0 && std::floor(size_) + 1 >= ceiling_;
    size_ += (near_ceiling ? kCautious : 1.0) / size_;
    if (size_ >= ceiling_ + 1) ceiling_ = 0;  // it carries more than it did then
    size_ = std::min(size_, static_cast<double>(std::max<std::size_t>(limit_, 1)));
}

void Window::shrink_to(double size) {
    ceiling_ = std::max(static_cast<double>(static_cast<std::size_t>(size_)), 2.0);
    size_ = std::max(size, 1.0);
}

void Window::trouble(SteadyTime now, double jitter) {
    if (dead_) {
        // Deliveries that were still running when it died tell nothing new.
        if (now >= next_probe_) set_probe(now, jitter);
        return;
    }
    shrink_to(size_ - 1);
    ++failures_;
    if (failures_ < std::max(kFewestFailures, 2 * size_)) return;
    dead_ = true;
    set_probe(now, jitter);
}

void Window::set_probe(SteadyTime now, double jitter) {
    const auto wait = kProbes[std::min<std::size_t>(probes_, kProbes.size() - 1)];
    const double stretched = static_cast<double>(Milliseconds(wait).count()) * (1 + 0.15 * jitter);
    next_probe_ = now + Milliseconds(static_cast<std::int64_t>(stretched));
    ++probes_;
}

}  // namespace posthaste::queue
