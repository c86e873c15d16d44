#include "delivery/shaping/shape_site.h"

#include "delivery/route/path.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr std::size_t kNoLimit = 1000;        // connections of one site, where the file sets none
constexpr std::size_t kMostRecipients = 100;  // every server takes that many (RFC 5321 §4.5.3.1.8)
constexpr std::size_t kMostKnown = 20'000;
constexpr std::size_t kMostLearned = 50;
constexpr Seconds kLearnAgain = std::chrono::minutes(5);

std::shared_ptr<const mail::Outcome> stopped_by(const std::string& rule) {
    auto outcome = std::make_shared<mail::Outcome>();
    outcome->status = {4, 7, 1};
    outcome->cause = mail::Cause::rate_limited;
    outcome->rule = rule;
    outcome->reply = fmt::format(
        "mail for these hosts waits because of what they replied before (rule {})", rule);
    return outcome;
}

}  // namespace

// What a rule says in words that mean nothing here was refused when the rules were read.
void SiteShaper::lay_over(PathLimits& limits, const PathOverrides& overrides) const {
    for (const OptionOverride& option : overrides.options) {
        static_cast<void>(set_option(limits, option.option, option.value));
    }
}

std::vector<std::string> SiteShaper::blocks_of(const Where& where) const {
    std::vector<std::string> blocks;
    for (std::string& domain : shaping_->site_domains()) {
        const auto learned = site_hosts_.find(domain);
        const bool same_hosts = learned != site_hosts_.end() && !where.hosts_key.empty() &&
                                learned->second == where.hosts_key;
        if (same_hosts || domain == where.domain) blocks.push_back(std::move(domain));
    }
    return blocks;
}

void SiteShaper::shape(queue::Site& site, const Where& where, SteadyTime now) {
    Shaping::Path path{where.hosts, where.domain, where.source, {}};
    {
        const MutexLock lock(mutex_);
        path.sites = blocks_of(where);
    }
    PathLimits limits = shaping_->limits_of(path);
    if (!where.domain.empty() && shaping_->names_domain(where.domain)) {
        site.key += " for " + where.domain;
    }
    const std::string hosts = site.key;
    site.key = path_key(hosts, where.source);
    if (overrides_ != nullptr) {
        const PathOverrides over =
            overrides_->of({where.provider.empty() ? limits.provider : where.provider, site.key,
                            where.source, std::string()});
        lay_over(limits, over);
        if (over.suspended_until && over.whole_path && *over.suspended_until > now) {
            site.suspend = std::chrono::ceil<Seconds>(*over.suspended_until - now);
            site.trouble = stopped_by(over.suspended_by);
        }
    }
    site.provider = limits.provider;
    site.max_deliveries = limits.connection_limit.value_or(kNoLimit);
    site.max_recipients = std::min<std::size_t>(
        limits.max_recipients_per_batch.value_or(kMostRecipients), kMostRecipients);
    // Another address of ours is another customer to them, whose connections are counted apart. The
    // rate of a provider holds for all that we send (criterion 33).
    const std::string provider = limits.provider.empty() ? hosts : limits.provider;
    if (limits.provider_connection_limit) {
        site.caps.push_back({path_key(provider, where.source), *limits.provider_connection_limit});
    }
    if (limits.max_message_rate) site.paces.push_back({site.key, *limits.max_message_rate});
    if (limits.provider_message_rate) {
        site.paces.push_back({provider, *limits.provider_message_rate});
    }
    if (limits.source_selection_rate) {
        site.paces.push_back({fmt::format("source {} to {}", where.source, provider),
                              *limits.source_selection_rate});
    }
    remember(site.key, std::move(limits), now);
}

void SiteShaper::remember(const std::string& key, PathLimits limits, SteadyTime now) {
    auto shared = std::make_shared<const PathLimits>(std::move(limits));
    const MutexLock lock(mutex_);
    if (known_.size() >= kMostKnown && !known_.contains(key)) {
        std::erase_if(known_,
                      [now](const auto& item) { return item.second.connections.at_rest(now); });
    }
    known_[key].limits = std::move(shared);
}

std::shared_ptr<const PathLimits> SiteShaper::of(const std::string& site_key) const {
    {
        const MutexLock lock(mutex_);
        const auto found = known_.find(site_key);
        if (found != known_.end()) return found->second.limits;
    }
    return std::make_shared<const PathLimits>(shaping_->limits_of({}));
}

SteadyTime::duration SiteShaper::wait_to_connect(const std::string& site_key, SteadyTime now) {
    const MutexLock lock(mutex_);
    const auto found = known_.find(site_key);
    if (found == known_.end() || !found->second.limits->max_connection_rate) return {};
    const queue::RateLimit& rate = *found->second.limits->max_connection_rate;
    queue::Gcra& gcra = found->second.connections;
    if (gcra.available(rate, now, 1) == 0) return gcra.next(rate, now) - now;
    gcra.take(rate, now, 1);
    return {};
}

std::vector<std::string> SiteShaper::to_learn(SteadyTime now) {
    const MutexLock lock(mutex_);
    if (now < learn_at_) return {};
    learn_at_ = now + kLearnAgain;
    std::vector<std::string> domains = shaping_->site_domains();
    if (domains.size() > kMostLearned) domains.resize(kMostLearned);
    return domains;
}

std::string SiteShaper::learn(const std::string& domain, const std::string& hosts_key) {
    const MutexLock lock(mutex_);
    std::string& known = site_hosts_[domain];
    if (known == hosts_key) return {};
    known = hosts_key;
    if (hosts_key.empty()) return {};
    for (const auto& [other, key] : site_hosts_) {
        if (other != domain && key == hosts_key) return other;
    }
    return {};
}

}  // namespace posthaste::delivery
