// Help pages, profiles, records.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr TextRow kRows[] = {
    {"page.help.all", "Alle Fehlernummern"},
    {"page.help.replies", "Antworten dieses Servers"},
    {"page.help.outlook", "Fehlernummern von Outlook"},
    {"page.help.servers", "Codes von Mailservern"},
    {"page.help.others", "Ohne Nummer"},
    {"page.help.unknown", "Zu „{code}“ gibt es keine Seite"},
    {"page.help.unknown_mend",
     "Fügen Sie den ganzen Text des Fehlerfensters hier ein: Was darin zu lesen ist, sagt oft mehr "
     "als die Nummer."},

    {"page.profile.title", "Das Profil kann nicht erstellt werden"},
    {"page.profile.no_address",
     "Der Link endet nicht in einer E-Mail-Adresse. Öffnen Sie ihn so, wie Sie ihn bekommen haben, "
     "oder bitten Sie um einen neuen."},
    {"page.profile.no_domain",
     "Adressen dieser Domain werden hier nicht bedient. Prüfen Sie im Link den Teil hinter dem @."},
    {"page.profile.no_incoming",
     "Apple Mail braucht auch einen Posteingangsserver, und diesem Server wurde nicht gesagt, "
     "welcher Ihrer ist. Bitten Sie Ihren Administrator, ihn zu nennen: Schlüssel imap im Teil "
     "[incoming] der Konfiguration."},
    {"page.profile.later",
     "Der Server hat gerade zu viel zu tun. Öffnen Sie den Link in einer Minute noch einmal."},

    {"dns.relay",
     "Die Mail geht über {relay} hinaus: Im SPF-Eintrag ergänzen, was dessen Anbieter dafür nennt "
     "(include:…)."},
    {"dns.no_address",
     "Die Adresse von {host} fehlt, denn die wissen nur Sie: posthaste dns show {domain} "
     "--address 192.0.2.1 (und --address 2001:db8::1) nennt auch ihre Einträge."},
    {"dns.guessed",
     "Programme, die keine Einstellungen finden, probieren {names}. Mit acme_names unter [tls] "
     "stehen sie im Zertifikat, und ihre Einträge hier."},
};

}  // namespace

std::span<const TextRow> help_de() {
    return kRows;
}

}  // namespace posthaste::discovery::tables
