#include "submission/session.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "runtime/task.h"
#include "submission/tls_reading.h"
#include "submission/verb_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::submission {
namespace {

constexpr std::size_t kMaxLine = 4096;  // with CR LF; AUTH alone may be longer
constexpr std::size_t kFlushAt = 4096;  // replies that wait for the end of a pipelined group
constexpr std::size_t kMaxIdleBeforeLogin = 50;
constexpr std::size_t kMaxIdle = 1000;  // pools of connections send NOOP or RSET to keep them
constexpr Seconds kWriteTimeout{60};
constexpr Seconds kLastWordTimeout{2};
constexpr Seconds kHandshakeTimeout{10};  // threats.md T2
constexpr std::size_t kNameShown = 120;   // octets of a name that a client asked for

// "XXXXXXXX" or "****" in place of a command: as many as the firewall found letters.
bool is_blotted_out(std::string_view line) {
    return line.starts_with("XXXX") || line.starts_with("****");
}

}  // namespace

Session::Session(ServerContext& context, std::shared_ptr<const PortProfile> profile,
                 std::unique_ptr<net::Stream> stream,
                 std::optional<net::ConnectionCounter::Unit> unit)
    : context_(context),
      profile_(std::move(profile)),
      stream_(std::move(stream)),
      unit_(std::move(unit)),
      transaction_(!profile_->open),
      started_(std::chrono::steady_clock::now()) {
    context_.metrics.sessions.add(1);
}

Session::~Session() {
    if (accepted_unheard_) context_.sent_marks->ended(this, now());
    context_.metrics.sessions.add(-1);
}

runtime::Task<void> Session::run() {
    auto& chain = co_await runtime::this_task();
    chain_ = &chain;
    const bool greeted = co_await greet();
    if (!greeted) ended_ = true;
    while (!ended_) {
        auto line = co_await next_line();
        if (!line) {
            cannot_go_on(line.error());
            continue;
        }
        co_await serve_line(std::move(*line));
        if (out_.size() < kFlushAt) continue;
        auto written = co_await flush();
        if (!written) ended_ = true;
    }
    stream_->expires_after(kLastWordTimeout);
    auto written = co_await flush();
    static_cast<void>(written);  // it was the last word anyway
    // Before the socket goes: others may be asking it.
    if (accepted_unheard_) context_.sent_marks->ended(this, now());
    accepted_unheard_ = false;
    co_await stream_->close();
    chain_ = nullptr;
}

void Session::stop() {
    // Only the wait ends; the chain goes on and says 421. Who is busy finds the flag before the
    // next command.
    if (waiting_ == Waiting::for_command && chain_ != nullptr && chain_->wait != nullptr) {
        chain_->wait->cancel();
    }
}

// The first octets decide what is spoken (clients.md 6.3.1). False: not with this client.
runtime::Task<bool> Session::greet() {
    if (stream_->tls() != nullptr) {
        // Handed over by listen.https: the handshake was there (clients.md 6.3.4).
        tls_began(TlsMode::implicit);
    } else if (!profile_->open) {
        stream_->expires_at(command_deadline());
        auto first = co_await net::demultiplex(*stream_, profile_->habit, context_.demux);
        if (!first) co_return false;
        switch (*first) {
            case net::FirstOctets::tls: {
                if (!speaks_tls()) co_return false;
                const bool secured = co_await start_tls(TlsMode::implicit);
                if (!secured) co_return false;
                break;
            }
            case net::FirstOctets::plain:
                break;
            case net::FirstOctets::http:
                // One line and the end: a browser shows it, a cross-protocol attack gets nothing
                // (threats.md S9).
                reject(context_.replies.make(Say::wrong_server));
                co_return false;
            case net::FirstOctets::old_ssl:
                context_.log.info("client.old_ssl", {{"client", client()}});
                co_return false;
        }
    }
    if (turned_away()) co_return false;
    say(context_.replies.banner());
    co_return true;
}

runtime::Task<bool> Session::start_tls(TlsMode mode) {
    stream_->expires_after(kHandshakeTimeout);
    auto secured = co_await stream_->start_tls(*tls_context());
    if (!secured) {
        context_.metrics.tls_failed.add();
        log_tls_failure(secured.error());
        co_return false;
    }
    tls_began(mode);
    co_return true;
}

void Session::tls_began(TlsMode mode) {
    tls_mode_ = mode;
    transaction_.tls_started();
    forget_message();
    (mode == TlsMode::implicit ? context_.metrics.implicit_tls : context_.metrics.starttls).add();
}

