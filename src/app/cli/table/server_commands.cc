// Running the server, and asking how it is.
#include "app/cli/commands.h"
#include "app/cli/table/blocks.h"

namespace posthaste::app::cli {

std::vector<Command> server_commands() {
    return {
        {"try",
         "",
         "a sandbox: the real server with its own certificate and a demo account; nothing leaves "
         "this machine",
         "Mail is kept in a local inbox. Ctrl-C stops it and keeps the data.",
         "posthaste try",
         {{"--folder", "DIR", "where it keeps its data (default: ~/.local/state/posthaste/try)"},
          {"--fresh", "", "start with an empty folder"},
          {"--port-base", "N",
           "587 becomes N+587 and so on (default 1000: 1587, 1465; inbox 8025, trap 1025)"},
          {"--log", "FORMAT", "logfmt or json"}},
         run_try},
        {"serve",
         "",
         "run the server in the foreground",
         "Ends with SIGTERM or Ctrl-C after at most 30 s; a second one ends at once. SIGHUP "
         "re-reads certificates.",
         "posthaste serve --config /etc/posthaste/posthaste.toml",
         {{"--ephemeral", "",
           "in a container: a store that is no mount is all right, mail may be lost"},
          {"--log", "FORMAT", "logfmt or json (default: the configuration's)"}},
         run_serve},
        {"check",
         "",
         "configuration and environment, without starting; safe beside a running server",
         "",
         "posthaste check",
         {},
         run_check},
        {"why",
         "ADDRESS|NAME|IP",
         "why somebody's mail program cannot send: the last sign-ins, each with the mend",
         "Shows the last sign-ins and refusals of a person, under a user name as it was typed, or "
         "of the network of an address, newest first: how they were made, what was wrong, and what "
         "to change. The same thing "
         "happening again and again is shown once, with how often. Exit code 1: nothing was seen, "
         "and the reasons that this may have. What became of mail that was taken: posthaste trace.",
         "posthaste why anna@example.com",
         {},
         run_why},
        {"trace",
         "[WHAT…]",
         "the story of a message: what became of it, and what happens now",
         "WHAT is anything at hand: the id, an address (sender, recipient or login), the "
         "Message-ID, or words of the subject. Several messages are shown newest first; without "
         "WHAT, the latest. Mail that this server did not take is not here: posthaste why ADDRESS "
         "tells why a mail program was refused. Exit code 1: nothing was found.",
         "posthaste trace bob@example.net --since yesterday",
         {{"--smtp", "", "with the dialogue of each attempt, as far as it was kept"},
          {"--live", "", "go on, and show what happens as it happens; Ctrl-C ends it"},
          {"--since", "TIME", "not before: 2h, 3d, today, yesterday, 2026-11-23 (UTC)"},
          {"--until", "TIME", "not after"},
          {"--limit", "N", "messages at most (default 20)"}},
         run_trace},
        {"explain",
         "REPLY…",
         "what a server's reply means: what happened, who must act, and what to do",
         "Reads a reply such as stands in a bounce or in the log, by the rules that delivery uses. "
         "Needs no server. With --host the rules of that host's provider count, else those of any. "
         "Exit code 1: no rule knows it.",
         "posthaste explain \"554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org\"",
         {{"--host", "NAME", "the mail server that said it: mx1.example.org"},
          {"--relay", "", "it was said by the relay that our mail leaves through"}},
         run_explain},
        {"overrides list",
         "",
         "what was changed by itself because of other servers' replies, why, and for how long",
         "A rule may hold mail to a provider back for a while, or send it more slowly, when its "
         "servers ask for that. Each such change ends by itself.",
         "posthaste overrides list",
         {},
         run_overrides_list},
        {"overrides clear",
         "[WHICH]",
         "end such a change now: by its name, its rule or its provider",
         "",
         "posthaste overrides clear yahoo-tss04",
         {{"--all", "", "all of them"}},
         run_overrides_clear},
        {"status", "", "one screen: is it well?", "", "posthaste status", {}, run_status},
    };
}

}  // namespace posthaste::app::cli
