// SiteShaper: the limits in force for each site: the shaping files, and over them what rules on
// replies have changed for a while. Fills in what the scheduler needs, and remembers by site what
// attempts need. Any thread.
#pragma once

#include "base/mutex.h"
#include "delivery/rules/overrides.h"
#include "delivery/shaping/shaping.h"
#include "queue/courier.h"

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace posthaste::delivery {

class SiteShaper {
  public:
    // `overrides` may be null; it lives longer.
    SiteShaper(std::shared_ptr<const Shaping> shaping, const Overrides* overrides)
        : shaping_(std::move(shaping)), overrides_(overrides) {}

    struct Where {
        std::vector<std::string> hosts;  // MX names in lower case, or the relay's
        std::string domain;              // of the recipients; of a relay empty
        std::string source;              // empty: the default address
        std::string hosts_key;           // the same for all domains with those hosts
        // Whose hosts they are by the rules on replies, which know a provider with several edges as
        // one: what such a rule has changed is asked for by that name. Empty: the limits' own.
        std::string provider{};
    };

    // `site.key` is set; a domain with a block of its own gets a key of its own, and so does each
    // of our addresses where there are several.
    void shape(queue::Site& site, const Where& where, SteadyTime now);

    // In force for that site when it was located last; those of [default] if it never was.
    std::shared_ptr<const PathLimits> of(const std::string& site_key) const;

    // How long to wait before one more connection to that site; none: it may be made, and is
    // counted.
    SteadyTime::duration wait_to_connect(const std::string& site_key, SteadyTime now);

    // Domains of [site] blocks whose hosts are to be looked up (again) now; each is answered by
    // `learn`. Empty most of the time.
    std::vector<std::string> to_learn(SteadyTime now);

    // Gives the other domain when two blocks lead to the same hosts, which is a mistake in the
    // file; once.
    std::string learn(const std::string& domain, const std::string& hosts_key);

  private:
    struct Known {
        std::shared_ptr<const PathLimits> limits;
        queue::Gcra connections;
    };

    std::vector<std::string> blocks_of(const Where& where) const PH_REQUIRES(mutex_);
    void lay_over(PathLimits& limits, const PathOverrides& overrides) const;
    void remember(const std::string& key, PathLimits limits, SteadyTime now);

    const std::shared_ptr<const Shaping> shaping_;
    const Overrides* const overrides_;
    mutable Mutex mutex_;
    std::unordered_map<std::string, Known> known_ PH_GUARDED_BY(mutex_);   // by site
    std::map<std::string, std::string> site_hosts_ PH_GUARDED_BY(mutex_);  // by block's domain
    SteadyTime learn_at_ PH_GUARDED_BY(mutex_){};
};

}  // namespace posthaste::delivery
