// One mail transaction, pipelined where the host offers it (RFC 2920).
#include "delivery/client/client.h"
#include "smtp/dot.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr Seconds kDataWait{120};
constexpr Seconds kPieceWait{180};
constexpr Seconds kResetWait{20};
constexpr Seconds kAbandonWait{20};
constexpr std::size_t kPiece = 64 << 10;

Incident refusal(Stage stage, smtp::Reply reply) {
    return {stage, What::reply, std::move(reply), {}};
}

}  // namespace

runtime::Task<TransactionEnd> ClientSession::send(const Outgoing& outgoing) {
    TransactionEnd end;
    end.refused.resize(outgoing.recipients.size());
    ++messages_;
    auto opening = open_transaction(outgoing, end);
    auto open = co_await std::move(opening);
    if (!open) {
        end.whole = std::move(open).error();
        co_return end;
    }
    const bool nobody =
        std::ranges::all_of(end.refused, [](const auto& r) { return r.has_value(); });
    if (nobody) co_return end;
    auto sending = send_content(outgoing);
    auto sent = co_await std::move(sending);
    if (!sent) {
        end.whole = std::move(sent).error();
        co_return end;
    }
    auto ending = options_.lmtp ? await_each_end(end) : await_end(end);
    co_await std::move(ending);
    open_transaction_ = false;
    co_return end;
}

// It closed without having read all: the dot is the end of it (O-20, not O-21). Who has read it has
// acknowledged it by the time that its end of the connection comes.
void ClientSession::note_cut(TransactionEnd& end) const {
    const bool cut = end.whole->what == What::lost && stream_->unacknowledged() > 0;
    if (cut) end.whole->stage = Stage::content;
}

runtime::Task<void> ClientSession::await_end(TransactionEnd& end) {
    auto reading = read_reply(Stage::final_dot, options_.final_dot_timeout);
    auto reply = co_await std::move(reading);
    if (!reply) {
        end.whole = std::move(reply).error();
        note_cut(end);
    } else if (reply->positive()) {
        end.taken = std::move(*reply);
        end.delivered = true;
    } else {
        end.whole = refusal(Stage::final_dot, std::move(*reply));
    }
}

// RFC 2033 §4.2: a reply for each recipient that was taken, in the order of their RCPTs. Whoever
// got none when the connection ends may have the message.
runtime::Task<void> ClientSession::await_each_end(TransactionEnd& end) {
    end.each.resize(end.refused.size());
    const Deadline last = Deadline::after(2 * options_.final_dot_timeout);
    bool first = true;
    for (std::size_t i = 0; i < end.refused.size(); ++i) {
        if (end.refused[i]) continue;
        const Seconds wait =
            std::min(options_.final_dot_timeout,
                     std::chrono::ceil<Seconds>(last.at - std::chrono::steady_clock::now()));
        auto reading = read_reply(Stage::final_dot, wait);
        auto reply = co_await std::move(reading);
        if (!reply) {
            end.whole = std::move(reply).error();
            if (first) note_cut(end);
            co_return;
        }
        first = false;
        if (reply->positive()) {
            end.taken = *reply;
            end.each[i] = std::move(*reply);
        } else {
            end.refused[i] = refusal(Stage::final_dot, std::move(*reply));
        }
    }
}

std::string ClientSession::too_slow(std::size_t answered, std::size_t all) const {
    return fmt::format("it had answered for {} of {} recipients after {}", answered, all,
                       format_duration(options_.recipients_timeout));
}

// MAIL, RCPT and DATA. Good: the host waits for content, or nobody was taken.
runtime::Task<Step<>> ClientSession::open_transaction(const Outgoing& outgoing,
                                                      TransactionEnd& end) {
    const bool open = std::exchange(open_transaction_, false);
    const bool reset = open || (options_.rset && messages_ > 1);
    if (reset) {
        auto resetting = command(Stage::mail, "RSET\r\n", at_most(kResetWait));
        auto done = co_await std::move(resetting);
        if (!done) co_return std::unexpected(std::move(done).error());
    }
    std::string group = smtp::make_mail(outgoing.mail, offered_);
    if (offered_.pipelining) {
        for (const auto& recipient : outgoing.recipients) {
            group += smtp::make_rcpt(recipient, offered_);
        }
        group += "DATA\r\n";
    }
    auto asking = command(Stage::mail, std::move(group), options_.command_timeout);
    auto reply = co_await std::move(asking);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (!reply->positive()) {
        Incident incident = refusal(Stage::mail, std::move(*reply));
        if (offered_.pipelining && usable_) {
            auto abandoning = abandon_group(outgoing.recipients.size());
            auto abandoned = co_await std::move(abandoning);
            static_cast<void>(abandoned);  // then the session is not usable, and that is all
        }
        co_return std::unexpected(std::move(incident));
    }
    open_transaction_ = true;
    auto waiting = await_recipients(outgoing, end);
    auto answered = co_await std::move(waiting);
    if (!answered) co_return answered;
    auto starting = await_data(outgoing, end);
    auto started = co_await std::move(starting);
    co_return started;
}

