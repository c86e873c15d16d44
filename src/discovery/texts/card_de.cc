// Deutsch: cards, records, help pages. Labels are those of the programs in their German versions.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr TextRow kRows[] = {
    {"card.automatic", "Automatisch"},
    {"card.full_address", "Ihre vollständige E-Mail-Adresse"},
    {"card.your_password", "das Kennwort Ihres Mailkontos"},
    {"card.device_password", "ein App-Kennwort nur für dieses Gerät"},
    {"card.other_port", "Zum Senden geht auch Port {port} mit {security}."},
    {"card.other_incoming",
     "Mail abholen geht auch mit {kind}: {host}, Port {port} mit {security}."},
    {"card.no_incoming",
     "Dieses Programm will auch einen Posteingangsserver, und der ist ein anderer: Seinen Namen "
     "nennt, wer Ihr Postfach führt."},
    {"card.labels_differ",
     "Die Beschriftungen weichen je nach Version etwas ab; die Werte sind dieselben."},
    {"card.outlook_new_cloud",
     "Dieses Programm gibt Ihr Kennwort an Microsoft weiter; dessen Server holen und senden dann "
     "Ihre Mail."},
    {"card.qr_in_the_app",
     "Den QR-Code in der App scannen (Einstellungen importieren > QR-Code scannen), nicht mit der "
     "Kamera-App."},
    {"card.app_password", "Hier ein App-Kennwort verwenden, nicht das Kennwort der Anmeldung."},
    {"card.device_from",
     "Die im Gerät eingestellte Absenderadresse muss der Benutzername sein oder eine, die er "
     "benutzen darf."},
    {"card.device_old",
     "Ist das Gerät zu alt für TLS 1.2, fragen Sie Ihren Administrator: Es braucht einen eigenen "
     "Port."},
    {"card.app_env",
     "Das Kennwort gehört nicht ins Programm, sondern in die Umgebung oder in eine "
     "Datei."},

    {"card.outlook-classic.name", "Outlook (klassisch)"},
    {"card.outlook-classic.automatic",
     "Outlook schließen, Systemsteuerung > Mail > E-Mail-Konten > Neu öffnen und Name, Adresse und "
     "Kennwort eingeben: Outlook fragt diesen Server nach dem Rest."},
    {"card.outlook-classic.path",
     "Datei > Kontoeinstellungen > Kontoeinstellungen > Konto auswählen > Ändern"},
    {"card.outlook-classic.account", "Konto ändern"},
    {"card.outlook-classic.incoming", "Posteingangsserver"},
    {"card.outlook-classic.outgoing", "Postausgangsserver (SMTP)"},
    {"card.outlook-classic.user", "Benutzername"},
    {"card.outlook-classic.password", "Kennwort"},
    {"card.outlook-classic.spa",
     "Anmeldung mithilfe der gesicherten Kennwortauthentifizierung (SPA) erforderlich"},
    {"card.outlook-classic.outgoing_tab", "Weitere Einstellungen > Postausgangsserver"},
    {"card.outlook-classic.requires", "Der Postausgangsserver (SMTP) erfordert Authentifizierung"},
    {"card.outlook-classic.same", "Gleiche Einstellungen wie für Posteingangsserver verwenden"},
    {"card.outlook-classic.advanced_tab", "Weitere Einstellungen > Erweitert"},
    {"card.outlook-classic.imap_port", "Posteingangsserver (IMAP)"},
    {"card.outlook-classic.pop_port", "Posteingangsserver (POP3)"},
    {"card.outlook-classic.encryption",
     "Verwenden Sie den folgenden verschlüsselten Verbindungstyp"},
    {"card.outlook-classic.smtp_port", "Postausgangsserver (SMTP)"},

    {"card.outlook-new.name", "Outlook (neu), Outlook für Mac, iOS und Android"},
    {"card.outlook-new.automatic",
     "Konto hinzufügen, Adresse eingeben; fragt Outlook nach dem Anbieter, IMAP wählen."},
    {"card.outlook-new.path",
     "Einstellungen > Konten > E-Mail-Konten > Verwalten > Servereinstellungen"},
    {"card.outlook-new.incoming_user", "{kind}-Benutzername"},
    {"card.outlook-new.incoming_password", "{kind}-Kennwort"},
    {"card.outlook-new.outgoing_part", "SMTP"},
    {"card.outlook-new.server", "Server"},
    {"card.outlook-new.port", "Port"},
    {"card.outlook-new.security", "Sicherer Verbindungstyp"},
    {"card.outlook-new.user", "SMTP-Benutzername"},
    {"card.outlook-new.password", "SMTP-Kennwort"},

    {"card.apple.name", "Apple Mail, iPhone, iPad"},
    {"card.apple.automatic",
     "Das Profil über Link oder QR-Code installieren; danach fragt das Gerät nach dem Passwort."},
    {"card.apple.path",
     "Einstellungen > Apps > Mail > Mail-Accounts > der Account > SMTP > Primärer Server (vor iOS "
     "18: Einstellungen > Mail > Accounts)"},
    {"card.apple.incoming_path",
     "Einstellungen > Apps > Mail > Mail-Accounts > der Account > Server für eintreffende E-Mails, "
     "und Erweitert"},
    {"card.apple.host", "Hostname"},
    {"card.apple.user", "Benutzername"},
    {"card.apple.password", "Passwort"},
    {"card.apple.ssl", "SSL verwenden"},
    {"card.apple.authentication", "Authentifizierung"},
    {"card.apple.authentication_value", "Passwort"},
    {"card.apple.port", "Serverport"},

    {"card.thunderbird.name", "Thunderbird"},
    {"card.thunderbird.automatic",
     "Name, Adresse und Passwort eingeben und auf Weiter klicken: Thunderbird findet die "
     "Einstellungen selbst."},
    {"card.thunderbird.path", "Konten-Einstellungen > Postausgangs-Server (SMTP) > Bearbeiten"},
    {"card.thunderbird.incoming_path", "Konten-Einstellungen > das Konto > Server-Einstellungen"},
    {"card.thunderbird.server", "Server"},
    {"card.thunderbird.port", "Port"},
    {"card.thunderbird.security", "Verbindungssicherheit"},
    {"card.thunderbird.method", "Authentifizierungsmethode"},
    {"card.thunderbird.method_value", "Passwort, normal"},
    {"card.thunderbird.user", "Benutzername"},

    {"card.thunderbird-android.name", "Thunderbird für Android, K-9 Mail"},
    {"card.thunderbird-android.automatic",
     "Einstellungen importieren > QR-Code scannen, oder die Adresse eingeben und die App suchen "
     "lassen."},
    {"card.thunderbird-android.path",
     "Einstellungen > das Konto > Nachrichten verschicken > Postausgangsserver"},
    {"card.thunderbird-android.incoming_path",
     "Einstellungen > das Konto > Nachrichten abrufen > Posteingangsserver"},
    {"card.thunderbird-android.incoming_server", "{kind}-Server"},
    {"card.thunderbird-android.server", "SMTP-Server"},
    {"card.thunderbird-android.security", "Sicherheit"},
    {"card.thunderbird-android.port", "Port"},
    {"card.thunderbird-android.requires", "Anmeldung erforderlich"},
    {"card.thunderbird-android.method", "Authentifizierung"},
    {"card.thunderbird-android.method_value", "Passwort, normal"},
    {"card.thunderbird-android.user", "Benutzername"},
    {"card.thunderbird-android.password", "Passwort"},

    {"card.gmail.name", "Gmail (Senden als)"},
    {"card.gmail.path",
     "Einstellungen > Alle Einstellungen aufrufen > Konten und Import > Senden als > Weitere "
     "E-Mail-Adresse hinzufügen"},
    {"card.gmail.server", "SMTP-Server"},
    {"card.gmail.port", "Port"},
    {"card.gmail.user", "Nutzername"},
    {"card.gmail.password", "Passwort"},
    {"card.gmail.ssl", "Sichere Verbindung über SSL"},
    {"card.gmail.tls", "Sichere Verbindung über TLS"},

    {"card.device.name", "Drucker, Scanner, Gerät"},
    {"card.device.path", "Webseite des Geräts > Netzwerk oder E-Mail > SMTP"},
    {"card.device.server", "SMTP-Server"},
    {"card.device.port", "Port"},
    {"card.device.security", "Verschlüsselung"},
    {"card.device.requires", "SMTP-Authentifizierung"},
    {"card.device.user", "Benutzername"},
    {"card.device.password", "Kennwort"},
    {"card.device.from", "Absenderadresse (Von)"},

    {"card.app.name", "Programm oder Skript"},
    {"card.app.path", "Die Mail- oder SMTP-Einstellungen des Programms"},
    {"card.app.url", "URL"},
    {"card.app.server", "Host"},
    {"card.app.port", "Port"},
    {"card.app.security", "Verschlüsselung"},
    {"card.app.user", "Benutzer"},
    {"card.app.password", "Kennwort"},
    {"card.app.from", "Absender (From)"},

    {"apple.profile.title", "Mail für {address}"},
    {"apple.profile.description", "Richtet das Mailkonto bei {name} ein. Enthält kein Passwort."},

    {"dns.note.host", "Wo Mailprogramme und Browser den Server finden."},
    {"dns.note.names",
     "Weitere Namen des Servers: Programme, die keine Einstellungen finden, probieren sie."},
    {"dns.note.set_up", "Damit finden Mailprogramme ihre Einstellungen von selbst."},
    {"dns.note.srv", "Nennt die Mailserver und ihre Ports (RFC 6186, RFC 8314)."},
    {"dns.note.bounces",
     "Wohin Nachrichten zurückkommen, die erst nach der Zustellung abgewiesen wurden, und wer "
     "unter "
     "diesem Namen senden darf."},
    {"dns.note.spf",
     "SPF: welche Server für diese Domain senden. Es gibt nur einen solchen Eintrag: einen "
     "vorhandenen ergänzen."},
    {"dns.note.dkim", "DKIM: der Schlüssel, mit dem Mail unterschrieben wird."},
    {"dns.note.dmarc",
     "DMARC: p=none beobachtet nur. Auf p=quarantine anheben, wenn die Berichte keine eigene Mail "
     "mehr zeigen, die durchfällt."},
    {"dns.column.name", "Name"},
    {"dns.column.type", "Typ"},
    {"dns.column.priority", "Prio"},
    {"dns.column.weight", "Gewicht"},
    {"dns.column.port", "Port"},
    {"dns.column.value", "Wert"},

    {"word.host", "der Postausgangsserver von der Einrichtungsseite"},
    {"word.incoming", "der IMAP- oder POP-Server Ihres Anbieters"},
    {"word.admin", "Ihren Administrator"},

    {"page.help.title", "Was schiefging"},
    {"page.help.cause", "Warum"},
    {"page.help.steps", "Was zu tun ist"},
    {"page.help.codes", "Codes"},
    {"page.help.back", "Alle Einstellungen"},
};

}  // namespace

std::span<const TextRow> card_de() {
    return kRows;
}

}  // namespace posthaste::discovery::tables
