// Opening a session. The transaction itself: client_transaction.cc.
#include "delivery/client/client.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr Seconds kTlsWait{60};
constexpr Seconds kAuthWait{120};
constexpr Seconds kQuitWait{1};

}  // namespace

ClientSession::ClientSession(std::unique_ptr<net::Stream> stream, std::string host, Options options)
    : stream_(std::move(stream)),
      host_(std::move(host)),
      options_(std::move(options)),
      opened_(std::chrono::steady_clock::now()) {}

std::string ClientSession::tls_version() const {
    const net::TlsInfo* info = stream_->tls();
    return info != nullptr ? info->version : std::string();
}

void ClientSession::abort() {
    usable_ = false;
    stream_->abort();
}

Incident ClientSession::stopped(Stage stage, const Error& error) {
    usable_ = false;
    transcript_.note(fmt::format("{}: {}", to_string(stage), error.text));
    Incident incident;
    incident.stage = stage;
    incident.text = error.text;
    switch (error.kind) {
        case ErrorKind::timeout:
            incident.what = What::timed_out;
            incident.text = end_.passed() ? end_why_ : std::string();
            break;
        case ErrorKind::tls:
            incident.what = What::tls_failed;
            break;
        case ErrorKind::too_large:
        case ErrorKind::syntax:
            incident.what = What::malformed;
            break;
        case ErrorKind::cancelled:
            incident.what = What::our_own;
            incident.text = "our server is stopping";
            break;
        default:
            incident.what = What::lost;
            break;
    }
    return incident;
}

void ClientSession::must_end_by(Deadline deadline, std::string why) {
    end_ = deadline;
    end_why_ = std::move(why);
}

void ClientSession::expect(Stage stage, Seconds wait) {
    Deadline deadline = Deadline::after(wait);
    if (stage != Stage::final_dot) deadline.at = std::min(deadline.at, end_.at);
    stream_->expires_at(deadline);
}

runtime::Task<Step<>> ClientSession::write(Stage stage, std::string_view octets, Seconds wait) {
    transcript_.sent(stage, octets);
    expect(stage, wait);
    auto writing = stream_->write(octets);
    auto written = co_await std::move(writing);
    if (!written) co_return std::unexpected(stopped(stage, written.error()));
    co_return Step<>();
}

// The deadline is for the whole reply: one octet a minute does not move it.
runtime::Task<Step<smtp::Reply>> ClientSession::read_reply(Stage stage, Seconds wait) {
    expect(stage, wait);
    smtp::ReplyParser parser;
    for (;;) {
        auto reading = net::read_line(*stream_, smtp::ReplyParser::kMaxLine + 2, 0);
        auto line = co_await std::move(reading);
        if (!line) co_return std::unexpected(stopped(stage, line.error()));
        transcript_.received(stage, line->text);
        // What is said of us in clear ends in logs and reports. A challenge is for the proof alone.
        const bool may_tell = transcript_.has_secrets() && !line->text.starts_with("334");
        auto complete =
            parser.add_line(may_tell ? transcript_.without_secrets(line->text) : line->text);
        if (!complete) co_return std::unexpected(stopped(stage, complete.error()));
        if (!*complete) continue;
        smtp::Reply reply = parser.take();
        if (reply.code == 421) usable_ = false;  // it closes (RFC 5321 §3.8)
        co_return reply;
    }
}

runtime::Task<Step<smtp::Reply>> ClientSession::command(Stage stage, std::string line,
                                                        Seconds wait) {
    auto writing = write(stage, line, wait);
    auto written = co_await std::move(writing);
    if (!written) co_return std::unexpected(std::move(written).error());
    auto reading = read_reply(stage, wait);
    auto reply = co_await std::move(reading);
    co_return reply;
}

runtime::Task<Step<>> ClientSession::greet(bool may_helo) {
    auto reading = read_reply(Stage::banner, options_.banner_timeout);
    auto banner = co_await std::move(reading);
    if (!banner) co_return std::unexpected(std::move(banner).error());
    if (banner->code != 220) {
        co_return std::unexpected(Incident{Stage::banner, What::reply, std::move(*banner), {}});
    }
    auto helloing = say_hello(may_helo);
    auto greeted = co_await std::move(helloing);
    co_return greeted;
}

