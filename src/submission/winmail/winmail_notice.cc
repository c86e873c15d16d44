#include "submission/winmail/winmail_notice.h"

#include "base/checksum.h"
#include "mail/fixup.h"
#include "mail/text.h"
#include "mail/trace.h"
#include "runtime/callback.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace posthaste::submission {
namespace {

constexpr Seconds kPatience{60};

struct Words {
    std::string_view subject;
    std::string_view sender;
    std::string_view text;  // {0} whom to ask
};

// The menus are Outlook's own words in that language.
const Words& words_in(mail::Language language) {
    static constexpr Words kEnglish{
        "Some people cannot open what you send", "Mail server",
        "Your Outlook has sent a message as \"Rich Text\". Whoever does not use Outlook\r\n"
        "gets a file winmail.dat instead of its attachments and its formatting.\r\n"
        "\r\n"
        "The message has been sent as it is. For all later ones, in Outlook:\r\n"
        "\r\n"
        "1. File > Options > Mail > Compose messages in this format: HTML.\r\n"
        "2. On the same page, under Message format: When sending messages in Rich Text\r\n"
        "   format to Internet recipients: Convert to HTML format.\r\n"
        "3. If it happens with one person only: open that contact, double-click the\r\n"
        "   e-mail address, Internet format: Send Plain Text only, or Let Outlook decide.\r\n"
        "\r\n"
        "{0} can help. This note comes once a week at most.\r\n"};
    static constexpr Words kGerman{
        "Manche können nicht öffnen, was Sie senden", "Mailserver",
        "Ihr Outlook hat eine Nachricht als \"Rich-Text\" gesendet. Wer kein Outlook hat,\r\n"
        "bekommt statt der Anhänge und der Formatierung eine Datei winmail.dat.\r\n"
        "\r\n"
        "Die Nachricht ist so gesendet worden, wie sie war. Für alle weiteren, in Outlook:\r\n"
        "\r\n"
        "1. Datei > Optionen > E-Mail > Nachricht in diesem Format verfassen: HTML.\r\n"
        "2. Auf derselben Seite unter Nachrichtenformat: Beim Senden von Nachrichten im\r\n"
        "   Rich-Text-Format an Internetempfänger: In HTML-Format konvertieren.\r\n"
        "3. Wenn es nur bei einer Person so ist: den Kontakt öffnen, auf die E-Mail-Adresse\r\n"
        "   doppelklicken, Internetformat: Nur als Nur-Text senden, oder: Outlook\r\n"
        "   entscheiden lassen.\r\n"
        "\r\n"
        "{0} kann helfen. Diese Nachricht kommt höchstens einmal in der Woche.\r\n"};
    static constexpr Words kFrench{
        "Certains ne peuvent pas ouvrir ce que vous envoyez", "Serveur de messagerie",
        "Votre Outlook a envoyé un message au format « Texte enrichi ». Qui n'utilise pas\r\n"
        "Outlook reçoit un fichier winmail.dat au lieu des pièces jointes et de la mise\r\n"
        "en forme.\r\n"
        "\r\n"
        "Le message est parti tel quel. Pour les suivants, dans Outlook :\r\n"
        "\r\n"
        "1. Fichier > Options > Courrier > Composer les messages dans ce format : HTML.\r\n"
        "2. Sur la même page, sous Format des messages : Lors de l'envoi de messages au\r\n"
        "   format Texte enrichi à des destinataires Internet : Convertir au format HTML.\r\n"
        "3. Si cela n'arrive qu'avec une personne : ouvrez ce contact, double-cliquez sur\r\n"
        "   l'adresse, Format Internet : Envoyer en texte brut uniquement, ou Laisser\r\n"
        "   Outlook décider.\r\n"
        "\r\n"
        "{0} peut vous aider. Ce mot vient au plus une fois par semaine.\r\n"};
    static constexpr Words kSpanish{
        "Algunas personas no pueden abrir lo que usted envía", "Servidor de correo",
        "Su Outlook ha enviado un mensaje como «texto enriquecido». Quien no usa Outlook\r\n"
        "recibe un archivo winmail.dat en lugar de los adjuntos y el formato.\r\n"
        "\r\n"
        "El mensaje ha salido tal como estaba. Para los siguientes, en Outlook:\r\n"
        "\r\n"
        "1. Archivo > Opciones > Correo > Redactar mensajes con este formato: HTML.\r\n"
        "2. En la misma página, en Formato de mensaje: Al enviar mensajes en formato de\r\n"
        "   texto enriquecido a destinatarios de Internet: Convertir a formato HTML.\r\n"
        "3. Si solo ocurre con una persona: abra ese contacto, haga doble clic en la\r\n"
        "   dirección, Formato de Internet: Enviar solo texto sin formato, o Permitir que\r\n"
        "   Outlook decida.\r\n"
        "\r\n"
        "{0} puede ayudarle. Esta nota llega como máximo una vez por semana.\r\n"};
    switch (language) {
        case mail::Language::english:
            return kEnglish;
        case mail::Language::german:
            return kGerman;
        case mail::Language::french:
            return kFrench;
        case mail::Language::spanish:
            return kSpanish;
    }
    std::unreachable();
}

}  // namespace

