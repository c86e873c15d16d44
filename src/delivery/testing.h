// For tests of this layer: a resolver that answers from a table, and a next hop that follows a
// script, on real sockets of the loopback, in the test's own thread.
#pragma once

#include "base/ascii.h"
#include "delivery/delivery.h"
#include "net/listener.h"
#include "net/tls.h"
#include "runtime/run.h"
#include "runtime/timer.h"
#include "smtp/dot.h"
#include "store/testing.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::delivery::testing_tools {

// One worker, run by the test.
class Loop {
  public:
    Loop() : workers(1), log({LogFormat::logfmt, LogLevel::error, 2, 1024}) {}

    template <class T>
    std::optional<T> run(runtime::Task<T> task) {
        return runtime::run_to_end(workers[0], log, std::move(task));
    }

    void run(runtime::Task<void> task) { runtime::run_to_end(workers[0], log, std::move(task)); }

    runtime::WorkerPool workers;
    Log log;
};

class FakeResolver final : public net::Resolver {
  public:
    void set_mx(const std::string& domain, net::MxAnswer answer) {
        mx_[domain] = std::move(answer);
    }

    void set_mx(const std::string& domain, std::vector<net::MxRecord> records) {
        mx_[domain] = {net::DnsStatus::ok, std::move(records), false, ""};
    }

    void set_addresses(const std::string& host, const std::vector<std::string>& texts) {
        net::AddressAnswer answer;
        answer.status = texts.empty() ? net::DnsStatus::no_data : net::DnsStatus::ok;
        for (const auto& text : texts) answer.addresses.push_back(*IpAddress::parse(text));
        addresses_[host] = std::move(answer);
    }

    void set_addresses(const std::string& host, net::DnsStatus status) {
        addresses_[host] = {status, {}, false, ""};
    }

    void set_txt(const std::string& name, std::vector<std::string> texts) {
        texts_[name] = {net::DnsStatus::ok, std::move(texts), ""};
    }

    void set_txt(const std::string& name, net::DnsStatus status, const std::string& why) {
        texts_[name] = {status, {}, why};
    }

    runtime::Task<net::TxtAnswer> txt(std::string name, Deadline) override {
        const auto found = texts_.find(name);
        co_return found == texts_.end() ? net::TxtAnswer{net::DnsStatus::no_name, {}, ""}
                                        : found->second;
    }

    runtime::Task<net::MxAnswer> mx(std::string domain, Deadline) override {
        const auto found = mx_.find(domain);
        co_return found == mx_.end() ? net::MxAnswer{net::DnsStatus::no_name, {}, false, ""}
                                     : found->second;
    }

    runtime::Task<net::AddressAnswer> addresses(std::string host, Deadline) override {
        asked.push_back(host);
        const auto found = addresses_.find(host);
        co_return found == addresses_.end()
            ? net::AddressAnswer{net::DnsStatus::no_name, {}, false, ""}
            : found->second;
    }

    runtime::Task<net::AddressAnswer> system_addresses(std::string host,
                                                       Deadline deadline) override {
        return addresses(std::move(host), deadline);
    }

    runtime::Task<net::TlsaAnswer> tlsa(std::string name, Deadline) override {
        asked.push_back(name);
        const auto found = tlsa_.find(name);
        co_return found == tlsa_.end() ? net::TlsaAnswer{net::DnsStatus::no_name} : found->second;
    }

    runtime::Task<net::AliasAnswer> alias(std::string name, Deadline) override {
        const auto found = aliases_.find(name);
        co_return found == aliases_.end() ? net::AliasAnswer{net::DnsStatus::no_data}
                                          : found->second;
    }

    net::DnsValidation validation() const override { return {true, {}}; }

    void set_addresses(const std::string& host, net::AddressAnswer answer) {
        addresses_[host] = std::move(answer);
    }

    void set_tlsa(const std::string& name, net::TlsaAnswer answer) {
        tlsa_[name] = std::move(answer);
    }

