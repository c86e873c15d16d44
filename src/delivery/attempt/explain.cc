// An attempt told beforehand: the same steps, up to where it would connect.
#include "delivery/attempt/attempt.h"

#include <algorithm>

namespace posthaste::delivery {

runtime::Task<void> Attempt::explain(Plan& plan) {
    explaining_ = true;
    auto finding = find_targets();
    const auto targets = co_await std::move(finding);
    bool ours = false;
    for (auto target = targets.begin(); target != targets.end(); ++target) {
        PlannedHost host;
        host.name = target->name;
        host.port = target->port;
        host.level = target->level;
        if (!ours && (target == targets.begin() || target->level != std::prev(target)->level)) {
            const auto end = std::find_if(target, targets.end(), [&](const Target& other) {
                return other.level != target->level;
            });
            auto asking = level_is_ours({target, end});
            ours = co_await std::move(asking);
        }
        if (ours) {
            host.left_out = "a host of its preference, or of a better one, is this server itself";
            plan.hosts.push_back(std::move(host));
            continue;
        }
        auto describing = explain_host(*target, host);
        co_await std::move(describing);
        plan.hosts.push_back(std::move(host));
    }
    const bool reachable =
        std::ranges::any_of(plan.hosts, [](const PlannedHost& h) { return h.left_out.empty(); });
    if (reachable) co_return;
    queue::ParcelReport report = conclude();
    plan.outcome = std::move(report.outcomes.front().second);
}

runtime::Task<void> Attempt::explain_host(Target target, PlannedHost& host) {
    auto looking = find_addresses(target);
    const auto addresses = co_await std::move(looking);
    for (const IpAddress& address : addresses)
        if (target.socket.empty()) host.addresses.push_back(address.to_string());
    if (addresses.empty()) {
        const Case& about = cases_.front();
        host.left_out = about.permanent   ? about.permanent->reply
                        : about.temporary ? about.temporary->reply
                                          : about.outcome.reply;
        co_return;
    }
    auto deciding = find_policy(target);
    const auto policy = co_await std::move(deciding);
    if (policy) {
        host.tls = to_string(policy->level);
        host.tls_why = policy->words;
        co_return;
    }
    shut_out_quietly(target, policy.error());
    host.left_out = policy.error().incident.text;
}

// Without telling the reports of others: nothing was tried.
void Attempt::shut_out_quietly(const Target& target, const TlsRefusal& refusal) {
    note(refusal.incident, {target.name, "", "", target.best, {}}, open_cases());
}

}  // namespace posthaste::delivery
