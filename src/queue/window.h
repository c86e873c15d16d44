// How many deliveries run at once towards one site: grows on success, shrinks on trouble, dead
// after several failures in a row (and is half as large after each ten minutes without use), then
// one probe at 1, 2, 4, 8, 15, 30, 60 min (delivery.md 3.2). Pure.
#pragma once

#include "base/time.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace posthaste::queue {

// What an attempt told about the site (not about its recipients).
enum class SiteSignal {
    good,       // it took a transaction, or refused recipients for reasons of theirs
    trouble,    // connect failed, banner 4xx, 421, lost before the reply to MAIL
    slow_down,  // it asks for less
    neutral,    // nothing was learned
};

class Window {
  public:
    static constexpr double kStart = 2;

    // `size`: where it starts; see half_of_good.
    explicit Window(std::size_t limit, double size = kStart) : limit_(limit), size_(size) {}

    std::size_t slots(
        SteadyTime now) const;  // how many may run now; 0 while dead, 1 for a probe that is due
    void feedback(SiteSignal signal, SteadyTime now, double jitter);

    bool dead() const { return dead_; }

    SteadyTime next_probe() const { return next_probe_; }

    // Where a window starts that takes this one's place within the hour (delivery.md 3.2).
    double half_of_good(SteadyTime now) const { return std::max(size_at(now) / 2, kStart); }

    void probe_now() { next_probe_ = {}; }  // a person said so

    void set_limit(std::size_t limit) { limit_ = limit; }

  private:
    double size_at(SteadyTime now) const;
    void grow();
    void shrink_to(double size);
    void trouble(SteadyTime now, double jitter);
    void set_probe(SteadyTime now, double jitter);

    std::size_t limit_;
    double size_;
    SteadyTime used_{};           // when something was heard of it last
    double ceiling_ = 0;          // where trouble began last; 0: none known
    std::uint32_t failures_ = 0;  // in a row
    bool dead_ = false;
    std::uint32_t probes_ = 0;
    SteadyTime next_probe_{};
};

}  // namespace posthaste::queue
