#include "submission/bounces/bounce_session.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/text.h"
#include "mail/trace.h"
#include "runtime/timer.h"
#include "smtp/dot.h"
#include "smtp/params.h"
#include "submission/pace.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::submission {

namespace {

using smtp::Verb;

constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kKept = 512 << 10;  // of a message; a report says all it has to in much less
constexpr std::size_t kWindow = 64 << 10;
constexpr std::size_t kMaxErrors = 10;
constexpr std::size_t kMaxCommands = 500;  // of a session
constexpr std::size_t kMostShown = 254;
constexpr Seconds kWriteTimeout{30};
constexpr Seconds kHandshakeTimeout{10};
constexpr Seconds kReadTimeout{60};
constexpr Seconds kLastWordTimeout{2};
constexpr Seconds kLongestTarpit{16};

constexpr std::string_view kOk = "250 2.0.0 Ok\r\n";
constexpr std::string_view kNoSuchAddress =
    "550 5.1.1 No such address: delivery reports are taken here, to the sender they are about\r\n";
constexpr std::string_view kForged =
    "550 5.1.1 This sender was never used: it was changed on the way, or made up\r\n";
constexpr std::string_view kTooOld =
    "550 5.1.6 The message that this is about is older than 30 days and forgotten here\r\n";
constexpr std::string_view kNoRelay =
    "550 5.7.1 Mail for others is not taken here: this port takes delivery reports only\r\n";
constexpr std::string_view kUnknownMessage =
    "550 5.1.6 Nothing is known here any more of the message that this is about\r\n";
constexpr std::string_view kNoReport =
    "550 5.6.0 This is no delivery report; write to the address in the From of the message\r\n";
constexpr std::string_view kNoComplaint =
    "550 5.6.0 Complaints are taken here as feedback reports (RFC 5965) about mail that we sent, "
    "no others\r\n";
constexpr std::string_view kTooLarge =
    "552 5.3.4 Too large for a report; return the header of the message only\r\n";
constexpr std::string_view kNoLetters =
    "451 4.7.1 Too many letters to the administrator for now; try again in an hour\r\n";
constexpr std::string_view kStopping = "421 4.3.2 This server stops; try again soon\r\n";

}  // namespace

BounceSession::BounceSession(BounceContext& context, std::unique_ptr<net::Stream> stream,
                             net::ConnectionCounter::Unit unit)
    : context_(context),
      stream_(std::move(stream)),
      unit_(std::move(unit)),
      started_(std::chrono::steady_clock::now()) {
    context_.metrics.sessions.add(1);
}

BounceSession::~BounceSession() {
    context_.metrics.sessions.add(-1);
}

void BounceSession::stop() {
    if (waiting_ && chain_ != nullptr && chain_->wait != nullptr) chain_->wait->cancel();
}

runtime::Task<void> BounceSession::run() {
    auto& chain = co_await runtime::this_task();
    chain_ = &chain;
    say(fmt::format("220 {} ESMTP takes delivery reports\r\n", context_.options.hostname));
    while (!ended_) {
        if (stream_->buffered().find('\n') == std::string_view::npos) {
            auto written = co_await flush();
            if (!written) break;
        }
        if (context_.stopping) {
            hang_up(kStopping);
            continue;
        }
        const auto now = std::chrono::steady_clock::now();
        stream_->expires_at({std::min(now + context_.options.command_timeout,
                                      started_ + context_.options.session_timeout)});
        waiting_ = true;
        auto line = co_await net::read_line(*stream_, kMaxLine);
        waiting_ = false;
        if (line) {
            auto serving = serve(std::move(*line));
            co_await std::move(serving);
        } else if (line.error().kind == ErrorKind::too_large) {
            refuse("500 5.5.2 Line too long\r\n");
        } else if (line.error().kind == ErrorKind::timeout) {
            hang_up("421 4.4.2 Nothing came for too long; come again\r\n");
        } else if (line.error().kind == ErrorKind::cancelled && context_.stopping) {
            hang_up(kStopping);
        } else {
            ended_ = true;
        }
    }
    stream_->expires_after(kLastWordTimeout);
    auto written = co_await flush();
    static_cast<void>(written);  // it was the last word anyway
    co_await stream_->close();
    chain_ = nullptr;
}