    void set_alias(const std::string& name, net::AliasAnswer answer) {
        aliases_[name] = std::move(answer);
    }

    std::vector<std::string> asked;

  private:
    std::map<std::string, net::TlsaAnswer> tlsa_;
    std::map<std::string, net::AliasAnswer> aliases_;
    std::map<std::string, net::MxAnswer> mx_;
    std::map<std::string, net::AddressAnswer> addresses_;
    std::map<std::string, net::TxtAnswer> texts_;
};

// What the hop saw.
struct Transaction {
    std::string mail;
    std::vector<std::string> recipients;  // those it took
    std::string content;
    bool tls = false;
    int connection = 0;
};

// Answers like a friendly server unless `replies` has a line for the verb ("BANNER", "EHLO",
// "MAIL", "DATA", "DOT", …) or for a recipient's local part, or `on_line` for the very line.
// "close" closes, "silence" says nothing.
class FakeHop {
  public:
    explicit FakeHop(Loop& loop, const std::string& address = "127.0.0.1", std::uint16_t port = 0)
        : loop_(loop), sessions_(loop.workers[0], loop.log) {
        auto socket = net::BoundSocket::bind({address, port});
        PH_ASSERT(socket.has_value());
        port_ = socket->local().port;
        listener_ = std::make_unique<net::Listener>(
            std::move(*socket), loop.workers,
            [this](runtime::Worker&, std::unique_ptr<net::Stream> stream) {
                ++connections;
                sessions_.spawn(serve(std::move(stream), connections));
            },
            loop.log);
        listener_->start();
    }

    ~FakeHop() {
        listener_->stop();
        loop_.run(sessions_.close());
    }

    std::uint16_t port() const { return port_; }

    std::vector<std::string> extensions{"PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000000"};
    std::string name = "hop.example";
    std::map<std::string, std::string> replies;
    std::function<std::optional<std::string>(const std::string& line, int connection)> on_line;
    std::shared_ptr<net::TlsServerContext> tls;  // offers STARTTLS
    bool implicit_tls = false;
    std::string behind_starttls;  // octets in clear behind the 220
    std::size_t most_recipients = 1000;
    std::string credentials;  // base64 of AUTH PLAIN that is taken

    int connections = 0;
    std::vector<std::string> lines;  // all that came
    std::vector<Transaction> transactions;

  private:
    struct Session {
        net::Stream& stream;
        Transaction now{};
        std::size_t asked = 0;
        bool over = false;
    };

    std::string answer(const std::string& key, const std::string& usual) const {
        const auto found = replies.find(key);
        return found == replies.end() ? usual : found->second;
    }

    runtime::Task<void> say(Session& session, std::string text) {
        if (text == "silence") co_return;
        if (text == "close") {
            session.over = true;
            co_return;
        }
        text += "\r\n";
        session.stream.expires_after(Seconds(20));
        auto writing = session.stream.write(text);
        auto written = co_await std::move(writing);
        if (!written) session.over = true;
    }

    std::string hello(const Session& session) const {
        std::string text;
        std::vector<std::string> all{name};
        all.insert(all.end(), extensions.begin(), extensions.end());
        if (tls && session.stream.tls() == nullptr) all.push_back("STARTTLS");
        if (!credentials.empty() && session.stream.tls() != nullptr)
            all.push_back("AUTH PLAIN LOGIN");
        for (std::size_t i = 0; i < all.size(); ++i) {
            text +=
                (i > 0 ? "\r\n250" : "250") + std::string(i + 1 < all.size() ? "-" : " ") + all[i];
        }
        return text;
    }

    std::string rcpt(Session& session, const std::string& line) {
        const auto begin = line.find('<') + 1;
        const auto address = line.substr(begin, line.find('>') - begin);
        const auto local = address.substr(0, address.find('@'));
        std::string usual = "250 2.1.5 ok";
        if (session.now.recipients.size() >= most_recipients)
            usual = "452 4.5.3 Too many recipients";
        const std::string text = answer(local, usual);
        if (text.starts_with("25")) session.now.recipients.push_back(address);
        return text;
    }

