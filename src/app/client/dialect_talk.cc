#include "app/client/dialect_talk.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/random.h"
#include "base/utf8.h"
#include "net/dialer.h"
#include "smtp/dot.h"
#include "smtp/sasl.h"

#include <array>

#include <fmt/format.h>

namespace posthaste::app {
namespace {

constexpr Seconds kConnectTimeout{10};
constexpr Seconds kQuitTimeout{5};
constexpr std::size_t kShown = 400;  // octets of a reply
constexpr std::uint16_t kSubmissionsPort = 465;

std::string hex(std::size_t octets) {
    std::vector<std::uint8_t> random(octets);
    fill_random(random);
    std::string text;
    for (const auto octet : random) text += fmt::format("{:02x}", octet);
    return text;
}

std::string uuid() {
    const std::string digits = hex(16);
    const std::string_view view = digits;
    return fmt::format("{}-{}-{}-{}-{}", view.substr(0, 8), view.substr(8, 4), view.substr(12, 4),
                       view.substr(16, 4), view.substr(20));
}

// "Mon, 23 Nov 2026 …" without its day of the week, as .NET writes it.
std::string short_date(const std::string& date) {
    return date.substr(date.find(", ") + 2);
}

std::string fill(std::string_view pattern, std::string_view value) {
    return fmt::format(fmt::runtime(pattern), value);
}

std::string with_lf(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != '\r') out += c;
    return out;
}

// As Thunderbird does by default; what Latin-1 cannot say goes as it is.
std::string to_latin1(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto octet = static_cast<unsigned char>(text[i]);
        if (octet < 0x80) {
            out += text[i];
            continue;
        }
        const bool latin1 = (octet == 0xc2 || octet == 0xc3) && i + 1 < text.size();
        if (!latin1) return std::string(text);
        out += static_cast<char>(((octet & 3U) << 6) |
                                 (static_cast<unsigned char>(text[++i]) & 0x3fU));
    }
    return out;
}

std::string shown(const smtp::Reply& reply) {
    const auto status = reply.status ? reply.status->to_string() + " " : std::string();
    return fmt::format("{} {}{}", reply.code, status, utf8::printable(reply.text(), kShown));
}

}  // namespace

std::string_view to_string(Stage stage) {
    static constexpr std::array<std::string_view, 11> kNames = {
        "connect", "tls",  "banner", "ehlo",    "starttls", "login",
        "mail",    "rcpt", "data",   "message", "quit"};
    return kNames[static_cast<std::size_t>(stage)];
}

bool DialectTalk::wants_implicit() const {
    return plan_.tls == TlsWish::implicit ||
           (plan_.tls == TlsWish::automatic && plan_.server.port % 1000 == kSubmissionsPort);
}

runtime::Task<Result<void>> DialectTalk::run(Log& log) {
    PH_CO_CHECK(compose());
    // Before connecting, as reading the authorities takes longer than a server holds its banner.
    PH_CO_TRY(tls_, net::TlsClientContext::make(plan_.ca_file));
    PH_CO_CHECK(co_await connect(log));
    PH_CO_CHECK(co_await begin());
    PH_CO_CHECK(co_await upgrade());
    PH_CO_CHECK(co_await log_in());
    PH_CO_CHECK(co_await transact());
    co_await leave();
    co_return Result<void>{};
}

// ---- what is sent

Result<void> DialectTalk::compose() {
    const Dialect& dialect = *plan_.dialect;
    auto message = plan_.message;
    message.sent_by = dialect.program;
    PH_TRY(auto composed, mail::compose(message));
    smtputf8_ = composed.smtputf8;
    std::string header = composed.header;
    if (!dialect.mime && !composed.encoded) header.resize(header.find("MIME-Version:"));
    const auto date = format_rfc5322(now());
    header +=
        fmt::format(fmt::runtime(dialect.header), fmt::arg("date", date),
                    fmt::arg("short_date", short_date(date)), fmt::arg("hex", hex(4)),
                    fmt::arg("uuid", uuid()), fmt::arg("domain", message.from.domain().ascii()));
    content_ = header + "\r\n" + composed.body;
    if (dialect.lf) content_ = with_lf(content_);
    return {};
}

std::string DialectTalk::mail_line() const {
    const Dialect& dialect = *plan_.dialect;
    const auto& offered = client_->offered();
    std::string line = fill(dialect.mail, plan_.message.from.to_string());
    if (!dialect.eight_bit.empty() && offered.eight_bit_mime)
        line += fmt::format(" {}", dialect.eight_bit);
    if (!dialect.size.empty() && offered.size)
        line += " " + fmt::format(fmt::runtime(dialect.size), content_.size());
    if (smtputf8_ && offered.smtputf8) line += " SMTPUTF8";
    return line;
}

