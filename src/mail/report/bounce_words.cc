#include "mail/report/bounce_words.h"

#include "base/ascii.h"
#include "mail/text.h"

#include <algorithm>
#include <span>

namespace posthaste::mail::report {

namespace {

constexpr std::size_t kMostText = 64 << 10;  // octets of the body that are read
constexpr std::size_t kMostFound = 50;       // recipients
constexpr std::size_t kReasonLines = 6;      // behind an address, in which its reason stands
constexpr std::size_t kLongestReason = 400;
constexpr unsigned kSurest = 95;  // nothing read from prose is certain

constexpr unsigned kLeast = 40;  // below, it is talk about bounces

struct Phrase {
    std::string_view words;  // in small letters
    std::string_view basis;
    unsigned confidence;
    bool delayed = false;
};

// How servers say it, from their own sources and from bounces as they come. The first that is
// found counts, so that the ones that say more stand first.
constexpr Phrase kPhrases[] = {
    // Not an end: sooner or later another message tells.
    {"this is a warning message only", "warning", 90, true},
    {"you do not need to resend your message", "warning", 90, true},
    {"message that you sent has not yet been delivered", "Exim", 90, true},
    {"delivery attempts will continue to be made", "warning", 90, true},
    {"delivery to the following recipients has been delayed", "Exchange", 90, true},
    {"delivery to the following recipients has been postponed", "GMX", 85, true},
    {"wird weiterhin versucht", "warning", 80, true},
    // Ends.
    {"this is the qmail-send program", "qmail", 90},
    {"this message was created automatically by mail delivery software", "Exim", 90},
    {"this message was created automatically by the gmx mail system", "GMX", 90},
    {"delivery to the following recipient failed permanently", "Gmail", 90},
    {"delivery to the following recipients failed permanently", "Gmail", 90},
    {"i'm sorry to have to inform you that your message could not", "Postfix", 90},
    {"the following addresses had permanent fatal errors", "sendmail", 90},
    {"the following addresses had permanent delivery errors", "sendmail", 90},
    {"your message did not reach some or all of the intended recipients", "Exchange", 85},
    {"delivery has failed to these recipients or groups", "Exchange", 85},
    {"delivery to the following recipients failed", "Exchange", 85},
    {"delivery to the following recipients has failed", "Exchange", 85},
    {"die nachricht konnte nicht an die folgenden empf", "Exchange", 80},
    {"fehler bei der nachrichtenzustellung an folgende empf", "Exchange", 85},
    {"was not delivered to:", "Domino", 85},
    {"message from yahoo.com.\nunable to deliver message to the following address", "Yahoo", 90},
    {"unable to deliver message to the following address", "Yahoo", 85},
    {"sorry, we were unable to deliver your message to the following address", "Yahoo", 85},
    {"a message that you sent could not be delivered to one or more of its recipients", "Exim", 90},
    {"eine ihrer nachrichten konnte an einen oder mehrere empf", "Exim", 85},
    {"ihre nachricht konnte nicht zugestellt werden", "prose", 75},
    {"ihre e-mail konnte nicht zugestellt werden", "prose", 75},
    {"konnte nicht zugestellt werden", "prose", 65},
    {"this is an automatically generated delivery status notification", "prose", 80},
    {"could not be delivered to the following recipient", "prose", 80},
    {"the following recipient(s) could not be reached", "prose", 80},
    {"did not reach the following recipient(s)", "Exchange", 85},
    {"the following address(es) failed", "Exim", 85},
    {"the following recipients did not receive", "prose", 75},
    {"your message could not be delivered", "prose", 75},
    {"your message wasn't delivered", "prose", 75},
    {"your message couldn't be delivered", "prose", 75},
    {"message could not be delivered", "prose", 70},
    {"message not delivered", "prose", 60},
    {"n'a pas pu \xc3\xaatre remis", "prose", 70},
    {"n'a pas pu etre remis", "prose", 70},
    {"no se pudo entregar", "prose", 70},
    {"no ha podido ser entregado", "prose", 70},
    {"mailbox does not exist", "prose", 60},
    {"user unknown", "prose", 60},
};

// Of the subject: weaker, since people forward bounces with it.
constexpr Phrase kSubjects[] = {
    {"warning: message", "subject", 60, true},
    {"delivery status notification (delay)", "subject", 80, true},
    {"delayed mail", "subject", 70, true},
    {"undelivered mail returned to sender", "subject", 60},
    {"mail delivery failed", "subject", 60},
    {"delivery status notification (failure)", "subject", 60},
    {"returned mail: see transcript", "subject", 60},
    {"returned mail", "subject", 50},
    {"failure notice", "subject", 50},
    {"undeliverable", "subject", 55},
    {"unzustellbar", "subject", 55},
    {"non remis", "subject", 50},
    {"no se puede entregar", "subject", 50},
    {"delivery failure", "subject", 55},
    {"nondeliverable mail", "subject", 55},
};

// Behind it is the message that came back, whose addresses say nothing of the bounce.
constexpr std::string_view kCopies[] = {
    "this is a copy of the message",
    "this is a copy of your message",
    "below this line is a copy of the message",
    "below this line is a copy of your message",
    "original message follows",
    "---- original message ----",
    "-----original message-----",
    "--- original message ---",
    "original message headers",
    "message header follows",
    "----- message header follows -----",
    "--- returned message follows",
    "the header of the original message follows",
    "the header of the original message is following",
    "unsent message follows",
    "message text follows",
    "urspr\xc3\xbcngliche nachricht",
};

constexpr std::string_view kAwaySubjects[] = {
    "out of office",
    "out of the office",
    "automatic reply",
    "automatische antwort",
    "abwesenheit",
    "autoreply",
    "auto-reply",
    "auto reply",
    "auto:",
    "autoresponse",
    "r\xc3\xa9ponse automatique",
    "reponse automatique",
    "respuesta autom\xc3\xa1tica",
    "respuesta automatica",
    "vacation",
    "absence",
    "i am away",
    "on vacation",
    "risposta automatica",
};

bool contains_any(std::string_view text, std::span<const std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view w) { return text.contains(w); });
}

