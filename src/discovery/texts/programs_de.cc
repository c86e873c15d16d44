// Deutsch: what the windows of mail programs say, where no number decides.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"login_refused", "Benutzername oder Kennwort wurde nicht angenommen",
     "Das Kennwort ist falsch oder alt, oder der Benutzername ist nicht die vollständige "
     "E-Mail-Adresse.",
     "Der Benutzername muss Ihre vollständige E-Mail-Adresse sein, auch für das Senden.\n"
     "Thunderbird: noch einmal senden und das Passwort neu eingeben. Ein altes steht unter "
     "Einstellungen > Datenschutz & Sicherheit > Gespeicherte Passwörter.\n"
     "iPhone, iPad: Einstellungen > Apps > Mail > Mail-Accounts > der Account > SMTP > Primärer "
     "Server.\n"
     "Mac: Mail > Einstellungen > Accounts > Servereinstellungen, unter Server für ausgehende "
     "E-Mails.\n"
     "Outlook: Datei > Kontoeinstellungen > Kontoeinstellungen > Ändern.\n"
     "Nach einer Änderung gilt das neue Kennwort in jedem Programm und auf dem Handy."},
    {"program_cannot_connect", "Das Mailprogramm erreicht den Postausgangsserver nicht",
     "Servername, Port oder Verschlüsselung stimmt nicht, oder das Netz sperrt Mail (Port 25 ist "
     "in "
     "den meisten gesperrt).",
     "Postausgangsserver: {host}, Port {tls_port} mit SSL/TLS oder {starttls_port} mit STARTTLS. "
     "Nie 25.\n"
     "Thunderbird: Konten-Einstellungen > Postausgangs-Server (SMTP) > Bearbeiten.\n"
     "iPhone, iPad: Einstellungen > Apps > Mail > Mail-Accounts > der Account > SMTP > Primärer "
     "Server.\n"
     "Mac: Mail > Einstellungen > Accounts > Servereinstellungen.\n"
     "Über das Netz des Telefons versuchen. Geht es dort, sperrt das andere Netz Mail.\n"
     "Geht es nirgends, bitte melden an: {admin}."},
    {"setup_failed", "Outlook konnte das Konto nicht selbst einrichten",
     "Zu der Adresse fand es keine Einstellungen: Sie ist vertippt, das Netz sperrt die Suche, "
     "oder "
     "die Einträge, die die Server nennen, fehlen.",
     "Die Adresse Buchstabe für Buchstabe prüfen, auch hinter dem @.\n"
     "Das Konto von Hand einrichten: Erweiterte Optionen > Ich möchte mein Konto manuell "
     "einrichten > IMAP oder POP.\n"
     "Posteingang: {incoming}. Postausgang: {host}, Port {tls_port} mit SSL/TLS oder "
     "{starttls_port} mit STARTTLS. Benutzername = Ihre vollständige E-Mail-Adresse.\n"
     "Bitte weitergeben an: {admin}. „posthaste dns show“ und „posthaste cert status“ nennen, was "
     "der Suche fehlt."},
    {"tls_on_starttls_port", "Das Programm begann mit TLS auf einem Port, der ohne beginnt",
     "Was zurückkam, war kein TLS: SSL/TLS ist für einen Port eingestellt, der STARTTLS will, oder "
     "etwas unterwegs antwortet an Stelle des Servers.",
     "Zu Port {tls_port} gehört SSL/TLS, zu Port {starttls_port} STARTTLS: den Port oder die "
     "Verschlüsselung ändern, nicht beides.\n"
     "In Skripten: SMTP_SSL, smtps:// oder secure=true gehören zu {tls_port}, starttls() gehört zu "
     "{starttls_port}.\n"
     "Ist es schon so, die Mailprüfung des Virenscanners abschalten oder ein anderes Netz "
     "versuchen."},
    {"winmail", "Empfänger bekommen eine Datei winmail.dat",
     "Outlook hat die Nachricht als Rich-Text gesendet, was nur Outlook liest; ihre Anhänge "
     "stecken "
     "in dieser Datei.",
     "Datei > Optionen > E-Mail > Nachricht in diesem Format verfassen: HTML.\n"
     "Auf derselben Seite unter Nachrichtenformat: Beim Senden von Nachrichten im Rich-Text-Format "
     "an Internetempfänger: In HTML-Format konvertieren.\n"
     "Bekommt sie nur ein Empfänger, dessen Adresse aus den Vorschlägen löschen und neu "
     "eintippen.\n"
     "Die Nachricht noch einmal senden."},
    {"outlook_login", "Die Anmeldung von Outlook am Postausgangsserver ist gescheitert",
     "Die Nummer steht neben der für eine Anmeldung, die nicht passt (0x800CCC80); was fehlte, "
     "sagt "
     "der Text hinter „Der Server hat geantwortet“.",
     "Den Text hinter „Der Server hat geantwortet“ hier einfügen.\n"
     "Den Haken bei „Anmeldung mithilfe der gesicherten Kennwortauthentifizierung (SPA) "
     "erforderlich“ im Konto entfernen.\n"
     "Der Benutzername muss Ihre vollständige E-Mail-Adresse sein; das Kennwort neu eingeben."},
    {"data_file_missing", "Outlook findet seine Datendatei nicht",
     "Das Konto zeigt auf eine PST- oder OST-Datei, die es nicht mehr gibt oder die sich nicht "
     "öffnen lässt. Der Fehler liegt in diesem Rechner, nicht im Mailserver.",
     "Datei > Kontoeinstellungen > Kontoeinstellungen > Datendateien: nachsehen, welche fehlt.\n"
     "Auf der Seite E-Mail das Konto wählen, dann Ordner ändern, und einen vorhandenen Ordner "
     "nehmen.\n"
     "Bleibt es, ein neues Profil anlegen: Systemsteuerung > Mail > Profile anzeigen > "
     "Hinzufügen."},
};

}  // namespace

std::span<const Topic> programs_de() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
