#include "app/cli/check_bounces.h"

#include "app/layer_options.h"
#include "base/log.h"
#include "mail/verp.h"
#include "net/resolver.h"
#include "runtime/task_group.h"
#include "runtime/worker.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

constexpr Seconds kDnsPatience{3};
constexpr auto kDaysOfSenders =
    std::chrono::duration_cast<std::chrono::days>(mail::Verp::kValid).count();

runtime::Task<void> ask(net::Resolver& resolver, std::string name, net::MxAnswer& answer,
                        runtime::Worker& worker) {
    auto asking = resolver.mx(std::move(name), Deadline::after(kDnsPatience));
    answer = co_await std::move(asking);
    worker.stop();
}

void check_mx(const Settings& s, Findings& findings) {
    const std::string& domain = s.bounces.domain;
    const std::string wanted = fmt::format("{}. MX 10 {}.", domain, s.hostname);
    Log quiet{{.level = LogLevel::error}};
    auto resolver = net::Resolver::make(resolver_options(s), quiet);
    if (!resolver) return;  // told by the check of the name servers
    runtime::Worker worker("check");
    runtime::TaskGroup tasks(worker, quiet);
    net::MxAnswer answer;
    worker.post([&] { tasks.spawn(ask(**resolver, domain, answer, worker)); });
    worker.run();
    if (answer.status == net::DnsStatus::failed) {
        findings.push_back({Status::warn, "bounces",
                            fmt::format("no answer about the MX of {}: {}", domain, answer.why),
                            "look at /etc/resolv.conf, or at [delivery] resolver"});
        return;
    }
    const bool ours = std::ranges::any_of(
        answer.records, [&](const net::MxRecord& record) { return record.host == s.hostname; });
    if (ours) {
        findings.push_back(
            {Status::ok, "bounces", fmt::format("the MX of {} is {}", domain, s.hostname), {}});
        return;
    }
    findings.push_back(
        {Status::warn, "bounces",
         answer.records.empty()
             ? fmt::format("{} has no MX record: what comes back finds no way here", domain)
             : fmt::format("the MX of {} is {}, not this host: what comes back goes there", domain,
                           answer.records.front().host),
         "publish: " + wanted});
}

}  // namespace

void check_bounces(const Settings& s, Findings& findings) {
    if (s.bounces.domain.empty() || s.mode == Mode::trap) return;
    if (!s.bounces.listen) {
        findings.push_back(
            {Status::warn, "bounces",
             fmt::format("mail leaves under senders of {}, but no port takes what comes back",
                         s.bounces.domain),
             "open one: [bounces] listen = \":25\""});
    } else if (s.bounces.listen->port != 25) {
        findings.push_back({Status::warn, "bounces",
                            fmt::format("bounces are taken on port {}, and other servers bring "
                                        "them to port 25 alone",
                                        s.bounces.listen->port),
                            "listen = \":25\", or have a firewall lead port 25 there"});
    }
    if (s.history_days < kDaysOfSenders) {
        findings.push_back(
            {Status::warn, "bounces",
             fmt::format("the history is kept for {} days, and bounces about what it has forgotten "
                         "are refused",
                         s.history_days),
             fmt::format("[history] days = {}, as long as such a sender is good", kDaysOfSenders)});
    }
    check_mx(s, findings);
}

}  // namespace posthaste::app::cli