const Phrase* find_phrase(std::string_view text, std::span<const Phrase> phrases) {
    const auto found =
        std::ranges::find_if(phrases, [&](const Phrase& p) { return text.contains(p.words); });
    return found == phrases.end() ? nullptr : &*found;
}

// Its own name, as servers write it in From.
bool is_from_daemon(const Fields& header) {
    const std::string from = ascii::to_lower(header.value("From"));
    for (const std::string_view name :
         {"mailer-daemon", "postmaster", "mail delivery", "mailerdaemon", "mail-daemon", "mdaemon",
          "microsoftexchange"}) {
        if (from.contains(name)) return true;
    }
    return false;
}

// Spaces in place of line ends, so that a sentence is found wherever it was broken.
std::string one_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (space && out.ends_with(' ')) continue;
        out += space ? ' ' : ascii::lower(c);
    }
    return out;
}

bool is_address_letter(char c) {
    return ascii::is_alnum(c) || ascii::is_8bit(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~.").contains(c);
}

// The addresses of a line, at most five.
std::vector<std::string> addresses_in(std::string_view line) {
    std::vector<std::string> found;
    for (auto at = line.find('@'); at != std::string_view::npos && found.size() < 5;
         at = line.find('@', at + 1)) {
        std::size_t begin = at;
        while (begin > 0 && at - begin < 64 && is_address_letter(line[begin - 1])) --begin;
        std::size_t end = at + 1;
        while (end < line.size() && end - at < 254 &&
               (ascii::is_alnum(line[end]) || ascii::is_8bit(line[end]) || line[end] == '-' ||
                line[end] == '.'))
            ++end;
        while (end > at + 1 && !ascii::is_alnum(line[end - 1]) && !ascii::is_8bit(line[end - 1]))
            --end;
        auto address = line.substr(begin, end - begin);
        // "rfc822;ana@example.com", "smtp:ana@…", "mailto:…" lose their type by their letters.
        while (address.starts_with('=') || address.starts_with('\'')) address.remove_prefix(1);
        const auto domain = address.substr(address.find('@') + 1);
        if (address.front() == '@' || !domain.contains('.')) continue;
        found.push_back(readable(address, 320));
    }
    return found;
}

struct Line {
    std::string_view text;
    std::vector<std::string> addresses;
};

// The lines of the bounce itself, up to the message that it returns.
std::vector<Line> own_lines(std::string_view text) {
    std::vector<Line> lines;
    while (!text.empty() && lines.size() < 2000) {
        const auto line = take_line(text);
        const std::string small = ascii::to_lower(line);
        const bool rules_off = small.starts_with("---") && small.contains("message");
        if (contains_any(small, kCopies) && (rules_off || small.size() < 100)) break;
        // A header that is quoted without a word about it.
        if (ascii::starts_with_ignore_case(line, "received: from ") ||
            ascii::starts_with_ignore_case(line, "return-path: <"))
            break;
        lines.push_back({line, addresses_in(line)});
    }
    return lines;
}

// What stands behind an address, up to an empty line behind some words or the next address.
std::string reason_behind(std::span<const Line> lines, std::string_view address) {
    const auto own = lines.front().text;
    const auto at = own.find(address);
    auto rest = own.substr(at == std::string_view::npos ? own.size() : at + address.size());
    while (!rest.empty() && std::string_view(" \t>:\"').,;").contains(rest.front()))
        rest.remove_prefix(1);
    std::string reason(ascii::trim(rest));
    for (std::size_t i = 1; i < lines.size() && i <= kReasonLines; ++i) {
        const auto line = ascii::trim(lines[i].text);
        if (line.empty()) {
            if (!reason.empty()) break;
            continue;
        }
        // A reply may name the address again; a line that opens with another is about that one.
        if (!lines[i].addresses.empty() &&
            !ascii::equals_ignore_case(lines[i].addresses.front(), address))
            break;
        if (!reason.empty()) reason += ' ';
        reason += line;
        if (reason.size() > kLongestReason) break;
    }
    return readable(reason, kLongestReason);
}

void add_recipient(DeliveryReport& report, const std::string& address, std::string reason,
                   Action action) {
    const auto same = [&](const ReportedRecipient& known) {
        return ascii::equals_ignore_case(known.final_address, address);
    };
    const auto known = std::ranges::find_if(report.recipients, same);
    if (known != report.recipients.end()) {
        if (known->diagnostic.empty()) known->diagnostic = std::move(reason);
        if (!known->status) known->status = status_in(known->diagnostic);
        if (known->code == 0) known->code = code_in(known->diagnostic);
        return;
    }
    if (report.recipients.size() >= kMostFound) return;
    ReportedRecipient one;
    one.final_address = address;
    one.action = action;
    one.status = status_in(reason);
    one.code = code_in(reason);
    one.diagnostic = std::move(reason);
    report.recipients.push_back(std::move(one));
}

void find_recipients(const std::vector<Line>& lines, Action action, DeliveryReport& report) {
    const std::span all(lines);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        for (const std::string& address : lines[i].addresses) {
            const std::string small = ascii::to_lower(address);
            // Whom to ask, not who was not reached.
            if (small.starts_with("postmaster@") || small.starts_with("mailer-daemon@")) continue;
            add_recipient(report, address, reason_behind(all.subspan(i), address), action);
        }
    }
}

