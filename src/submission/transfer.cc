// DATA and BDAT (RFC 5321 §4.1.1.4, RFC 3030): content streams through the codec into the intake;
// at the end the message is handed to the queue, and only when that says it is stored does the
// client hear 250.
#include "base/utf8.h"
#include "mail/tls_wish.h"
#include "mail/trace.h"
#include "submission/session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::submission {
namespace {

constexpr std::size_t kWindow = 64 << 10;
constexpr Seconds kFlushTimeout{60};  // of a piece of the body, or its sync
// Outlook gives up after a minute at most (clients.md 3.7). When the commit ends after we have said
// 451, the message is stored and the client sends it again: a duplicate is then possible, a loss is
// not.
constexpr Seconds kCommitTimeout{60};

// SMTPUTF8 asked for is not yet needed (RFC 6531 §3.4 makes it a promise of the client's).
bool needs_smtputf8(const mail::Envelope& envelope) {
    if (!envelope.smtputf8) return false;
    return (envelope.sender && !envelope.sender->is_ascii()) ||
           std::ranges::any_of(envelope.recipients, [](const mail::Recipient& recipient) {
               return !recipient.address.is_ascii();
           });
}

}  // namespace

// Makes room for the message; false when it cannot be, which has been said.
bool Session::begin_content() {
    if (const auto refusal = store_refusal()) {
        reject(*refusal);
        forget_message();
        return false;
    }
    const QueueId id = QueueId::make();
    ContentIntake::Rules rules{
        .id = id,
        .hostname = context_.options.hostname,
        .identity = profile_->open ? nullptr : &*identity_,
        .max_size = context_.options.message_size,
        .signs = [this](const mail::Domain& from) { return context_.backend.signs(from); },
        .needs_smtputf8 = needs_smtputf8(transaction_.envelope())};
    intake_ = std::make_unique<ContentIntake>(std::move(rules), context_.backend.write_content(id),
                                              context_.replies);
    return true;
}

runtime::Task<void> Session::on_data(std::string_view argument) {
    if (!argument.empty()) {
        say(Say::no_argument_wanted);
        co_return;
    }
    if (!begin_content()) co_return;
    say(kGoAhead);
    const bool complete = co_await receive_until_dot();
    if (complete) co_await finish_message();
}

// False when the connection has ended, or is to be.
runtime::Task<bool> Session::receive_until_dot() {
    smtp::DotDecoder decoder;
    Pace pace(context_.options.data_timeout, std::chrono::steady_clock::now());
    std::string decoded;
    for (;;) {
        if (stream_->buffered().empty()) {
            const bool more = co_await wait_for_content(pace, decoder.looks_ended_by_lf());
            if (!more) co_return false;
        }
        const auto step = decoder.feed(stream_->buffered(), decoded);
        stream_->consume(step.consumed);
        intake_->count_wire(step.consumed);
        intake_->append(decoded);
        decoded.clear();
        if (intake_->wants_flush()) co_await flush_content();
        if (step.finished) break;
        if (intake_->hopeless()) {
            give_up_on_size();
            co_return false;
        }
    }
    refuse_fault(decoder.fault());
    co_return true;
}

void Session::refuse_fault(smtp::ContentFault fault) {
    switch (fault) {
        case smtp::ContentFault::none:
            return;
        case smtp::ContentFault::bare_cr:
            return intake_->refuse(context_.replies.make(Say::bare_cr));
        case smtp::ContentFault::nul:
            return intake_->refuse(context_.replies.make(Say::nul_octet));
    }
}

// Far more than is allowed has been read, so that the client would hear R9 and not a reset; it must
// end somewhere.
void Session::give_up_on_size() {
    reject(too_large(context_.replies, intake_->wire(), context_.options.message_size));
    ended_ = true;
}

// Writes what is to be said and waits for octets. False when none come any more; that has been
// said.
runtime::Task<bool> Session::wait_for_content(Pace& pace, bool ended_by_lf) {
    auto written = co_await flush();
    if (!written) {
        ended_ = true;
        co_return false;
    }
    const Deadline lf_dot = Deadline::after(context_.options.lf_dot_timeout);
    Deadline deadline = pace.deadline();
    if (ended_by_lf && lf_dot.at < deadline.at) deadline = lf_dot;
    stream_->expires_at(deadline);
    auto filled = co_await stream_->fill(kWindow);
    if (filled) {
        const bool fast_enough =
            pace.arrived(stream_->buffered().size(), std::chrono::steady_clock::now());
        if (!fast_enough) hang_up(Say::too_slow);
        co_return fast_enough;
    }
    if (filled.error().kind == ErrorKind::timeout && ended_by_lf) {
        reject(context_.replies.make(Say::lf_dot));
        ended_ = true;
    } else {
        cannot_go_on(filled.error());
    }
    co_return false;
}

