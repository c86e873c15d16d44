// Mail: sending it, the queue, whom nothing is sent to.
#include "app/cli/commands.h"
#include "app/cli/table/blocks.h"

namespace posthaste::app::cli {

namespace {

const Flag kAll{"--all", "", "every message"};
const Flag kDomain{"--to-domain", "DOMAIN", "messages to that domain"};

}  // namespace

// NOLINTNEXTLINE(readability-function-size): a table
std::vector<Command> mail_commands() {
    return {
        {"send",
         "",
         "compose a test message, submit it, follow it to its end; or play a mail program",
         "Through the running server's admin socket. With --server it speaks SMTP to any server, "
         "as "
         "a mail program would: every stage is printed, and a refusal with Outlook's number, its "
         "likely cause and the mend. --as takes outlook, outlook-new, outlook-mac, thunderbird, "
         "apple, android, printer, dotnet or python.",
         "posthaste send --from ana@example.com --to bob@example.net --wait",
         {{"--from", "ADDRESS", "an address of ours (with --server: default the login)"},
          {"--to", "ADDRESS", "repeat for more", true},
          {"--subject", "TEXT", ""},
          {"--text", "TEXT", "the body"},
          {"--wait", "", "until every recipient has ended"},
          {"--timeout", "SECONDS", "how long to wait (default 120)"},
          {"--server", "HOST:PORT", "speak SMTP to that server"},
          {"--as", "PROGRAM", "in the dialect of a mail program"},
          {"--tls", "MODE",
           "none, starttls or implicit (default: implicit on 465, else STARTTLS if offered)"},
          {"--insecure", "", "do not verify the certificate: whoever is on the way can read all"},
          {"--old-tls", "", "TLS 1.0 and nothing newer, as an old device"},
          {"--ca-file", "FILE", "who signed it (default: the system's authorities)"},
          {"--login", "NAME", "log in; never in clear"},
          {"--user", "NAME", "the same as --login"},
          kPasswordStdin,
          {"--password-file", "FILE", "read it from the first line of a file"}},
         run_send},

        {"queue list",
         "[DOMAIN]",
         "what waits, by destination and reason",
         "",
         "posthaste queue list",
         {{"--held", "", "held messages only"},
          {"--messages", "", "a line each instead of groups"},
          {"--limit", "N", "at most (default 100)"}},
         run_queue_list},
        {"queue show",
         "ID|DESTINATION",
         "one message: recipients, attempts, last replies; or what would be done with mail to a "
         "domain or address, and why",
         "",
         "posthaste queue show example.org --plan",
         {{"--plan", "", "of a destination: route, hosts, TLS, source, limits, state"},
          {"--from", "ADDRESS", "with --plan: mail of that sender"},
          {"--account", "ADDRESS", "with --plan: mail of that login"},
          {"--route", "NAME", "with --plan: as if a person had chosen that route"}},
         run_queue_show},
        {"queue hold",
         "[ID…]",
         "stop trying until released",
         "",
         "posthaste queue hold --to-domain corp.example",
         {kDomain, kAll},
         run_queue_hold},
        {"queue release",
         "[ID…]",
         "let held messages go",
         "",
         "posthaste queue release --all",
         {kDomain, kAll},
         run_queue_release},
        {"queue retry",
         "[ID…]",
         "try now instead of later",
         "",
         "posthaste queue retry --to-domain corp.example",
         {kDomain,
          kAll,
          {"--route", "NAME", "by that [[route]] from now on; \"rules\": as the rules say again"}},
         run_queue_retry},
        {"queue cancel",
         "[ID…]",
         "end messages for good",
         "",
         "posthaste queue cancel 01JD8Q2VXK5T9C4R0M7N3B6H8W",
         {kDomain,
          kAll,
          {"--confirm", "COUNT", "with --all: how many messages that is"},
          {"--bounce", "", "tell the senders"},
          {"--dry-run", "", "only say what would be cancelled"}},
         run_queue_cancel},

        {"suppression list",
         "[ACCOUNT]",
         "the addresses that accounts send nothing to any more, and why",
         "An application's or a newsletter's account learns them by itself: at once where a server "
         "says that there is no such mailbox, and from complaints; a domain that twice does not "
         "exist, more than a day apart; a mailbox out of use twice in 14 days; 3 other refusals "
         "of the recipient in a row. What has only failed is tried again after 180 days. A "
         "person's account learns nothing by itself.",
         "posthaste suppression list shop@example.com",
         {},
         run_suppression_list},
        {"suppression show",
         "ADDRESS",
         "on which accounts' lists an address is, since when and why",
         "Exit code 1: on none.",
         "posthaste suppression show bob@example.net",
         {},
         run_suppression_show},
        {"suppression add",
         "ACCOUNT ADDRESS…",
         "send nothing to them any more",
         "For good, until they are removed. [suppression] answer says what a program hears that "
         "sends to them.",
         "posthaste suppression add shop@example.com bob@example.net --note \"asked by phone\"",
         {{"--note", "TEXT", "why; shown with the entry"}},
         run_suppression_add},
        {"suppression remove",
         "ACCOUNT ADDRESS",
         "send to it again; what it failed with is forgotten",
         "",
         "posthaste suppression remove shop@example.com bob@example.net",
         {},
         run_suppression_remove},
        {"suppression import",
         "ACCOUNT FILE",
         "take over a list: an address a line, or what export writes",
         "All of the file is read before anything changes; a mistake is named with its line. "
         "Behind the address may stand a comma and a remark. Addresses that are listed already "
         "stay as they are.",
         "posthaste suppression import shop@example.com bounced.txt",
         {},
         run_suppression_import},
        {"suppression export",
         "ACCOUNT",
         "the list, a line each: address, reason, until when, words; parted by tabs",
         "",
         "posthaste suppression export shop@example.com",
         {},
         run_suppression_export},
    };
}

}  // namespace posthaste::app::cli
