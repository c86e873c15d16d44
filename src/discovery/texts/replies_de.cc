// Deutsch: our own replies, R1 and on.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"r1", "Die Verbindung muss verschlüsselt sein",
     "Das Programm wollte ohne Verschlüsselung senden oder sich anmelden. Die Verschlüsselung "
     "steht "
     "auf Keine, oder ein Virenscanner, der Mail prüft, hat sie weggenommen.",
     "Outlook: Weitere Einstellungen > Erweitert: Verbindungstyp STARTTLS mit Port {starttls_port} "
     "oder SSL/TLS mit Port {tls_port}.\n"
     "Steht es schon so, die Mailprüfung des Virenscanners abschalten oder {tls_port} mit SSL/TLS "
     "verwenden."},
    {"r2", "Das Programm hat sich nicht angemeldet",
     "Outlook meldet sich am Postausgangsserver nur an, wenn ein Haken gesetzt ist, und dieser "
     "Server befördert ohne Anmeldung niemandes Mail.",
     "Outlook: Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) "
     "erfordert "
     "Authentifizierung“ anhaken.\n"
     "„Gleiche Einstellungen wie für Posteingangsserver verwenden“ wählen.\n"
     "Andere Programme: Authentifizierung auf „Passwort, normal“, Benutzername ist die "
     "vollständige "
     "E-Mail-Adresse."},
    {"r3", "Benutzername oder Kennwort stimmt nicht",
     "Das Kennwort ist vertippt oder veraltet, oder der Benutzername ist nicht die vollständige "
     "E-Mail-Adresse. Ein Gerät oder Programm braucht vielleicht ein App-Kennwort.",
     "Der Benutzername ist Ihre vollständige E-Mail-Adresse.\n"
     "Das Kennwort neu eintippen: Outlook > Datei > Kontoeinstellungen > Kontoeinstellungen > "
     "Ändern.\n"
     "Haben Sie es kürzlich geändert, in jedem Programm und auf dem Telefon ändern.\n"
     "Haben Sie es vergessen, fragen Sie {admin}."},
    {"r4", "Dem Benutzernamen fehlt die Domain",
     "Es wurde nur der Teil vor dem @ eingegeben, und es ist nicht klar, wessen er ist.",
     "Als Benutzernamen die vollständige E-Mail-Adresse eintragen, etwa anna@example.com: Datei > "
     "Kontoeinstellungen > Kontoeinstellungen > Ändern."},
    {"r5", "Der Benutzername ist der Name einer Person",
     "Bei „Benutzername“ steht ein Name mit Leerzeichen, keine E-Mail-Adresse.",
     "Als Benutzernamen die vollständige E-Mail-Adresse eintragen: Datei > Kontoeinstellungen > "
     "Kontoeinstellungen > Ändern.\n"
     "Der eigene Name gehört darüber in „Ihr Name“."},
    {"r6", "Das ist ein altes Kennwort",
     "Das Programm benutzt noch das Kennwort von vor der Änderung.",
     "Das neue Kennwort eingeben: Outlook > Datei > Kontoeinstellungen > Kontoeinstellungen > "
     "Ändern.\n"
     "Auch auf dem Telefon und in jedem anderen Programm ändern."},
    {"r7", "Outlook versucht eine Art der Anmeldung, die es hier nicht gibt",
     "Die „gesicherte Kennwortauthentifizierung“ (SPA), also NTLM, ist angehakt.",
     "Im Konto den Haken bei „Anmeldung mithilfe der gesicherten Kennwortauthentifizierung (SPA) "
     "erforderlich“ entfernen.\n"
     "Auch unter Weitere Einstellungen > Postausgangsserver nachsehen: Dort gibt es denselben "
     "Haken."},
    {"r8", "Der Absender ist keine Adresse dieser Anmeldung",
     "Sie haben sich mit einer Adresse angemeldet und senden mit einer anderen. Niemand darf im "
     "Namen eines anderen senden.",
     "Outlook: Im Konto als E-Mail-Adresse die eintragen, mit der Sie sich anmelden.\n"
     "Bei mehreren Konten unter „Von“ das richtige wählen.\n"
     "Scanner und Programme: Die Absenderadresse muss der Benutzername sein oder eine, die er "
     "benutzen darf.\n"
     "Sollten Sie die Adresse benutzen dürfen, fragen Sie {admin}."},
    {"r9", "Die Nachricht ist zu groß",
     "Sie überschreitet die Grenze, die in der Antwort steht. Ein Anhang wächst beim Senden um ein "
     "Drittel.",
     "Statt der Datei einen Link schicken.\n"
     "Oder sie verkleinern oder auf mehrere Nachrichten verteilen."},
    {"r10", "Den Empfänger gibt es hier nicht",
     "In dieser Domain gibt es kein solches Postfach: meist ein Tippfehler.",
     "Die Adresse Buchstabe für Buchstabe prüfen.\n"
     "Die falsche aus den Vorschlägen löschen und neu eintippen."},
    {"r11", "Beim Postausgangsserver stehen die Einstellungen des Posteingangsservers",
     "Das Programm spricht POP3, IMAP oder HTTP mit einem Server, der nur sendet.",
     "Posteingangsserver: {incoming}.\n"
     "Postausgangsserver (SMTP): {host}, Port {tls_port} mit SSL/TLS oder {starttls_port} mit "
     "STARTTLS."},
    {"r12", "Es wurde mehr gesendet, als auf einmal erlaubt ist",
     "Ihre Anmeldung hat ihre Grenze erreicht. Haben Sie nicht so viel gesendet, benutzt jemand "
     "anderes Ihr Kennwort.",
     "Bis zu der Zeit warten, die in der Antwort steht: Die Nachricht geht von selbst hinaus.\n"
     "Waren Sie es nicht, sofort das Kennwort ändern und melden an: {admin}."},
    {"r13", "Dieses Konto darf nicht senden", "Es ist geschlossen oder gesperrt.",
     "Fragen Sie {admin}."},
    {"r14", "Zu viele gescheiterte Anmeldungen aus diesem Netz",
     "Ein Programm in Ihrem Netz versucht es immer wieder mit einem falschen Kennwort. Eine Weile "
     "kann sich von dort niemand anmelden.",
     "Zehn Minuten warten.\n"
     "Das Programm oder Gerät mit dem alten Kennwort suchen; die Antwort nennt den Anfang seines "
     "Benutzernamens.\n"
     "Dort das richtige Kennwort eintragen oder es ausschalten."},
    {"r15", "Dieses Mailprogramm ist hier nicht erlaubt",
     "Das neue Outlook und Outlook auf dem Telefon geben Ihr Kennwort an Microsofts Server, und "
     "diese Organisation will das nicht.",
     "Das klassische Outlook, Thunderbird oder Apple Mail verwenden.\n"
     "Brauchen Sie ein anderes Programm, fragen Sie {admin}."},
    {"r16", "Port 25 ist für Server", "Mailprogramme senden über einen anderen Port.",
     "Outlook: Weitere Einstellungen > Erweitert: Postausgangsserver {starttls_port} mit STARTTLS "
     "oder {tls_port} mit SSL/TLS."},
    {"r17", "Die Verschlüsselung des Geräts ist zu alt",
     "Es bietet nur TLS 1.0 oder 1.1, und das nehmen die gewöhnlichen Ports nicht mehr.",
     "Das Gerät aktualisieren oder darin TLS 1.2 einschalten.\n"
     "Für Geräte, die das nicht können, lässt sich ein eigener Port öffnen; fragen Sie {admin}."},
    {"r18", "Die Nachricht war schon da",
     "Das Programm hat sie ein zweites Mal gesendet, weil die Antwort auf das erste verloren ging. "
     "Sie wurde einmal angenommen und geht einmal hinaus.",
     "Es ist nichts zu tun."},
    {"r19", "Die Nachricht wurde angenommen",
     "Sie liegt sicher auf der Platte des Servers und ist unterwegs. Das Wort hinter „as“ ist ihre "
     "Nummer.",
     "Es ist nichts zu tun. Kommt sie nicht an, die Nummer weitergeben an: {admin}. „posthaste "
     "trace“ zeigt, wo sie ist."},
    {"r20", "Die Platte des Servers ist voll",
     "Er nimmt nichts Neues an, bis wieder Platz ist. Ihre Nachricht ist in Ordnung.",
     "Später senden; Outlook versucht es von selbst.\n"
     "Bitte melden an: {admin}."},
    {"r21", "Der Server kann keine Mail speichern",
     "Seine Platte hat versagt. Er nimmt nichts an, bis jemand nachgesehen hat, damit nichts "
     "verloren geht.",
     "Sofort melden an: {admin}. „posthaste status“ zeigt den Fehler, dann muss der Server neu "
     "gestartet werden.\n"
     "Die Nachricht später senden."},
    {"r22", "Der Server hat im Moment zu viel zu tun", "Es kommt mehr Mail, als er speichern kann.",
     "In einer Minute noch einmal senden; Outlook versucht es von selbst."},
    {"r23", "Das Speichern der Nachricht dauerte zu lange",
     "Der Server kann nicht sagen, ob sie gespeichert wurde.",
     "Noch einmal senden. Sie kommt dann vielleicht zweimal an.\n"
     "Bitte melden an: {admin}. Die Platte ist langsam oder am Versagen."},
    {"r24", "Befehle kamen in falscher Reihenfolge",
     "Das Programm oder etwas zwischen ihm und dem Server hält sich nicht an SMTP.",
     "Noch einmal senden.\n"
     "Die Mailprüfung des Virenscanners abschalten oder Port {tls_port} mit SSL/TLS verwenden.\n"
     "Ist es ein eigenes Programm, mit RFC 5321, Abschnitt 4.1.4 vergleichen."},
    {"r25", "Kein Empfänger wurde angenommen",
     "Alle Empfänger wurden abgelehnt, und das Programm wollte die Nachricht trotzdem senden.",
     "Die Antworten davor lesen: Jede sagt, was an ihrer Adresse falsch ist.\n"
     "Die Adressen berichtigen und noch einmal senden."},
    {"r26", "STARTTLS wird auf diesem Port nicht angeboten",
     "Der Port ist einer ohne Verschlüsselung, für Programme auf dem Server selbst.",
     "Diesen Server verwenden: {host}, Port {starttls_port} mit STARTTLS oder {tls_port} mit "
     "SSL/TLS.\n"
     "Oder für diesen Port keine Verschlüsselung wählen."},
    {"r27", "Der Server kennt diesen Befehl nicht",
     "Das Programm spricht etwas anderes als SMTP oder eine Erweiterung, die es nicht gibt.",
     "Prüfen: Postausgangsserver (SMTP) {host}; Posteingangsserver: {incoming}.\n"
     "Die Mailprüfung des Virenscanners abschalten oder Port {tls_port} mit SSL/TLS verwenden."},
    {"r28", "Ein Befehl enthält Zeichen, die nicht hineingehören",
     "In einem Befehl kamen Steuerzeichen oder Buchstaben, die kein UTF-8 sind.",
     "Das Programm oder Gerät berichtigen, das ihn gesendet hat.\n"
     "Ist es Outlook, die Mailprüfung des Virenscanners abschalten oder Port {tls_port} mit "
     "SSL/TLS "
     "verwenden."},
    {"r29", "Ein Befehl hat eine Angabe, die sich nicht lesen lässt",
     "Das Programm hat einen Befehl in einer Form gesendet, die SMTP nicht erlaubt.",
     "Die Antwort sagt, was falsch ist: das Programm berichtigen, das ihn gesendet hat."},
    {"r30", "Ein Befehl war zu lang",
     "Es kamen mehr als 4096 Oktette (12288 bei einer Anmeldung) ohne Zeilenende.",
     "Das Programm berichtigen, das ihn gesendet hat.\n"
     "Ist es Outlook, die Verschlüsselung prüfen: {tls_port} mit SSL/TLS oder {starttls_port} mit "
     "STARTTLS."},
    {"r31", "Ein Befehl endete nur mit LF",
     "SMTP beendet Zeilen mit CR LF. Skripte und Geräte senden manchmal nur LF.",
     "Das Programm oder Gerät auf Zeilenenden mit CR LF („\\r\\n“) stellen."},
    {"r32", "Der Absender ist keine E-Mail-Adresse",
     "Im Konto oder Gerät steht etwas, das keine Adresse ist.",
     "Die eigene E-Mail-Adresse als Absender eintragen, in der Form anna@example.com."},
    {"r33", "Ein Empfänger ist keine E-Mail-Adresse",
     "Er wurde ohne Domain eingegeben oder enthält Leerzeichen, Kommas oder andere Zeichen.",
     "Berichtigen, in der Form name@example.org.\n"
     "Kam er aus den Vorschlägen oder dem Adressbuch, dort berichtigen."},
    {"r34", "Mail an eine bloße IP-Adresse wird nicht befördert",
     "Hinter dem @ steht eine Zahl in Klammern.", "Hinter das @ einen Domainnamen schreiben."},
    {"r35", "Die Adresse hat Buchstaben jenseits von ASCII",
     "Solche Adressen brauchen SMTPUTF8, und dieses Mailprogramm hat es nicht verlangt.",
     "Ein neueres Mailprogramm verwenden, etwa Thunderbird.\n"
     "Oder eine andere Adresse des Empfängers."},
    {"r36", "Ein Parameter ist hier nicht bekannt",
     "Das Programm hat eine SMTP-Erweiterung verlangt, die es nicht gibt.",
     "Die Antwort nennt sie: die Funktion abschalten oder das Programm berichtigen."},
    {"r37", "Ein Parameter hat einen falschen Wert",
     "Das Programm hat den Parameter einer SMTP-Erweiterung in einer Form gesendet, die nicht "
     "erlaubt ist.",
     "Die Antwort sagt, was falsch ist: das Programm berichtigen, das ihn gesendet hat."},
    {"r38", "Einem BDAT-Befehl fehlt die Größe",
     "Der Server kann nicht wissen, wo das Stück endet, und schließt die Verbindung.",
     "Das Programm berichtigen: BDAT 1000 LAST (RFC 3030).\n"
     "Oder es DATA verwenden lassen."},
    {"r39", "Die Nachricht hat zu viele Empfänger",
     "Die Grenze für eine Nachricht steht in der Antwort.",
     "An einige senden, dann als weitere Nachricht an die anderen.\n"
     "Für große Gruppen eine Mailingliste verwenden."},
    {"r40", "Zeilen der Nachricht enden nur mit CR",
     "Was so ein Zeilenende bedeutet, wird auf zwei Arten verstanden, und das lässt sich "
     "missbrauchen; darum wird es abgelehnt.",
     "Das Programm, das die Nachricht geschrieben hat, auf Zeilenenden mit CR LF stellen."},
    {"r41", "Die Nachricht enthält NUL-Zeichen",
     "Eine Datei wurde so, wie sie ist, in die Nachricht gesetzt, nicht als Anhang.",
     "Die Datei als Anhang (base64) senden."},
    {"r42", "Das Ende der Nachricht ist falsch gekennzeichnet",
     "Der Punkt, der eine Nachricht beendet, stand zwischen LF und nicht zwischen CR LF.",
     "Das Gerät oder Programm auf Zeilenenden mit CR LF stellen oder aktualisieren."},
    {"r43", "Die Nachricht hat mehrere From-Felder",
     "Welches davon ein Leser sieht, ist nicht klar, und das lässt sich missbrauchen.",
     "Das Programm berichtigen, das sie geschrieben hat: ein From, höchstens ein Sender."},
    {"r44", "Die Nachricht hat kein From-Feld",
     "Das Programm oder Gerät sagt nicht, von wem sie ist.",
     "Im Programm oder Gerät die eigene E-Mail-Adresse als Absender eintragen."},
    {"r45", "Das From-Feld lässt sich nicht lesen", "Es hat nicht die Form einer Adresse.",
     "So schreiben: Anna <anna@example.com>\n"
     "Hat der Name ein Komma oder einen Punkt, gehört er in Anführungszeichen."},
    {"r46", "Der Kopf der Nachricht stimmt nicht",
     "Eine Zeile darin hat eine Form, die Mail nicht erlaubt.",
     "Die Antwort sagt, was falsch ist: das Programm berichtigen, das sie geschrieben hat."},
    {"r47", "Der Kopf der Nachricht ist zu groß",
     "Er hat über 1 MB oder mehr als 10000 Felder, meist durch eine sehr lange An-Zeile.",
     "An weniger Leute auf einmal senden oder Bcc oder eine Mailingliste verwenden."},
    {"r48", "Die Nachricht läuft im Kreis",
     "Sie ist durch so viele Server gegangen, dass sie immer wieder zurückkommen muss.",
     "Eine Weiterleitung suchen, die sie dorthin zurückschickt, woher sie kam, und sie löschen."},
    {"r49", "Hier gibt es nur PLAIN und LOGIN",
     "Das Programm hat eine andere Art der Anmeldung versucht.",
     "Als Authentifizierungsmethode „Passwort, normal“ wählen.\n"
     "In Outlook den Haken bei „Anmeldung mithilfe der gesicherten Kennwortauthentifizierung (SPA) "
     "erforderlich“ entfernen."},
    {"r50", "Die Anmeldung ließ sich nicht lesen",
     "Sie hatte nicht die Form von SMTP-Anmeldungen (base64, RFC 4616).",
     "Benutzername und Kennwort neu eingeben.\n"
     "Ist es ein eigenes Programm, dessen Kodierung der Anmeldung berichtigen.\n"
     "Spricht die Antwort von einem anderen Benutzer (another user), das Feld \"authorization "
     "identity\" (authzid) leer lassen."},
    {"r51", "Die Anmeldung wurde abgebrochen",
     "Das Mailprogramm hat sie abgebrochen, meist weil sein Kennwortfenster geschlossen wurde.",
     "Noch einmal senden und das Kennwort eingeben."},
    {"r52", "Es melden sich gerade viele an",
     "Der Server prüft die Kennwörter nacheinander. Ihres wurde nicht angesehen.",
     "In einigen Sekunden noch einmal versuchen; das Kennwort nicht ändern."},
    {"r53", "Die Konten lassen sich gerade nicht lesen",
     "Die Liste der Konten oder der Server, der die Kennwörter prüft, ist nicht erreichbar. Ihr "
     "Kennwort kann richtig sein.",
     "Später noch einmal versuchen; das Kennwort nicht ändern.\n"
     "Bleibt es, bitte melden an: {admin}."},
    {"r54", "Zu viele gescheiterte Anmeldungen auf dieser Verbindung",
     "Benutzername oder Kennwort ist falsch.",
     "Der Benutzername ist Ihre vollständige E-Mail-Adresse.\n"
     "Das Kennwort neu eintippen, dann noch einmal senden."},
    {"r55", "Es kam zu lange nichts",
     "Die Verbindung verstummte: ein instabiles Netz oder eine Firewall, die Verbindungen "
     "vergisst.",
     "Noch einmal senden.\n"
     "Geschieht es oft, den Betreiber des Netzes fragen oder das Netz des Telefons versuchen."},
    {"r56", "Das Programm hat sich nicht rechtzeitig angemeldet",
     "Eine Verbindung ohne Anmeldung wird nach einer Weile geschlossen.",
     "Outlook: Weitere Einstellungen > Postausgangsserver: „Der Postausgangsserver (SMTP) "
     "erfordert "
     "Authentifizierung“ anhaken.\n"
     "Ein eigenes Programm sollte sich erst verbinden, wenn es etwas zu senden gibt."},
    {"r57", "Die Nachricht kam zu langsam",
     "Eine ganze Minute lang kam weniger als 1 KB in der Sekunde.",
     "Ein besseres Netz versuchen.\n"
     "Einen kleineren Anhang oder einen Link schicken."},
    {"r58", "Der Server startet neu", "Das dauert einige Sekunden.",
     "In einer Minute noch einmal senden; Outlook versucht es von selbst."},
    {"r59", "Zu viele falsche Befehle",
     "Das Programm macht immer wieder denselben Fehler oder spricht kein SMTP.",
     "Prüfen: Postausgangsserver (SMTP) {host}, Port {tls_port} mit SSL/TLS oder {starttls_port} "
     "mit "
     "STARTTLS.\n"
     "Die Antworten davor sagen, was falsch ist."},
    {"r60", "Zu viele Befehle ohne eine Nachricht",
     "Das Programm beschäftigt die Verbindung und sendet nichts.",
     "Es sollte sich erst verbinden, wenn es etwas zu senden gibt."},
    {"r61", "Der Server hat zu viele Verbindungen", "Er nimmt im Moment keine weiteren an.",
     "In einer Minute noch einmal versuchen.\n"
     "Bleibt es, bitte melden an: {admin}."},
    {"r62", "Zu viele Verbindungen aus Ihrem Netz, die nicht angemeldet sind",
     "Ein Programm dort versucht es ohne Ende, oder viele Geräte teilen sich die Adresse.",
     "Eine Minute warten und noch einmal senden.\n"
     "Ein Programm oder Gerät mit falschem Kennwort suchen."},
    {"r63", "Dieser Port ist für alte Geräte",
     "Er spricht eine Verschlüsselung, die nicht mehr sicher ist, und bedient deshalb nur einige "
     "Adressen im Haus. Ihre gehört nicht dazu.",
     "Im Mailprogramm als Postausgangsserver (SMTP) {host} eintragen, Port {tls_port} mit SSL/TLS "
     "oder {starttls_port} mit STARTTLS.\n"
     "Die Adresse eines alten Geräts bitte melden an: {admin}. Sie gehört in allow von [legacy]."},
    {"r64", "Jemand versucht, das Kennwort dieses Benutzers zu erraten",
     "Für diesen Benutzernamen wurden binnen einer Stunde viele verschiedene Kennwörter versucht, "
     "aus mehreren Netzen. 15 Minuten lang wird das Kennwort nur angesehen, wenn es aus einem Netz "
     "kommt, in dem sich der Benutzer schon angemeldet hat. Ihres kann richtig sein.",
     "15 Minuten warten, dann noch einmal senden; das Kennwort deswegen nicht ändern.\n"
     "Am gewohnten Ort geht es jetzt, und ein App-Kennwort geht überall.\n"
     "Sind Sie auf Reisen und es bleibt so, um ein App-Kennwort bitten: {admin}."},
    {"r65", "Eine Zeile der Nachricht ist zu lang",
     "E-Mail erlaubt 998 Zeichen in einer Zeile. Sonst bricht dieser Server sie um, aber hier "
     "würde "
     "das die Signatur, die Verschlüsselung oder einen Teil zerstören, der bleiben muss, wie er "
     "ist.",
     "Das Mailprogramm den Text kodieren lassen (quoted-printable oder base64); die meisten tun "
     "das "
     "von selbst.\n"
     "Oder ohne Signatur senden, oder den Text als angehängte Datei."},
    {"r66", "Die Nachricht hat zu viele Teile",
     "Sie hat über 10.000 Teile, oder Nachrichten und Teile über 50-fach ineinander, meist weil "
     "sie "
     "immer wieder als Anhang weitergeleitet wurde.",
     "Die Anhänge in ein Archiv (zip) packen, oder den Text statt der ganzen Nachricht "
     "weiterleiten."},
    {"r67", "Der Empfänger steht auf der Sperrliste",
     "Nachrichten an diese Adresse kamen nicht an, oder ihr Inhaber hat sich beschwert; darum "
     "sendet dieses Konto ihr nichts mehr.",
     "Die Adresse prüfen, und sie aus der eigenen Liste nehmen.\n"
     "Stimmt sie und will die Nachrichten, bitten Sie {admin}, sie von der Sperrliste zu nehmen: "
     "posthaste suppression show sagt, warum sie dort steht, posthaste suppression remove nimmt "
     "sie herunter."},
};

}  // namespace

std::span<const Topic> replies_de() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