    runtime::Task<void> take_content(Session& session) {
        smtp::DotDecoder decoder;
        for (;;) {
            const auto step = decoder.feed(session.stream.buffered(), session.now.content);
            session.stream.consume(step.consumed);
            if (step.finished) co_return;
            auto filling = session.stream.fill();
            auto filled = co_await std::move(filling);
            if (!filled) {
                session.over = true;
                co_return;
            }
        }
    }

    runtime::Task<void> data(Session& session) {
        std::string text =
            answer("DATA", session.now.recipients.empty() ? "554 5.5.1 no recipients" : "354 go");
        auto telling = say(session, text);
        co_await std::move(telling);
        if (!text.starts_with("354")) co_return;
        if (answer("CONTENT", "") == "close") {
            session.over = true;
            co_return;
        }
        auto taking = take_content(session);
        co_await std::move(taking);
        if (session.over) co_return;
        std::string end = answer("DOT", "250 2.0.0 taken");
        if (end.starts_with("250")) transactions.push_back(session.now);
        session.now.recipients.clear();
        session.now.content.clear();
        auto ending = say(session, end);
        co_await std::move(ending);
    }

    runtime::Task<void> starttls(Session& session) {
        const std::string text = answer("STARTTLS", "220 go");
        auto telling =
            say(session, behind_starttls.empty() ? text : text + "\r\n" + behind_starttls);
        co_await std::move(telling);
        if (!text.starts_with("220")) co_return;
        if (answer("HANDSHAKE", "") == "close") {
            session.over = true;
            co_return;
        }
        auto starting = session.stream.start_tls(*tls);
        auto started = co_await std::move(starting);
        if (!started) session.over = true;
    }

    runtime::Task<void> handle(Session& session, std::string line, int connection) {
        const std::string verb = ascii::to_upper(line.substr(0, line.find(' ')));
        std::optional<std::string> own = on_line ? on_line(line, connection) : std::nullopt;
        if (own) co_return co_await say(session, *own);
        if (verb == "DATA") co_return co_await data(session);
        if (verb == "STARTTLS") co_return co_await starttls(session);
        std::string usual = "250 2.0.0 ok";
        if (verb == "EHLO") usual = hello(session);
        if (verb == "MAIL") session.now.mail = line;
        if (verb == "MAIL" || verb == "RSET") session.now.recipients.clear();
        if (verb == "RCPT") usual = rcpt(session, line);
        if (verb == "QUIT") usual = "221 bye";
        if (verb == "AUTH") {
            usual = line == "AUTH PLAIN " + credentials ? "235 2.7.0 welcome" : "535 5.7.8 wrong";
        }
        auto telling = say(session, answer(verb, usual));
        co_await std::move(telling);
        if (verb == "QUIT") session.over = true;
    }

    runtime::Task<void> serve(std::unique_ptr<net::Stream> stream, int connection) {
        Session session{*stream, {}, 0, false};
        session.now.connection = connection;
        stream->expires_after(Seconds(20));
        if (implicit_tls) {
            auto starting = stream->start_tls(*tls);
            auto started = co_await std::move(starting);
            if (!started) co_return;
        }
        auto greeting = say(session, answer("BANNER", "220 " + name + " ready"));
        co_await std::move(greeting);
        while (!session.over) {
            stream->expires_after(Seconds(20));
            auto reading = net::read_line(*stream, 4096);
            auto line = co_await std::move(reading);
            if (!line) break;
            lines.push_back(line->text);
            session.now.tls = stream->tls() != nullptr;
            auto handling = handle(session, line->text, connection);
            co_await std::move(handling);
        }
        auto closing = stream->close();
        co_await std::move(closing);
    }

    Loop& loop_;
    std::uint16_t port_ = 0;
    runtime::TaskGroup sessions_;
    std::unique_ptr<net::Listener> listener_;
};

}  // namespace posthaste::delivery::testing_tools
