// Logins at smarthosts, certificates, the store, load, help.
#include "app/cli/commands.h"
#include "app/cli/table/blocks.h"

namespace posthaste::app::cli {

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Command> upkeep_commands() {
    return {
        {"relay status",
         "",
         "the login at the smarthost: whether it works, until when its token is good, what to do",
         "",
         "posthaste relay status",
         {},
         run_relay_status},
        {"relay login",
         "[ROUTE]",
         "sign in once at Microsoft, Google or another provider, for flow = \"sign-in\"",
         "Prints a page and a code for any device, waits until somebody has signed in there, and "
         "keeps what renews tokens from then on, sealed in the store. Providers without codes get "
         "a browser instead. ROUTE is the name of the [[route]] whose login it is, \"default\" "
         "that of [relay]; where only one login wants a person, it needs no name.",
         "posthaste relay login newsletters",
         {{"--browser", "", "in a browser, even where a code would do"}},
         run_relay_login},

        {"cert status",
         "",
         "the certificates: names, until when, who issued them, what goes wrong",
         "Also lists the names under which mail programs come that no certificate holds.",
         "posthaste cert status",
         {},
         run_cert_status},
        {"cert renew",
         "",
         "try now what waits after a failed order (ACME)",
         "",
         "posthaste cert renew",
         {},
         run_cert_renew},

        {"backup",
         "DIR",
         "a consistent copy of the store, also while running; restored mail comes back held",
         "",
         "posthaste backup /var/lib/posthaste-backup/monday",
         {},
         run_backup},
        {"store upgrade",
         "",
         "bring a store that an older posthaste wrote to the present format",
         "The server must be stopped. A copy of the store is made first, beside it, with all "
         "messages on hold; broken off at any moment, the command is simply run again. Says so "
         "when there is nothing to do.",
         "posthaste store upgrade",
         {{"--snapshot", "DIR", "where the copy goes (default: beside the store, with the time)"}},
         run_store_upgrade},
        {"bench",
         "",
         "load on loopback: a generator with a ledger, and a sink",
         "Refuses any target that is not loopback.",
         "posthaste bench --server 127.0.0.1:1587 --user demo@example.test --password-stdin",
         {{"--mode", "MODE", "accept (default), sink, idle, logins, pages"},
          {"--server", "HOST:PORT", "target of the load"},
          {"--listen", "HOST:PORT", "where the sink listens; again for more sites", true},
          {"--threads", "N", "of the generator (default 1)"},
          {"--tls-folder", "DIR", "sink: offer STARTTLS with an own certificate kept there"},
          {"--sessions", "N", "at once (default 50)"},
          {"--messages", "N", "in all (default 10000)"},
          {"--per-connection", "N", "messages a connection (default 20)"},
          {"--size", "SIZE", "of a message (default \"4 KB\")"},
          {"--from", "ADDRESS", "sender"},
          {"--to", "ADDRESS", "recipient", true},
          {"--user", "LOGIN", ""},
          kPasswordStdin,
          {"--page", "TARGET", "pages: what is asked for, such as /h/8"},
          {"--post", "FILE", "pages: sent as the body of a POST"},
          {"--tls", "", "TLS from the first octet"},
          {"--plain", "", "no TLS"},
          {"--ledger", "FILE", "one line for each acknowledged message"}},
         run_bench},
        {"help",
         "[TOPIC…]",
         "this, one command, config, or what a reply or an error number means",
         "A topic may be the number at the end of a reply of ours (R44), an error number of "
         "Outlook "
         "(0x800CCC0F), a code of a mail server (550), or a whole error text.",
         "posthaste help R44",
         {},
         run_help},
        {"version", "", "the version", "", "posthaste version", {}, run_version},
    };
}

}  // namespace posthaste::app::cli
