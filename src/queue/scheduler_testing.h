// For tests of the scheduler: a clock in hand, and sites without looking anything up.
#pragma once

#include "queue/scheduler.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace posthaste::queue::testing {

class Bench {
  public:
    explicit Bench(Scheduler::Options options = {})
        : scheduler(options, store::QueueTime(Milliseconds(5'000))),
          now{store::QueueTime(Milliseconds(5'000)), std::chrono::steady_clock::now()} {}

    // A message of `account` to `recipients` addresses in `domain`.
    QueueId add(const std::string& account, const std::string& domain, std::uint32_t recipients = 1,
                std::chrono::seconds in = {}) {
        return add_to(account, std::vector<std::string>(recipients, domain), in);
    }

    QueueId add_to(const std::string& account, const std::vector<std::string>& domains,
                   std::chrono::seconds in = {}, bool held = false) {
        Scheduler::NewMessage message;
        message.id = QueueId::make();
        message.account = account;
        message.expires = now.queue + lifetime;
        if (warn_after) message.warn = now.queue + *warn_after;
        message.many = domains.size() > 1;
        message.lane = lane;
        message.hold = held ? store::Hold::held : store::Hold::none;
        const Handle handle = scheduler.add_message(message);
        std::uint32_t index = 0;
        for (const std::string& domain : domains) {
            scheduler.add_recipient(handle, {index++, domain, now.queue + in, 0}, now);
        }
        return message.id;
    }

    // Everything that is to be located is, to `sites[domain]` or to a site named like the domain.
    void locate() {
        while (const auto domain = scheduler.next_to_locate()) {
            const std::string name = scheduler.domain_name(*domain);
            ++lookups[name];
            const auto found = sites.find(name);
            Site site = found != sites.end() ? found->second : Site{};
            if (site.key.empty()) site.key = "mx:" + name;
            scheduler.located(*domain, site, now);
        }
    }

    void pass(std::chrono::milliseconds time) {
        now.queue += time;
        now.steady += time;
        while (scheduler.advance(now, 100)) {
        }
        locate();
    }

    // Starts all that may run now.
    std::vector<Pick> start() {
        locate();
        std::vector<Pick> picks;
        Pick pick;
        while (scheduler.pick(pick, now)) picks.push_back(std::exchange(pick, {}));
        return picks;
    }

    void end_well(const Pick& pick) {
        scheduler.free_slot(pick, {SiteSignal::good, {}, {}, {}}, now, 0);
        for (const auto& item : pick.what.items) scheduler.finish(item.entry);
    }

    void end_badly(const Pick& pick, SiteSignal signal = SiteSignal::trouble,
                   std::chrono::seconds retry = std::chrono::minutes(5)) {
        scheduler.free_slot(pick, {signal, {}, {}, {}}, now, 0);
        for (const auto& item : pick.what.items) {
            scheduler.wait(item.entry, now.queue + retry, item.attempts + 1, now);
        }
    }

    Scheduler scheduler;
    Moment now;
    std::chrono::seconds lifetime = std::chrono::days(5);
    Lane lane = Lane::normal;
    std::optional<std::chrono::seconds> warn_after;
    std::map<std::string, Site> sites;
    std::map<std::string, int> lookups;
};

}  // namespace posthaste::queue::testing
