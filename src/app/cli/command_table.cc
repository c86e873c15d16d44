#include "app/cli/commands.h"

namespace posthaste::app::cli {

namespace {

const Flag kAll{"--all", "", "every message"};
const Flag kDomain{"--to-domain", "DOMAIN", "messages to that domain"};
const Flag kPasswordStdin{"--password-stdin", "", "read the password from the first line of standard input"};

const std::vector<Command>& table() {
    static const std::vector<Command> commands = {
        {"try", "", "a sandbox: the real server with its own certificate and a demo account; nothing leaves this machine",
         "Mail is kept in a local inbox. Ctrl-C stops it and keeps the data.", "posthaste try",
         {{"--folder", "DIR", "where it keeps its data (default: ~/.local/state/posthaste/try)"},
          {"--fresh", "", "start with an empty folder"},
          {"--port-base", "N", "587 becomes N+587 and so on (default 1000: 1587, 1465; inbox 8025, trap 1025)"},
          {"--log", "FORMAT", "logfmt or json"}},
         run_try},
        {"serve", "", "run the server in the foreground", "Ends with SIGTERM or Ctrl-C after at most 30 s; a second one ends at once. SIGHUP re-reads certificates.",
         "posthaste serve --config /etc/posthaste/posthaste.toml",
         {{"--ephemeral", "", "in a container: a store that is no mount is all right, mail may be lost"},
          {"--log", "FORMAT", "logfmt or json (default: the configuration's)"}},
         run_serve},
        {"check", "", "configuration and environment, without starting; safe beside a running server", "", "posthaste check",
         {}, run_check},
        {"status", "", "one screen: is it well?", "", "posthaste status", {}, run_status},

        {"domain add", "DOMAIN", "let people of this domain send", "", "posthaste domain add example.com", {}, run_domain_add},
        {"domain list", "", "the domains", "", "posthaste domain list", {}, run_domain_list},
        {"domain rm", "DOMAIN", "remove a domain that has no accounts", "", "posthaste domain rm example.com", {}, run_domain_rm},

        {"account add", "ADDRESS", "a new account; without a password an app password is made and shown once", "",
         "posthaste account add ana@example.com --name \"Ana Lopes\"",
         {{"--name", "NAME", "for people"}, kPasswordStdin}, run_account_add},
        {"account list", "", "the accounts", "", "posthaste account list", {}, run_account_list},
        {"account show", "ADDRESS", "one account: addresses, app passwords", "", "posthaste account show ana@example.com", {}, run_account_show},
        {"account disable", "ADDRESS", "stop it from sending; nothing is deleted", "", "posthaste account disable ana@example.com", {}, run_account_disable},
        {"account enable", "ADDRESS", "let it send again", "", "posthaste account enable ana@example.com", {}, run_account_enable},
        {"account rm", "ADDRESS", "remove it with its app passwords; mail it has queued still goes out", "", "posthaste account rm ana@example.com", {}, run_account_rm},
        {"account passwd", "ADDRESS", "a new password", "", "posthaste account passwd ana@example.com", {kPasswordStdin}, run_account_passwd},
        {"account allow", "ADDRESS OTHER", "let it send as a further address too", "", "posthaste account allow ana@example.com sales@example.com", {}, run_account_allow},
        {"account disallow", "ADDRESS OTHER", "take that back", "", "posthaste account disallow ana@example.com sales@example.com", {}, run_account_disallow},

        {"app-password new", "ADDRESS", "a password for one device, shown once", "", "posthaste app-password new ana@example.com --name phone",
         {{"--name", "NAME", "which device it is for"}}, run_app_password_new},
        {"app-password list", "ADDRESS", "the names; never the passwords", "", "posthaste app-password list ana@example.com", {}, run_app_password_list},
        {"app-password revoke", "ADDRESS NAME", "end one, by name or id", "", "posthaste app-password revoke ana@example.com phone", {}, run_app_password_revoke},

        {"send", "", "compose a test message, submit it, follow it to its end",
         "Through the running server's admin socket, or with --server like a mail program would.",
         "posthaste send --from ana@example.com --to bob@example.net --wait",
         {{"--from", "ADDRESS", "an address of ours (with --server: default demo@example.test)"},
          {"--to", "ADDRESS", "repeat for more", true},
          {"--subject", "TEXT", ""},
          {"--text", "TEXT", "the body"},
          {"--wait", "", "until every recipient has ended"},
          {"--timeout", "SECONDS", "how long to wait (default 120)"},
          {"--server", "HOST:PORT", "by SMTP; STARTTLS, or TLS on 465 and with --tls"},
          {"--tls", "", "TLS from the first octet"},
          {"--insecure", "", "do not verify the certificate"},
          {"--ca-file", "FILE", "who signed it"},
          {"--user", "LOGIN", "log in"},
          kPasswordStdin},
         run_send},

        {"queue list", "[DOMAIN]", "what waits, by destination and reason", "", "posthaste queue list",
         {{"--held", "", "held messages only"}, {"--messages", "", "a line each instead of groups"}, {"--limit", "N", "at most (default 100)"}}, run_queue_list},
        {"queue show", "ID", "one message: recipients, attempts, last replies", "", "posthaste queue show 01JD8Q2VXK5T9C4R0M7N3B6H8W", {}, run_queue_show},
        {"queue hold", "[ID…]", "stop trying until released", "", "posthaste queue hold --to-domain corp.example", {kDomain, kAll}, run_queue_hold},
        {"queue release", "[ID…]", "let held messages go", "", "posthaste queue release --all", {kDomain, kAll}, run_queue_release},
        {"queue retry", "[ID…]", "try now instead of later", "", "posthaste queue retry --to-domain corp.example", {kDomain, kAll}, run_queue_retry},
        {"queue cancel", "[ID…]", "end messages for good", "", "posthaste queue cancel 01JD8Q2VXK5T9C4R0M7N3B6H8W",
         {kDomain, kAll, {"--bounce", "", "tell the senders"}, {"--dry-run", "", "only say what would be cancelled"}}, run_queue_cancel},

        {"backup", "DIR", "a consistent copy of the store, also while running; restored mail comes back held", "", "posthaste backup /var/backups/posthaste-monday", {}, run_backup},
        {"bench", "", "load on loopback: a generator with a ledger, and a sink", "Refuses any target that is not loopback.", "posthaste bench --server 127.0.0.1:1587 --user demo@example.test --password-stdin",
         {{"--mode", "MODE", "accept (default), sink, idle, logins"}, {"--server", "HOST:PORT", "target of the load"}, {"--listen", "HOST:PORT", "where the sink listens"},
          {"--sessions", "N", "at once (default 50)"}, {"--messages", "N", "in all (default 10000)"}, {"--per-connection", "N", "messages a connection (default 20)"},
          {"--size", "SIZE", "of a message (default \"4 KB\")"}, {"--from", "ADDRESS", "sender"}, {"--to", "ADDRESS", "recipient", true}, {"--user", "LOGIN", ""}, kPasswordStdin,
          {"--tls", "", "TLS from the first octet"}, {"--plain", "", "no TLS"}, {"--ledger", "FILE", "one line for each acknowledged message"}},
         run_bench},
        {"help", "[TOPIC…]", "this, one command, or: config", "", "posthaste help queue cancel", {}, run_help},
        {"version", "", "the version", "", "posthaste version", {}, run_version},
    };
    return commands;
}

}  // namespace

std::span<const Command> command_table() { return table(); }

}  // namespace posthaste::app::cli
