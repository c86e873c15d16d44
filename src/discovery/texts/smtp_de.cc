// Deutsch: what any server's reply means by its number or its words.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"smtp_421", "Der Server hat die Verbindung vorerst geschlossen (421)",
     "Er hat zu viele Verbindungen, startet gerade neu, begrenzt das Tempo oder nimmt veraltete "
     "Verschlüsselung nicht an.",
     "Zehn Minuten warten; Outlook sendet von selbst noch einmal.\n"
     "Den Text der Antwort lesen: Er sagt, was davon es ist.\n"
     "Bleibt es, bitte melden an: {admin}."},
    {"smtp_450", "Der Server bittet, es später zu versuchen (450)",
     "Das Postfach des Empfängers ist gerade belegt, oder der Server lässt neue Absender warten "
     "(Greylisting).",
     "Warten: Die Nachricht wird von selbst wieder versucht.\n"
     "Bleibt es einen Tag, die Adresse des Empfängers und den Text der Antwort prüfen."},
    {"smtp_451", "Der Server hatte selbst ein Problem (451)",
     "Auf dem Server geht im Moment etwas nicht. Manche Server sagen das auch zu Programmen, die "
     "sich nicht angemeldet haben.",
     "In einigen Minuten noch einmal versuchen.\n"
     "Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) erfordert "
     "Authentifizierung“ muss angehakt sein.\n"
     "Bleibt es, bitte melden an: {admin}."},
    {"smtp_452", "Der Server hat keinen Platz, oder es sind zu viele Empfänger (452)",
     "Seine Platte ist voll, eine Sendegrenze ist erreicht, oder die Nachricht hat mehr Empfänger, "
     "als er auf einmal nimmt.",
     "An weniger Empfänger auf einmal senden.\n"
     "Eine Stunde warten und den Rest senden.\n"
     "Bleibt es, bitte melden an: {admin}."},
    {"smtp_454",
     "Der Server kann gerade keine Anmeldung prüfen oder Verschlüsselung beginnen (454)",
     "Der Teil des Servers, der Kennwörter oder Zertifikate kennt, ist nicht erreichbar. Ihr "
     "Kennwort kann richtig sein.",
     "In einigen Minuten noch einmal versuchen und das Kennwort nicht ändern.\n"
     "Bleibt es, bitte melden an: {admin}."},
    {"smtp_500", "Der Server hat einen Befehl nicht verstanden (500)",
     "Ein Virenscanner oder eine Firewall verändert, was gesendet wird, oder das Programm spricht "
     "mit der falschen Art Server.",
     "Port {tls_port} mit SSL/TLS verwenden: Daran kann unterwegs nichts verändert werden.\n"
     "Die Mailprüfung des Virenscanners abschalten.\n"
     "Prüfen, Postausgangsserver (SMTP): {host}."},
    {"smtp_501", "Der Server hat eine Angabe nicht angenommen (501)",
     "Eine Adresse hat eine falsche Form, oder dem Server gefällt der Name nicht, den der Rechner "
     "sich gibt.",
     "Die Empfänger prüfen: name@example.org, ohne Leerzeichen und Kommas.\n"
     "Die E-Mail-Adresse im Konto prüfen.\n"
     "Stimmt beides, diesen Server verwenden, er nimmt jeden Rechnernamen: {host}."},
    {"smtp_502", "Der Server bietet nicht an, was das Programm wollte (502)",
     "Anmeldung oder Verschlüsselung wurde an einem Server oder Port versucht, der sie nicht hat.",
     "Prüfen: Postausgangsserver (SMTP) {host}, Port {tls_port} mit SSL/TLS oder {starttls_port} "
     "mit "
     "STARTTLS."},
    {"smtp_503", "Befehle kamen in falscher Reihenfolge (503)",
     "Meist hat sich das Programm vorher nicht angemeldet oder keine Verschlüsselung begonnen.",
     "Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) erfordert "
     "Authentifizierung“ anhaken.\n"
     "Weitere Einstellungen > Erweitert: {tls_port} mit SSL/TLS oder {starttls_port} mit "
     "STARTTLS."},
    {"smtp_504", "Der Server kennt diese Art der Anmeldung nicht (504)",
     "Die „gesicherte Kennwortauthentifizierung“ (SPA) ist angehakt, oder der Server will eine "
     "andere Art, als das Programm anbietet.",
     "Den Haken bei „Anmeldung mithilfe der gesicherten Kennwortauthentifizierung (SPA) "
     "erforderlich“ entfernen.\n"
     "In anderen Programmen „Passwort, normal“ wählen."},
    {"smtp_530", "Anmeldung oder Verschlüsselung fehlt (530)",
     "Das Programm wollte ohne Anmeldung oder ohne Verschlüsselung senden.",
     "Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) erfordert "
     "Authentifizierung“ anhaken und „Gleiche Einstellungen wie für Posteingangsserver verwenden“ "
     "wählen.\n"
     "Weitere Einstellungen > Erweitert: {tls_port} mit SSL/TLS oder {starttls_port} mit "
     "STARTTLS."},
    {"smtp_535", "Benutzername oder Kennwort wurde nicht angenommen (535)",
     "Das Kennwort ist falsch oder veraltet, oder der Benutzername ist nicht die vollständige "
     "E-Mail-Adresse.",
     "Der Benutzername muss Ihre vollständige E-Mail-Adresse sein.\n"
     "Das Kennwort neu eintippen: Datei > Kontoeinstellungen > Kontoeinstellungen > Ändern.\n"
     "Haben Sie es kürzlich geändert, in jedem Programm und auf dem Telefon ändern."},
    {"smtp_550", "Der Server hat die Nachricht oder einen Empfänger abgelehnt (550)",
     "Den Empfänger gibt es dort nicht, das Programm hat sich nicht angemeldet, oder die Regeln "
     "des "
     "Servers lehnen die Mail ab.",
     "Die Adresse des Empfängers Buchstabe für Buchstabe prüfen.\n"
     "Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) erfordert "
     "Authentifizierung“ muss angehakt sein.\n"
     "Den Rest der Antwort lesen: Er sagt meist, was davon es ist."},
    {"smtp_551", "Der Empfänger ist nicht bei diesem Server (551)",
     "Das Programm hat sich nicht angemeldet; dann nimmt der Server nur Mail für seine eigenen "
     "Leute.",
     "Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) erfordert "
     "Authentifizierung“ anhaken.\n"
     "Die Adresse des Empfängers prüfen."},
    {"smtp_552", "Die Nachricht ist zu groß (552)",
     "Sie überschreitet, was der Server annimmt, oder das Postfach des Empfängers ist voll. Ein "
     "Anhang wächst beim Senden um ein Drittel.",
     "Einen Link oder eine kleinere oder komprimierte Datei schicken.\n"
     "Die Anhänge auf mehrere Nachrichten verteilen."},
    {"smtp_553", "Der Absender oder eine Adresse ist nicht erlaubt (553)",
     "Der Absender ist keine Adresse dieser Anmeldung, oder eine Adresse hat eine falsche Form.",
     "Im Konto muss die E-Mail-Adresse die sein, mit der Sie sich anmelden.\n"
     "Bei mehreren Konten unter „Von“ das richtige wählen.\n"
     "Die Empfänger prüfen: name@example.org."},
    {"smtp_554", "Die Regeln des Servers lehnen die Nachricht ab (554)",
     "Er hielt sie für unerwünscht oder nimmt von diesem Absender oder Netz nichts an.",
     "Den Rest der Antwort lesen: Er sagt meist, warum.\n"
     "Noch einmal ohne Links und Anhänge senden.\n"
     "Bleibt es, die ganze Antwort weitergeben an: {admin}."},
    {"relay_denied", "Der Server befördert keine Mail für Fremde",
     "Das Programm hat sich am Postausgangsserver nicht angemeldet. Meist fehlt der Haken dafür.",
     "Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) erfordert "
     "Authentifizierung“ anhaken und „Gleiche Einstellungen wie für Posteingangsserver verwenden“ "
     "wählen.\n"
     "Prüfen, Postausgangsserver (SMTP): {host}."},
    {"greylisted", "Der Server lässt neue Absender warten",
     "Greylisting: Der erste Versuch wird für einige Minuten abgelehnt, der nächste angenommen.",
     "Warten: Die Nachricht wird binnen einer Stunde von selbst wieder versucht.\n"
     "Bekommt Ihr eigenes Programm diese Antwort, ist es nicht angemeldet: „Der Postausgangsserver "
     "(SMTP) erfordert Authentifizierung“ anhaken."},
    {"sender_policy", "Der Server des Empfängers glaubt den Absender nicht",
     "SPF, DKIM oder DMARC der Absenderdomain erlauben den Server nicht, der die Mail geschickt "
     "hat.",
     "Über diesen Server senden, nicht über den eines anderen Anbieters: {host}.\n"
     "Weitergeben an: {admin}. „posthaste dns show“ druckt die Einträge für SPF, DKIM und DMARC."},
    {"blocklisted", "Die sendende Adresse steht auf einer Sperrliste",
     "Der Server des Empfängers nimmt von der Netzadresse, von der die Mail kam, nichts an.",
     "Bekommt Ihr eigenes Programm das, ist es nicht angemeldet oder benutzt den falschen Server: "
     "{host}, Port {tls_port} mit SSL/TLS, Authentifizierung angehakt.\n"
     "Steht es in einem Bericht, weitergeben an: {admin}. Die genannte Liste sagt, wie man "
     "herunterkommt."},
    {"no_such_recipient", "Die Adresse des Empfängers gibt es nicht",
     "Der Server des Empfängers kennt kein solches Postfach: ein Tippfehler, oder die Person ist "
     "nicht mehr da.",
     "Die Adresse Buchstabe für Buchstabe prüfen, auch hinter dem @.\n"
     "Die alte Adresse aus den Vorschlägen löschen und neu eintippen.\n"
     "Den Empfänger auf anderem Weg fragen."},
    {"mailbox_full", "Das Postfach des Empfängers ist voll", "Für die Nachricht ist kein Platz.",
     "Den Empfänger auf anderem Weg verständigen und später noch einmal senden."},
    {"app_password", "Der Anbieter will ein App-Kennwort",
     "Bei zweistufiger Anmeldung geht das gewöhnliche Kennwort in Mailprogrammen nicht.",
     "Auf der Sicherheitsseite des Anbieters ein App-Kennwort anlegen.\n"
     "Es im Programm anstelle des Kennworts eintragen."},
};

}  // namespace

std::span<const Topic> smtp_de() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
