// Deutsch: replies of Microsoft 365 as a smarthost or as the other side.
#include "discovery/texts/tables.h"

namespace posthaste::discovery::tables {
namespace {

constexpr Topic kTopics[] = {
    {"m365_basic_off", "Microsoft 365 nimmt hier keine Anmeldung mit Kennwort",
     "Die Standardauthentifizierung zum Senden ist abgeschaltet: durch eine Richtlinie der "
     "Organisation, durch Sicherheitsstandards oder bedingten Zugriff oder durch die Abschaltung "
     "von Microsoft Ende Dezember 2026.",
     "Den Server mit OAuth2 (XOAUTH2) statt mit Kennwort anmelden.\n"
     "Bis 2027 kann ein Administrator es erlauben: Set-TransportConfig "
     "-SmtpClientAuthenticationDisabled $false\n"
     "Die Mail wartet so lange in der Warteschlange; verloren geht nichts."},
    {"m365_auth_off_tenant", "SMTP-Anmeldungen sind für die ganze Organisation abgeschaltet",
     "SmtpClientAuthentication ist für den Mandanten deaktiviert. Das gilt auch für OAuth2.",
     "Ein Administrator führt aus: Set-TransportConfig -SmtpClientAuthenticationDisabled $false\n"
     "Oder nur für ein Postfach: Set-CASMailbox -Identity relay@example.com "
     "-SmtpClientAuthenticationDisabled $false"},
    {"m365_auth_off_mailbox", "SMTP-Anmeldungen sind für dieses Postfach abgeschaltet",
     "SmtpClientAuthentication ist für das Postfach deaktiviert. Das gilt auch für OAuth2.",
     "Ein Administrator führt aus: Set-CASMailbox -Identity relay@example.com "
     "-SmtpClientAuthenticationDisabled $false\n"
     "Der Wert $null überlässt es der Einstellung der Organisation."},
    {"m365_federation", "Microsoft 365 hat Ihren eigenen Anmeldeserver nicht erreicht",
     "Die Organisation meldet sich über einen Verbundserver (STS) an; er hat nicht geantwortet "
     "oder "
     "hat kein HTTPS.",
     "Den Betreiber des Verbundservers (AD FS oder Ähnliches) verständigen.\n"
     "Das Senden wird von selbst wieder versucht."},
    {"m365_login_failed", "Microsoft 365 hat die Anmeldung nicht angenommen",
     "Die allgemeine Ablehnung: falsches Kennwort oder Token, zweiter Faktor verlangt, alte Arten "
     "der Anmeldung gesperrt, falsche Objekt-ID des Dienstprinzipals oder keine Berechtigung für "
     "das Postfach.",
     "Mit Kennwort: auf outlook.office.com damit anmelden, um zu sehen, ob es stimmt.\n"
     "Mit OAuth2: Die Objekt-ID muss die der Unternehmensanwendung sein, nicht die der "
     "App-Registrierung.\n"
     "Die Zielgruppe (aud) des Tokens muss https://outlook.office365.com sein, die Rolle "
     "SMTP.SendAsApp.\n"
     "Der Dienstprinzipal braucht: Add-MailboxPermission -AccessRights FullAccess"},
    {"m365_no_plain", "Microsoft 365 kennt diese Art der Anmeldung nicht",
     "Es wurde PLAIN verwendet. Microsoft 365 bietet nur LOGIN und XOAUTH2.",
     "Das Programm auf LOGIN oder besser XOAUTH2 stellen.\n"
     "Posthaste dazwischen nimmt PLAIN und LOGIN an."},
    {"m365_not_logged_in", "Das Gerät oder Programm hat ohne Anmeldung gesendet",
     "Es gab keine Anmeldung, oft weil die Verbindung nicht verschlüsselt war; oder ein Gerät für "
     "Direktversand zeigt auf smtp.office365.com.",
     "Im Gerät Authentifizierung und TLS einschalten (Port 587, STARTTLS).\n"
     "Oder mit diesem Server senden: {host}, Port {starttls_port} mit STARTTLS."},
    {"m365_send_as", "Die Anmeldung darf nicht mit diesem Absender senden",
     "Die Absenderadresse ist nicht die der Anmeldung, und es gibt für sie kein Recht „Senden "
     "als“.",
     "Als Absender die Adresse der Anmeldung einstellen.\n"
     "Oder das Recht geben: Add-RecipientPermission sender@example.com -Trustee login@example.com "
     "-AccessRights SendAs"},
    {"m365_relay", "Exchange befördert diese Mail nicht nach außen",
     "Ein Exchange-Connector ohne Anmeldung sollte an eine fremde Domain zustellen.",
     "Anmelden.\n"
     "Oder dem Connector das Recht Ms-Exch-SMTP-Accept-Any-Recipient geben."},
    {"m365_basic_retired", "Microsoft hat Anmeldungen mit Kennwort zum Senden beendet",
     "Die Standardauthentifizierung wird für das Senden nicht mehr unterstützt.",
     "Den Server mit OAuth2 (XOAUTH2) anmelden.\n"
     "Geräte, die nur Kennwörter kennen, können über diesen Server senden, der die Mail "
     "weitergibt: {host}."},
    {"m365_old_tls", "Die Verschlüsselung des Geräts ist zu alt",
     "Microsoft 365 nimmt TLS 1.0 und 1.1 nicht an.",
     "Das Gerät aktualisieren oder darin TLS 1.2 einschalten.\n"
     "Für alte Geräte: smtp-legacy.office365.com (ein Administrator muss es erlauben) oder ein "
     "eigener Server dazwischen."},
    {"m365_concurrent", "Zu viele Verbindungen zu einem Postfach gleichzeitig",
     "Microsoft 365 erlaubt drei zugleich je Postfach.",
     "Die Route auf zwei Verbindungen begrenzen.\n"
     "Die Mail wird etwas später von selbst gesendet."},
    {"m365_mailbox_permission", "Das Token stimmt, die Berechtigung für das Postfach fehlt",
     "Die Anmeldung gelang, aber die Anwendung darf dieses Postfach nicht benutzen.",
     "Ein Administrator führt aus: Add-MailboxPermission -Identity relay@example.com -User "
     "<Dienstprinzipal> -AccessRights FullAccess"},
    {"m365_mailbox_full", "Das Postfach bei Microsoft 365 ist voll",
     "Microsoft 365 legt von Gesendetem eine Kopie ab, und dafür ist kein Platz.",
     "„Gesendete Elemente“ und „Gelöschte Elemente“ des anmeldenden Postfachs leeren oder ihm mehr "
     "Platz geben."},
    {"m365_connector", "Microsoft 365 erkennt den Connector nicht",
     "Adresse oder Zertifikat des sendenden Servers sind nicht mehr die des Connectors.",
     "Im Exchange Admin Center die jetzige IP-Adresse oder den Zertifikatsnamen des Servers im "
     "Connector eintragen."},
    {"m365_direct_send", "Direktversand ist in dieser Organisation abgeschaltet",
     "RejectDirectSend ist an: Mail ohne Anmeldung wird nur von bekannten Quellen angenommen.",
     "Einen Partner-Connector mit IP-Adresse oder Zertifikat des Servers anlegen.\n"
     "Oder anmelden."},
    {"m365_members_only", "Der Empfänger nimmt nur Mail von innen an",
     "Die Gruppe oder das Postfach nimmt nur Mail angemeldeter Absender der eigenen Organisation.",
     "Den Administrator des Empfängers bitten, Absender von außen zuzulassen, oder eine andere "
     "Adresse verwenden."},
    {"m365_restricted", "Das Konto ist wegen Spamversands gesperrt",
     "Microsoft 365 hat es nach ungewöhnlichem Versand eingeschränkt; vielleicht kennt jemand "
     "anderes das Kennwort.",
     "Das Kennwort ändern und nach fremden Regeln und Anmeldungen suchen.\n"
     "Danach hebt ein Administrator die Sperre auf: security.microsoft.com > Eingeschränkte "
     "Entitäten."},
    {"m365_hve_external", "High Volume Email stellt nicht nach außen zu",
     "Der HVE-Zugang befördert Mail nur innerhalb der Organisation.",
     "Mail an andere über einen anderen Weg senden.\n"
     "In Posthaste kann eine [[route]] für die eigene Domain über HVE gehen und der Rest woanders "
     "hin."},
    {"m365_spam", "Outlook.com hat die Nachricht als unerwünscht abgelehnt",
     "Inhalt oder Absender sahen für Microsoft nach Spam aus.",
     "SPF, DKIM und DMARC prüfen: „posthaste dns show“ druckt die Einträge.\n"
     "Noch einmal ohne Links und Anhänge senden."},
    {"m365_banned_ip", "Microsoft nimmt von dieser IP-Adresse keine Mail an",
     "Die Adresse des sendenden Servers steht auf Microsofts eigener Sperrliste.",
     "Die Streichung beantragen: https://sender.office.com\n"
     "Bis dahin über einen Smarthost senden."},
};

}  // namespace

std::span<const Topic> microsoft_de() {
    return kTopics;
}

}  // namespace posthaste::discovery::tables
