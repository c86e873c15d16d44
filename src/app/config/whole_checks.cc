#include "app/config/whole_checks.h"

#include "app/config/listen_addresses.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

std::string count_of_files(std::size_t count) {
    if (count == 0) return "no file";
    return fmt::format("{} {}", count, count == 1 ? "file" : "files");
}

class Checker {
  public:
    Checker(const Settings& settings, const ReadKeys& read) : settings_(settings), read_(read) {}

    std::vector<WholeMistake> run() {
        if (settings_.hostname.empty() && !read_.seen.contains("hostname"))
            mistake("", "\"hostname\" is missing", "add: hostname = \"mail.example.com\"");
        if (settings_.store_path.empty() && !read_.seen.contains("store.path") &&
            !read_.broken.contains("store"))
            mistake("", "\"store.path\" is missing",
                    "add: [store] and path = \"/var/lib/posthaste\"");
        if (settings_.cert_files.size() != settings_.key_files.size() &&
            !read_.broken.contains("tls"))
            mistake(settings_.cert_files.empty() ? "tls.key_file" : "tls.cert_file",
                    fmt::format("{} in cert_file but {} in key_file",
                                count_of_files(settings_.cert_files.size()),
                                count_of_files(settings_.key_files.size())),
                    settings_.key_files.empty()
                        ? "add key_file = \"…\": the private key of that certificate"
                    : settings_.cert_files.empty()
                        ? "add cert_file = \"…\": the certificate of that key"
                        : "give cert_file and key_file the same number of files, in "
                          "the same order");
        check_acme();
        check_listen();
        if (settings_.trap && settings_.mode != Mode::trap)
            mistake("listen.trap",
                    "listen.trap takes mail without a login, so it needs mode = \"trap\"",
                    "set mode = \"trap\", or leave listen.trap out");
        check_relay();
        check_legacy();
        check_bounces();
        return std::move(mistakes_);
    }

  private:
    void mistake(std::string_view key, std::string text, std::string mend) {
        mistakes_.push_back({std::string(key), std::move(text), std::move(mend)});
    }

    // What no bind can do, said before one fails.
    void check_listen() {
        if (read_.broken.contains("listen")) return;
        if (settings_.submission.empty() && !settings_.https && !settings_.trap)
            mistake(
                "listen.submission", "nothing is listened on, so no mail could ever come in",
                "leave listen.submission out (then it is [\":587\", \":465\"]), or name a port");
        const auto all = listen_addresses(settings_);
        for (std::size_t i = 0; i < all.size(); ++i)
            for (std::size_t j = 0; j < i; ++j) {
                if (all[i].key == "legacy.listen" && all[j].key == "listen.submission")
                    continue;  // check_legacy tells more
                if (!exclude_each_other(all[i].address, all[j].address)) continue;
                mistake(
                    all[i].key,
                    fmt::format("\"{}\" is listened on already, as \"{}\" of {}",
                                all[i].address.to_string(), all[j].address.to_string(), all[j].key),
                    "leave one of the two out, or give it another port");
                break;
            }
    }

    // A port with old encryption is fenced, or the server does not start.
    void check_legacy() {
        const auto& legacy = settings_.legacy;
        if (read_.broken.contains("legacy")) return;
        if (!legacy.listen) {
            if (!legacy.allow.empty() || legacy.allow_public)
                mistake(legacy.allow.empty() ? "legacy.allow_public" : "legacy.allow",
                        "[legacy] says who may come, but not where",
                        "add listen = \"10.0.0.1:2525\", or leave [legacy] out");
            return;
        }
        if (legacy.allow.empty())
            mistake("legacy.listen",
                    "the port for old devices is open to nobody: [legacy] has no \"allow\"",
                    "name the devices: allow = [\"192.168.1.40\"], or their network");
        for (const auto& network : legacy.allow) {
            if (network.is_inside() || legacy.allow_public) continue;
            mistake("legacy.allow",
                    fmt::format("{} lies in the internet, and what old TLS carries can be read and "
                                "changed on the way",
                                network.to_string()),
                    "name networks of the house alone (10.0.0.0/8, 192.168.0.0/16, fd00::/8), or "
                    "say that it is meant: allow_public = true");
        }
        for (const auto& other : settings_.submission) {
            if (other.port != legacy.listen->port || other.port == 0) continue;
            mistake("legacy.listen",
                    fmt::format("port {} is one of [listen] submission, which refuses old TLS",
                                other.port),
                    "give old devices a port of their own, such as 2525");
        }
    }

    void check_bounces() {
        if (read_.broken.contains("bounces")) return;
        const auto& bounces = settings_.bounces;
        if (bounces.listen && bounces.domain.empty()) {
            mistake("bounces.listen", "a port for bounces is open, but no sender leads there",
                    "name their domain, one that is used for nothing else: domain = "
                    "\"bounce.example.com\"");
        } else if (!bounces.domain.empty() && bounces.domain == settings_.hostname) {
            mistake("bounces.domain",
                    fmt::format("{} is the host's own name, whose mail is not for this port",
                                bounces.domain),
                    fmt::format("use a name below it: domain = \"bounce.{}\"", bounces.domain));
        }
    }

    void check_acme() {
        if (read_.broken.contains("tls") || read_.broken.contains("listen")) return;
        if (!settings_.acme && !settings_.acme_names.empty())
            mistake("tls.acme_names", "acme_names needs ACME, and that is off",
                    "add acme = true, or put the names into the certificate of cert_file");
        if (!settings_.acme) return;
        if (!settings_.cert_files.empty())
            mistake("tls.acme", "certificates come from files (cert_file) or by ACME, not both",
                    "leave out cert_file and key_file, or acme");
        if (!settings_.https && !settings_.http_challenge)
            mistake("tls.acme",
                    "the authority looks for us on port 80 or 443, and neither is listened on",
                    "add to [listen]: http_challenge = \":80\", or https = \":443\"");
    }

    void check_relay() {
        if (read_.broken.contains("relay")) return;
        for (const auto& found : relay_mistakes(settings_.relay))
            mistake("relay." + found.key, found.text, found.mend);
    }

    const Settings& settings_;
    const ReadKeys& read_;
    std::vector<WholeMistake> mistakes_;
};

}  // namespace

void complete_settings(Settings& settings, const ReadKeys& read) {
    if (settings.admin.empty() && !settings.hostname.empty())
        settings.admin = "postmaster@" + settings.hostname;
    if (settings.admin_socket.empty() && !settings.store_path.empty())
        settings.admin_socket = settings.store_path + "/admin.sock";
    if (!read.broken.contains("relay")) complete_relay(settings.relay);
}

std::vector<WholeMistake> whole_mistakes(const Settings& settings, const ReadKeys& read) {
    return Checker(settings, read).run();
}

}  // namespace posthaste::app