runtime::Task<Result<void>> BounceSession::flush() {
    if (out_.empty()) co_return Result<void>();
    if (!ended_) stream_->expires_after(kWriteTimeout);
    const std::string wire = std::exchange(out_, {});
    auto written = co_await stream_->write(wire);
    co_return written;
}

void BounceSession::refuse(std::string_view reply) {
    say(reply);
    if (reply.starts_with('5') && ++errors_ >= kMaxErrors)
        hang_up("421 4.7.0 Too many commands that cannot be\r\n");
}

void BounceSession::reset() {
    has_mail_ = false;
    to_ = To::nobody;
    token_.reset();
    sender_.clear();
    recipient_.clear();
    content_ = {};
    size_ = 0;
    faulty_ = false;
}

runtime::Task<void> BounceSession::serve(net::Line line) {
    const auto command = smtp::parse_command(line.text);
    if (line.bare_lf || !command) {
        refuse("500 5.5.2 Lines end in CR LF and hold no control characters\r\n");
        co_return;
    }
    if (++commands_ > kMaxCommands) {
        hang_up("421 4.7.0 Too many commands in one session; come again\r\n");
        co_return;
    }
    switch (command->verb) {
        case Verb::ehlo:
        case Verb::helo:
            greet(command->argument, command->verb == Verb::ehlo);
            break;
        case Verb::starttls: {
            auto starting = start_tls();
            co_await std::move(starting);
            break;
        }
        case Verb::mail:
            on_mail(command->argument);
            break;
        case Verb::rcpt: {
            auto step = on_rcpt(command->argument);
            co_await std::move(step);
            break;
        }
        case Verb::data: {
            auto step = on_data();
            co_await std::move(step);
            break;
        }
        case Verb::rset:
            reset();
            say(kOk);
            break;
        case Verb::noop:
            say(kOk);
            break;
        case Verb::quit:
            hang_up(
                fmt::format("221 2.0.0 {} closes the connection\r\n", context_.options.hostname));
            break;
        case Verb::vrfy:
            say("252 2.5.0 Addresses are not told\r\n");
            break;
        case Verb::auth:
            refuse(fmt::format("502 5.5.1 Nobody signs in here: set {} in your mail program\r\n",
                               context_.options.submits));
            break;
        case Verb::http:
        case Verb::foreign:
            hang_up("554 5.5.1 This is a mail server's port for delivery reports\r\n");
            break;
        default:
            refuse("502 5.5.1 Not known here\r\n");
            break;
    }
}

void BounceSession::greet(std::string_view argument, bool extended) {
    reset();
    greeted_ = true;
    ehlo_ = mail::readable_ascii(argument, 100);
    if (!extended) return say(fmt::format("250 {}\r\n", context_.options.hostname));
    say(fmt::format("250-{}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n",
                    context_.options.hostname));
    if (stream_->tls() == nullptr && context_.services.tls) say("250-STARTTLS\r\n");
    say(fmt::format("250-ENHANCEDSTATUSCODES\r\n250 SIZE {}\r\n", context_.options.message_size));
}

runtime::Task<void> BounceSession::start_tls() {
    if (stream_->tls() != nullptr || !context_.services.tls) {
        refuse("503 5.5.1 TLS is not offered now\r\n");
        co_return;
    }
    if (!stream_->buffered().empty()) {
        hang_up("554 5.5.1 Nothing may follow STARTTLS before TLS has begun\r\n");  // threats.md S5
        co_return;
    }
    say("220 2.0.0 Ready to start TLS\r\n");
    auto written = co_await flush();
    if (!written) {
        ended_ = true;
        co_return;
    }
    stream_->expires_after(kHandshakeTimeout);
    auto secured = co_await stream_->start_tls(*context_.services.tls);
    if (!secured) ended_ = true;
    reset();
    greeted_ = false;  // RFC 3207 §4.2
}

