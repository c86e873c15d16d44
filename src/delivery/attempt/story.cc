#include "delivery/attempt/story.h"

#include "base/utf8.h"

#include <algorithm>
#include <utility>

namespace posthaste::delivery {

namespace {

// An attempt has five addresses and two sessions; this bounds what a strange host makes of them.
constexpr std::size_t kMostTries = 20;
constexpr std::size_t kMostReply = 1024;

std::uint32_t milliseconds(SteadyTime::duration d) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(
        std::chrono::duration_cast<Milliseconds>(d).count(), 0, 0xffff'ffff));
}

std::string text_of(const smtp::Reply& reply) {
    std::string text = reply.status ? reply.status->to_string() + " " : std::string();
    return utf8::printable(text + reply.text(), kMostReply);
}

const Incident* first_refusal(const TransactionEnd& end) {
    for (const auto& refused : end.refused)
        if (refused) return &*refused;
    return nullptr;
}

// "" of a socket on this machine.
std::string text_of(const IpAddress& address) {
    return address.is_unspecified() ? std::string() : address.to_string();
}

}  // namespace

bool DialogueAllowance::take(SteadyTime now) {
    const auto second = std::chrono::floor<Seconds>(now.time_since_epoch()).count();
    // Two workers in the same moment may take one more; it is a sample.
    if (second_.exchange(second, std::memory_order_relaxed) != second)
        taken_.store(0, std::memory_order_relaxed);
    return taken_.fetch_add(1, std::memory_order_relaxed) < kEachSecond;
}

store::TryFacts& AttemptStory::present() {
    if (!open_) {
        if (tries_.size() >= kMostTries) tries_.erase(tries_.begin() + 1);
        tries_.emplace_back();
        tries_.back().at = now();
        open_ = true;
    }
    return tries_.back();
}

void AttemptStory::close() {
    open_ = false;
}

void AttemptStory::connecting(const std::string& host, const net::Endpoint& to,
                              std::string policy) {
    close();
    store::TryFacts& facts = present();
    facts.host = host;
    facts.ip = text_of(to.address);
    facts.port = to.port;
    facts.tls_policy = std::move(policy);
    facts.stage = to_string(Stage::connect);
    began_ = Steady::now();
}

void AttemptStory::connected(const net::Stream& stream) {
    store::TryFacts& facts = present();
    const SteadyTime at = Steady::now();
    facts.connect_ms = milliseconds(at - began_);
    facts.source_ip = text_of(stream.local().address);
    began_ = at;
}

void AttemptStory::about(const ClientSession& session) {
    store::TryFacts& facts = present();
    if (const net::TlsInfo* tls = session.stream().tls()) {
        facts.tls = tls->version;
        facts.cipher = tls->cipher;
        facts.verified = tls->verified;
    }
    if (!facts.ip.empty()) return;
    const net::Endpoint peer = session.stream().peer();
    facts.host = session.host();
    facts.ip = text_of(peer.address);
    facts.port = peer.port;
    facts.source_ip = text_of(session.stream().local().address);
}

void AttemptStory::came_to_nothing(ClientSession* session) {
    store::TryFacts& facts = present();
    if (session == nullptr) {
        facts.connect_ms = milliseconds(Steady::now() - began_);
        return;
    }
    about(*session);
    facts.setup_ms = milliseconds(Steady::now() - began_);
    facts.dialogue = session->transcript().take();
}

void AttemptStory::failed(const Incident& incident, const std::string& words) {
    store::TryFacts& facts = present();
    facts.stage = to_string(incident.stage);
    facts.code = incident.reply.code;
    facts.reply = words;
    close();
}

void AttemptStory::passed_over(const std::string& host, const mail::Outcome& outcome) {
    close();
    store::TryFacts& facts = present();
    facts.host = host;
    facts.stage = "look-up";
    facts.reply = outcome.reply;
    close();
}

void AttemptStory::misfit(const ClientSession& session, const std::string& words) {
    about(session);
    present().stage = to_string(Stage::mail);
    present().reply = words;
}

void AttemptStory::transaction(const ClientSession& session, bool reused, std::size_t recipients) {
    store::TryFacts& facts = present();  // of the connection that was just made, or a new one
    const SteadyTime at = Steady::now();
    if (!reused) facts.setup_ms = milliseconds(at - began_);
    facts.reused = reused;
    about(session);
    facts.recipients = static_cast<std::uint32_t>(recipients);
    began_ = at;
}

void AttemptStory::ended(ClientSession& session, const TransactionEnd& end,
                         const std::string& words) {
    store::TryFacts& facts = present();
    facts.transfer_ms = milliseconds(Steady::now() - began_);
    const bool some =
        std::ranges::any_of(end.each, [](const auto& one) { return one.has_value(); });
    facts.delivered = end.delivered || some;
    const Incident* refusal = first_refusal(end);
    if (end.delivered || (some && refusal == nullptr && !end.whole)) {
        facts.stage = to_string(Stage::final_dot);
        facts.code = end.taken.code;
        facts.reply = text_of(end.taken);
    } else if (const Incident* why = end.whole ? &*end.whole : refusal) {
        facts.stage = to_string(why->stage);
        facts.code = why->reply.code;
        facts.reply = why->reply.code != 0 ? text_of(why->reply)
                      : !words.empty()     ? words
                                           : utf8::printable(why->text, kMostReply);
    }
    std::string dialogue = session.transcript().take();
    const bool all_well = facts.delivered && refusal == nullptr && !end.whole;
    if (!all_well || allowance_.take(Steady::now())) facts.dialogue = std::move(dialogue);
    close();
}

std::vector<store::TryFacts> AttemptStory::take() {
    close();
    return std::exchange(tries_, {});
}

}  // namespace posthaste::delivery