runtime::Task<Step<>> ClientSession::say_hello(bool may_helo) {
    offered_ = {};
    if (!stream_->buffered().empty()) {  // a second greeting: who talks first is no mail server
        usable_ = false;
        co_return std::unexpected(Incident{Stage::banner, What::malformed, {}, {}});
    }
    auto asking = command(
        Stage::ehlo, fmt::format("{} {}\r\n", options_.lmtp ? "LHLO" : "EHLO", options_.hostname),
        options_.command_timeout);
    auto reply = co_await std::move(asking);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (reply->permanent() && may_helo && !options_.lmtp) {
        auto again =
            command(Stage::ehlo, "HELO " + options_.hostname + "\r\n", options_.command_timeout);
        reply = co_await std::move(again);
        if (!reply) co_return std::unexpected(std::move(reply).error());
        if (reply->positive()) co_return Step<>();
    }
    if (!reply->positive()) {
        co_return std::unexpected(Incident{Stage::ehlo, What::reply, std::move(*reply), {}});
    }
    offered_ = smtp::parse_ehlo_reply(*reply);
    if (!options_.pipelining) offered_.pipelining = false;
    // Nothing has been asked: whatever comes now answers nothing, and later replies could not be
    // told from it.
    if (!stream_->buffered().empty()) {
        usable_ = false;
        co_return std::unexpected(
            Incident{Stage::ehlo, What::malformed, {}, "it answers what was not asked"});
    }
    co_return Step<>();
}

runtime::Task<Step<>> ClientSession::handshake(const net::TlsClientContext& context,
                                               net::TlsClientPolicy policy) {
    expect(Stage::starttls, at_most(kTlsWait));
    auto starting = stream_->start_tls(context, std::move(policy));
    auto started = co_await std::move(starting);
    if (!started) co_return std::unexpected(stopped(Stage::starttls, started.error()));
    if (const net::TlsInfo* tls = stream_->tls()) {
        transcript_.note(fmt::format("{}, {}, the certificate is {}", tls->version, tls->cipher,
                                     tls->verified ? "verified" : "not verified"));
    }
    co_return Step<>();
}

runtime::Task<Step<>> ClientSession::start_implicit_tls(const net::TlsClientContext& context,
                                                        net::TlsClientPolicy policy) {
    return handshake(context, std::move(policy));
}

runtime::Task<Step<>> ClientSession::start_tls(const net::TlsClientContext& context,
                                               net::TlsClientPolicy policy) {
    if (!offered_.starttls) {
        co_return std::unexpected(
            Incident{Stage::starttls, What::not_offered, {}, "it offers no STARTTLS"});
    }
    auto asking = command(Stage::starttls, "STARTTLS\r\n", at_most(kTlsWait));
    auto reply = co_await std::move(asking);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (reply->code != 220) {
        co_return std::unexpected(Incident{Stage::starttls, What::reply, std::move(*reply), {}});
    }
    // Octets behind the 220 came in clear from who knows whom (threats.md S6).
    if (!stream_->buffered().empty()) {
        abort();
        co_return std::unexpected(
            Incident{Stage::starttls, What::malformed, {}, "more than a reply came before TLS"});
    }
    auto shaking = handshake(context, std::move(policy));
    auto done = co_await std::move(shaking);
    if (!done) co_return std::unexpected(std::move(done).error());
    auto helloing = say_hello(false);
    auto greeted = co_await std::move(helloing);
    co_return greeted;
}

runtime::Task<Step<smtp::Reply>> ClientSession::auth(std::string line) {
    return command(Stage::auth, std::move(line) + "\r\n", at_most(kAuthWait));
}

runtime::Task<bool> ClientSession::is_quiet() {
    if (!is_usable()) co_return false;
    // In clear a goodbye, or the end, that came meanwhile is seen. Within TLS it shows at the next
    // command.
    stream_->expires_after(Seconds(1));
    auto peeking = stream_->peek(1, Deadline{std::chrono::steady_clock::now()});
    auto seen = co_await std::move(peeking);
    // What came unasked belongs to no command: such a connection is used no more.
    usable_ = seen && seen->empty();
    co_return usable_;
}

runtime::Task<void> ClientSession::quit() {
    end_ = {};
    if (usable_) {
        auto asking = command(Stage::mail, "QUIT\r\n", kQuitWait);
        auto reply = co_await std::move(asking);
        static_cast<void>(reply);
    }
    usable_ = false;
    auto closing = stream_->close();
    co_await std::move(closing);
}

}  // namespace posthaste::delivery
