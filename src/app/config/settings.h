// Settings: the configuration file as plain values, before each layer gets its own Options from it.
#pragma once

#include "app/config/relay_settings.h"
#include "base/ip_network.h"
#include "base/log.h"
#include "base/time.h"
#include "delivery/delivery.h"
#include "mail/dsn/language.h"
#include "net/listener.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::app {

enum class Mode { live, trap };

struct RouteSettings {
    std::vector<std::string> to;
    std::vector<std::string> via;  // one word, or the hosts of a relay
    std::optional<delivery::TlsLevel> tls;
    std::string name;
    std::vector<std::string> from;
    std::vector<std::string> accounts;
    RelaySettings login;  // of hosts only; without `host` and `tls`
    std::string fallback;
    std::optional<unsigned> fallback_after;
    std::vector<std::string> sources;
    delivery::AddressFamilies families = delivery::AddressFamilies::v4_first;
};

struct SourceSettings {
    std::string name;
    std::optional<IpAddress> v4, v6;
    std::string ehlo;
    unsigned weight = 1;
    std::uint64_t warm_up = 0;  // recipients of a provider on the first day; 0: it is warm
    std::uint64_t warm_up_until = 0;
    std::optional<Timestamp> warm_up_since;
};

// The port for devices that know no TLS newer than 1.0 or 1.1.
struct LegacySettings {
    std::optional<net::ListenAddress> listen;
    std::vector<IpNetwork> allow;
    bool allow_public = false;
};

// Senders made for a message, and the port that takes what comes back to them.
struct BounceSettings {
    std::string domain;  // A-labels; empty: none are made
    std::optional<net::ListenAddress> listen;
    std::uint64_t message_size = 0;
};

// What becomes of winmail.dat, by the sender's domain: "keep", "notify" or "convert".
struct WinmailSettings {
    std::string policy;
    std::vector<std::string> keep, notify, convert;  // "example.com", ".example.com" (below it)
};

struct Settings {
    std::string file;    // where it came from, "" for defaults
    std::string folder;  // relative paths start here

    std::string hostname;
    std::string admin;  // default: postmaster@hostname
    Mode mode = Mode::live;

    std::string store_path;

    std::vector<net::ListenAddress> submission;
    std::optional<net::ListenAddress> https;
    std::string public_url;  // "https://mail.example.com"; empty: made of hostname and https
    std::optional<net::ListenAddress> http;
    std::optional<net::ListenAddress> http_challenge;
    std::optional<net::ListenAddress> trap;
    std::optional<net::ListenAddress> metrics;

    LegacySettings legacy;
    BounceSettings bounces;

    std::vector<std::string> cert_files;
    std::vector<std::string> key_files;
    bool acme = false;
    std::string acme_directory;
    std::string acme_contact;  // default: admin
    std::string acme_ca_file;
    std::vector<std::string> acme_names;  // of the mail host beside `hostname`, lower case
    Seconds acme_retry{};

    std::string incoming_imap;
    std::string incoming_pop;

    RelaySettings relay;
    std::vector<RouteSettings> routes;
    std::vector<SourceSettings> sources;

    std::vector<std::string> resolvers;
    std::string trust_anchor_file;
    std::string rules_file;  // empty: the program's own rules alone
    std::uint16_t mx_port = 25;
    std::string delivery_ca_file;  // of MX hosts, MTA-STS policy hosts and takers of reports
    bool mta_sts = true;
    std::uint16_t sts_port = 443;
    bool tls_reports = true;
    bool tls_report_successes = true;
    bool allow_private_addresses = false;
    bool address_literals = false;
    std::vector<IpAddress> own_addresses;
    std::vector<std::string> source_pool;
    std::vector<Seconds> retry;
    Seconds expire{};
    std::vector<Seconds> application_retry;
    Seconds application_expire{};
    std::vector<Seconds> bulk_retry;
    Seconds bulk_expire{};
    std::vector<Seconds> report_retry;
    Seconds report_expire{};
    std::string shaping_file;  // empty: what is shipped alone

    bool requiretls = false;
    bool old_tls = false;
    std::uint32_t history_days = 30;
    std::uint64_t history_size = 0;

    WinmailSettings winmail;

    std::uint64_t message_size = 0;
    std::uint32_t recipients = 0;
    Seconds max_hold{};
    std::uint32_t connections = 0;
    std::uint32_t connections_per_address = 0;
    std::uint32_t errors = 0;
    Seconds command_timeout{};
    Seconds data_timeout{};
    std::vector<IpNetwork> trusted_networks;

    std::uint32_t reports_per_hour = 100;  // of an account, before they come as a digest
    Seconds digest_every{};
    mail::Language report_language = mail::Language::english;
    bool refuse_suppressed = false;  // at RCPT; else the message is taken and the recipient ended

    std::string admin_socket;  // default: admin.sock in the store's folder
    std::string admin_user;    // default: the owner of the store's folder

    LogFormat log_format = LogFormat::logfmt;
};

}  // namespace posthaste::app