// A chunk that is refused is taken all the same, so that no octet of it is read as a command
// (threats.md S3).
runtime::Task<void> Session::on_bdat(std::string_view argument) {
    const auto chunk = smtp::parse_bdat(argument);
    if (!chunk) {
        hang_up(Say::bad_chunk);
        co_return;
    }
    const smtp::Order order = transaction_.may_bdat();
    if (order != smtp::Order::ok) {
        co_await discard_chunk(chunk->size);
        if (!ended_) refuse_order(order, smtp::Verb::bdat);
        co_return;
    }
    if (intake_ == nullptr) {
        if (const auto refusal = store_refusal()) {
            co_await discard_chunk(chunk->size);
            if (ended_) co_return;
            reject(*refusal);
            forget_message();
            co_return;
        }
        if (!begin_content()) co_return;
        transaction_.chunk_begun();
        chunks_ = std::make_unique<smtp::ChunkNormaliser>();
    }
    const bool complete = co_await receive_chunk(chunk->size);
    if (!complete) co_return;
    if (chunk->last) {
        std::string rest;
        chunks_->finish(rest);
        intake_->append(rest);
        refuse_fault(chunks_->fault());
        co_await finish_message();
    } else if (intake_->refusal()) {
        const Answer refusal = *intake_->refusal();
        reject(refusal);
        forget_message();
    } else {
        say(fmt::format("250 2.0.0 {} octets received\r\n", chunk->size));
    }
}

// False when the connection has ended, or is to be.
runtime::Task<bool> Session::receive_chunk(std::uint64_t octets) {
    Pace pace(context_.options.data_timeout, std::chrono::steady_clock::now());
    std::string decoded;
    while (octets > 0) {
        if (stream_->buffered().empty()) {
            const bool more = co_await wait_for_content(pace, false);
            if (!more) co_return false;
        }
        const auto window = stream_->buffered();
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(window.size(), octets));
        chunks_->feed(window.substr(0, size), decoded);
        stream_->consume(size);
        octets -= size;
        intake_->count_wire(size);
        intake_->append(decoded);
        decoded.clear();
        if (intake_->wants_flush()) co_await flush_content();
        if (intake_->hopeless()) {
            give_up_on_size();
            co_return false;
        }
    }
    refuse_fault(chunks_->fault());
    co_return true;
}

runtime::Task<void> Session::discard_chunk(std::uint64_t octets) {
    const std::uint64_t limit = context_.options.message_size;
    if (octets / 3 > limit) {
        hang_up(Say::bad_chunk);
        co_return;
    }
    Pace pace(context_.options.data_timeout, std::chrono::steady_clock::now());
    while (octets > 0) {
        if (stream_->buffered().empty()) {
            const bool more = co_await wait_for_content(pace, false);
            if (!more) co_return;
        }
        const std::uint64_t size = std::min<std::uint64_t>(stream_->buffered().size(), octets);
        stream_->consume(static_cast<std::size_t>(size));
        octets -= size;
    }
}

// A piece of the body goes to its file. A failure refuses the message; the rest is drained.
runtime::Task<void> Session::flush_content() {
    const auto writer = intake_->writer();
    auto work = [writer] { return writer->flush(); };
    const Deadline deadline = Deadline::after(kFlushTimeout);
    auto flushed = co_await runtime::offload(context_.blocking, std::move(work), deadline);
    if (!flushed) intake_->refuse(answer_to(flushed.error()));
}

// The answer to what the store, the queue or the pool said.
Answer Session::answer_to(const Error& error) const {
    switch (error.kind) {
        case ErrorKind::store_full:
            return context_.replies.make(Say::disk_full);
        case ErrorKind::busy:
            return context_.replies.make(Say::too_busy);
        case ErrorKind::timeout:
        case ErrorKind::cancelled:
            return context_.replies.make(Say::commit_unknown);
        default:
            return context_.replies.make(Say::store_failed);
    }
}

