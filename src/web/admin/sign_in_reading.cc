#include "web/admin/sign_in_reading.h"

#include <utility>

#include <fmt/format.h>

namespace posthaste::web {
namespace {

using accounts::SignIn;

std::string mode_of(const SignIn& s) {
    switch (s.tls) {
        case SignIn::Tls::implicit:
            return "SSL/TLS";
        case SignIn::Tls::starttls:
            return "STARTTLS";
        case SignIn::Tls::none:
            break;
    }
    return "no encryption";
}

std::string facts_of(const SignIn& s) {
    std::string facts = fmt::format("port {} with {}", s.port, mode_of(s));
    if (!s.tls_version.empty()) facts += fmt::format(" ({})", s.tls_version);
    if (!s.server_name.empty()) facts += ", server name " + s.server_name;
    if (!s.mechanism.empty()) facts += ", AUTH " + s.mechanism;
    if (!s.login.empty()) facts += fmt::format(", user name \"{}\"", s.login);
    if (!s.ehlo.empty()) facts += ", calls itself " + s.ehlo;
    facts += ", from " + s.client.to_string();
    return facts;
}

// "STARTTLS, or port 465": what is usual, as far as it is to be had here.
std::string usual_instead(const SignIn& s, const discovery::ExplainNames& names) {
    const bool implicit = s.tls == SignIn::Tls::implicit;
    const std::uint16_t port = implicit ? names.tls_port : names.starttls_port;
    std::string text = implicit ? "STARTTLS" : "SSL/TLS";
    if (port != 0 && port != s.port) text += fmt::format(", or port {}", port);
    return text;
}

// What to try where a network blocks a port.
std::string other_way(const discovery::ExplainNames& names) {
    const std::uint16_t port = names.tls_port != 0 ? names.tls_port : names.starttls_port;
    const bool two = names.tls_port != 0 && names.starttls_port != 0;
    if (two)
        return fmt::format("block 25 and sometimes {}): try {} with SSL/TLS.", names.starttls_port,
                           names.tls_port);
    const std::string ours = port == 0 ? "" : fmt::format("{}, ", port);
    return fmt::format("block 25 and sometimes others): {}try another network.",
                       ours.empty() ? "" : "here it is " + ours);
}

void read_success(const SignIn& s, const discovery::ExplainNames& names, SignInReading& reading) {
    reading.title = s.credential.empty() || s.credential == "password"
                        ? "Signed in with the password"
                        : fmt::format("Signed in with the app password \"{}\"", s.credential);
    if (!s.from.empty()) reading.title += ", sends as " + s.from;
    if (!s.usual_mode) {
        reading.mend.push_back(
            fmt::format("{} on port {} works here, but hardly anywhere else: set {}.", mode_of(s),
                        s.port, usual_instead(s, names)));
    }
    if (!s.normalised.empty()) {
        reading.mend.push_back(fmt::format(
            "The user name was taken for {}: enter that, and it works everywhere.", s.normalised));
    }
    if (s.tls_version == "TLSv1.2" || s.tls_version == "TLSv1.3" || s.tls_version.empty()) return;
    reading.mend.push_back("The encryption is old: update the program or device.");
}

}  // namespace

SignInReading read_sign_in(const accounts::SignIn& s, const discovery::ExplainNames& names) {
    SignInReading reading;
    reading.facts = facts_of(s);
    if (s.outcome.empty()) {
        read_success(s, names, reading);
        return reading;
    }
    const auto explained = discovery::explain_code(s.outcome, discovery::Language::en, names);
    if (explained) {
        reading.title = explained->title;
        reading.cause = explained->cause;
        reading.mend = explained->steps;
    } else {
        reading.title = "Refused";
    }
    if (s.outcome == "R6" && s.changed != Timestamp{}) {
        reading.cause = fmt::format("The password from before {} is still saved in this program.",
                                    format_iso8601(s.changed).substr(0, 10));
    }
    if (s.outcome == "R8" && !s.from.empty()) {
        reading.cause = fmt::format("{} wanted to send as {}, which is not an address of theirs.",
                                    s.account, s.from);
        reading.mend.push_back(
            fmt::format("To allow it: posthaste account allow {} {}", s.account, s.from));
    }
    return reading;
}

std::vector<std::string> reasons_for_nothing(const discovery::ExplainNames& names,
                                             bool of_network) {
    const std::string host = names.host.empty() ? "this server" : names.host;
    return {
        fmt::format("The program asks another server: Outgoing mail server (SMTP) must be {}.",
                    host),
        fmt::format("The port is blocked on the way (hotels, home providers, company firewalls "
                    "{}",
                    other_way(names)),
        fmt::format("{} does not resolve, or to another address: posthaste dns show tells what "
                    "must be published.",
                    host),
        of_network
            ? "It comes from another address than the one it has at home (router, VPN, mobile "
              "network): look for the person instead: posthaste why ADDRESS."
            : "It signs in with another user name: look for the address of the computer "
              "instead: posthaste why IP-ADDRESS.",
        "It has not tried: in Outlook press F9, or send a message to yourself.",
    };
}

}  // namespace posthaste::web