// "unknown ca" and the like is what the user's program told us, and nobody but the admin can read
// it.
void Session::log_tls_failure(const Error& error) {
    const net::TlsFailure* failure = stream_->tls_failure();
    const net::TlsFailure nothing_seen;
    const auto& seen = failure != nullptr ? *failure : nothing_seen;
    const auto reading = read_tls_failure(seen, {.covered = tls_context()->covers(seen.server_name),
                                                 .legacy = profile_->legacy,
                                                 .legacy_port = context_.options.legacy_port});
    context_.log.info("tls.failed", {{"client", client()},
                                     {"local_port", stream_->local().port},
                                     {"sni", utf8::printable(seen.server_name, kNameShown)},
                                     {"offers", seen.newest_version},
                                     {"reason", error.text},
                                     {"why", reading.why},
                                     {"mend", reading.mend},
                                     {"legacy", profile_->legacy}});
}

// Parses and does one command.
runtime::Task<void> Session::serve_line(net::Line line) {
    if (std::exchange(accepted_unheard_, false)) context_.sent_marks->heard(this);
    if (line.bare_lf) {
        say(Say::line_without_cr);
        co_return;
    }
    const auto command = smtp::parse_command(line.text);
    if (!command) {
        say(context_.replies.make(Say::bad_octets, {command.error().text}));
        co_return;
    }
    if (line.text.size() + 2 > kMaxLine && command->verb != smtp::Verb::auth) {
        say(Say::line_too_long);
        co_return;
    }
    if (command->verb == smtp::Verb::unknown && is_blotted_out(line.text)) {
        // "SMTP inspection" of a firewall blots out what it does not know; only its admin can turn
        // that off (clients.md 3.13).
        context_.log.info("client.behind_inspecting_firewall",
                          {{"client", client()},
                           {"why", "a firewall between you and this client blots out commands"},
                           {"mend",
                            "turn off ESMTP inspection there (fixup protocol smtp), or have "
                            "the client encrypt from the first octet: SSL/TLS" +
                                usual_tls_port()}});
    }
    const auto& row = VerbTable::find(command->verb);
    if (row.idle) idle_command();
    if (ended_) co_return;
    if (row.order != nullptr) {
        const smtp::Order order = (transaction_.*row.order)();
        if (order != smtp::Order::ok) {
            refuse_order(order, command->verb);
            co_return;
        }
    }
    if (command->verb == smtp::Verb::mail && identity_ && !profile_->open) {
        const bool welcome = co_await still_welcome();
        if (!welcome) co_return;
    }
    if (row.now != nullptr) {
        (this->*row.now)(command->argument);
    } else {
        auto step = (this->*row.later)(command->argument);
        co_await std::move(step);
    }
    if (command->verb == smtp::Verb::auth) {
        const Secret wiped(std::move(line.text));  // may hold a password
    }
    if (!row.last_in_group || ended_) co_return;
    auto written = co_await flush();
    if (!written) ended_ = true;
}

// A complete line that has come already, without waiting.
std::optional<net::Line> Session::take_line() {
    const std::string_view window = stream_->buffered();
    const std::size_t end = window.find('\n');
    if (end == std::string_view::npos || end >= smtp::kMaxAuthLine) return std::nullopt;
    const bool bare_lf = end == 0 || window[end - 1] != '\r';
    net::Line line{std::string(window.substr(0, bare_lf ? end : end - 1)), bare_lf};
    stream_->consume(end + 1);
    return line;
}

// The next command. Errors as of net::read_line; cancelled also when the server stops.
runtime::Task<Result<net::Line>> Session::next_line() {
    if (context_.stopping) co_return fail(ErrorKind::cancelled, "the server stops");
    if (!first_line_) {
        if (auto line = take_line()) co_return std::move(*line);
    }
    auto line = co_await wait_for_line();
    co_return line;
}