runtime::Task<Result<store::Body>> Session::finish_body(
    std::shared_ptr<store::ContentWriter> writer) {
    if (!writer->needs_sync()) co_return writer->finish();
    auto work = [writer] { return writer->finish(); };
    const Deadline deadline = Deadline::after(kFlushTimeout);
    auto body = co_await runtime::offload(context_.blocking, std::move(work), deadline);
    co_return body;
}

// The body as it is to leave. `intake` outlives the wait.
runtime::Task<Result<RewrittenBody>> Session::finish_repaired(ContentIntake& intake) {
    auto finishing = finish_body(intake.writer());
    PH_CO_TRY(auto body, co_await std::move(finishing));
    if (!intake.wants_rewrite()) {
        co_return RewrittenBody{std::move(body), intake.take_body_hash(), intake.eight_bit()};
    }

    struct Work {
        Backend& backend;
        store::Body before;
        std::vector<mail::BodyEdit> edits;
        store::ContentWriter writer;
        bool sign;
    };

    // A file of its own, under a name of its own; what came goes.
    const auto work = std::make_shared<Work>(
        Work{context_.backend, std::move(body), intake.take_edits(),
             context_.backend.write_content(QueueId::make()), intake.is_signed()});
    auto rewrite = [work]() -> Result<RewrittenBody> {
        auto rewritten =
            rewrite_body(std::move(work->edits), work->backend.read_content(work->before),
                         std::move(work->writer), work->sign);
        work->backend.discard_content(work->before);
        return rewritten;
    };
    const bool header_8bit = intake.header_8bit();
    const Deadline deadline = Deadline::after(kFlushTimeout);
    auto rewriting = runtime::offload(context_.blocking, std::move(rewrite), deadline);
    auto rewritten = co_await std::move(rewriting);
    if (rewritten) rewritten->eight_bit |= header_8bit;
    co_return rewritten;
}

// Said in the log, and kept with the message.
std::vector<std::string> Session::tell_changes(const ContentIntake& intake) {
    mail::ChangeList changes = intake.changes();
    if (!replaced_sender_.empty()) {
        changes.push_back({"F-2", fmt::format("MAIL FROM was {}, which is not this device's: it "
                                              "became {}",
                                              replaced_sender_, account())});
    }
    std::string what;
    std::vector<std::string> phrases;
    for (const mail::Change& change : changes) {
        phrases.push_back(fmt::format("{} ({})", change.text, change.rule));
        if (!what.empty()) what += "; ";
        what += phrases.back();
    }
    if (!what.empty()) {
        context_.log.debug(
            "message.changed",
            {{"id", intake.id().to_string()}, {"account", account()}, {"what", what}});
    }
    return phrases;
}

// The end of the content has come: 250 with the id, or why not.
runtime::Task<void> Session::finish_message() {
    const auto intake = std::exchange(intake_, nullptr);
    intake->end();
    if (const auto& refusal = intake->refusal()) {
        context_.metrics.refused_messages.add();
        refuse_message(*refusal);
        co_return;
    }
    const auto digest = sent_digest(*intake);
    if (answered_as_duplicate(digest)) co_return;
    auto finishing = finish_repaired(*intake);
    auto body = co_await std::move(finishing);
    if (!body) {
        refuse_message(answer_to(body.error()));
        co_return;
    }
    queue::Submission submission = begin_submission(*intake);
    const WinmailPolicy winmail = winmail_policy(*intake, submission.header);
    if (winmail == WinmailPolicy::convert) {
        auto unpacking = unpack_winmail(*intake, submission, *body);
        co_await std::move(unpacking);
    }
    if (body->eight_bit) submission.envelope.body = mail::BodyType::eight_bit;
    submission.body = std::move(body->body);
    submission.body_hash = std::move(body->hash);
    complete_header(submission);

    const Deadline deadline = Deadline::after(kCommitTimeout);
    auto stored = co_await context_.backend.submit(std::move(submission), deadline);
    if (!stored) {
        refuse_message(answer_to(stored.error()));
        co_return;
    }
    context_.metrics.accepted.add();
    context_.metrics.accepted_octets.add(intake->size());
    errors_ = 0;
    idle_commands_ = 0;
    bad_recipients_ = 0;
    forget_message();
    say(context_.replies.make(Say::accepted, {intake->id().to_string()}));
    said_accepted(digest, intake->id());
    // Programs read no notes.
    const bool person =
        identity_ && !identity_->device && identity_->profile == store::Profile::human;
    if (winmail == WinmailPolicy::notify && person) context_.backend.tell_of_winmail(account());
}