// Whoever it says it is from: a report is from nobody, and nothing is ever sent back there.
void BounceSession::on_mail(std::string_view argument) {
    if (!greeted_) return refuse("503 5.5.1 Say EHLO first\r\n");
    if (has_mail_) return refuse("503 5.5.1 A message has begun; say RSET to begin anew\r\n");
    const auto parsed = smtp::parse_path_argument(argument, "FROM:");
    if (!parsed) return refuse("501 5.5.4 MAIL FROM:<address> is what can be read\r\n");
    const auto parameters = smtp::parse_mail_parameters(parsed->parameters);
    if (!parameters) return refuse("555 5.5.4 A parameter of MAIL is not known here\r\n");
    if (parameters->size && *parameters->size > context_.options.message_size)
        return refuse(kTooLarge);
    if (context_.services.store.committer().health() != store::Health::ok)
        return refuse("452 4.3.1 This server cannot write now; try again later\r\n");
    sender_ = utf8::printable(parsed->path, kMostShown);
    has_mail_ = true;
    say("250 2.1.0 Ok\r\n");
}

// Whom it is for; else why not.
std::string_view BounceSession::read_recipient(std::string_view path) {
    if (ascii::equals_ignore_case(path, "postmaster")) {
        to_ = To::postmaster;
        return {};
    }
    const auto mailbox = mail::Mailbox::parse(path);
    if (!mailbox) return "501 5.1.3 RCPT TO:<address> is what can be read\r\n";
    const auto& verp = context_.services.returns.verp();
    const bool ours = mailbox->domain() == verp.domain() ||
                      mailbox->domain().ascii() == ascii::to_lower(context_.options.hostname);
    if (!ours) return kNoRelay;
    const std::string local = ascii::to_lower(mailbox->local());
    if (local == "postmaster") {
        to_ = To::postmaster;
    } else if (local == "abuse") {
        to_ = To::abuse;
    } else if (local == "fbl" || local.starts_with("fbl+")) {
        to_ = To::complaints;
    } else if (const auto token = mail::Verp::token_in(local)) {
        const auto read = verp.read(*token, now());
        if (!read) {
            switch (read.error()) {
                case mail::Verp::Fault::too_old:
                    return kTooOld;
                case mail::Verp::Fault::forged:
                    return kForged;
                case mail::Verp::Fault::unreadable:
                    return kNoSuchAddress;
            }
        }
        token_ = *read;
        to_ = To::message;
    } else {
        return kNoSuchAddress;
    }
    return {};
}

runtime::Task<void> BounceSession::on_rcpt(std::string_view argument) {
    if (!has_mail_) {
        refuse("503 5.5.1 Say MAIL first\r\n");
        co_return;
    }
    if (to_ != To::nobody) {
        say("452 4.5.3 One recipient a message: send the others a copy of their own\r\n");
        co_return;
    }
    const auto parsed = smtp::parse_path_argument(argument, "TO:");
    if (!parsed || !smtp::parse_rcpt_parameters(parsed->parameters)) {
        refuse("501 5.5.4 RCPT TO:<address> is what can be read\r\n");
        co_return;
    }
    const std::string path = utf8::printable(parsed->path, kMostShown);
    const auto why = read_recipient(parsed->path);
    if (why.empty()) {
        recipient_ = path;
        say("250 2.1.5 Ok\r\n");
        co_return;
    }
    context_.services.log.info("bounce.wrong_address", {{"client", client()},
                                                        {"to", path},
                                                        {"from", sender_.empty() ? "<>" : sender_},
                                                        {"what", ascii::trim(why)}});
    // One that is too old was ours, and its sender guesses nothing.
    if (why == kTooOld) {
        refuse(why);
        co_return;
    }
    auto slowly = wrong_recipient(why);
    co_await std::move(slowly);
}

