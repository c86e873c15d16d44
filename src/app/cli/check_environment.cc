#include "app/cli/check_environment.h"

#include "app/cli/admin_client.h"
#include "app/cli/json_members.h"
#include "app/config/listen_addresses.h"
#include "app/layer_options.h"
#include "app/process.h"
#include "runtime/task_group.h"
#include "runtime/worker.h"

#include <algorithm>
#include <sys/wait.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::cli {

namespace {

constexpr Seconds kDnsPatience{3};
constexpr Seconds kServerPatience{5};
constexpr std::size_t kMostNamed = 10;  // domains

runtime::Task<void> ask(net::Resolver& resolver, std::string name, net::AddressAnswer& answer,
                        runtime::Worker& worker) {
    auto asking = resolver.addresses(std::move(name), Deadline::after(kDnsPatience));
    answer = co_await std::move(asking);
    worker.stop();
}

// What a child that has become `user` cannot read; everything when there can be no child.
std::vector<std::string> unreadable_for(const User& user, const std::vector<std::string>& files) {
    int ends[2];
    if (pipe(ends) != 0) return files;
    const pid_t child = fork();
    if (child == 0) {
        // One octet a file; this process does nothing else.
        std::string flags;
        const bool changed = become(user).has_value();
        for (const auto& file : files)
            flags.push_back(changed && access(file.c_str(), R_OK) == 0 ? 'y' : 'n');
        const auto written = write(ends[1], flags.data(), flags.size());
        _exit(written == static_cast<ssize_t>(flags.size()) ? 0 : 1);
    }
    close(ends[1]);
    std::string flags(files.size(), 'n');
    const auto got = child < 0 ? 0 : read(ends[0], flags.data(), flags.size());
    close(ends[0]);
    if (child > 0) waitpid(child, nullptr, 0);
    std::vector<std::string> unreadable;
    for (std::size_t i = 0; i < files.size(); ++i)
        if (static_cast<ssize_t>(i) >= got || flags[i] != 'y') unreadable.push_back(files[i]);
    return unreadable;
}

}  // namespace

void check_ports(const Settings& s, Findings& findings) {
    const bool running = server_runs(s);
    std::size_t free = 0;
    for (const auto& [key, address] : listen_addresses(s)) {
        const auto ip = IpAddress::parse(address.host);
        if (ip && !net::is_own_address(*ip)) {
            findings.push_back({Status::bad, "ports",
                                fmt::format("{} of {}: this machine has no address {}",
                                            address.to_string(), key, address.host),
                                "name one that `ip address` shows, or none to listen on all"});
            continue;
        }
        const auto holder = net::port_holder(address.port);
        if (!holder || running) {
            ++free;
            continue;
        }
        findings.push_back(
            {Status::warn, "ports",
             fmt::format("{} is listened on by {}", address.port,
                         holder->empty() ? "a program of another user" : *holder),
             "stop it, or name another port or address in [listen]; as root this names it"});
    }
    if (free > 0)
        findings.push_back({Status::ok,
                            "ports",
                            running ? "listened on by the running server"
                                    : fmt::format("{} to listen on, nobody else does", free),
                            {}});
}

void check_sources(const Settings& s, Findings& findings) {
    for (const auto& source : s.sources) {
        for (const auto& address : {source.v4, source.v6}) {
            if (!address || net::is_own_address(*address)) continue;
            findings.push_back(
                {Status::bad, "sources",
                 fmt::format("source \"{}\": this machine has no address {}", source.name,
                             address->to_string()),
                 "name one that `ip address` shows; behind NAT that is the one inside"});
        }
    }
}

namespace {

bool delivers_itself(const Settings& s) {
    return s.relay.host.empty() || std::ranges::any_of(s.routes, [](const RouteSettings& route) {
               return route.via == std::vector<std::string>{"mx"};
           });
}

// DANE asks for answers that nobody can have changed on the way (RFC 7672 §2.1.1).
void check_dnssec(const Settings& s, const net::DnsValidation& found, Findings& findings) {
    if (!delivers_itself(s)) return;
    if (found.works) {
        findings.push_back({Status::ok, "dnssec", "answers are validated, so DANE is kept to", {}});
        return;
    }
    findings.push_back(
        {Status::warn, "dnssec",
         fmt::format("DANE is off, mail goes on without it: {}",
                     found.why_not.empty() ? "a signed name had no answer in time" : found.why_not),
         "use a name server that passes DNSSEC records ([delivery] resolver), and check the "
         "clock"});
}

}  // namespace

