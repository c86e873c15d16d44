// One connection to the bounce port, from its banner to its end (RFC 5321). A coroutine on one
// worker. Private to submission/bounces/.
#pragma once

#include "mail/verp.h"
#include "net/stream.h"
#include "smtp/command.h"
#include "submission/bounces/bounce_context.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste::submission {

class BounceSession {
  public:
    BounceSession(BounceContext& context, std::unique_ptr<net::Stream> stream,
                  net::ConnectionCounter::Unit unit);
    ~BounceSession();
    BounceSession(const BounceSession&) = delete;
    BounceSession& operator=(const BounceSession&) = delete;

    runtime::Task<void> run();

    // The server stops: 421 at once if the session waits for a command. On its worker, after
    // `stopping` was set.
    void stop();

  private:
    enum class To : std::uint8_t { nobody, message, complaints, abuse, postmaster };

    runtime::Task<void> serve(net::Line line);
    runtime::Task<void> start_tls();
    void greet(std::string_view argument, bool extended);
    void on_mail(std::string_view argument);
    runtime::Task<void> on_rcpt(std::string_view argument);
    runtime::Task<void> wrong_recipient(std::string_view reply);
    std::string_view read_recipient(std::string_view path);
    runtime::Task<void> on_data();
    runtime::Task<bool> receive();
    runtime::Task<void> finish();
    runtime::Task<void> forward();
    std::string answer_to(const Error& error) const;
    void refuse(std::string_view reply);
    runtime::Task<Result<void>> flush();
    void reset();

    void say(std::string_view line) { out_ += line; }

    void hang_up(std::string_view line) {
        say(line);
        ended_ = true;
    }

    std::string client() const { return stream_->peer().to_string(); }

    BounceContext& context_;
    std::unique_ptr<net::Stream> stream_;
    net::ConnectionCounter::Unit unit_;
    runtime::TaskContext* chain_ = nullptr;  // while `run` runs
    SteadyTime started_;
    std::string out_;
    std::string ehlo_;
    std::string sender_;  // for the log
    bool greeted_ = false;
    bool has_mail_ = false;
    To to_ = To::nobody;
    std::string recipient_;  // for the log
    std::optional<mail::Verp::Token> token_;
    std::string content_;
    std::uint64_t size_ = 0;
    bool faulty_ = false;  // bare CR or NUL in the content
    std::size_t wrong_ = 0;
    std::size_t errors_ = 0;
    std::size_t commands_ = 0;
    bool waiting_ = false;
    bool ended_ = false;
};

}  // namespace posthaste::submission
