// Session: one client from its first octet to its last (RFC 5321, 6409, 4954, 3207). A coroutine on
// one worker: it reads a line, looks it up in the verb table, and writes the replies of a pipelined
// group together, once no complete line is left to read.
//
// Costs: while it waits for a command a session holds no buffers, some 3 KB with its coroutines. A
// command is at most 12,288 octets. While content comes: a window of 64 KiB, a decoded piece of at
// most 128 KiB, and what the ContentWriter keeps, at most 256 KiB of the store's budget
// (content_intake.h). So a message of 50 MB takes 0.5 MB, and the worst that a logged-in client can
// make of it, with 1,000 of the longest recipients and a header of 1 MB, stays under 4 MB.
//
// Where it is: session.cc the loop, commands.cc the verbs, login.cc AUTH, sign_ins.cc what the
// sign-in log hears, transfer.cc DATA and BDAT.
#pragma once

#include "net/listener.h"
#include "net/stream.h"
#include "smtp/command.h"
#include "smtp/dot.h"
#include "smtp/sasl.h"
#include "smtp/transaction.h"
#include "submission/content_intake.h"
#include "submission/context.h"
#include "submission/login_failures.h"
#include "submission/pace.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

namespace posthaste::submission {

std::string_view name_of(smtp::Mechanism mechanism);  // "PLAIN"

class Session {
  public:
    // `unit`: of the connection counter; nothing where connections are not counted (tests).
    Session(ServerContext& context, std::shared_ptr<const PortProfile> profile,
            std::unique_ptr<net::Stream> stream, std::optional<net::ConnectionCounter::Unit> unit);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Ends when the connection has: closed by either side, timed out, or cancelled.
    runtime::Task<void> run();

    // The server stops: 421 at once if the session waits for a command, else in place of the next
    // one. On the session's worker, after `stopping` was set in the context.
    void stop();

  private:
    friend struct VerbTable;

    enum class TlsMode : std::uint8_t { none, implicit, starttls };
    enum class Waiting : std::uint8_t { no, for_command };

    // session.cc
    runtime::Task<bool> greet();
    void tls_began(TlsMode mode);
    runtime::Task<void> serve_line(net::Line line);
    runtime::Task<Result<net::Line>> next_line();
    runtime::Task<Result<net::Line>> wait_for_line();
    std::optional<net::Line> take_line();
    runtime::Task<Result<void>> flush();
    runtime::Task<bool> start_tls(TlsMode mode);
    void log_tls_failure(const Error& error);
    void cannot_go_on(const Error& error);
    Deadline command_deadline() const;

    void say(std::string_view line) { out_ += line; }

    void say(const Answer& answer);  // a refusal; counts

    void say(Say what) { say(context_.replies.make(what)); }

    // The same, and the sign-in log hears of it: a person has to set something.
    void refuse_setting(Say what);

    void hang_up(Say what);  // the same and the end

    // The same as `say`, and a rejected event.
    struct About {
        std::string sender = {};  // of a MAIL that is refused; else the transaction's
        std::string recipient = {};
    };

    void reject(const Answer& answer) { reject(answer, About()); }

    void reject(const Answer& answer, About about);
    void idle_command();
    void forget_message();
    std::string account() const;

    std::string client() const { return stream_->peer().to_string(); }

    // The trap's port speaks plain text alone: a test suite's client would otherwise take up
    // STARTTLS by itself and refuse a certificate nobody knows.
    bool speaks_tls() const { return tls_context() != nullptr && !profile_->open; }

    const net::TlsServerContext* tls_context() const {
        return profile_->tls != nullptr ? profile_->tls.get() : context_.tls.get();
    }

    // commands.cc
    void on_ehlo(std::string_view argument);
    void on_helo(std::string_view argument);
    runtime::Task<void> on_starttls(std::string_view argument);
    void on_mail(std::string_view argument);
    void on_rcpt(std::string_view argument);
    void on_rset(std::string_view argument);
    void on_noop(std::string_view argument);
    void on_quit(std::string_view argument);
    void on_vrfy(std::string_view argument);
    void on_expn(std::string_view argument);
    void on_help(std::string_view argument);
    void on_http(std::string_view argument);
    void on_foreign(std::string_view argument);
    void on_unknown(std::string_view argument);
    void refuse_order(smtp::Order order, smtp::Verb verb);
    void refuse_recipient(const Answer& answer, std::string_view path);
    void add_recipient(mail::Recipient recipient);
    std::optional<Answer> store_refusal() const;
    std::optional<Answer> check_mail(const mail::Envelope& envelope,
                                     std::optional<std::uint64_t> size) const;

