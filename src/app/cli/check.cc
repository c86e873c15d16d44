// posthaste check: configuration and environment, without starting. Safe beside a running server:
// it opens nothing for writing and listens on nothing.
#include "app/cli/check_bounces.h"
#include "app/cli/check_environment.h"
#include "app/cli/check_relay.h"
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/config/config.h"
#include "app/layer_options.h"
#include "app/process.h"
#include "app/services/legacy_port.h"
#include "app/services/reply_rules.h"
#include "base/file.h"
#include "formats/json.h"

#include <algorithm>
#include <cstdio>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::cli {

namespace {

void check_store(const Settings& s, Findings& findings) {
    struct stat info{};
    if (stat(s.store_path.c_str(), &info) != 0) {
        findings.push_back(
            {Status::ok, "store", fmt::format("{} is made at the first start", s.store_path), {}});
    } else if (!S_ISDIR(info.st_mode)) {
        findings.push_back({Status::bad, "store", fmt::format("{} is not a folder", s.store_path),
                            "name another in [store] path"});
        return;
    } else if ((info.st_mode & 077) != 0) {
        findings.push_back({Status::bad, "store",
                            fmt::format("{} can be read by others", s.store_path),
                            fmt::format("chmod 700 {}", s.store_path)});
    } else {
        findings.push_back({Status::ok, "store", s.store_path, {}});
    }
    if (in_container() && on_container_layer(s.store_path))
        findings.push_back(
            {Status::bad, "store",
             fmt::format("{} is inside the container and would vanish with it", s.store_path),
             "mount a volume there, or serve --ephemeral"});
    struct statvfs space{};
    if (statvfs(s.store_path.c_str(), &space) != 0) return;
    auto free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
    auto floor = store_options(s).committer.floor_octets;
    if (free < floor)
        findings.push_back(
            {Status::bad, "disk",
             fmt::format("{} free, below the floor of {}", format_size(free), format_size(floor)),
             "free some space, or the server answers 452"});
    else
        findings.push_back({Status::ok, "disk", fmt::format("{} free", format_size(free)), {}});
}

// RFC 8555 §8.3 and RFC 8737 §3: the authority asks at 80 and 443, and at no other port.
void check_acme_ports(const Settings& s, Findings& findings) {
    const auto reached = [](const std::optional<net::ListenAddress>& at, std::uint16_t port) {
        if (!at || at->port != port) return false;
        const auto address = IpAddress::parse(at->host);
        return at->host.empty() || (address && !address->is_loopback());
    };
    if (reached(s.http_challenge, 80) || reached(s.https, 443)) return;
    std::vector<std::string> ours;
    if (s.http_challenge) ours.push_back("http_challenge = " + s.http_challenge->to_string());
    if (s.https) ours.push_back("https = " + s.https->to_string());
    findings.push_back(
        {Status::warn, "certificate",
         fmt::format("the authority asks at port 80 or 443 alone, and {} is neither of them, or "
                     "not seen from outside",
                     fmt::join(ours, ", ")),
         "set [listen] http_challenge = \":80\" or https = \":443\", or see that a router or proxy "
         "forwards one of them here (443 undecrypted)"});
}

void check_certificates(const Settings& s, Findings& findings) {
    if (s.acme) {
        std::string how = "by ACME from " + s.acme_directory;
        if (!s.acme_names.empty())
            how += fmt::format(", also for {}", fmt::join(s.acme_names, ", "));
        findings.push_back({Status::ok, "certificate", std::move(how),
                            "posthaste cert status says how far it is"});
        check_acme_ports(s, findings);
        if (!s.acme_ca_file.empty())
            if (auto readable = read_file(s.acme_ca_file, 4 << 20); !readable)
                add(findings, "certificate", readable.error());
        return;
    }
    if (s.cert_files.empty()) {
        findings.push_back(
            {Status::warn, "certificate",
             "none configured: one of an own CA is made, which mail programs do not know",
             "set [tls] acme = true, or cert_file and key_file"});
        return;
    }
    auto files = certificate_files(s);
    if (!files) return add(findings, "certificate", files.error());
    net::TlsServerContext::Options options;
    options.certificates = *files;
    auto context = net::TlsServerContext::make(options);
    if (!context) return add(findings, "certificate", context.error());
    for (const auto& certificate : (*context)->certificates()) {
        auto days =
            std::chrono::duration_cast<std::chrono::days>(certificate.not_after - now()).count();
        auto kind = certificate.rsa ? "RSA" : "ECDSA";
        bool named = std::ranges::find(certificate.names, s.hostname) != certificate.names.end();
        for (const auto& name : certificate.names)
            if (name.starts_with("*.") && s.hostname.ends_with(name.substr(1))) named = true;
        if (!named)
            findings.push_back({Status::bad, "certificate",
                                fmt::format("{}: holds {}, not {}", kind,
                                            fmt::join(certificate.names, ", "), s.hostname),
                                fmt::format("get one for {}, or correct hostname", s.hostname)});
        else if (days < 0)
            findings.push_back({Status::bad, "certificate",
                                fmt::format("{}: expired {} days ago", kind, -days), "renew it"});
        else
            findings.push_back({days < 21 ? Status::warn : Status::ok, "certificate",
                                fmt::format("{}: {}, {} days left", kind,
                                            fmt::join(certificate.names, ", "), days),
                                days < 21 ? "renew it" : ""});
    }
}

// What the fence is for, said before somebody is surprised by it.
void check_legacy(const Settings& s, Findings& findings) {
    if (!s.legacy.listen) return;
    std::vector<std::string> networks;
    networks.reserve(s.legacy.allow.size());
    for (const auto& network : s.legacy.allow) networks.push_back(network.to_string());
    findings.push_back(
        {Status::warn, "legacy",
         fmt::format("{} speaks TLS 1.0 and 1.1 with {}: who is on the way can read passwords and "
                     "mail there",
                     s.legacy.listen->to_string(), fmt::join(networks, ", ")),
         "give each such device an account of its own with an app password, and leave [legacy] out "
         "once the last one is gone"});
    if (s.cert_files.empty()) return;  // an own RSA certificate is made at the start
    auto files = certificate_files(s);
    if (!files) return;
    auto context = legacy_tls(std::move(*files));
    if (context && !has_rsa(**context))
        findings.push_back({Status::warn, "legacy",
                            "there is no RSA certificate, and most devices of that age know no "
                            "other",
                            "add one to [tls] cert_file and key_file"});
}

// What mail programs are told about, and cannot use.
void check_set_up(const Settings& s, Findings& findings) {
    if (const auto missing = missing_incoming(s); !missing.empty())
        findings.push_back(
            {Status::warn, "set-up", std::string(missing), std::string(kIncomingMend)});
    for (const auto& one : mail_settings(s).incoming) {
        if (!IpAddress::parse(one.host)) continue;
        findings.push_back(
            {Status::warn, "set-up",
             fmt::format(
                 "[incoming] names the address {}: no DNS record and hardly any certificate "
                 "can stand for it",
                 one.host),
             "name the host: imap = \"imap.example.com:993\""});
    }
}

// A network as wide as the internet is no office.
void check_trusted(const Settings& s, Findings& findings) {
    // From the two halves of IPv4 and of what is given out of IPv6.
    static constexpr std::string_view kFarApart[][2] = {{"1.1.1.1", "193.0.0.1"},
                                                        {"2001:db8::1", "2a00::1"}};
    for (const auto& network : s.trusted_networks) {
        const bool wide = std::ranges::any_of(kFarApart, [&](const auto& pair) {
            return network.contains(*IpAddress::parse(pair[0])) &&
                   network.contains(*IpAddress::parse(pair[1]));
        });
        if (!wide) continue;
        findings.push_back(
            {Status::warn, "limits",
             fmt::format("trusted_networks has {}: nobody there is ever put off, however many "
                         "passwords he tries",
                         network.to_string()),
             "name the networks of your offices alone: trusted_networks = [\"203.0.113.0/24\"]"});
    }
}

void check_rules(const Settings& s, Findings& findings) {
    if (s.rules_file.empty()) return;
    const auto rules = reply_rules(s);
    if (!rules) return add(findings, "rules", rules.error());
    findings.push_back(
        {Status::ok, "rules", s.rules_file + " is read before the program's own", ""});
}

void check_files(Findings& findings, const Settings& s) {
    auto files = raise_file_limit();
    auto carried = connections_for(files, s.connections);
    if (!carried) return add(findings, "files", carried.error());
    findings.push_back(
        {*carried < s.connections ? Status::warn : Status::ok, "files",
         fmt::format("{} open files carry {} connections", files, *carried),
         *carried < s.connections ? "raise the limit of open files (LimitNOFILE)" : ""});
}

void check_users(Findings& findings, const Settings& s) {
    auto user = service_user(s.admin_user, s.store_path);
    if (!user) return add(findings, "user", user.error());
    findings.push_back(
        {user->uid == 0 ? Status::warn : Status::ok, "user", fmt::format("runs as {}", user->name),
         user->uid == 0 ? "make a user for it: adduser --system --group posthaste" : ""});
}

void print(const Finding& finding, bool json) {
    static constexpr std::string_view kNames[] = {"ok", "warn", "FAIL"};
    auto name = kNames[static_cast<std::size_t>(finding.status)];
    if (json) {
        formats::JsonWriter out;
        out.begin_object();
        out.key("status").value(finding.status == Status::bad ? "fail" : name);
        out.key("check").value(finding.what);
        out.key("text").value(finding.text);
        if (!finding.mend.empty()) out.key("mend").value(finding.mend);
        out.end_object();
        fmt::print("{}\n", std::move(out).take());
        return;
    }
    fmt::print("{:<5} {:<12} {}\n", name, finding.what, finding.text);
    if (!finding.mend.empty()) fmt::print("{:<5} {:<12} mend: {}\n", "", "", finding.mend);
}

// Without them every certificate of an MX host would be a wrong one.
void check_authorities(const Settings& s, Findings& findings) {
    if (s.delivery_ca_file.empty()) return;
    if (auto made = net::TlsClientContext::make(s.delivery_ca_file); !made)
        add(findings, "delivery", made.error());
}

}  // namespace

