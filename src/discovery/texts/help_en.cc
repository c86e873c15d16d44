// Help pages, profiles, records.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr TextRow kRows[] = {
    {"page.help.all", "All error numbers"},
    {"page.help.replies", "What this server answers"},
    {"page.help.outlook", "Error numbers of Outlook"},
    {"page.help.servers", "Codes of mail servers"},
    {"page.help.others", "Without a number"},
    {"page.help.unknown", "We have no page for “{code}”"},
    {"page.help.unknown_mend",
     "Paste the whole text of the error window here: what is readable in it often says more than "
     "the number."},

    {"page.profile.title", "The profile cannot be made"},
    {"page.profile.no_address",
     "The link ends in no e-mail address. Open it as it was given to you, or ask for a new one."},
    {"page.profile.no_domain",
     "Addresses of this domain are not served here. Check the part behind the @ in the link."},
    {"page.profile.no_incoming",
     "Apple Mail wants an incoming server too, and this server has not been told which one is "
     "yours. Ask your administrator to name it: the key imap in the part [incoming] of the "
     "configuration."},
    {"page.profile.later",
     "The server has too much to do at this moment. Open the link again in a minute."},

    {"dns.relay",
     "Mail leaves through {relay}: add to the SPF record what its provider names for that "
     "(include:…)."},
    {"dns.no_address",
     "The address of {host} is missing, since only you know it: posthaste dns show {domain} "
     "--address 192.0.2.1 (and --address 2001:db8::1) has its records too."},
    {"dns.guessed",
     "Programs that find no settings try {names}. With acme_names under [tls] they are in the "
     "certificate, and their records stand here."},
};

}  // namespace

std::span<const TextRow> help_en() {
    return kRows;
}

}  // namespace posthaste::discovery::tables