// RFC 822 comments and lists as Exim writes them: addresses, commas between.
void take_failed_recipients(const Fields& header, std::vector<std::string>& addresses) {
    for (const auto value : header.all("X-Failed-Recipients"))
        for (auto& address : addresses_in(value)) addresses.push_back(std::move(address));
}

const Part* text_part(const Entity& message) {
    for (const Part& part : message.parts)
        if (part.type.type.empty() || part.type.is("text/plain")) return &part;
    return message.find("text/html");
}

}  // namespace

bool is_automatic_reply(const Fields& header) {
    for (const std::string_view name :
         {"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From", "X-Mail-Autoreply",
          "X-Vacation", "X-Auto-Reply-From"})
        if (header.has(name)) return true;
    const std::string precedence = ascii::to_lower(header.value("Precedence"));
    if (precedence.starts_with("auto")) return true;
    const std::string subject = ascii::to_lower(decode_words(header.value("Subject")));
    const bool away = std::ranges::any_of(kAwaySubjects, [&](std::string_view words) {
        return subject.starts_with(words) || (words.size() > 8 && subject.contains(words));
    });
    if (away) return true;
    const std::string automatic = ascii::to_lower(header.value("Auto-Submitted"));
    if (automatic.starts_with("auto-notified")) return true;
    return automatic.starts_with("auto-replied") && !is_from_daemon(header) &&
           !header.has("X-Failed-Recipients");
}

std::optional<GuessedBounce> guess_bounce(const Entity& message) {
    if (is_automatic_reply(message.header)) return std::nullopt;
    const Part* part = text_part(message);
    const std::string text = part == nullptr ? std::string() : part->text(kMostText);
    const std::vector<Line> lines = own_lines(text);
    std::string own;
    for (const Line& line : lines) own.append(line.text).append("\n");
    const Phrase* phrase = find_phrase(one_line(own), kPhrases);
    const std::string subject = ascii::to_lower(decode_words(message.header.value("Subject")));
    const Phrase* title = find_phrase(subject, kSubjects);
    std::vector<std::string> failed;
    take_failed_recipients(message.header, failed);
    if (phrase == nullptr && title == nullptr && failed.empty()) return std::nullopt;

    GuessedBounce guess;
    const Phrase* best = phrase != nullptr ? phrase : title;
    const bool delayed =
        (phrase != nullptr && phrase->delayed) || (title != nullptr && title->delayed);
    const Action action = delayed ? Action::delayed : Action::failed;
    find_recipients(lines, action, guess.report);
    if (!failed.empty()) {
        // It names them all; what the text has besides is about something else.
        DeliveryReport named;
        for (const std::string& address : failed) {
            const auto found =
                std::ranges::find_if(guess.report.recipients, [&](const ReportedRecipient& r) {
                    return ascii::equals_ignore_case(r.final_address, address);
                });
            add_recipient(named, address,
                          found == guess.report.recipients.end() ? "" : found->diagnostic, action);
        }
        guess.report = std::move(named);
        guess.basis = "X-Failed-Recipients";
        guess.confidence = kSurest;
        return guess;
    }
    guess.basis = best->basis;
    unsigned confidence = best->confidence;
    if (phrase != nullptr && title != nullptr) confidence += 5;
    const bool with_status = std::ranges::any_of(
        guess.report.recipients,
        [](const ReportedRecipient& r) { return r.status.has_value() || r.code >= 400; });
    if (with_status) confidence += 5;
    if (guess.report.recipients.empty()) confidence -= std::min(confidence, 20U);
    if (!is_from_daemon(message.header)) confidence -= std::min(confidence, 30U);
    guess.confidence = std::min(confidence, kSurest);
    if (guess.confidence < kLeast) return std::nullopt;
    return guess;
}

}  // namespace posthaste::mail::report