int run_check(const Arguments& arguments) {
    auto settings = configuration(arguments);
    if (!settings) return kConfiguration;
    Findings findings;
    findings.push_back(
        {Status::ok, "config", fmt::format("{}, no unknown keys", settings->file), {}});
    check_store(*settings, findings);
    check_certificates(*settings, findings);
    check_legacy(*settings, findings);
    check_set_up(*settings, findings);
    check_trusted(*settings, findings);
    check_relay(*settings, findings);
    if (auto delivery = delivery_options(*settings); !delivery)
        add(findings, "relay", delivery.error());
    check_authorities(*settings, findings);
    check_rules(*settings, findings);
    check_files(findings, *settings);
    check_users(findings, *settings);
    check_renewal(*settings, findings);
    check_ports(*settings, findings);
    check_sources(*settings, findings);
    check_name_servers(*settings, findings);
    check_signing(*settings, findings);
    check_bounces(*settings, findings);
    std::size_t failed = 0;
    std::size_t warned = 0;
    for (const auto& finding : findings) {
        print(finding, arguments.json());
        failed += finding.status == Status::bad ? 1 : 0;
        warned += finding.status == Status::warn ? 1 : 0;
    }
    if (!arguments.json())
        fmt::print("{} failed, {} warned, {} passed\n", failed, warned,
                   findings.size() - failed - warned);
    return failed > 0 ? kNo : kDone;
}

}  // namespace posthaste::app::cli