// Guessing is to be slow, and to end (threats.md D4).
runtime::Task<void> BounceSession::wrong_recipient(std::string_view reply) {
    context_.metrics.wrong_addresses.add();
    context_.wrong.note(stream_->peer().address, std::chrono::steady_clock::now());
    auto written = co_await flush();
    if (!written) {
        ended_ = true;
        co_return;
    }
    const auto wait = std::min<Milliseconds>(
        context_.options.first_tarpit * (1 << std::min<std::size_t>(wrong_, 10)), kLongestTarpit);
    auto slept = co_await runtime::sleep_for(wait);
    if (!slept) {
        hang_up(kStopping);
        co_return;
    }
    say(reply);
    if (++wrong_ >= context_.options.most_wrong)
        hang_up("421 4.7.0 Too many addresses that never were\r\n");
}

runtime::Task<void> BounceSession::on_data() {
    if (to_ == To::nobody) {
        refuse(has_mail_ ? "503 5.5.1 There is no recipient\r\n" : "503 5.5.1 Say MAIL first\r\n");
        co_return;
    }
    say("354 End the message with a dot on a line of its own\r\n");
    auto receiving = receive();
    const bool complete = co_await std::move(receiving);
    if (!complete) co_return;
    if (size_ > context_.options.message_size) {
        context_.metrics.refused.add();
        refuse(kTooLarge);
    } else {
        auto finishing = finish();
        co_await std::move(finishing);
    }
    reset();
}

// False when the connection has ended, or is to be.
runtime::Task<bool> BounceSession::receive() {
    smtp::DotDecoder decoder;
    Pace pace(context_.options.data_timeout, std::chrono::steady_clock::now());
    std::string decoded;
    for (;;) {
        if (stream_->buffered().empty()) {
            auto written = co_await flush();
            if (!written) break;
            stream_->expires_at(pace.deadline());
            auto filled = co_await stream_->fill(kWindow);
            if (!filled) break;
            if (!pace.arrived(stream_->buffered().size(), std::chrono::steady_clock::now())) {
                hang_up("421 4.4.2 Too slow; come again\r\n");
                co_return false;
            }
        }
        const auto step = decoder.feed(stream_->buffered(), decoded);
        stream_->consume(step.consumed);
        size_ += decoded.size();
        if (content_.size() < kKept) content_.append(decoded, 0, kKept - content_.size());
        decoded.clear();
        if (step.finished) {
            faulty_ = decoder.fault() != smtp::ContentFault::none;
            co_return true;
        }
        if (size_ / 2 > context_.options.message_size) {  // it must end somewhere
            hang_up(kTooLarge);
            co_return false;
        }
    }
    ended_ = true;
    co_return false;
}

std::string BounceSession::answer_to(const Error& error) const {
    switch (error.kind) {
        case ErrorKind::busy:
        case ErrorKind::timeout:
        case ErrorKind::cancelled:
            return "451 4.3.2 This server is busy; send it again\r\n";
        case ErrorKind::store_full:
            return "452 4.3.1 This server's disk is full; try again later\r\n";
        default:
            return "451 4.3.0 This server cannot write now; try again later\r\n";
    }
}

