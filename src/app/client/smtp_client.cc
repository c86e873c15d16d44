#include "app/client/smtp_client.h"

#include "base/utf8.h"
#include "smtp/sasl.h"

#include <fmt/format.h>

namespace posthaste::app {

namespace {

std::unexpected<Error> refused(std::string_view step, const smtp::Reply& reply) {
    auto status = reply.status ? reply.status->to_string() + " " : std::string();
    return fail(ErrorKind::refused, fmt::format("{} was answered {} {}{}", step, reply.code, status,
                                                utf8::printable(reply.text(), 400)));
}

}  // namespace

SmtpClient::SmtpClient(std::unique_ptr<net::Stream> stream, Seconds step_timeout)
    : stream_(std::move(stream)), step_timeout_(step_timeout) {}

runtime::Task<Result<smtp::Reply>> SmtpClient::read_reply() {
    smtp::ReplyParser parser;
    for (;;) {
        PH_CO_TRY(auto line, co_await net::read_line(*stream_, smtp::ReplyParser::kMaxLine));
        last_line_ = std::move(line.text);
        PH_CO_TRY(bool complete, parser.add_line(last_line_));
        if (complete) co_return parser.take();
    }
}

runtime::Task<Result<smtp::Reply>> SmtpClient::command(std::string line) {
    stream_->expires_after(step_timeout_);
    line += "\r\n";
    PH_CO_CHECK(co_await stream_->write(line));
    co_return co_await read_reply();
}

runtime::Task<Result<smtp::Reply>> SmtpClient::read_reply_in_time() {
    stream_->expires_after(step_timeout_);
    co_return co_await read_reply();
}

runtime::Task<Result<void>> SmtpClient::write(const std::string& octets) {
    stream_->expires_after(step_timeout_);
    co_return co_await stream_->write(octets);
}

runtime::Task<Result<smtp::Reply>> SmtpClient::greeting() {
    stream_->expires_after(step_timeout_);
    PH_CO_TRY(auto reply, co_await read_reply());
    if (!reply.positive()) co_return refused("the connection", reply);
    co_return reply;
}

runtime::Task<Result<smtp::Reply>> SmtpClient::ehlo(std::string name) {
    PH_CO_TRY(auto reply, co_await command("EHLO " + name));
    if (!reply.positive()) co_return refused("EHLO", reply);
    offered_ = smtp::parse_ehlo_reply(reply);
    co_return reply;
}

runtime::Task<Result<void>> SmtpClient::start_tls(const net::TlsClientContext& context,
                                                  net::TlsClientPolicy policy) {
    PH_CO_TRY(auto reply, co_await command("STARTTLS"));
    if (!reply.positive()) co_return refused("STARTTLS", reply);
    if (!stream_->buffered().empty())
        co_return fail(ErrorKind::tls, "the server sent octets behind its reply to STARTTLS");
    co_return co_await tls_at_once(context, std::move(policy));
}

runtime::Task<Result<void>> SmtpClient::tls_at_once(const net::TlsClientContext& context,
                                                    net::TlsClientPolicy policy) {
    stream_->expires_after(step_timeout_);
    offered_ = {};
    co_return co_await stream_->start_tls(context, std::move(policy));
}

runtime::Task<Result<smtp::Reply>> SmtpClient::login_plain(std::string login, Secret password) {
    PH_CO_TRY(auto reply, co_await command("AUTH PLAIN " + smtp::plain_response(login, password)));
    if (!reply.positive()) co_return refused("the login", reply);
    co_return reply;
}

runtime::Task<Result<smtp::Reply>> SmtpClient::send(std::string from, std::vector<std::string> to,
                                                    const std::string& wire) {
    auto mail = "MAIL FROM:<" + from + ">";
    std::vector<std::string> lines{mail};
    for (const auto& address : to) lines.push_back("RCPT TO:<" + address + ">");
    lines.emplace_back("DATA");
    if (offered_.pipelining) {
        std::string group;
        for (const auto& line : lines) group += line + "\r\n";
        stream_->expires_after(step_timeout_);
        PH_CO_CHECK(co_await stream_->write(group));
    }
    // Under pipelining every reply is read before the first refusal is told: DATA may still have
    // been answered 354.
    std::optional<smtp::Reply> refusal;
    std::string refused_step;
    bool go_ahead = false;
    for (const auto& line : lines) {
        Result<smtp::Reply> reply = fail(ErrorKind::closed, "");
        if (offered_.pipelining) {
            stream_->expires_after(step_timeout_);
            reply = co_await read_reply();
        } else {
            reply = co_await command(line);
        }
        if (!reply) co_return reply;
        go_ahead = reply->code == 354;
        if (reply->positive() || reply->intermediate() || refusal) continue;
        refusal = std::move(*reply);
        refused_step = line;
        if (!offered_.pipelining) break;
    }
    if (refusal && go_ahead) {
        static const std::string kNothing = ".\r\n";
        PH_CO_CHECK(co_await stream_->write(kNothing));
        PH_CO_TRY([[maybe_unused]] auto ignored, co_await read_reply());
    }
    if (refusal) co_return refused(refused_step, *refusal);
    stream_->expires_after(step_timeout_);
    PH_CO_CHECK(co_await stream_->write(wire));
    PH_CO_TRY(auto reply, co_await read_reply());
    if (!reply.positive()) co_return refused("the message", reply);
    co_return reply;
}

runtime::Task<void> SmtpClient::quit() {
    auto reply = co_await command("QUIT");
    if (!reply) stream_->abort();
    co_await stream_->close();
}

}  // namespace posthaste::app