std::string DialectTalk::literal() {
    const auto address = client_->stream().local().address;
    const auto tag = address.is_v6() ? plan_.dialect->ipv6_tag : std::string_view();
    return fmt::format("[{}{}]", tag, address.to_string());
}

// ---- telling

void DialectTalk::told(std::string said, const smtp::Reply& reply) {
    tell_({stage_, std::move(said), shown(reply), reply.code});
}

void DialectTalk::note(std::string words) {
    tell_({stage_, {}, std::move(words), 0});
}

std::unexpected<Error> DialectTalk::refuse(const smtp::Reply& reply) {
    refusal_ = reply;
    return fail(ErrorKind::refused,
                fmt::format("{} was answered {}", to_string(stage_), shown(reply)));
}

// What answered, in its own words, if that was no reply of SMTP at all.
Error DialectTalk::foreign(const Error& error) {
    if (error.kind != ErrorKind::syntax && error.kind != ErrorKind::too_large) return error;
    foreign_line_ = utf8::printable(client_->last_line(), kShown);
    if (foreign_line_.empty()) foreign_line_ = "(a line without an end)";
    return {ErrorKind::refused,
            fmt::format("{} port {} answered \"{}\", which is not SMTP", plan_.server.host,
                        plan_.server.port, foreign_line_),
            {}};
}

Result<void> DialectTalk::accept(const smtp::Reply& reply, bool go_ahead) {
    if (go_ahead ? reply.code == 354 || reply.positive() : reply.positive()) return {};
    return refuse(reply);
}

runtime::Task<Result<smtp::Reply>> DialectTalk::say(Stage stage, std::string line,
                                                    std::string instead) {
    stage_ = stage;
    std::string words = instead.empty() ? line : std::move(instead);
    auto command = client_->command(std::move(line));
    auto reply = co_await std::move(command);
    if (!reply) co_return std::unexpected(foreign(reply.error()));
    told(std::move(words), *reply);
    co_return reply;
}

// ---- stage by stage

runtime::Task<Result<void>> DialectTalk::connect(Log& log) {
    stage_ = Stage::connect;
    const auto& server = plan_.server;
    PH_CO_TRY(auto resolver, net::Resolver::make({}, log));
    auto found = co_await resolver->system_addresses(server.host, Deadline::after(kConnectTimeout));
    if (found.addresses.empty())
        co_return fail(ErrorKind::dns,
                       fmt::format("{} has no address{}{}", server.host,
                                   found.why.empty() ? "" : ": ", found.why),
                       "check the name of the server");
    Result<void> last = fail(ErrorKind::refused, "no address answered");
    for (const auto& address : found.addresses) {
        const net::Endpoint to{address, server.port};
        auto stream = co_await net::dial(to, Deadline::after(kConnectTimeout));
        if (stream) {
            note(fmt::format("{} port {}", address.to_string(), server.port));
            client_.emplace(std::move(*stream), plan_.limit);
            co_return Result<void>{};
        }
        last = fail(
            stream.error().kind,
            fmt::format("{} port {}: {}", address.to_string(), server.port, stream.error().text),
            "is the server running, and is the port right?");
    }
    co_return last;
}

runtime::Task<Result<void>> DialectTalk::begin() {
    if (wants_implicit()) {
        PH_CO_CHECK(co_await start_tls());
    }
    stage_ = Stage::banner;
    auto banner = co_await client_->read_reply_in_time();
    if (!banner) co_return std::unexpected(foreign(banner.error()));
    told({}, *banner);
    PH_CO_CHECK(accept(*banner));
    co_return co_await greet();
}

runtime::Task<Result<void>> DialectTalk::start_tls() {
    stage_ = Stage::tls;
    net::TlsClientPolicy policy{plan_.server.host, plan_.verify, {}};
    policy.old_device = plan_.old_tls;
    policy.fault = &fault_;
    auto handshake = client_->tls_at_once(*tls_, std::move(policy));
    auto made = co_await std::move(handshake);
    if (!made) {
        // The other mends name keys of the configuration, which this does not read.
        if (fault_ == net::CertificateFault::untrusted)
            made.error().mend =
                "name the authority's certificate with --ca-file FILE; --insecure tries without "
                "this check";
        co_return made;
    }
    encrypted_ = true;
    const auto* tls = client_->stream().tls();
    note(fmt::format(
        "{} {}, {}", tls->version, tls->cipher,
        tls->verified ? "certificate ok" : "certificate not verified: " + tls->peer_error));
    co_return Result<void>{};
}

runtime::Task<Result<void>> DialectTalk::greet() {
    auto line = fmt::format(fmt::runtime(plan_.dialect->greeting), fmt::arg("literal", literal()));
    const bool old = ascii::starts_with_ignore_case(line, "HELO");
    auto saying = say(Stage::hello, std::move(line));
    PH_CO_TRY(auto reply, co_await std::move(saying));
    PH_CO_CHECK(accept(reply));
    client_->set_offered(old ? smtp::Extensions{} : smtp::parse_ehlo_reply(reply));
    co_return Result<void>{};
}

