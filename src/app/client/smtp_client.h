// SmtpClient: the dialogue of a mail program, step by step, for `posthaste send` (by DialectTalk)
// and the load generator. Delivery to other servers is delivery/'s; this one shows what a person's
// program would see.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "net/stream.h"
#include "net/tls.h"
#include "runtime/task.h"
#include "smtp/extensions.h"
#include "smtp/reply.h"

#include <memory>
#include <string>
#include <vector>

namespace posthaste::app {

class SmtpClient {
  public:
    // Lives on the calling worker. `step_timeout` bounds each command and its reply.
    SmtpClient(std::unique_ptr<net::Stream> stream, Seconds step_timeout);

    // Each gives the reply; errors are the stream's, or `refused` with the reply as text when it is
    // not the one needed.
    runtime::Task<Result<smtp::Reply>> greeting();
    runtime::Task<Result<smtp::Reply>> ehlo(std::string name);  // fills `offered`
    runtime::Task<Result<void>> start_tls(const net::TlsClientContext& context,
                                          net::TlsClientPolicy policy);  // STARTTLS
    runtime::Task<Result<void>> tls_at_once(const net::TlsClientContext& context,
                                            net::TlsClientPolicy policy);
    runtime::Task<Result<smtp::Reply>> login_plain(std::string login, Secret password);
    // MAIL, RCPT…, DATA (pipelined where offered), content already dot-stuffed with its end. The
    // reply to the end, or the first refusal.
    runtime::Task<Result<smtp::Reply>> send(std::string from, std::vector<std::string> to,
                                            const std::string& wire);
    runtime::Task<void> quit();

    // The same, word by word: `line` without its CR LF.
    runtime::Task<Result<smtp::Reply>> command(std::string line);
    runtime::Task<Result<smtp::Reply>> read_reply_in_time();
    runtime::Task<Result<void>> write(const std::string& octets);  // they live until it is done

    const smtp::Extensions& offered() const { return offered_; }

    // The last line read, of whatever speaks there.
    const std::string& last_line() const { return last_line_; }

    void set_offered(smtp::Extensions offered) { offered_ = std::move(offered); }

    net::Stream& stream() { return *stream_; }

  private:
    runtime::Task<Result<smtp::Reply>> read_reply();

    std::unique_ptr<net::Stream> stream_;
    Seconds step_timeout_;
    smtp::Extensions offered_;
    std::string last_line_;
};

}  // namespace posthaste::app
