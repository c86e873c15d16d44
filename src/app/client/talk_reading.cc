#include "app/client/talk_reading.h"

#include "discovery/explain.h"

#include <fmt/format.h>

namespace posthaste::app {
namespace {

// Replies that say nothing of the sender or the recipient (clients.md 4.2).
std::string_view number_of_code(int code) {
    struct Row {
        int code;
        std::string_view number;
    };

    static constexpr Row kRows[] = {
        {500, "0x800CCC62"}, {501, "0x800CCC63"}, {502, "0x800CCC64"}, {503, "0x800CCC65"},
        {504, "0x800CCC66"}, {421, "0x800CCC67"}, {450, "0x800CCC68"}, {550, "0x800CCC69"},
        {451, "0x800CCC6A"}, {551, "0x800CCC6B"}, {452, "0x800CCC6C"}, {552, "0x800CCC6D"},
        {553, "0x800CCC6E"}, {554, "0x800CCC6F"},
    };
    for (const auto& row : kRows)
        if (row.code == code) return row.number;
    return "0x800CCC61";
}

std::string_view of_refusal(const TalkFailure& failure) {
    const int code = failure.reply->code;
    switch (failure.stage) {
        case Stage::starttls:
            return "0x800CCC7F";
        case Stage::login:
            if (code == 504) return "0x800CCC80";
            if (code == 530 || code == 538) return "0x800CCC7C";
            // It asks for the password, again and again.
            return code == 535 || code == 534 ? std::string_view() : number_of_code(code);
        case Stage::mail:
            if (code == 530 && !failure.encrypted) return "0x800CCC7C";
            return code == 421 || code == 452 || code == 552 ? number_of_code(code) : "0x800CCC78";
        case Stage::rcpt:
            return code == 421 ? "0x800CCC67" : "0x800CCC79";
        default:
            return number_of_code(code);
    }
}

// A file of ours that cannot be read, or a message that cannot be written: no server had a part.
bool is_ours(const TalkFailure& failure) {
    return !failure.reply &&
           (failure.kind == ErrorKind::syntax || failure.kind == ErrorKind::not_found ||
            failure.kind == ErrorKind::denied || failure.kind == ErrorKind::too_large);
}

// Outlook shows a window of its own for an issuer that it does not know, without a number.
std::string_view of_certificate(net::CertificateFault fault) {
    if (fault == net::CertificateFault::name) return "0x800CCC01";
    return fault == net::CertificateFault::date ? "0x800CCC02" : std::string_view();
}

std::string_view of_error(const TalkFailure& failure) {
    if (failure.certificate != net::CertificateFault::none)
        return of_certificate(failure.certificate);
    if (!failure.foreign_line.empty()) return "0x800CCC60";
    if (failure.kind == ErrorKind::dns) return "0x800CCC0D";
    switch (failure.stage) {
        case Stage::connect:
            return "0x800CCC0E";
        case Stage::tls:
            return failure.kind == ErrorKind::timeout ? "0x800CCC19" : "0x800CCC1A";
        case Stage::starttls:
            return "0x800CCC7D";
        case Stage::login:
            if (failure.kind == ErrorKind::unsupported) return "0x800CCC80";
            break;
        case Stage::content:
            if (failure.kind == ErrorKind::timeout) return "0x8004210B";
            break;
        default:
            break;
    }
    return failure.kind == ErrorKind::timeout ? "0x800CCC19" : "0x800CCC0F";
}

// RFC 5321 §3.1: at the banner 554 is about who connects, not about a message.
bool is_turned_away(const TalkFailure& failure) {
    return failure.stage == Stage::banner && failure.reply &&
           (failure.reply->code == 554 || failure.reply->code == 521);
}

std::string command(const TalkPlan& plan, std::uint16_t port, std::string_view more) {
    const bool v6 = plan.server.host.find(':') != std::string::npos;
    std::string text = fmt::format(
        "posthaste send{}{} --server {}:{} {}", plan.dialect == &plain_dialect() ? "" : " --as ",
        plan.dialect == &plain_dialect() ? "" : plan.dialect->name,
        v6 ? fmt::format("[{}]", plan.server.host) : plan.server.host, port, more);
    if (!plan.login.empty()) text += fmt::format(" --login {}", plan.login);
    text += fmt::format(" --from {}", plan.message.from.to_string());
    for (const auto& to : plan.message.to) text += fmt::format(" --to {}", to.to_string());
    return text;
}

// The port and the encryption that go together, if these do not.
std::string next_command(const TalkPlan& plan, const TalkFailure& failure) {
    constexpr std::uint16_t kStarttls = 587;
    constexpr std::uint16_t kImplicit = 465;
    const std::uint16_t port = plan.server.port;
    if (failure.certificate != net::CertificateFault::none || is_turned_away(failure)) return {};
    if (failure.stage == Stage::connect && failure.kind != ErrorKind::dns) {
        if (port == kStarttls) return command(plan, kImplicit, "--tls implicit");
        return command(plan, kStarttls, "--tls starttls");
    }
    const bool no_encryption = failure.reply && !failure.encrypted &&
                               (failure.reply->code == 530 || failure.reply->code == 538);
    if (no_encryption) return command(plan, port, "--tls starttls");
    if (failure.stage == Stage::starttls) return command(plan, kImplicit, "--tls implicit");
    if (failure.stage == Stage::tls && plan.tls == TlsWish::implicit && port != kImplicit)
        return command(plan, port, "--tls starttls");
    const bool mute = failure.kind == ErrorKind::timeout || failure.kind == ErrorKind::closed;
    if (failure.stage == Stage::banner && !failure.encrypted && mute)
        return command(plan, port, "--tls implicit");
    return {};
}

// What that line says about who speaks there.
void read_foreign_line(const TalkPlan& plan, const std::string& line, TalkReading& reading) {
    const bool pop = line.starts_with("+OK");
    const bool imap = line.starts_with("* OK") || line.starts_with("* PREAUTH");
    if (pop || imap) {
        reading.cause = fmt::format(
            "You have put the incoming server here: {} port {} is the one that mail is fetched "
            "from ({}).",
            plan.server.host, plan.server.port, pop ? "POP3" : "IMAP");
        reading.steps = {
            "Name the outgoing (SMTP) server: port 465 with SSL/TLS, or 587 with "
            "STARTTLS."};
        return;
    }
    std::string_view kind;
    if (line.starts_with("SSH-")) kind = "an SSH server";
    if (line.starts_with("HTTP/")) kind = "a web server";
    reading.cause =
        fmt::format("{} at {} port {}, not a mail server.",
                    kind.empty() ? "Something else answers" : fmt::format("This is {}", kind),
                    plan.server.host, plan.server.port);
    reading.steps = {"Check the name and the port: 465 with SSL/TLS, or 587 with STARTTLS.",
                     "If both are right, a device on the way answers in its place: try another "
                     "network."};
}

void read_turned_away(const TalkPlan& plan, TalkReading& reading) {
    reading.cause = fmt::format(
        "{} takes no mail on port {} from this network address. It may be on a block list, or "
        "that server receives mail only, or receives none.",
        plan.server.host, plan.server.port);
    reading.steps = {"Read the rest of the reply: it mostly says why.",
                     "Send through your own outgoing server: port 465 with SSL/TLS, or 587 with "
                     "STARTTLS, with a login.",
                     "If it names a block list, that list says how to get off."};
}

// A phrase that the table of explanations knows.
std::string_view words_for(net::CertificateFault fault) {
    switch (fault) {
        case net::CertificateFault::name:
            return "target principal name";
        case net::CertificateFault::date:
            return "certificate has expired";
        case net::CertificateFault::untrusted:
            return "certificate is not trusted";
        case net::CertificateFault::dane:  // a client of a person has no such records
        case net::CertificateFault::none:
            break;
    }
    return {};
}

}  // namespace

std::string outlook_number(const TalkFailure& failure) {
    return std::string(failure.reply ? of_refusal(failure) : of_error(failure));
}

TalkReading read_talk(const TalkPlan& plan, const TalkFailure& failure) {
    TalkReading reading;
    if (is_ours(failure)) return reading;
    reading.outlook = outlook_number(failure);
    reading.next = next_command(plan, failure);
    if (!failure.foreign_line.empty()) {
        read_foreign_line(plan, failure.foreign_line, reading);
        return reading;
    }
    if (is_turned_away(failure)) {
        read_turned_away(plan, reading);
        return reading;
    }
    if (failure.stage == Stage::tls && plan.old_tls && failure.kind == ErrorKind::tls) {
        reading.cause = "The device's encryption is too old for this server and port.";
        reading.steps = {"Update the device, or switch on TLS 1.2 in it."};
        return reading;
    }
    discovery::ExplainNames names;
    names.host = plan.server.host;
    // The server's own words say more than a number made of them.
    std::string words = failure.reply
                            ? fmt::format("{} {} {}", failure.reply->code,
                                          failure.reply->status ? failure.reply->status->to_string()
                                                                : std::string(),
                                          failure.reply->text())
                            : std::string();
    words += fmt::format(" {} {}", reading.outlook, words_for(failure.certificate));
    const auto explained = discovery::explain(words, discovery::Language::en, names);
    if (!explained.known) return reading;
    reading.cause = explained.title + ". " + explained.cause;
    reading.steps = explained.steps;
    return reading;
}

}  // namespace posthaste::app