runtime::Task<Result<void>> DialectTalk::upgrade() {
    if (encrypted_ || plan_.tls == TlsWish::none) co_return Result<void>{};
    const bool told_nothing = plan_.dialect->greeting.starts_with("HELO");
    const bool may = client_->offered().starttls || told_nothing;
    if (!may) {
        stage_ = Stage::starttls;
        if (plan_.tls == TlsWish::starttls)
            co_return fail(ErrorKind::unsupported, "the server does not offer STARTTLS",
                           "try --tls implicit with port 465; if other machines see STARTTLS here, "
                           "an antivirus program or a firewall takes it out");
        if (!plan_.login.empty())
            co_return fail(ErrorKind::tls,
                           "the server offers no encryption, so the password was not sent",
                           "use --tls implicit with port 465");
        co_return Result<void>{};
    }
    auto saying = say(Stage::starttls, std::string(plan_.dialect->starttls));
    PH_CO_TRY(auto reply, co_await std::move(saying));
    // A device that cannot see what is offered asks, and goes on in clear if it has no login.
    const bool wanted = plan_.tls == TlsWish::starttls || !plan_.login.empty();
    if (!reply.positive() && !wanted) co_return Result<void>{};
    PH_CO_CHECK(accept(reply));
    if (!client_->stream().buffered().empty())
        co_return fail(ErrorKind::tls, "the server sent octets behind its reply to STARTTLS",
                       "somebody on the way may have put them there: do not log in");
    PH_CO_CHECK(co_await start_tls());
    co_return co_await greet();
}

runtime::Task<Result<void>> DialectTalk::log_in() {
    if (plan_.login.empty()) co_return Result<void>{};
    stage_ = Stage::login;
    if (!encrypted_) {
        login_left_out_ = true;
        note("not said: a password never goes in clear; a mail program set like this goes on");
        co_return Result<void>{};
    }
    const auto& offered = client_->offered().auth;
    const bool unknown = plan_.dialect->greeting.starts_with("HELO");
    const bool plain = unknown || offered.contains("PLAIN");
    const bool login = unknown || offered.contains("LOGIN");
    if (!plain && !login)
        co_return fail(ErrorKind::unsupported,
                       offered.empty() ? std::string("the server offers no login")
                                       : fmt::format("the server offers {} alone, and mail "
                                                     "programs need PLAIN or LOGIN",
                                                     fmt::join(offered, ", ")),
                       "a password may not be enough there: app password or OAuth");
    const auto form = plan_.dialect->login;
    const bool wants_plain = form == LoginForm::plain || form == LoginForm::plain_in_two_steps;
    if (wants_plain ? plain : !login) {
        auto logging_in = log_in_plain(form == LoginForm::plain_in_two_steps);
        auto done = co_await std::move(logging_in);
        const bool again = !done && refusal_ && plan_.dialect->login_after_plain && login;
        if (!again) co_return done;
        refusal_.reset();
    }
    auto logging_in = log_in_login(form == LoginForm::login_with_name);
    co_return co_await std::move(logging_in);
}

runtime::Task<Result<void>> DialectTalk::log_in_plain(bool in_two_steps) {
    const auto response = smtp::plain_response(plan_.login, plan_.password);
    const auto verb = fmt::format("{} PLAIN", plan_.dialect->auth);
    if (in_two_steps) {
        auto asking = say(Stage::login, verb);
        PH_CO_TRY(auto prompt, co_await std::move(asking));
        if (!prompt.intermediate()) co_return refuse(prompt);
    }
    auto answering = say(Stage::login, in_two_steps ? response : verb + " " + response,
                         in_two_steps ? std::string("(user name and password)")
                                      : verb + " (user name and password)");
    PH_CO_TRY(auto reply, co_await std::move(answering));
    co_return accept(reply);
}

runtime::Task<Result<void>> DialectTalk::log_in_login(bool with_name) {
    const auto verb = fmt::format("{} {}", plan_.dialect->auth,
                                  plan_.dialect->auth == "auth" ? "login" : "LOGIN");
    const auto name = base64::encode(plan_.login);
    auto beginning = say(Stage::login, with_name ? verb + " " + name : verb,
                         with_name ? verb + " (user name)" : verb);
    PH_CO_TRY(auto prompt, co_await std::move(beginning));
    if (!prompt.intermediate()) co_return refuse(prompt);
    if (!with_name) {
        auto naming = say(Stage::login, name, "(user name)");
        PH_CO_TRY(prompt, co_await std::move(naming));
        if (!prompt.intermediate()) co_return refuse(prompt);
    }
    const auto password = plan_.password.reveal();
    const Secret octets(plan_.dialect->password_as_latin1 ? to_latin1(password)
                                                          : std::string(password));
    auto answering = say(Stage::login, base64::encode(octets.reveal()), "(password)");
    PH_CO_TRY(auto reply, co_await std::move(answering));
    co_return accept(reply);
}

