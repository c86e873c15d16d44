// DialectTalk: one message said to a server in a dialect, stage by stage, with every word of it
// told but the login's. It ends at the first refusal and knows where that was.
#pragma once

#include "app/client/dialect.h"
#include "app/client/smtp_client.h"
#include "app/config/host_port.h"
#include "base/log.h"
#include "base/secret.h"
#include "mail/test_message.h"
#include "net/resolver.h"

#include <functional>
#include <optional>
#include <string>

namespace posthaste::app {

enum class Stage : std::uint8_t {
    connect,
    tls,
    banner,
    hello,
    starttls,
    login,
    mail,
    rcpt,
    data,
    content,  // up to the reply to its end
    quit,
};

std::string_view to_string(Stage stage);

enum class TlsWish : std::uint8_t {
    automatic,  // TLS at once on a port like 465, else STARTTLS where it is offered
    none,       // in clear, and then without the login
    starttls,   // or not at all
    implicit,   // TLS from the first octet
};

struct TalkPlan {
    const Dialect* dialect = &plain_dialect();
    HostPort server;
    TlsWish tls = TlsWish::automatic;
    bool verify = true;
    bool old_tls = false;  // TLS 1.0 and nothing newer
    std::string ca_file;   // empty: the system's
    std::string login;     // empty: none
    Secret password;
    mail::TestMessage message;
    Seconds limit{120};  // of each step
};

class DialectTalk {
  public:
    struct Step {
        Stage stage;
        std::string said;   // without CR LF; "" for what the server says by itself
        std::string heard;  // printable, on one line
        int code = 0;       // 0: no reply
    };

    using Tell = std::function<void(const Step&)>;

    // Lives on one worker. `plan` outlives it.
    DialectTalk(const TalkPlan& plan, Tell tell) : plan_(plan), tell_(std::move(tell)) {}

    // Errors: `refused` with `refusal` set when the server said no; else what the stage met.
    runtime::Task<Result<void>> run(Log& log);

    // Where it ended.
    Stage stage() const { return stage_; }

    const std::optional<smtp::Reply>& refusal() const { return refusal_; }

    bool encrypted() const { return encrypted_; }

    // What ended the handshake, if it was the certificate.
    net::CertificateFault certificate_fault() const { return fault_; }

    // The line at which it was seen that no SMTP is spoken there; "" if it is.
    const std::string& foreign_line() const { return foreign_line_; }

    // A login was asked for and not made, as there was no encryption.
    bool login_left_out() const { return login_left_out_; }

  private:
    runtime::Task<Result<void>> connect(Log& log);
    runtime::Task<Result<void>> begin();
    runtime::Task<Result<void>> start_tls();
    runtime::Task<Result<void>> greet();
    runtime::Task<Result<void>> upgrade();
    runtime::Task<Result<void>> log_in();
    runtime::Task<Result<void>> log_in_plain(bool in_two_steps);
    runtime::Task<Result<void>> log_in_login(bool with_name);
    runtime::Task<Result<void>> transact();
    runtime::Task<Result<void>> say_group(std::vector<std::pair<Stage, std::string>> lines);
    runtime::Task<Result<void>> say_content();
    runtime::Task<void> leave();

    // One command and its reply, told; the reply is judged by the caller.
    runtime::Task<Result<smtp::Reply>> say(Stage stage, std::string line, std::string shown = {});
    Result<void> accept(const smtp::Reply& reply, bool go_ahead = false);
    std::unexpected<Error> refuse(const smtp::Reply& reply);
    Error foreign(const Error& error);
    void told(std::string said, const smtp::Reply& reply);
    void note(std::string words);

    bool wants_implicit() const;
    std::string literal();
    std::string mail_line() const;
    Result<void> compose();

    const TalkPlan& plan_;
    Tell tell_;
    std::shared_ptr<net::TlsClientContext> tls_;
    std::optional<SmtpClient> client_;
    std::string content_;  // header and body, CR LF or LF as the dialect has it
    bool smtputf8_ = false;
    Stage stage_ = Stage::connect;
    std::optional<smtp::Reply> refusal_;
    bool encrypted_ = false;
    net::CertificateFault fault_ = net::CertificateFault::none;
    std::string foreign_line_;
    bool login_left_out_ = false;
};

}  // namespace posthaste::app