void check_name_servers(const Settings& s, Findings& findings) {
    if (s.mode == Mode::trap) return;  // nothing is looked up
    Log quiet{{.level = LogLevel::error}};
    auto resolver = net::Resolver::make(resolver_options(s), quiet);
    if (!resolver) return add(findings, "dns", resolver.error());
    runtime::Worker worker("check");
    runtime::TaskGroup tasks(worker, quiet);
    net::AddressAnswer answer;
    worker.post([&] { tasks.spawn(ask(**resolver, s.hostname, answer, worker)); });
    worker.run();
    if (answer.status == net::DnsStatus::failed) {
        findings.push_back(
            {Status::warn, "dns",
             fmt::format("no answer about {}: {}", s.hostname,
                         answer.why.empty() ? "no name server answered" : answer.why),
             "mend /etc/resolv.conf, or name servers that answer in [delivery] resolver"});
        return;
    }
    check_dnssec(s, (*resolver)->validation(), findings);
    if (answer.addresses.empty()) {
        findings.push_back({Status::warn, "dns",
                            fmt::format("name servers answer; {} has no address", s.hostname),
                            "publish an A or AAAA record for it, so that mail programs find it"});
        return;
    }
    findings.push_back({Status::ok,
                        "dns",
                        fmt::format("{} is {}", s.hostname, answer.addresses[0].to_string()),
                        {}});
}

void check_signing(const Settings& s, Findings& findings) {
    if (s.mode == Mode::trap) return;
    auto server = AdminClient::running(s);
    if (!server) return;  // the keys are in the store, which is not touched here
    auto domains = (*server)->call("GET", "/v1/domains", {}, kServerPatience);
    auto keys = (*server)->call("GET", "/v1/dkim", {}, kServerPatience);
    if (!domains || !keys) {
        const Error& error = domains ? keys.error() : domains.error();
        findings.push_back({Status::warn, "signing",
                            "the running server does not tell its DKIM keys: " + error.text,
                            error.mend});
        return;
    }
    // A key of a domain signs for those below it too.
    std::vector<std::string> signed_domains;
    for (const auto& key : items(*keys, "keys"))
        if (text(key, "state") == "active" && text(key, "broken").empty())
            signed_domains.push_back(text(key, "domain"));
    const auto is_signed = [&](const std::string& name) {
        return std::ranges::any_of(signed_domains, [&](const std::string& domain) {
            return name == domain || name.ends_with("." + domain);
        });
    };
    const std::string admin_domain = s.admin.substr(s.admin.rfind('@') + 1);
    if (s.tls_reports && !is_signed(admin_domain) && !is_signed(s.hostname))
        findings.push_back(
            {Status::warn, "tls reports",
             fmt::format("they cannot go by mail: it must be signed, and no DKIM key signs for {}",
                         admin_domain),
             fmt::format("posthaste dkim new {}; or set [reports] tls = false", admin_domain)});
    std::vector<std::string> left;
    for (const auto& row : items(*domains, "domains"))
        if (!is_signed(text(row, "name"))) left.push_back(text(row, "name"));
    for (std::size_t i = 0; i < left.size() && i < kMostNamed; ++i)
        findings.push_back({Status::warn, "signing",
                            fmt::format("mail of {} leaves unsigned", left[i]),
                            fmt::format("posthaste dkim new {}", left[i])});
    if (left.size() > kMostNamed)
        findings.push_back({Status::warn, "signing",
                            fmt::format("and that of {} more domains", left.size() - kMostNamed),
                            "posthaste dkim list shows which have a key"});
    if (left.empty() && !signed_domains.empty())
        findings.push_back(
            {Status::ok, "signing", "every domain has a DKIM key that is active", {}});
}

void check_renewal(const Settings& s, Findings& findings) {
    auto user = service_user(s.admin_user, s.store_path);
    if (geteuid() != 0 || !user || user->uid == 0 || s.cert_files.empty()) return;
    auto files = s.cert_files;
    files.insert(files.end(), s.key_files.begin(), s.key_files.end());
    for (const auto& file : unreadable_for(*user, files))
        findings.push_back(
            {Status::warn, "renewal",
             fmt::format("{} cannot read {}: read as root at the start, but not when renewed",
                         user->name, file),
             fmt::format(
                 "chgrp {0} {1} && chmod g+r {1} (folders above it too), in whatever renews "
                 "it; or restart the server then",
                 user->name, file)});
}

}  // namespace posthaste::app::cli