    // login.cc
    runtime::Task<void> on_auth(std::string_view argument);
    runtime::Task<std::optional<smtp::Credentials>> read_plain(smtp::AuthArgument argument);
    runtime::Task<std::optional<smtp::Credentials>> read_login(smtp::AuthArgument argument);
    runtime::Task<std::optional<Secret>> ask(std::string_view prompt);
    runtime::Task<void> log_in(smtp::Credentials credentials, smtp::Mechanism mechanism);
    void welcome(accounts::Identity identity, const std::string& login, smtp::Mechanism mechanism);

    struct FailedLogin {
        accounts::Rejection rejection;
        std::string login;
        smtp::Mechanism mechanism{};
        std::uint32_t fingerprint = 0;
    };

    runtime::Task<void> refuse_login(FailedLogin failed);
    runtime::Task<bool> still_welcome();
    void log_login(std::string_view event, std::string_view login, std::string_view detail);

    // sign_ins.cc
    void remember(accounts::SignIn seen);
    void remember_login(const std::string& login, smtp::Mechanism mechanism);
    void remember_refusal(const Answer& answer, std::string from = {});
    std::string usual_tls_port() const;
    void remember_sender(const mail::ReversePath& sender);
    bool turned_away();

    // transfer.cc
    runtime::Task<void> on_data(std::string_view argument);
    runtime::Task<void> on_bdat(std::string_view argument);
    bool begin_content();
    runtime::Task<bool> receive_until_dot();
    runtime::Task<bool> receive_chunk(std::uint64_t octets);
    runtime::Task<void> discard_chunk(std::uint64_t octets);
    runtime::Task<bool> wait_for_content(Pace& pace, bool ended_by_lf);
    void refuse_fault(smtp::ContentFault fault);
    void give_up_on_size();
    runtime::Task<void> flush_content();
    runtime::Task<void> finish_message();
    void refuse_message(const Answer& answer);
    bool answered_as_duplicate(const std::optional<accounts::Digest>& digest);
    queue::Submission begin_submission(ContentIntake& intake);
    void complete_header(queue::Submission& submission) const;
    runtime::Task<Result<store::Body>> finish_body(std::shared_ptr<store::ContentWriter> writer);
    runtime::Task<Result<RewrittenBody>> finish_repaired(ContentIntake& intake);
    std::vector<std::string> tell_changes(const ContentIntake& intake);
    Answer answer_to(const Error& error) const;
    std::optional<accounts::Digest> sent_digest(ContentIntake& intake) const;
    void said_accepted(const std::optional<accounts::Digest>& digest, const QueueId& id);
    std::string protocol(bool smtputf8) const;
    bool wants_verp(const mail::ReversePath& sender) const;

    // winmail/winmail_session.cc
    WinmailPolicy winmail_policy(const ContentIntake& intake, const std::string& header) const;
    runtime::Task<void> unpack_winmail(ContentIntake& intake, queue::Submission& submission,
                                       RewrittenBody& body);

    ServerContext& context_;
    std::shared_ptr<const PortProfile> profile_;
    std::unique_ptr<net::Stream> stream_;
    std::optional<net::ConnectionCounter::Unit> unit_;
    smtp::Transaction transaction_;
    std::optional<accounts::Identity> identity_;
    bool requiretls_ = false;                     // of the transaction
    std::string ehlo_;                            // as said, printable
    std::string out_;                             // replies not yet written
    std::unordered_set<std::string> recipients_;  // of the transaction, to store a duplicate once
    std::string replaced_sender_;                 // of the transaction: a device gave a foreign one
    std::unique_ptr<ContentIntake> intake_;       // between DATA or the first BDAT and its end
    std::unique_ptr<smtp::ChunkNormaliser> chunks_;
    LoginFailures login_failures_;
    bool accepted_unheard_ = false;  // since our 250 to a message the client has said nothing
    runtime::TaskContext* chain_ = nullptr;  // while `run` runs
    SteadyTime started_;
    std::size_t errors_ = 0;
    std::size_t idle_commands_ = 0;       // since the last message
    std::size_t refused_recipients_ = 0;  // of the transaction
    std::size_t bad_recipients_ = 0;      // since the last message, 5xx
    TlsMode tls_mode_ = TlsMode::none;
    Waiting waiting_ = Waiting::no;
    bool esmtp_ = false;
    bool first_line_ = true;
    bool sender_remembered_ = false;
    bool ended_ = false;
};

}  // namespace posthaste::submission
