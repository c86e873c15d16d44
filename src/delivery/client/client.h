// ClientSession: our side of one connection to a next hop. Says what happened; what that means is
// failure.h's.
//
// Every step has its own deadline (RFC 5321 §4.5.3.2). After a loss, a malformed reply or a 421 the
// session is not usable any more. It lives on its stream's worker.
#pragma once

#include "delivery/attempt/failure.h"
#include "delivery/client/content_source.h"
#include "delivery/client/transcript.h"
#include "net/stream.h"
#include "smtp/client_dialogue.h"
#include "smtp/extensions.h"
#include "smtp/reply.h"

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace posthaste::delivery {

template <class T = void>
using Step = std::expected<T, Incident>;

// One message to some recipients, as it goes over the wire.
struct Outgoing {
    smtp::MailLine mail;
    std::vector<mail::Recipient> recipients;
    std::shared_ptr<const std::string> header;
    ContentSource* body = nullptr;
};

struct TransactionEnd {
    // For each recipient why it was not taken; nothing if it was.
    std::vector<std::optional<Incident>> refused;
    // What ended the transaction for all that were taken (or asked for nobody); nothing: delivered,
    // or all refused.
    std::optional<Incident> whole;
    smtp::Reply taken;       // the reply to the final dot; of LMTP the last good one
    bool delivered = false;  // to all that were not refused
    // LMTP: what the host said of each recipient that it delivered to; else empty. Who is in
    // neither list shares `whole`.
    std::vector<std::optional<smtp::Reply>> each{};
};

class ClientSession {
  public:
    struct Options {
        std::string hostname;  // ours
        Seconds banner_timeout{300};
        Seconds command_timeout{300};
        Seconds final_dot_timeout{600};
        bool pipelining = true;  // false: never, whatever the host offers
        bool lmtp = false;       // RFC 2033
        bool rset = false;       // before each further message, whatever became of the last one
        // For all replies to the RCPTs of one transaction together: each may come in time, and a
        // hundred of them take a day.
        Seconds recipients_timeout{1200};
    };

    ClientSession(std::unique_ptr<net::Stream> stream, std::string host, Options options);

    // TLS before the first word (port 465).
    runtime::Task<Step<>> start_implicit_tls(const net::TlsClientContext& context,
                                             net::TlsClientPolicy policy);
    // Banner and EHLO, or HELO where nothing of EHLO is needed and the host does not know it.
    runtime::Task<Step<>> greet(bool may_helo);
    // STARTTLS, handshake, and EHLO anew: what was said in clear is forgotten (RFC 3207 §4.2).
    runtime::Task<Step<>> start_tls(const net::TlsClientContext& context,
                                    net::TlsClientPolicy policy);
    // A line of a login, without its end, and the answer to it; what the lines say is login.h's.
    runtime::Task<Step<smtp::Reply>> auth(std::string line);

    runtime::Task<TransactionEnd> send(const Outgoing& outgoing);

    // No step goes on behind it, whatever time of its own it has; only the answer to the final dot
    // is waited for in full, since who breaks off there makes duplicates (RFC 1047). `why` is a
    // sentence part for whoever asks what ended the session.
    void must_end_by(Deadline deadline, std::string why);

    runtime::Task<void> quit();  // bounded by two seconds

    // May carry one more message: nothing went wrong, nothing unasked has come.
    bool is_usable() const { return usable_ && stream_->buffered().empty(); }

    // The same before a connection that has been idle is used: looks at the socket, too.
    runtime::Task<bool> is_quiet();

    const smtp::Extensions& offered() const { return offered_; }

    const net::Stream& stream() const { return *stream_; }

    const std::string& host() const { return host_; }

    std::size_t messages() const { return messages_; }

    SteadyTime opened() const { return opened_; }

    std::string tls_version() const;

    // What was said over it.
    Transcript& transcript() { return transcript_; }

    void abort();

  private:
    Seconds at_most(Seconds wait) const { return std::min(wait, options_.command_timeout); }

    Incident stopped(Stage stage, const Error& error);
    void expect(Stage stage, Seconds wait);
    runtime::Task<Step<>> write(Stage stage, std::string_view octets, Seconds wait);
    runtime::Task<Step<smtp::Reply>> read_reply(Stage stage, Seconds wait);
    runtime::Task<Step<smtp::Reply>> command(Stage stage, std::string line, Seconds wait);
    runtime::Task<Step<>> say_hello(bool may_helo);
    runtime::Task<Step<>> handshake(const net::TlsClientContext& context,
                                    net::TlsClientPolicy policy);

    runtime::Task<Step<>> open_transaction(const Outgoing& outgoing, TransactionEnd& end);
    runtime::Task<Step<>> await_recipients(const Outgoing& outgoing, TransactionEnd& end);
    std::string too_slow(std::size_t answered, std::size_t all) const;
    runtime::Task<Step<>> await_data(const Outgoing& outgoing, TransactionEnd& end);
    runtime::Task<Step<>> abandon_group(std::size_t replies);
    runtime::Task<Step<>> send_lone_dot();
    runtime::Task<Step<>> send_content(const Outgoing& outgoing);
    runtime::Task<void> await_end(TransactionEnd& end);
    runtime::Task<void> await_each_end(TransactionEnd& end);
    void note_cut(TransactionEnd& end) const;

    std::unique_ptr<net::Stream> stream_;
    std::string host_;
    Options options_;
    smtp::Extensions offered_;
    Transcript transcript_;
    SteadyTime opened_;
    Deadline end_{};         // of everything here
    std::string end_why_{};  // when it has passed
    std::size_t messages_ = 0;
    bool usable_ = true;
    bool open_transaction_ = false;  // MAIL was taken and nothing has ended it: RSET first
};

}  // namespace posthaste::delivery