Result<queue::Submission> compose_winmail_notice(const WinmailNotice& notice) {
    PH_TRY(auto mailbox, mail::Mailbox::parse(notice.account));
    const Words& words = words_in(notice.language);
    const Timestamp at = now();
    queue::Submission submission;
    submission.id = QueueId::make();
    submission.account = notice.account;
    submission.envelope.smtputf8 = !mailbox.is_ascii();
    submission.envelope.body = mail::BodyType::eight_bit;
    const std::string from = notice.admin.empty() ? "postmaster@" + notice.hostname : notice.admin;
    const std::string raw = fmt::format(
        "From: {} <{}>\r\nTo: {}\r\nSubject: {}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        "Content-Language: {}\r\nAuto-Submitted: auto-generated\r\n",
        words.sender, from, notice.account, mail::encode_words(words.subject),
        mail::language_code(notice.language));
    PH_TRY(auto header, mail::HeaderBlock::parse(raw));
    mail::fix_up(header, {submission.id, notice.hostname, at});
    const mail::TraceInfo trace{
        .by = notice.hostname, .protocol = "local", .tls = {}, .id = submission.id, .at = at};
    submission.header = mail::make_received(trace) + header.to_string();
    auto octets = std::make_shared<const std::string>(fmt::format(fmt::runtime(words.text), from));
    submission.body = {octets, {}, octets->size(), crc32c(*octets)};
    submission.envelope.recipients.push_back({std::move(mailbox), mail::Notify::never, {}});
    return submission;
}

// Blocks. Nothing when the person has been told within the week.
Result<std::optional<queue::Submission>> WinmailNotices::prepare(const std::string& account) {
    PH_TRY(const auto told, store_.engine().kept(kKind, account));
    if (told && told->expires > now()) return std::nullopt;
    PH_TRY(const auto row, store_.engine().account(account));
    if (!row) return std::nullopt;
    const auto language = mail::parse_language(row->language).value_or(mail::Language::english);
    PH_TRY(auto notice,
           compose_winmail_notice({account, options_.hostname, options_.admin, language}));
    // Noted first: a note too few does less harm than one with each message.
    store::Changes changes;
    changes.emplace_back(
        store::PutKept{{std::string(kKind), account, {}, now() + Milliseconds(kEvery)}});
    PH_CHECK(store_.committer().submit_and_wait(std::move(changes)));
    return notice;
}

runtime::Task<void> WinmailNotices::tell(std::string account) {
    {
        const MutexLock lock(mutex_);
        if (!under_way_.insert(account).second) co_return;
    }
    auto work = [this, account] { return prepare(account); };
    auto preparing = runtime::offload(blocking_, std::move(work), Deadline::after(kPatience));
    auto notice = co_await std::move(preparing);
    Result<void> done;
    if (!notice) {
        done = std::unexpected(std::move(notice).error());
    } else if (*notice) {
        auto submitting = queue_.submit(std::move(**notice));
        done = co_await std::move(submitting);
    }
    if (!done) {
        log_.warning("winmail.not_told", {{"account", account},
                                          {"what", "the note about winmail.dat was not sent"},
                                          {"why", done.error().text}});
    }
    const MutexLock lock(mutex_);
    under_way_.erase(account);
}

}  // namespace posthaste::submission