runtime::Task<Result<void>> DialectTalk::transact() {
    const Dialect& dialect = *plan_.dialect;
    if (smtputf8_ && !client_->offered().smtputf8) {
        stage_ = Stage::mail;
        co_return fail(ErrorKind::unsupported,
                       "an address holds letters beyond ASCII, and the server does not offer "
                       "SMTPUTF8",
                       "use an address in plain letters");
    }
    const bool chunking = dialect.chunking && client_->offered().chunking;
    std::vector<std::pair<Stage, std::string>> lines{{Stage::mail, mail_line()}};
    for (const auto& to : plan_.message.to)
        lines.emplace_back(Stage::rcpt, fill(dialect.rcpt, to.to_string()));
    if (!chunking) lines.emplace_back(Stage::data, dialect.data);
    if (dialect.pipelining && client_->offered().pipelining) {
        auto saying = say_group(std::move(lines));
        PH_CO_CHECK(co_await std::move(saying));
    } else {
        for (auto& [stage, line] : lines) {
            auto saying = say(stage, std::move(line));
            PH_CO_TRY(auto reply, co_await std::move(saying));
            PH_CO_CHECK(accept(reply, stage == Stage::data));
        }
    }
    co_return co_await say_content();
}

// All in one write; every reply is read before the first refusal counts, as DATA may still have
// been answered 354 (RFC 2920 §3.1).
runtime::Task<Result<void>> DialectTalk::say_group(
    std::vector<std::pair<Stage, std::string>> lines) {
    std::string group;
    for (const auto& [stage, line] : lines) group += line + "\r\n";
    stage_ = lines.front().first;
    PH_CO_CHECK(co_await client_->write(group));
    std::optional<Stage> refused_at;
    std::optional<smtp::Reply> refused;
    bool go_ahead = false;
    for (auto& [stage, line] : lines) {
        stage_ = stage;
        PH_CO_TRY(auto reply, co_await client_->read_reply_in_time());
        told(std::move(line), reply);
        go_ahead = reply.code == 354;
        if (reply.positive() || go_ahead || refused) continue;
        refused_at = stage;
        refused = std::move(reply);
    }
    if (!refused) co_return Result<void>{};
    if (go_ahead) {
        static const std::string kNothing = ".\r\n";
        PH_CO_CHECK(co_await client_->write(kNothing));
        PH_CO_TRY([[maybe_unused]] auto ignored, co_await client_->read_reply_in_time());
    }
    stage_ = *refused_at;
    co_return refuse(*refused);
}

runtime::Task<Result<void>> DialectTalk::say_content() {
    const Dialect& dialect = *plan_.dialect;
    stage_ = Stage::content;
    std::string wire;
    std::string shown_as;
    if (dialect.chunking && client_->offered().chunking) {
        shown_as = fmt::format("BDAT {} LAST", content_.size());
        wire = shown_as + "\r\n" + content_;
    } else if (dialect.lf) {
        // Dots are doubled as behind any line end; the last LF becomes part of the end.
        bool at_start = true;
        for (const char c : content_.substr(0, content_.size() - 1)) {
            if (at_start && c == '.') wire += '.';
            wire += c;
            at_start = c == '\n';
        }
        wire += "\r\n.\r\n";
        shown_as = fmt::format("(a message of {} octets, LF line ends)", content_.size());
    } else {
        smtp::DotEncoder encoder;
        encoder.feed(content_, wire);
        encoder.finish(wire);
        shown_as = fmt::format("(a message of {} octets)", content_.size());
    }
    PH_CO_CHECK(co_await client_->write(wire));
    PH_CO_TRY(auto reply, co_await client_->read_reply_in_time());
    told(std::move(shown_as), reply);
    co_return accept(reply);
}

runtime::Task<void> DialectTalk::leave() {
    const Dialect& dialect = *plan_.dialect;
    auto& stream = client_->stream();
    if (dialect.goodbye == Goodbye::hang_up) {
        co_await stream.close();
        co_return;
    }
    if (dialect.goodbye == Goodbye::quit_and_reset) {
        stream.expires_after(kQuitTimeout);
        const std::string line = std::string(dialect.quit) + "\r\n";
        auto written = co_await stream.write(line);
        static_cast<void>(written);
        stream.abort();
        co_return;
    }
    auto saying = say(Stage::quit, std::string(dialect.quit));
    auto reply = co_await std::move(saying);
    stage_ = Stage::content;  // what counts is said; how it ends does not
    if (!reply) stream.abort();
    co_await stream.close();
}

}  // namespace posthaste::app