runtime::Task<Step<>> ClientSession::await_recipients(const Outgoing& outgoing,
                                                      TransactionEnd& end) {
    const Deadline last = Deadline::after(options_.recipients_timeout);
    for (std::size_t i = 0; i < outgoing.recipients.size(); ++i) {
        const Seconds left = std::chrono::ceil<Seconds>(last.at - std::chrono::steady_clock::now());
        const Seconds wait = std::clamp(left, Seconds(0), options_.command_timeout);
        auto asking =
            offered_.pipelining
                ? read_reply(Stage::rcpt, wait)
                : command(Stage::rcpt, smtp::make_rcpt(outgoing.recipients[i], offered_), wait);
        auto reply = co_await std::move(asking);
        if (!reply) {
            Incident incident = std::move(reply).error();
            if (incident.what == What::timed_out && incident.text.empty() && last.passed())
                incident.text = too_slow(i, outgoing.recipients.size());
            co_return std::unexpected(std::move(incident));
        }
        if (reply->positive()) continue;
        const bool goodbye = reply->code == 421;
        end.refused[i] = refusal(Stage::rcpt, std::move(*reply));
        if (goodbye) {
            Incident incident = *end.refused[i];
            end.refused[i].reset();
            co_return std::unexpected(std::move(incident));
        }
    }
    co_return Step<>();
}

runtime::Task<Step<>> ClientSession::await_data(const Outgoing&, TransactionEnd& end) {
    const bool nobody =
        std::ranges::all_of(end.refused, [](const auto& r) { return r.has_value(); });
    if (nobody && !offered_.pipelining) co_return Step<>();
    auto asking = offered_.pipelining ? read_reply(Stage::data, at_most(kDataWait))
                                      : command(Stage::data, "DATA\r\n", at_most(kDataWait));
    auto reply = co_await std::move(asking);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (reply->code == 354) {
        // An answer before its question: from here on nothing it says could be told apart.
        if (!stream_->buffered().empty()) {
            usable_ = false;
            co_return std::unexpected(Incident{Stage::data, What::malformed, {}, {}});
        }
        if (!nobody) co_return Step<>();
        auto ending = send_lone_dot();  // O-18
        auto ended = co_await std::move(ending);
        co_return ended;
    }
    if (nobody) co_return Step<>();
    co_return std::unexpected(refusal(Stage::data, std::move(*reply)));
}

// MAIL was refused; the answers to what was sent behind it are still to come.
runtime::Task<Step<>> ClientSession::abandon_group(std::size_t recipients) {
    // Nothing depends on them any more: all together get what one reply would have had at most.
    const auto until = std::chrono::steady_clock::now() + at_most(kAbandonWait);
    const auto left = [until] {
        return std::max(std::chrono::ceil<Seconds>(until - std::chrono::steady_clock::now()),
                        Seconds(1));
    };
    for (std::size_t i = 0; i < recipients; ++i) {
        auto reading = read_reply(Stage::rcpt, left());
        auto reply = co_await std::move(reading);
        if (!reply) co_return std::unexpected(std::move(reply).error());
    }
    auto reading = read_reply(Stage::data, left());
    auto reply = co_await std::move(reading);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    if (reply->code != 354) co_return Step<>();
    auto ending = send_lone_dot();
    auto ended = co_await std::move(ending);
    co_return ended;
}

// The host waits for content although nobody was taken: an empty message, which it will refuse.
runtime::Task<Step<>> ClientSession::send_lone_dot() {
    if (options_.lmtp) {  // no recipient, no reply: nothing could be waited for (RFC 2033 §4.2)
        abort();
        co_return std::unexpected(Incident{Stage::data, What::malformed, {}, {}});
    }
    auto ending = command(Stage::final_dot, ".\r\n", at_most(kDataWait));
    auto reply = co_await std::move(ending);
    if (!reply) co_return std::unexpected(std::move(reply).error());
    open_transaction_ = false;
    co_return Step<>();
}

runtime::Task<Step<>> ClientSession::send_content(const Outgoing& outgoing) {
    smtp::DotEncoder encoder;
    std::string wire;
    encoder.feed(*outgoing.header, wire);
    encoder.feed("\r\n", wire);
    for (;;) {
        auto reading = outgoing.body->next();
        auto piece = co_await std::move(reading);
        if (!piece) {
            // Half a message must never look like a whole one: the connection goes with it.
            abort();
            co_return std::unexpected(
                Incident{Stage::content, What::our_own, {}, piece.error().text});
        }
        if (piece->empty()) break;
        encoder.feed(*piece, wire);
        if (wire.size() < kPiece) continue;
        auto writing = write(Stage::content, wire, kPieceWait);
        auto written = co_await std::move(writing);
        if (!written) co_return written;
        wire.clear();
    }
    encoder.finish(wire);
    // Not all of this left if it fails, and the dot is its end: nothing was delivered (O-20).
    auto ending = write(Stage::content, wire, kPieceWait);
    auto ended = co_await std::move(ending);
    co_return ended;
}

}  // namespace posthaste::delivery
