// Deutsch: the set-up page, its links and its live line. {marks} are filled in.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr TextRow kRows[] = {
    {"page.setup.title", "Mailprogramm einrichten"},
    {"page.setup.title_for", "Ihre Mail, eingerichtet"},
    {"page.setup.lead",
     "Wählen Sie Ihr Programm. Zuerst kommt der automatische Weg, dann jedes Feld zum Ausfüllen. "
     "Diese Seite fragt nie nach Ihrem Kennwort."},
    {"page.setup.which", "Welches Programm benutzen Sie?"},
    {"page.setup.likely", "wohl Ihres"},
    {"page.setup.address", "Ihre E-Mail-Adresse"},
    {"page.setup.address_hint", "Darf leer bleiben. Sie füllt nur die Felder aus."},
    {"page.setup.address_wrong",
     "„{text}“ ist keine vollständige E-Mail-Adresse. Sie sieht aus wie anna@example.com."},
    {"page.setup.address_elsewhere",
     "Adressen von {domain} werden hier nicht bedient. Prüfen Sie den Teil hinter dem @."},
    {"page.setup.fill_in", "Ausfüllen"},
    {"page.setup.other_program", "Alle Programme"},
    {"page.setup.automatic", "Der automatische Weg"},
    {"page.setup.automatic_none",
     "Dieses Programm hat keinen automatischen Weg: Füllen Sie die Felder aus."},
    {"page.setup.by_hand", "Von Hand"},
    {"page.setup.where", "Wo"},
    {"page.setup.checked", "Häkchen setzen"},
    {"page.setup.unchecked", "kein Häkchen"},
    {"page.setup.chosen", "dies auswählen"},
    {"page.setup.copy", "Kopieren"},
    {"page.setup.copied", "Kopiert"},
    {"page.setup.copy_what", "Kopieren: {what}"},
    {"page.setup.install", "Profil installieren"},
    {"page.setup.qr_profile", "Mit der Kamera von iPhone oder iPad scannen"},
    {"page.setup.qr_thunderbird", "In Thunderbird für Android scannen"},
    {"page.setup.qr_needs_address", "Mit Ihrer E-Mail-Adresse steht hier ein QR-Code zum Scannen."},
    {"page.setup.snippets", "Fertig zum Einfügen"},
    {"page.setup.notes", "Gut zu wissen"},
    {"page.setup.broken", "Es geht noch immer nicht?"},
    {"page.setup.error_label", "Fehlertext einfügen oder den Code eintippen (etwa 0x800CCC0F)"},
    {"page.setup.error_button", "Was heißt das?"},
    {"page.setup.recognised", "Erkannt: {codes}"},
    {"page.setup.more", "Alles über {code}"},
    {"page.setup.more_of_it", "Mehr darüber"},
    {"page.setup.skip", "Zum Inhalt"},
    {"page.setup.language", "Sprache"},
    {"page.setup.foot", "Dies ist der Postausgangsserver {host}. Fragen gehen an {admin}."},

    {"page.setup.hint.outlook-classic", "Windows, mit dem Menü Datei"},
    {"page.setup.hint.outlook-new", "Windows 11, Mac, Handy"},
    {"page.setup.hint.apple", "Die App Mail"},
    {"page.setup.hint.thunderbird", "Windows, Mac, Linux"},
    {"page.setup.hint.thunderbird-android", "Handy und Tablet"},
    {"page.setup.hint.gmail", "„Senden als“ im Browser"},
    {"page.setup.hint.device", "Alles, was an E-Mail scannt"},
    {"page.setup.hint.app", "Python, PHP, msmtp, Postfix …"},

    {"page.link.fresh_title", "Ihre Einrichtungsseite"},
    {"page.link.fresh",
     "Dieser Link öffnet eine persönliche Seite: Ihre Einstellungen sind ausgefüllt, und eine "
     "Zeile zeigt, wann sich Ihr Mailprogramm angemeldet hat."},
    {"page.link.fresh_once",
     "Er öffnet sich einmal. Der Browser, der ihn öffnet, behält ihn bis {until}."},
    {"page.link.open", "In diesem Browser öffnen"},
    {"page.link.elsewhere_title", "Dieser Link gehört einem anderen Browser"},
    {"page.link.elsewhere",
     "Ein Einrichtungslink gehört dem Browser, der ihn zuerst geöffnet hat, damit ihn sonst "
     "niemand benutzen kann. Gehen Sie zurück zu jenem Browser, oder bitten Sie {admin} um einen "
     "neuen Link."},
    {"page.link.elsewhere_warning", "Wenn nicht Sie ihn geöffnet haben, sagen Sie es {admin}."},
    {"page.link.expired_title", "Dieser Link ist abgelaufen"},
    {"page.link.expired",
     "Einrichtungslinks gelten nur eine begrenzte Zeit. Bitten Sie {admin} um einen neuen."},
    {"page.link.unknown_title", "Dieser Link gilt nicht"},
    {"page.link.unknown",
     "Es gibt keinen solchen Link: Er wurde nicht ganz kopiert, oder ein neuerer ist an seine "
     "Stelle getreten. Suchen Sie die neueste Nachricht dazu, oder bitten Sie {admin} um einen "
     "neuen Link."},
    {"page.link.for_admin",
     "Für den Administrator: posthaste account setup-link ADRESSE macht einen neuen."},
    {"page.link.general", "Die Einstellungen ohne Link"},
    {"page.link.bounce", "Einen Moment"},
    {"page.link.continue", "Weiter"},

    {"page.live.title", "Geht es?"},
    {"page.live.waiting", "Warten, bis sich Ihr Mailprogramm anmeldet …"},
    {"page.live.waiting_hint",
     "Richten Sie es ein und senden Sie irgendeine Nachricht. Sobald der Server die Anmeldung "
     "sieht, steht es hier."},
    {"page.live.again", "Noch einmal nachsehen"},
    {"page.live.lost", "Der Server antwortet nicht. Neuer Versuch …"},
    {"page.live.your_program", "Ihr Mailprogramm"},
    {"page.live.seen", "{program} hat sich {ago} angemeldet."},
    {"page.live.refused", "Eine Anmeldung wurde {ago} abgelehnt."},
    {"page.live.refused_other", "Jemand wollte sich {ago} als „{login}“ anmelden. Waren Sie das?"},
    {"page.live.times", "{n}-mal"},
    {"page.live.saw", "Was der Server sah"},
    {"page.live.port", "Port"},
    {"page.live.port_value", "{port} mit {mode}"},
    {"page.live.unencrypted", "ohne Verschlüsselung"},
    {"page.live.unusual", "Das geht, auch wenn Programme auf diesem Port {mode} erwarten."},
    {"page.live.tls", "Verschlüsselung"},
    {"page.live.name", "Benutzername"},
    {"page.live.name_as_is", "{login}, wie er sein soll"},
    {"page.live.name_taken", "„{login}“, verstanden als {account}"},
    {"page.live.from", "Absenderadresse"},
    {"page.live.from_good", "{address}, erlaubt"},
    {"page.live.from_bad", "{address}, nicht erlaubt"},
    {"page.live.from_none", "noch keine Nachricht gesendet"},
    {"page.live.credential", "Kennwort"},
    {"page.live.credential_own", "das des Kontos"},
    {"page.live.credential_app", "App-Kennwort „{name}“"},
    {"page.live.client", "Von der Adresse"},
    {"page.live.earlier", "Davor"},
    {"page.live.earlier_good", "Angemeldet {ago}"},
    {"page.live.earlier_bad", "Abgelehnt {ago}: {title}"},
    {"page.live.test", "Testnachricht an mich senden"},
    {"page.live.test_hint",
     "Sie geht über diesen Server an {address}; danach ist dieser Link verbraucht."},
    {"page.live.test_hint_kept",
     "Dieser Server probiert nur aus: Die Nachricht bleibt in seinem eigenen Eingang und wird "
     "nicht zugestellt. Dieser Link ist dann verbraucht."},
    {"page.live.done", "Es geht, ich bin fertig"},
    {"page.live.sent", "Eine Testnachricht an {address} ist unterwegs."},
    {"page.live.delivered", "Die Testnachricht an {address} ist zugestellt."},
    {"page.live.kept",
     "Die Testnachricht liegt im eigenen Eingang dieses Servers. An {address} wird sie nicht "
     "zugestellt: Der Server probiert nur aus (mode = trap)."},
    {"page.live.deferred",
     "Die Testnachricht ist noch nicht zugestellt; der nächste Versuch kommt von selbst."},
    {"page.live.failed", "Die Testnachricht ließ sich nicht zustellen."},
    {"page.live.reply", "Der andere Server sagte"},
    {"page.live.finished", "Alles ist eingerichtet."},
    {"page.live.finished_hint",
     "Dieser Link ist verbraucht. Die Einstellungen bleiben hier, solange er gilt."},
    {"page.live.test_refused", "Die Testnachricht wurde nicht angenommen: {why}."},

    {"page.missing.title", "Hier ist keine Seite"},
    {"page.missing",
     "Unter {path} gibt es nichts. Die Adresse ist vertippt oder nicht ganz kopiert."},

    {"page.ago.now", "gerade eben"},
    {"page.ago.second", "vor 1 Sekunde"},
    {"page.ago.seconds", "vor {n} Sekunden"},
    {"page.ago.minute", "vor 1 Minute"},
    {"page.ago.minutes", "vor {n} Minuten"},
    {"page.ago.hour", "vor 1 Stunde"},
    {"page.ago.hours", "vor {n} Stunden"},
    {"page.ago.day", "vor 1 Tag"},
    {"page.ago.days", "vor {n} Tagen"},

    {"page.test.subject", "Test: Ihre Mail geht hinaus"},
    {"page.test.text",
     "Dies ist die Testnachricht, um die Sie auf der Einrichtungsseite von {host} gebeten "
     "haben.\n\nWenn Sie sie lesen, geht Mail hinaus und kommt zurück an {address}.\n\nWas der "
     "Server von Ihrem Mailprogramm sah:\n{facts}"},
};

}  // namespace

std::span<const TextRow> setup_de() {
    return kRows;
}

}  // namespace posthaste::discovery::tables
