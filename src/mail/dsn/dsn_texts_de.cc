// What reports say in German: see dsn_texts.h for what goes into the braces.
#include "mail/dsn/dsn_texts.h"

#include <array>

namespace posthaste::mail::detail {
namespace {

constexpr std::string_view kPhrases[] = {
    "Nicht zugestellt",
    "Noch nicht zugestellt",
    "Zugestellt",
    "Weitergegeben",
    "{opening}: {message} an {to}",
    "Ihre Nachricht",
    "Ihre Nachricht",
    "Ihre Nachricht „{subject}“",
    "{count} Empfänger",
    "{message} an {to} wurde nicht zugestellt. Das ist endgültig: Es wird nicht weiter versucht.",
    "{message} an {to} ist noch nicht zugestellt. Das ist nicht endgültig: Wir versuchen es "
    "weiter{until}.",
    ", noch {duration}, bis {time}",
    "{message} an {to} wurde zugestellt. Es ist nichts weiter zu tun.",
    "{message} an {to} wurde an {host} weitergegeben.",
    "den nächsten Server",
    "Dieser Server meldet Zustellungen nicht; darum wissen wir nicht, ob die Nachricht das "
    "Postfach erreicht hat. Erreicht sie es nicht, wird er es Ihnen mitteilen.",
    " Wir haben es {attempts}-mal versucht, {duration} lang.",
    " Die Verbindung brach kurz vor der letzten Antwort ab; die Nachricht kann also trotzdem "
    "angekommen sein.",
    "Im Moment nichts, und bitte senden Sie sie nicht noch einmal. Wenn es eilt, erreichen Sie den "
    "Empfänger auf anderem Weg.",
    "Die Nachricht konnte dem Mailserver von {domain} nicht übergeben werden.",
    "Senden Sie die Nachricht später noch einmal. Geht auch das nicht, leiten Sie diesen Bericht "
    "an Ihren Administrator weiter.",
    "Warum",
    "Was das heißt",
    "Was Sie tun können",
    "Wer handeln muss",
    "Sie",
    "der Empfänger",
    "der Administrator von {domain}",
    "Ihr Administrator ({admin})",
    "niemand, Warten genügt",
    "Und {count} weitere; der angehängte Bericht nennt sie alle.",
    "Technische Angaben für Ihren Administrator ({admin})",
    "Der Server {host} hatte die Nachricht zuerst angenommen und sie nach {duration} "
    "zurückgeschickt.",
    "Ein Server hatte die Nachricht zuerst angenommen; nach {duration} kam sie zurück.",
    "Gegenstelle",
    "Letzter Versuch",
    "{time}, Versuch {attempts}",
    "Status",
    "Antwort von dort",
    "Unsere Worte",
    "Unser Server",
    "Unsere Kennung",
    "Angenommen",
    "Was aus Ihrer Post wurde ({count} in einer Nachricht)",
    "Seit {time} gab es viele Berichte über Ihre Post. Diese eine Nachricht steht "
    "für {count} davon.",
    "nicht zugestellt; das ist endgültig",
    "noch nicht zugestellt; wir versuchen es weiter",
    "zugestellt",
    "an den nächsten Server weitergegeben, der Zustellungen nicht meldet",
    "Nachricht",
    "(ohne Betreff)",
    "Und {count} weitere, zu viele für diese Liste. Ihr Administrator findet sie im Verlauf: "
    "posthaste trace.",
    "Solange so viele Berichte anfallen, bekommen Sie sie gesammelt, einmal in der Stunde. Fragen, "
    "und der Wunsch nach einem anderen Weg, gehen an Ihren Administrator ({admin}).",
};

static_assert(std::size(kPhrases) == static_cast<std::size_t>(Phrase::count_of_phrases));

constexpr CauseText kCauses[] = {
    {Cause::invalid_recipient, "{domain} sagt, dass es das Postfach {address} nicht gibt.",
     "Prüfen Sie die Schreibweise der Adresse, oder fragen Sie den Empfänger nach seiner jetzigen. "
     "Senden Sie die Nachricht dann noch einmal."},
    {Cause::inactive_mailbox, "{domain} sagt, dass das Postfach {address} nicht mehr benutzt wird.",
     "Erreichen Sie den Empfänger auf anderem Weg und fragen Sie nach seiner jetzigen Adresse."},
    {Cause::mailbox_full, "Das Postfach {address} ist voll.",
     "Erreichen Sie den Empfänger auf anderem Weg, oder senden Sie die Nachricht noch einmal, wenn "
     "im Postfach wieder Platz ist."},
    {Cause::bad_domain, "Die Domain {domain} gibt es nicht.",
     "Prüfen Sie, was hinter dem @ steht: Vielleicht fehlt ein Buchstabe, oder einer ist falsch. "
     "Senden Sie die Nachricht dann noch einmal."},
    {Cause::null_mx, "Die Domain {domain} gibt bekannt, dass sie keine E-Mail annimmt.",
     "Prüfen Sie, was hinter dem @ steht, oder fragen Sie den Empfänger nach einer anderen "
     "Adresse."},
    {Cause::dns_failure,
     "Der Mailserver von {domain} war nicht zu finden: Das Namensverzeichnis (DNS) gab keine "
     "brauchbare Antwort für ihn.",
     "Senden Sie die Nachricht später noch einmal. Geht auch das nicht, sagen Sie es dem Empfänger "
     "auf anderem Weg."},
    {Cause::routing,
     "Es gibt keinen Weg zum Mailserver von {domain}: Seine Einträge im Namensverzeichnis (DNS) "
     "führen ins Leere.",
     "Prüfen Sie, was hinter dem @ steht. Stimmt es, sagen Sie es dem Empfänger auf anderem Weg."},
    {Cause::relaying_denied,
     "Der Server, der die Nachricht annehmen sollte, sagt, dass er für {domain} keine E-Mail "
     "annimmt.",
     "Prüfen Sie, was hinter dem @ steht. Stimmt es, leiten Sie diesen Bericht an Ihren "
     "Administrator weiter."},
    {Cause::no_answer, "Der Mailserver von {domain} hat nicht geantwortet.",
     "Senden Sie die Nachricht später noch einmal, oder erreichen Sie den Empfänger auf anderem "
     "Weg."},
    {Cause::bad_connection,
     "Die Verbindung zum Mailserver von {domain} brach ab, bevor die Nachricht durch war.",
     "Senden Sie die Nachricht später noch einmal, oder erreichen Sie den Empfänger auf anderem "
     "Weg."},
    {Cause::too_large, "Die Nachricht ist größer, als {domain} erlaubt.",
     "Senden Sie sie mit kleineren Anhängen noch einmal, oder geben Sie große Dateien über einen "
     "Link frei."},
    {Cause::too_many_recipients,
     "{domain} nimmt eine Nachricht nur für eine begrenzte Zahl von Empfängern auf einmal an.",
     "Senden Sie die Nachricht noch einmal, an weniger Personen auf einmal."},
    {Cause::invalid_sender, "{domain} nimmt keine E-Mail von der Adresse {sender} an.",
     "Leiten Sie diesen Bericht an Ihren Administrator weiter. Mit der Nachricht selbst ist alles "
     "in Ordnung."},
    {Cause::sender_auth,
     "{domain} lehnt E-Mail von {sender_domain} ab, weil die Nachweise ihrer Herkunft (SPF, DKIM, "
     "DMARC) fehlen oder falsch sind.",
     "Leiten Sie diesen Bericht an Ihren Administrator weiter. Mit der Nachricht selbst ist alles "
     "in Ordnung."},
    {Cause::smarthost_auth,
     "Der Server, der unsere E-Mail weitergibt, nimmt das Kennwort nicht an, mit dem wir uns "
     "anmelden.",
     "Leiten Sie diesen Bericht an Ihren Administrator weiter, und senden Sie die Nachricht noch "
     "einmal, wenn das behoben ist."},
    {Cause::policy,
     "{domain} lehnt die Nachricht nach einer eigenen Regel ab. Der genaue Wortlaut steht unter "
     "den technischen Angaben.",
     "Nennt er etwas, das Sie ändern können, ändern Sie es und senden Sie die Nachricht noch "
     "einmal. Sonst erreichen Sie den Empfänger auf anderem Weg."},
    {Cause::block_ip,
     "{domain} lehnt E-Mail von unserem Server ab. Mit der Nachricht selbst ist alles in Ordnung.",
     "Leiten Sie diesen Bericht an Ihren Administrator weiter. Bis das behoben ist, erreichen Sie "
     "den Empfänger auf anderem Weg."},
    {Cause::block_domain,
     "{domain} lehnt E-Mail von {sender_domain} ab: Es führt diese Domain auf einer Liste von "
     "Absendern, denen es nicht traut. Mit der Nachricht selbst ist alles in Ordnung.",
     "Leiten Sie diesen Bericht an Ihren Administrator weiter. Bis das behoben ist, erreichen Sie "
     "den Empfänger auf anderem Weg."},
    {Cause::spam_content, "{domain} hält die Nachricht für unerwünschte Werbung (Spam).",
     "Senden Sie sie mit weniger Links, Bildern und Anhängen noch einmal, oder erreichen Sie den "
     "Empfänger auf anderem Weg."},
    {Cause::attachment, "{domain} lehnt einen Anhang der Nachricht ab.",
     "Senden Sie sie ohne diesen Anhang noch einmal, oder geben Sie die Datei über einen Link "
     "frei. Am häufigsten werden Programme und Archive abgelehnt."},
    {Cause::rate_limited,
     "{domain} nimmt nur eine begrenzte Zahl von Nachrichten auf einmal von uns an.",
     "Senden Sie die Nachricht später noch einmal."},
    {Cause::greylisted,
     "{domain} lässt Server, die es nicht gut kennt, warten, bevor es ihre E-Mail annimmt.",
     "Senden Sie die Nachricht später noch einmal, oder erreichen Sie den Empfänger auf anderem "
     "Weg."},
    {Cause::protocol,
     "Unser Server und der Mailserver von {domain} haben einander nicht verstanden.",
     "Leiten Sie diesen Bericht an Ihren Administrator weiter, oder erreichen Sie den Empfänger "
     "auf anderem Weg."},
    {Cause::tls,
     "Zum Mailserver von {domain} kam keine sichere Verbindung zustande, und ohne eine solche darf "
     "die Nachricht nicht reisen.",
     "Leiten Sie diesen Bericht an Ihren Administrator weiter, oder erreichen Sie den Empfänger "
     "auf anderem Weg."},
    {Cause::no_8bit,
     "Die Nachricht enthält Zeichen in einer Form (8 Bit), die der Mailserver von {domain} nicht "
     "annehmen kann.",
     "Stellen Sie Ihr Mailprogramm so ein, dass es Text als „quoted-printable“ oder „base64“ "
     "sendet, und senden Sie die Nachricht noch einmal."},
    {Cause::no_smtputf8,
     "Eine Adresse in der Nachricht hat andere Buchstaben als a bis z, und der Mailserver von "
     "{domain} kann solche Adressen nicht annehmen.",
     "Verwenden Sie Adressen nur mit den Buchstaben a bis z, Ihre und die des Empfängers, und "
     "senden Sie die Nachricht noch einmal."},
    {Cause::expired,
     "Der Mailserver von {domain} hat die Nachricht in der Zeit, in der wir es versuchen, nicht "
     "angenommen.",
     "Senden Sie die Nachricht später noch einmal, oder erreichen Sie den Empfänger auf anderem "
     "Weg."},
    {Cause::loop, "Die Nachricht läuft zwischen Servern im Kreis und erreicht kein Postfach.",
     "Leiten Sie diesen Bericht an Ihren Administrator weiter. Sie noch einmal zu senden würde "
     "nicht helfen."},
    {Cause::auto_reply,
     "{domain} hat mit einer automatischen Antwort geantwortet statt mit einer Annahme.",
     "Lesen Sie den Wortlaut unter den technischen Angaben. Wenn es eilt, erreichen Sie den "
     "Empfänger auf anderem Weg."},
    {Cause::challenge,
     "{domain} möchte einen Nachweis, dass ein Mensch die Nachricht geschrieben hat, bevor es sie "
     "annimmt.",
     "Folgen Sie dem Link oder dem Rat in seiner Antwort unter den technischen Angaben, und senden "
     "Sie die Nachricht dann noch einmal."},
    {Cause::unsubscribe, "Der Empfänger {address} möchte keine Nachrichten dieser Art mehr.",
     "Nehmen Sie die Adresse von Ihrer Liste. Eine persönliche Nachricht können Sie aus einem "
     "anderen Postfach senden."},
    {Cause::admin, "Ein Administrator hat die Nachricht aus unserer Warteschlange genommen.",
     "Fragen Sie Ihren Administrator nach dem Grund."},
    {Cause::suppressed,
     "Die Adresse {address} hat früher E-Mail abgelehnt, oder ihr Inhaber hat sich beschwert; "
     "darum wurde nichts an sie gesendet.",
     "Ist die Adresse richtig, bitten Sie Ihren Administrator, sie von der Liste der abgelehnten "
     "Adressen zu nehmen."},
    {Cause::unknown,
     "{domain} lehnt die Nachricht ab. Der genaue Wortlaut steht unter den technischen Angaben.",
     "Nennt er etwas, das Sie ändern können, ändern Sie es und senden Sie die Nachricht noch "
     "einmal. Sonst leiten Sie diesen Bericht an Ihren Administrator weiter."},
};

}  // namespace

const Texts kGerman{kPhrases, kCauses};

}  // namespace posthaste::mail::detail