void Session::refuse_message(const Answer& answer) {
    reject(answer);
    forget_message();
}

// What was accepted before gets its 250 again, and is not sent twice.
bool Session::answered_as_duplicate(const std::optional<accounts::Digest>& digest) {
    if (!digest) return false;
    const auto before = context_.sent_marks->find(*digest, now());
    if (!before) return false;
    context_.log.info("message.duplicate", {{"id", before->to_string()},
                                            {"account", account()},
                                            {"client", client()},
                                            {"what", "accepted before, not sent twice"}});
    forget_message();
    say(context_.replies.make(Say::already_accepted, {before->to_string()}));
    said_accepted(digest, *before);
    return true;
}

// Whose it is and for whom, with the header as it came and was repaired.
queue::Submission Session::begin_submission(ContentIntake& intake) {
    queue::Submission submission;
    submission.id = intake.id();
    submission.account = account();
    submission.envelope = transaction_.envelope();
    if (identity_) submission.profile = identity_->profile;
    submission.envelope.smtputf8 |= intake.needs_smtputf8();
    submission.changes = tell_changes(intake);
    submission.header = intake.take_header();
    submission.client = stream_->peer().address.to_string();
    if (stream_->tls() != nullptr) submission.tls = stream_->tls()->version;
    return submission;
}

// Received above what came, and what the header wishes of TLS.
void Session::complete_header(queue::Submission& submission) const {
    const mail::TraceInfo trace{.by = context_.options.hostname,
                                .protocol = protocol(submission.envelope.smtputf8),
                                .tls = submission.tls,
                                .id = submission.id,
                                .at = now(),
                                .priority = submission.envelope.priority};
    const std::string fixed = std::exchange(submission.header, mail::make_received(trace));
    if (wants_verp(submission.envelope.sender)) {
        submission.verp = identity_->verp;
        // Complaints return the header, often without the envelope (RFC 5965 §2). It is signed.
        submission.header += fmt::format("X-Posthaste-Ref: {}\r\n",
                                         context_.options.verp->make({submission.id, {}}));
    }
    submission.header += fixed;
    if (requiretls_) {
        submission.tls_wish = store::TlsWish::required;
    } else if (mail::says_tls_is_optional(submission.header)) {
        submission.tls_wish = store::TlsWish::optional;
    }
}

// Under a sender of somebody else's, a receipt's or none, it leaves as it is.
bool Session::wants_verp(const mail::ReversePath& sender) const {
    return context_.options.verp && identity_ && identity_->verp != store::Verp::off && sender &&
           identity_->may_send_as(*sender);
}

// What tells this message from every other of the account; nothing where duplicates are not looked
// for.
std::optional<accounts::Digest> Session::sent_digest(ContentIntake& intake) const {
    if (context_.sent_marks == nullptr || !identity_ || intake.message_id().empty())
        return std::nullopt;
    SentMarks::Letter letter{.account = identity_->account,
                             .message_id = intake.message_id(),
                             .recipients = {recipients_.begin(), recipients_.end()},
                             .body = intake.body_digest()};
    return context_.sent_marks->digest_of(letter);
}

void Session::said_accepted(const std::optional<accounts::Digest>& digest, const QueueId& id) {
    if (!digest) return;
    accepted_unheard_ = true;
    context_.sent_marks->said(this, *digest, id,
                              [stream = stream_.get()] { return stream->unacknowledged() > 0; });
}

// RFC 3848, RFC 6531 §4.3.
std::string Session::protocol(bool smtputf8) const {
    const bool tls = stream_->tls() != nullptr;
    const bool login = identity_.has_value();
    std::string name = smtputf8 ? "UTF8SMTP" : "ESMTP";
    if (!esmtp_ && !tls && !login && !smtputf8) return "SMTP";
    if (tls) name += 'S';
    if (login) name += 'A';
    return name;
}

}  // namespace posthaste::submission
