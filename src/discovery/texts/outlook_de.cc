// Deutsch: what Outlook's own numbers mean.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"spa", "Outlook versucht eine Art der Anmeldung, die es hier nicht gibt",
     "Die „gesicherte Kennwortauthentifizierung“ (SPA) ist angehakt. Das ist NTLM, und dieser "
     "Server "
     "bietet es nicht an; die Verbindung ist ohnehin verschlüsselt.",
     "Datei > Kontoeinstellungen > Kontoeinstellungen > Konto auswählen > Ändern.\n"
     "Den Haken bei „Anmeldung mithilfe der gesicherten Kennwortauthentifizierung (SPA) "
     "erforderlich“ entfernen.\n"
     "Unter Weitere Einstellungen > Postausgangsserver „Gleiche Einstellungen wie für "
     "Posteingangsserver verwenden“ wählen."},
    {"cert_name", "Der Servername passt nicht zum Zertifikat",
     "Der in Outlook eingetragene Servername steht nicht im Zertifikat, oder ein Hotelnetz oder "
     "Virenscanner antwortet an seiner Stelle.",
     "Als Postausgangsserver (SMTP) eintragen, Buchstabe für Buchstabe: {host}.\n"
     "Steht er schon so da, ein anderes Netz versuchen, etwa das des Telefons.\n"
     "Ist das gezeigte Zertifikat vom Virenscanner, dessen Mailprüfung abschalten."},
    {"cert_date", "Das Zertifikat gilt an diesem Tag nicht",
     "Entweder geht die Uhr dieses Rechners falsch, oder das Zertifikat des Servers ist "
     "abgelaufen.",
     "Datum, Uhrzeit und Zeitzone des Rechners prüfen und berichtigen.\n"
     "Stimmen sie, bitte melden an: {admin}. Das Zertifikat muss erneuert werden."},
    {"cert_untrusted", "Dem Aussteller des Zertifikats wird nicht vertraut",
     "Das Zertifikat stammt von einer Stelle, die dieser Rechner nicht kennt: ein Virenscanner "
     "oder "
     "Firmennetz dazwischen, ein System ohne Updates oder ein Server mit selbst gemachtem "
     "Zertifikat.",
     "Nachsehen, wer das gezeigte Zertifikat ausgestellt hat. Ist es ein Virenscanner, dessen "
     "Mailprüfung abschalten.\n"
     "Die Updates des Systems installieren.\n"
     "Sonst bitte melden an: {admin}. Der Server braucht ein Zertifikat einer öffentlichen "
     "Stelle."},
    {"connection_lost", "Die Verbindung ist mittendrin abgebrochen",
     "Das Netz ist instabil, oder ein Virenscanner oder eine Firewall hat die Verbindung getrennt.",
     "Noch einmal senden; verloren ist nichts, die Nachricht liegt im Postausgang.\n"
     "Geschieht es wieder, ein anderes Netz versuchen, etwa das des Telefons.\n"
     "Hilft das, die Mailprüfung des Virenscanners abschalten oder den Betreiber des Netzes "
     "fragen."},
    {"busy", "Outlook ist noch mit dem vorigen Senden und Empfangen beschäftigt",
     "Zwei Läufe überschneiden sich, oder eine Nachricht hängt im Postausgang.",
     "Outlook schließen und wieder öffnen.\n"
     "In den Postausgang sehen: eine hängende Nachricht in die Entwürfe ziehen und neu senden."},
    {"no_host", "Der Servername wurde nicht gefunden",
     "Der Name des Postausgangsservers ist falsch geschrieben, oder das Netz kann keine Namen "
     "auflösen.",
     "Den Namen kopieren, Postausgangsserver (SMTP): {host}.\n"
     "Eine beliebige Webseite öffnen. Geht keine auf, liegt es am Netz."},
    {"no_connection", "Outlook erreicht den Postausgangsserver nicht",
     "Der Port ist falsch oder gesperrt (25 ist in den meisten Netzen gesperrt), eine Firewall "
     "oder "
     "ein Virenscanner ist im Weg, oder der Server läuft nicht.",
     "Postausgangsserver (SMTP): {host}.\n"
     "Weitere Einstellungen > Erweitert: Postausgangsserver {tls_port} mit SSL/TLS oder "
     "{starttls_port} mit STARTTLS. Nie 25.\n"
     "Über das Netz des Telefons versuchen. Geht es dort, sperrt das andere Netz Mail.\n"
     "Geht es nirgends, bitte melden an: {admin}."},
    {"dropped", "Die Verbindung wurde geschlossen, bevor die Nachricht durch war",
     "Meist passt die Verschlüsselung nicht zum Port (SSL/TLS auf {starttls_port} oder STARTTLS "
     "auf "
     "{tls_port}). Sonst: ein Virenscanner, der Mail prüft, oder eine Nachricht, die dem Server zu "
     "groß ist.",
     "Weitere Einstellungen > Erweitert: Postausgangsserver {tls_port} mit SSL/TLS oder "
     "{starttls_port} mit STARTTLS.\n"
     "Eine kurze Nachricht ohne Anhang senden. Geht sie, war der Anhang zu groß: einen Link "
     "schicken.\n"
     "Geht sie nicht, die Mailprüfung des Virenscanners abschalten und noch einmal versuchen."},
    {"bad_address", "Eine Empfängeradresse ist nicht vollständig",
     "Eine Adresse wurde ohne Domain eingegeben oder enthält ein Leerzeichen oder Komma.",
     "Die Nachricht öffnen und die auffällige Adresse berichtigen, in der Form name@example.org.\n"
     "Kam sie aus den Vorschlägen, dort löschen und neu eintippen."},
    {"socket", "Die Netzverbindung des Rechners ist gescheitert",
     "Eine Firewall oder ein Virenscanner auf diesem Rechner oder der Netzwerktreiber verweigert "
     "Outlook die Verbindung.",
     "Den Rechner neu starten und noch einmal versuchen.\n"
     "Outlook in der Firewall erlauben und die Mailprüfung des Virenscanners abschalten.\n"
     "Prüfen: {host}, Port {tls_port} mit SSL/TLS oder {starttls_port} mit STARTTLS."},
    {"account_broken", "Das Konto in Outlook ist beschädigt, oder die Anmeldung wurde abgebrochen",
     "Outlook kann die Einstellungen des Kontos nicht lesen, oder das Kennwortfenster wurde "
     "geschlossen.",
     "Noch einmal senden und das Kennwort eingeben.\n"
     "Kommt kein Fenster, das Konto in den Kontoeinstellungen entfernen und neu anlegen; Mail auf "
     "einem IMAP-Server bleibt erhalten."},
    {"timeout", "Der Server hat nicht rechtzeitig geantwortet",
     "Die Verschlüsselung passt nicht zum Port, und beide Seiten warten aufeinander; oder eine "
     "Firewall verschluckt die Verbindung; oder eine große Nachricht wird gerade geprüft.",
     "Weitere Einstellungen > Erweitert: Postausgangsserver {tls_port} mit SSL/TLS oder "
     "{starttls_port} mit STARTTLS.\n"
     "Auf derselben Seite das Servertimeout auf 5 Minuten anheben.\n"
     "Ohne Anhang und mit abgeschalteter Mailprüfung des Virenscanners versuchen."},
    {"wrong_encryption", "Die verschlüsselte Verbindung kam nicht zustande",
     "Die Verschlüsselung passt nicht zum Port, oder dieses Windows oder Outlook kennt nur alte "
     "Verschlüsselung.",
     "Weitere Einstellungen > Erweitert: Postausgangsserver {tls_port} mit SSL/TLS oder "
     "{starttls_port} mit STARTTLS.\n"
     "Unter Windows 7 und mit Outlook 2010 oder 2013 muss TLS 1.2 eingeschaltet werden (Update "
     "KB3140245)."},
    {"winsock", "Der Netzwerkteil von Windows arbeitet nicht",
     "Der Fehler liegt in diesem Rechner, nicht im Mailserver.",
     "Den Rechner neu starten.\n"
     "Prüfen, ob eine Webseite aufgeht. Wenn nicht, die Netzwerkverbindung reparieren lassen."},
    {"odd_reply", "Es hat etwas geantwortet, das kein Mailserver ist",
     "Unter diesem Namen und Port ist ein anderer Server, oder ein Gerät im Netz antwortet an "
     "seiner "
     "Stelle.",
     "Prüfen: Postausgangsserver (SMTP) {host}, Port {tls_port} mit SSL/TLS oder {starttls_port} "
     "mit "
     "STARTTLS.\n"
     "Der Posteingangsserver ist ein anderer: {incoming}.\n"
     "Den Text hinter „Der Server hat geantwortet“ lesen und hier einfügen."},
    {"sender_refused", "Der Server hat den Absender abgelehnt",
     "Outlook hat sich am Postausgangsserver nicht angemeldet, oder als jemand, der mit dieser "
     "Adresse nicht senden darf.",
     "Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) erfordert "
     "Authentifizierung“ anhaken und „Gleiche Einstellungen wie für Posteingangsserver verwenden“ "
     "wählen.\n"
     "Im Konto muss die E-Mail-Adresse die sein, mit der Sie sich anmelden.\n"
     "Bei mehreren Konten unter „Von“ das richtige wählen."},
    {"recipient_refused", "Der Server hat einen Empfänger abgelehnt",
     "Meist hat sich Outlook am Postausgangsserver nicht angemeldet; dann nimmt er keine Mail an "
     "andere an. Sonst ist eine Adresse falsch; eine falsche hält die ganze Nachricht auf.",
     "Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) erfordert "
     "Authentifizierung“ anhaken und „Gleiche Einstellungen wie für Posteingangsserver verwenden“ "
     "wählen.\n"
     "Die genannte Adresse Buchstabe für Buchstabe prüfen.\n"
     "Den Text hinter „Der Server hat geantwortet“ lesen und hier einfügen."},
    {"nobody", "Die Nachricht hat keinen Absender oder keine Empfänger",
     "Outlook wollte sie ohne Adresse im Konto oder in An, Cc und Bcc senden.",
     "Die Nachricht im Postausgang öffnen und einen Empfänger eintragen.\n"
     "Die E-Mail-Adresse im Konto prüfen."},
    {"needs_starttls", "Der Server verlangt eine verschlüsselte Verbindung",
     "Die Verschlüsselung steht auf Keine (oder auf Automatisch und wurde zu keiner).",
     "Weitere Einstellungen > Erweitert: Verbindungstyp STARTTLS mit Port {starttls_port} oder "
     "SSL/TLS mit Port {tls_port}.\n"
     "Steht es schon so, nimmt die Mailprüfung eines Virenscanners die Verschlüsselung weg: die "
     "Prüfung abschalten."},
    {"no_starttls", "Outlook wurde gesagt, es gebe keine Verschlüsselung",
     "STARTTLS ist für einen Port gewählt, der es nicht hat, oder ein Virenscanner oder eine "
     "Firewall hat das Angebot unterwegs entfernt.",
     "Weitere Einstellungen > Erweitert: Postausgangsserver {tls_port} mit SSL/TLS. Dort lässt "
     "sich "
     "nichts entfernen.\n"
     "Geht auch das nicht, die Mailprüfung des Virenscanners abschalten oder ein anderes Netz "
     "versuchen."},
    {"no_dsn", "Der Server gibt keine Übermittlungsbestätigungen",
     "Es wurde eine Übermittlungsbestätigung verlangt, die dieser Server nicht geben kann.",
     "Ohne „Übermittlungsbestätigung anfordern“ senden.\n"
     "Prüfen, ob Outlook mit dem richtigen Server spricht: {host}."},
    {"starttls_failed", "Der Server konnte die Verschlüsselung nicht beginnen",
     "Sein Zertifikat oder Schlüssel hat einen Fehler, oder er ist überlastet.",
     "In einigen Minuten noch einmal versuchen.\n"
     "Bleibt es, bitte melden an: {admin}. „posthaste cert status“ zeigt, was fehlt."},
    {"no_common_login", "Outlook und der Server haben keine gemeinsame Art der Anmeldung",
     "Die „gesicherte Kennwortauthentifizierung“ (SPA) ist angehakt, oder die Verbindung ist nicht "
     "verschlüsselt; ohne Verschlüsselung wird keine Anmeldung angeboten.",
     "Den Haken bei „Anmeldung mithilfe der gesicherten Kennwortauthentifizierung (SPA) "
     "erforderlich“ entfernen, im Konto und unter Weitere Einstellungen > Postausgangsserver.\n"
     "Weitere Einstellungen > Erweitert: Postausgangsserver {tls_port} mit SSL/TLS oder "
     "{starttls_port} mit STARTTLS.\n"
     "Ist beides so, die Mailprüfung des Virenscanners abschalten."},
    {"incoming_side", "Hier geht es um das Abholen von Mail, nicht um das Senden",
     "Die Nummer kommt vom Posteingangsserver (POP3 oder IMAP). Posthaste sendet nur.",
     "Posteingangsserver, Port und Kennwort prüfen: {incoming}.\n"
     "Senden geht vielleicht trotzdem: sich selbst eine Nachricht schicken."},
    {"no_connection_incoming", "Outlook erreicht den Posteingangsserver nicht",
     "Name oder Port des Posteingangsservers ist falsch, oder ein Virenscanner ist im Weg.",
     "Posteingangsserver und Port prüfen: {incoming}.\n"
     "Die Mailprüfung des Virenscanners abschalten und noch einmal versuchen."},
    {"no_connection_out", "Outlook kann keine Verbindung zum Postausgangsserver (SMTP) herstellen",
     "Port 25 ist eingestellt und gesperrt, oder Port oder Servername stimmen nicht.",
     "Postausgangsserver (SMTP): {host}.\n"
     "Weitere Einstellungen > Erweitert: Postausgangsserver {starttls_port} mit STARTTLS oder "
     "{tls_port} mit SSL/TLS. Nie 25.\n"
     "Über das Netz des Telefons versuchen. Geht es dort, sperrt das andere Netz Mail."},
    {"incoming_timeout", "Der Posteingangsserver hat nicht rechtzeitig geantwortet",
     "Es geht um das Abholen von Mail: Der Server ist langsam, oder eine sehr große Nachricht "
     "wartet.",
     "Weitere Einstellungen > Erweitert: das Servertimeout auf 5 Minuten anheben.\n"
     "Posteingangsserver prüfen: {incoming}. Senden geht vielleicht trotzdem."},
    {"send_timeout", "Der Postausgangsserver hat nicht rechtzeitig geantwortet",
     "Ein großer Anhang über eine langsame Leitung, oder ein Virenscanner, der ihn prüft. Manchmal "
     "zeigt Outlook das auch bei einer Ablehnung: Dann steht der Grund hinter „Der Server hat "
     "geantwortet“.",
     "Steht Text hinter „Der Server hat geantwortet“, ihn hier einfügen.\n"
     "Weitere Einstellungen > Erweitert: das Servertimeout auf 5 Minuten anheben.\n"
     "Ohne Anhang und mit abgeschalteter Mailprüfung des Virenscanners senden.\n"
     "Prüfen: {host}, Port {tls_port} mit SSL/TLS oder {starttls_port} mit STARTTLS."},
    {"receipt_loop", "Eine Lesebestätigung hängt im Postausgang",
     "Outlook will eine Lesebestätigung senden; sie hat einen leeren Absender, und den lehnt der "
     "Server ab. Man sieht sie im Postausgang nicht, und Outlook versucht es ohne Ende.",
     "Mit diesem Server senden, er nimmt Lesebestätigungen an: {host}.\n"
     "Bei einem anderen Server muss die Bestätigung mit dem Werkzeug MFCMAPI gelöscht werden.\n"
     "Einstweilen Datei > Optionen > E-Mail > Verlauf: „Nie eine Lesebestätigung senden“ wählen."},
    {"mapi_network", "Outlook hat keine Verbindung zu seinem Server",
     "Der Rechner ist offline, oder Outlook ist auf Offlinebetrieb gestellt.",
     "Auf den unteren Rand des Outlook-Fensters sehen. Senden/Empfangen > Offline arbeiten muss "
     "aus "
     "sein.\n"
     "Prüfen, ob eine Webseite aufgeht."},
    {"mapi_logon", "Outlook konnte sich nicht anmelden",
     "Das Kennwort ist falsch oder fehlt, oder das Profil ist beschädigt.",
     "Das Kennwort neu eingeben: Datei > Kontoeinstellungen > Kontoeinstellungen > Ändern.\n"
     "Bleibt es, ein neues Profil anlegen: Systemsteuerung > Mail > Profile anzeigen > "
     "Hinzufügen."},
    {"mapi_extended", "Outlook weiß nicht, was der Server gemeint hat",
     "Diese Nummer steht für jede Ablehnung, für die Outlook keine Worte hat. Wichtig ist der Text "
     "hinter „Der Server hat geantwortet“.",
     "Den Text hinter „Der Server hat geantwortet“ hier einfügen.\n"
     "Gibt es keinen, Outlook neu starten und danach die Datendatei mit SCANPST.EXE reparieren.\n"
     "Bleibt es, das Konto entfernen und neu anlegen."},
    {"mapi_provider", "Outlook meldet, der Server sei nicht verfügbar",
     "Meist ist es das Profil oder die Verbindung zu Exchange; bei anderen Konten manchmal eine "
     "Grenze dafür, wie viel gesendet werden darf.",
     "Outlook schließen, den Rechner neu starten und noch einmal senden.\n"
     "In kleineren Portionen senden.\n"
     "Bleibt es, ein neues Profil anlegen: Systemsteuerung > Mail > Profile anzeigen > "
     "Hinzufügen."},
    {"data_file", "Die Datendatei von Outlook ist beschädigt oder voll",
     "Der Fehler liegt in der PST- oder OST-Datei dieses Rechners, nicht im Mailserver.",
     "Die Datei bei geschlossenem Outlook mit SCANPST.EXE reparieren (liegt bei Office).\n"
     "Ist sie sehr groß, alte Mail archivieren oder löschen."},
    {"unknown", "Diesen Code oder Text kennen wir nicht",
     "Nichts darin ist eine Nummer oder ein Satz, zu dem wir eine Erklärung haben.",
     "Den ganzen Text des Fehlerfensters einfügen, auch was hinter „Der Server hat geantwortet“ "
     "steht.\n"
     "Die Einstellungen vergleichen: {host}, Port {tls_port} mit SSL/TLS oder {starttls_port} mit "
     "STARTTLS, Benutzername = Ihre vollständige E-Mail-Adresse, Authentifizierung angehakt.\n"
     "Bleibt es, den Text senden an: {admin}."},
};

}  // namespace

std::span<const Topic> outlook_de() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