runtime::Task<Result<net::Line>> Session::wait_for_line() {
    PH_CO_CHECK(co_await flush());
    stream_->expires_at(command_deadline());
    waiting_ = Waiting::for_command;
    if (first_line_ && stream_->buffered().empty()) {
        auto filled = co_await stream_->fill();
        if (!filled) {
            waiting_ = Waiting::no;
            co_return std::unexpected(std::move(filled).error());
        }
    }
    const bool first = std::exchange(first_line_, false) && stream_->tls() == nullptr;
    if (first && stream_->buffered().starts_with('\x16')) {
        // A ClientHello behind our banner: SSL/TLS is set for this port, and the hold was too
        // short. Next time it is longer (clients.md 6.3.1).
        waiting_ = Waiting::no;
        context_.demux.saw_late_hello(stream_->peer().address);
        context_.log.info("client.late_tls",
                          {{"client", client()},
                           {"port", stream_->local().port},
                           {"why",
                            "it speaks TLS from the first octet, but was so late that it "
                            "had our banner already"},
                           {"mend",
                            "nothing, if it comes again: its network is waited for longer "
                            "now; else set STARTTLS there, or SSL/TLS" +
                                usual_tls_port()}});
        co_return fail(ErrorKind::closed, "a TLS hello behind the banner");
    }
    auto line = co_await net::read_line(*stream_, smtp::kMaxAuthLine);
    waiting_ = Waiting::no;
    co_return line;
}

// Writes what is to be said, in one go.
runtime::Task<Result<void>> Session::flush() {
    if (out_.empty()) co_return Result<void>();
    if (!ended_) stream_->expires_after(std::min(kWriteTimeout, context_.options.command_timeout));
    const std::string wire = std::exchange(out_, {});
    auto written = co_await stream_->write(wire);
    co_return written;
}

// A line or content did not come.
void Session::cannot_go_on(const Error& error) {
    switch (error.kind) {
        case ErrorKind::too_large:  // the stream goes on behind the line
            say(Say::line_too_long);
            return;
        case ErrorKind::syntax:  // a line that never ends: no place to go on at
            hang_up(Say::too_many_errors);
            return;
        case ErrorKind::timeout:
            context_.metrics.timeouts.add();
            if (identity_ || profile_->open) {
                hang_up(Say::timed_out);
            } else {
                const auto limit = std::to_string(context_.options.login_timeout.count());
                say(context_.replies.make(Say::login_timed_out, {limit}));
                ended_ = true;
            }
            return;
        case ErrorKind::cancelled:
            if (context_.stopping) hang_up(Say::shutting_down);
            break;
        default:  // gone: nothing can be said
            break;
    }
    ended_ = true;
}

// Before the login there is one deadline for all that comes (threats.md D4).
Deadline Session::command_deadline() const {
    const auto now = std::chrono::steady_clock::now();
    const Deadline command{now + context_.options.command_timeout};
    if (identity_ || profile_->open) return command;
    return {std::min(command.at, started_ + context_.options.login_timeout)};
}

void Session::say(const Answer& answer) {
    say(std::string_view(answer.line));
    if (answer.code >= 400) context_.metrics.refused_commands.add();
    if (answer.code < 500 || ended_) return;
    if (++errors_ >= context_.options.errors) hang_up(Say::too_many_errors);
}

void Session::refuse_setting(Say what) {
    const Answer answer = context_.replies.make(what);
    say(answer);
    remember_refusal(answer);
}

void Session::hang_up(Say what) {
    ended_ = true;
    say(std::string_view(context_.replies.make(what).line));
}

void Session::reject(const Answer& answer, About about) {
    if (transaction_.is_open()) {
        // A list with bad addresses in it, or a message refused, is no run of bad commands.
        say(std::string_view(answer.line));
        context_.metrics.refused_commands.add();
    } else {
        say(answer);
    }
    remember_refusal(answer, about.sender);
    if (!context_.events) return;
    Event event;
    event.type = EventType::rejected;
    event.time = now();
    event.account = account();
    event.sender = std::move(about.sender);
    if (transaction_.is_open()) event.sender = mail::to_string(transaction_.envelope().sender);
    event.recipient = std::move(about.recipient);
    event.remote = client();
    if (stream_->tls() != nullptr) event.tls = stream_->tls()->version;
    event.code = answer.code;
    event.status = answer.status;
    event.text = answer.name() + ": " + std::string(answer.text());
    context_.events(event);
}

void Session::idle_command() {
    const std::size_t limit = identity_ || profile_->open ? kMaxIdle : kMaxIdleBeforeLogin;
    if (++idle_commands_ > limit) hang_up(Say::too_many_idle_commands);
}

void Session::forget_message() {
    transaction_.reset();
    recipients_ = {};
    intake_.reset();
    chunks_.reset();
    refused_recipients_ = 0;
    replaced_sender_.clear();
}

std::string Session::account() const {
    return identity_ ? identity_->account : profile_->account;
}

// For mends that tell to use SSL/TLS.
std::string Session::usual_tls_port() const {
    const auto port = context_.options.tls_port;
    return port == 0 ? std::string() : fmt::format(" on port {}", port);
}

}  // namespace posthaste::submission