// The end of the content has come: 250 once everything that follows from it is on disk.
runtime::Task<void> BounceSession::finish() {
    if (to_ == To::postmaster) {
        auto forwarding = forward();
        co_await std::move(forwarding);
        co_return;
    }
    const auto content =
        std::make_shared<const std::string>(to_ == To::abuse ? content_ : std::move(content_));
    auto read = [content]() -> Result<mail::report::Reading> {
        return mail::report::read_report(*content);
    };
    auto reading_it = runtime::offload(context_.services.blocking, std::move(read),
                                       Deadline::after(kReadTimeout));
    auto reading = co_await std::move(reading_it);
    if (!reading) {
        say(answer_to(reading.error()));
        co_return;
    }
    const bool complaint = reading->kind == mail::report::Kind::complaint ||
                           reading->kind == mail::report::Kind::feedback;
    if (to_ != To::message && !complaint) reading->kind = mail::report::Kind::unknown;
    queue::Returned returned{std::move(*reading), token_, client()};
    auto taking = context_.services.returns.take(std::move(returned));
    auto answer = co_await std::move(taking);
    if (!answer) {
        context_.services.log.warning(
            "bounce.not_taken",
            {{"client", client()}, {"why", answer.error().text}, {"mend", answer.error().mend}});
        say(answer_to(answer.error()));
        co_return;
    }
    switch (answer->end) {
        case queue::ReturnEnd::taken:
        case queue::ReturnEnd::repeated:
        case queue::ReturnEnd::ignored:
            say("250 2.0.0 Taken\r\n");
            co_return;
        case queue::ReturnEnd::unknown_message:
        case queue::ReturnEnd::not_understood:
            break;
    }
    if (to_ == To::abuse) {
        auto forwarding = forward();
        co_await std::move(forwarding);
        co_return;
    }
    context_.metrics.refused.add();
    say(to_ == To::complaints                              ? kNoComplaint
        : answer->end == queue::ReturnEnd::unknown_message ? kUnknownMessage
                                                           : kNoReport);
}

// RFC 5321 §4.5.1, RFC 2142 §4: somebody reads these. It goes to the administrator alone, from
// nobody, so that no report about it can go to a stranger.
runtime::Task<void> BounceSession::forward() {
    auto admin = mail::Mailbox::parse(context_.options.admin);
    const bool whole = size_ <= content_.size();
    const auto end = content_.starts_with("\r\n") ? std::string::npos : content_.find("\r\n\r\n");
    const auto header = content_.substr(0, end == std::string::npos ? 0 : end + 2);
    const auto fields = mail::HeaderBlock::parse(header);
    // What is no header would be read as ours.
    const bool clean = !faulty_ && fields && mail::is_clean_content(content_);
    if (!whole || !clean || !admin) {
        context_.metrics.refused.add();
        say(!whole ? kTooLarge
                   : "554 5.6.0 A letter here has a header, and lines that end in CR LF and have "
                     "at most 998 octets\r\n");
        co_return;
    }
    if (mail::count_hops(*fields) >= mail::kMaxHops) {
        context_.metrics.refused.add();
        say("554 5.4.6 This letter goes round in circles\r\n");
        co_return;
    }
    if (!context_.letters.take(context_.options.letters_an_hour,
                               std::chrono::steady_clock::now())) {
        say(kNoLetters);
        co_return;
    }
    queue::Submission letter;
    letter.id = QueueId::make();
    const auto body = std::string_view(content_).substr(header.empty() ? 0 : end + 4);
    const bool eight_bit = !ascii::is_ascii(content_);
    letter.header =
        fmt::format("Received: from {} ([{}])\r\n\tby {} with {} id {};\r\n\t{}\r\n{}", ehlo_,
                    stream_->peer().address.to_string(), context_.options.hostname,
                    stream_->tls() != nullptr ? "ESMTPS" : "ESMTP", letter.id.to_string(),
                    format_rfc5322(now()), header);
    letter.envelope.recipients.push_back({std::move(*admin), mail::Notify::never, {}});
    if (eight_bit) letter.envelope.body = mail::BodyType::eight_bit;
    letter.envelope.smtputf8 = !ascii::is_ascii(header);
    letter.client = client();
    auto writer = context_.services.store.write_content(letter.id);
    writer.append(body);
    auto write = [writer = std::make_shared<store::ContentWriter>(std::move(writer))] {
        return writer->finish();
    };
    auto writing = runtime::offload(context_.services.blocking, std::move(write),
                                    Deadline::after(kReadTimeout));
    auto stored = co_await std::move(writing);
    if (!stored) {
        say(answer_to(stored.error()));
        co_return;
    }
    letter.body = std::move(*stored);
    auto submitting = context_.services.queue.submit(std::move(letter));
    auto submitted = co_await std::move(submitting);
    if (!submitted) {
        say(answer_to(submitted.error()));
        co_return;
    }
    context_.metrics.letters.add();
    say("250 2.0.0 Passed on to the administrator\r\n");
}

}  // namespace posthaste::submission
