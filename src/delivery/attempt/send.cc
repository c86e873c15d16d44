// Transactions over one session, and what they came to for each recipient.
#include "base/ascii.h"
#include "base/utf8.h"
#include "delivery/attempt/attempt.h"

#include <algorithm>

namespace posthaste::delivery {

namespace {

constexpr std::size_t kMostReply = 1024;

// "" of a socket on this machine.
std::string text_of(const IpAddress& address) {
    return address.is_unspecified() ? std::string() : address.to_string();
}

// The connection had gone stale: nothing was said about this message.
bool died_idle(const TransactionEnd& end) {
    if (!end.whole || end.whole->stage != Stage::mail) return false;
    const What what = end.whole->what;
    return what == What::lost || what == What::malformed || what == What::tls_failed ||
           (what == What::reply && end.whole->reply.code == 421);
}

// Nobody was taken yet, and the connection broke.
bool died_early(const TransactionEnd& end) {
    if (!end.whole || (end.whole->stage != Stage::mail && end.whole->stage != Stage::rcpt))
        return false;
    const What what = end.whole->what;
    return what == What::lost || what == What::tls_failed || what == What::malformed;
}

// The host went away from a transaction that it had begun, without a word about the mail.
bool is_broken_off(const Incident& whole) {
    switch (whole.stage) {
        case Stage::rcpt:
        case Stage::data:
        case Stage::content:
        case Stage::final_dot:
            return whole.what == What::lost || whole.what == What::timed_out ||
                   (whole.what == What::reply && whole.reply.code == 421);
        default:
            return false;
    }
}

}  // namespace

runtime::Task<Attempt::Next> Attempt::use(ClientSession& session, bool reused, bool best,
                                          const TlsPolicy& policy) {
    Peer peer{session.host(),
              text_of(session.stream().peer().address),
              session.tls_version(),
              best,
              std::string(to_string(policy.level)),
              text_of(session.stream().local().address)};
    for (Case& c : cases_) c.passed_over = false;
    session.must_end_by(until_, out_of_time());
    const bool readable = co_await fit_content(session);
    if (!readable) {
        note({Stage::content, What::our_own, {}, "our server could not read the message"}, peer,
             open_cases());
        broken_off_ = true;
        co_return Next::next_address;
    }
    if (come_too_late()) co_return Next::ended;
    find_misfits(session, peer);
    if (choose(session).empty()) co_return is_over() ? Next::ended : Next::next_host;
    if (!reused) ++sessions_;
    // It spoke unasked between its greeting and our first command: an attempt, or it would be tried
    // again and again for nothing.
    if (!reused && !session.is_usable() && !broken_off_) {
        note({Stage::mail, What::malformed, {}, "it answers what was not asked"}, peer,
             open_cases());
        co_return is_over() ? Next::ended : Next::next_address;
    }
    for (bool first = true; session.is_usable() && !broken_off_ && !until_.passed();
         first = false) {
        const Indexes some = choose(session);
        if (some.empty()) break;
        auto opening = ContentSource::open(shared_.store, shared_.blocking, parcel_.message);
        auto body = co_await std::move(opening);
        if (!body) {
            shared_.log.error("delivery.unreadable", {{"id", parcel_.message->id.to_string()},
                                                      {"why", body.error().text},
                                                      {"mend", body.error().mend}});
            note({Stage::content, What::our_own, {}, "our server could not read the message"}, peer,
                 open_cases());
            broken_off_ = true;
            break;
        }
        if (encoding_) body->rewrite(seven_bit_->edits);
        const Outgoing outgoing = make_outgoing(some, *body);
        story_.transaction(session, reused || !first, some.size());
        auto sending = session.send(outgoing);
        const TransactionEnd end = co_await std::move(sending);
        if (reused && first && died_idle(end)) {
            story_.ended(session, end, {});
            co_return Next::next_address;
        }
        began_ = true;
        died_in_tls_ = first && session.stream().tls() != nullptr && died_early(end);
        const std::size_t open_before = open_cases().size();
        const std::size_t batch_before = batch_;
        apply(session, some, end, peer);
        // Each round ends somebody or makes the next one smaller.
        if (open_cases().size() == open_before && batch_ == batch_before) {
            if (!one_each() || end.whole) break;
            cases_[some.front()].passed_over = true;  // the word was about this one alone
        }
    }
    co_return is_over() ? Next::ended : Next::next_address;
}

// Whether the content must be encoded for this host, and that made ready, once an attempt. False
// when our own store could not be read.
runtime::Task<bool> Attempt::fit_content(const ClientSession& session) {
    const smtp::Extensions& offered = session.offered();
    // SMTPUTF8 comes with 8BITMIME, though some forget to say so (RFC 6531 §3.1).
    const bool takes = offered.eight_bit_mime || offered.smtputf8;
    encoding_ = false;
    if (takes || parcel_.message->body_type != mail::BodyType::eight_bit) co_return true;
    if (!seven_bit_) {
        auto making =
            make_seven_bit(shared_.store, shared_.blocking, shared_.options.sign, parcel_.message);
        auto made = co_await std::move(making);
        if (!made) {
            shared_.log.error("delivery.unreadable", {{"id", parcel_.message->id.to_string()},
                                                      {"why", made.error().text},
                                                      {"mend", made.error().mend}});
            co_return false;
        }
        seven_bit_ = std::move(*made);
    }
    encoding_ = seven_bit_->possible;
    co_return true;
}

bool Attempt::message_needs_smtputf8() const {
    const store::MessageRow& row = *parcel_.message;
    return (row.sender && !row.sender->is_ascii()) ||
           (row.smtputf8 && row.header && !ascii::is_ascii(*row.header));
}

std::uint64_t Attempt::wire_size() const {
    if (encoding_) return seven_bit_->header->size() + 2 + seven_bit_->body_size;
    const store::MessageRow& row = *parcel_.message;
    return (row.header ? row.header->size() : 0) + 2 + row.body.size;
}

// What this host cannot take is not even offered to it.
void Attempt::find_misfits(const ClientSession& session, const Peer& peer) {
    const smtp::Extensions& offered = session.offered();
    const auto pass_over = [&](What what, const Indexes& about) {
        if (!about.empty())
            story_.misfit(session, note({Stage::mail, what, {}, {}}, peer, about).outcome.reply);
        for (const std::size_t i : about) cases_[i].passed_over = true;
    };
    // Who takes UTF-8 in addresses takes 8-bit text (RFC 6531 §3.1 demands both).
    const bool takes_8bit = offered.eight_bit_mime || offered.smtputf8 || encoding_;
    if (parcel_.message->body_type == mail::BodyType::eight_bit && !takes_8bit) {
        return pass_over(What::no_8bit, open_cases());
    }
    // Over LMTP it is there, and nobody has to keep the time any more.
    const bool is_last_hop = route_.smarthost && route_.smarthost->lmtp;
    if (!is_last_hop && parcel_.message->by_mode == mail::ByMode::give_back &&
        (!offered.deliver_by || time_left() < std::max(offered.least_by, Seconds(1)))) {
        return pass_over(What::no_deliver_by, open_cases());
    }
    if (offered.size && offered.max_size > 0 && wire_size() > offered.max_size) {
        return pass_over(What::too_large, open_cases());
    }
    if (offered.smtputf8) return;
    Indexes beyond_ascii = open_cases();
    if (!message_needs_smtputf8()) {
        std::erase_if(beyond_ascii,
                      [this](std::size_t i) { return cases_[i].row->address.is_ascii(); });
    }
    pass_over(What::no_smtputf8, beyond_ascii);
}

// Until the moment that the sender has set (RFC 2852).
Seconds Attempt::time_left() const {
    return std::chrono::duration_cast<Seconds>(parcel_.message->by -
                                               shared_.store.clock().now_queue());
}

// It is not sent any more: the sender wants it back rather than late.
bool Attempt::come_too_late() {
    const store::MessageRow& row = *parcel_.message;
    if (row.by_mode != mail::ByMode::give_back || time_left() > Seconds(0)) return false;
    for (const std::size_t i : open_cases()) {
        mail::Outcome outcome = cases_[i].row->last;
        if (outcome.code == 0) {
            outcome = {};
            outcome.reply = "the time that the sender has set for it is over";
        }
        outcome.verdict = mail::Verdict::failed;
        outcome.status = {5, 4, 7};
        outcome.cause = mail::Cause::expired;
        end(cases_[i], std::move(outcome));
    }
    broken_off_ = true;
    return true;
}

Attempt::Indexes Attempt::choose(const ClientSession& session) {
    Indexes some = open_cases();
    std::erase_if(some, [this](std::size_t i) { return cases_[i].passed_over; });
    const std::size_t offered = session.offered().max_recipients.value_or(0);
    if (offered > 0 && some.size() > offered) {
        batch_ = std::min(batch_, offered);
        learned_max_ = one_each() ? offered : batch_;
    }
    if (some.size() > batch_) some.resize(batch_);
    return some;
}

// Each recipient has a sender of its own, and so a transaction.
bool Attempt::one_each() const {
    return shared_.options.verp && parcel_.message->sender &&
           parcel_.message->verp == store::Verp::recipient;
}

// The same at every attempt, for the sake of greylisting. A report, which has none, keeps none.
mail::ReversePath Attempt::sender_for(const Indexes& some) const {
    const store::MessageRow& row = *parcel_.message;
    const auto& verp = shared_.options.verp;
    if (!verp || !row.sender || row.verp == store::Verp::off) return row.sender;
    mail::Verp::Token token{row.id, {}};
    if (row.verp == store::Verp::recipient) token.recipient = cases_[some.front()].row->index;
    return verp->address(token);
}

Outgoing Attempt::make_outgoing(const Indexes& some, ContentSource& body) const {
    static const auto kNoHeader = std::make_shared<const std::string>();
    const store::MessageRow& row = *parcel_.message;
    Outgoing outgoing;
    outgoing.mail.sender = sender_for(some);
    outgoing.mail.size = wire_size();
    outgoing.mail.eight_bit = row.body_type == mail::BodyType::eight_bit && !encoding_;
    outgoing.mail.smtputf8 = row.smtputf8 || message_needs_smtputf8();
    outgoing.mail.ret = row.ret;
    outgoing.mail.requiretls = row.tls_wish == store::TlsWish::required;
    outgoing.mail.envid = row.envid;
    outgoing.mail.priority = row.priority;
    if (row.by_mode != mail::ByMode::none)
        outgoing.mail.by = {time_left(), row.by_mode, row.by_trace};
    for (const std::size_t i : some) {
        const store::RecipientRow& recipient = *cases_[i].row;
        outgoing.mail.smtputf8 |= !recipient.address.is_ascii();
        outgoing.recipients.push_back({recipient.address, recipient.notify, recipient.orcpt});
    }
    outgoing.header = row.header ? row.header : kNoHeader;
    if (encoding_) outgoing.header = seven_bit_->header;
    outgoing.body = &body;
    return outgoing;
}

void Attempt::apply(ClientSession& session, const Indexes& some, const TransactionEnd& end,
                    const Peer& peer) {
    Indexes taken;
    std::string words;
    for (std::size_t k = 0; k < some.size(); ++k) {
        const auto& refused = end.refused[k];
        if (!end.each.empty() && end.each[k]) {
            learn(queue::SiteSignal::good);
            delivered(session, cases_[some[k]], *end.each[k], peer);
            continue;
        }
        if (!refused) {
            taken.push_back(some[k]);
            continue;
        }
        const Judgement judgement = note(*refused, peer, {some[k]}, taken.size());
        if (judgement.too_many_recipients) {
            batch_ = std::min(batch_, taken.size());
            learned_max_ = batch_;
        }
        if (judgement.outcome.cause == mail::Cause::protocol) session.abort();
    }
    if (end.delivered) {
        learn(queue::SiteSignal::good);
        for (const std::size_t i : taken) delivered(session, cases_[i], end.taken, peer);
    } else if (end.whole) {
        if (end.whole->what == What::our_own && end.whole->stage == Stage::content) {
            shared_.log.error("delivery.unreadable", {{"id", parcel_.message->id.to_string()},
                                                      {"why", end.whole->text},
                                                      {"mend", "look at the disk of the store"}});
        }
        if (is_broken_off(*end.whole)) broken_group_ = std::max(broken_group_, taken.size());
        const Judgement judgement = note(*end.whole, peer, taken);
        words = judgement.outcome.reply;
        if (judgement.outcome.cause == mail::Cause::protocol) session.abort();
    }
    story_.ended(session, end, words);
}

void Attempt::delivered(const ClientSession& session, Case& to, const smtp::Reply& reply,
                        const Peer& peer) {
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::delivered;
    outcome.code = reply.code;
    outcome.status = reply.status.value_or(mail::EnhancedStatus{2, 0, 0});
    outcome.reply = reply.status ? reply.status->to_string() + " " : std::string();
    outcome.reply += reply.text();
    outcome.reply = utf8::printable(outcome.reply, kMostReply);
    outcome.remote_host = peer.host;
    // Without an address it has arrived for good: the mailbox's own server has it (RFC 3461 §5.2).
    const bool final_hop = route_.smarthost && route_.smarthost->lmtp;
    if (!final_hop) outcome.remote_ip = peer.ip;
    outcome.tls = peer.tls;
    outcome.tls_policy = peer.policy;
    outcome.source_ip = peer.source_ip;
    if (shared_.delivered != nullptr && !route_.smarthost)
        shared_.delivered->note(to.row->address.domain().ascii(), posthaste::now());
    outcome.remote_takes_dsn = session.offered().dsn;
    outcome.remote_takes_by = session.offered().deliver_by;
    end(to, std::move(outcome));
}

}  // namespace posthaste::delivery
