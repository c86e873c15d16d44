// A record is a sequence of fields: a number (tag, 0 or 1: number or octets) as a varint, then a
// varint: the value, or the length of the octets that follow. Empty texts and zeros are left out.
#include "store/record.h"

#include "base/ascii.h"

#include <algorithm>
#include <limits>

namespace posthaste::store {

namespace {

// In all kinds of records together, so that a tag means one thing. Never used anew.
enum class Tag : std::uint8_t {
    kind = 1,
    account,
    sender,
    recipient,
    message_id,
    subject,
    size,
    client,
    tls,
    change,
    about,
    profile,
    held,
    queue_ms,
    attempt_try,
    result,
    at,
    host,
    ip,
    port,
    source_ip,
    reused,
    delivered,
    stage,
    cipher,
    tls_policy,
    verified,
    code,
    reply,
    recipients,
    connect_ms,
    setup_ms,
    transfer_ms,
    dialogue,
    index,
    address,
    what,
    attempt,
    verdict,
    status,
    cause,
    rule,
    ambiguous,
    next,
    as_before,  // a result's outcome is that of the result before
    text,
    other,
    envid,
    untold,
    verp,
    counts,
    confidence,
    basis,
    success,
    wish,
    route,
};

// What is stored as a number.
static_assert(
    static_cast<int>(EventType::delivered) == 2 && static_cast<int>(EventType::deferred) == 3 &&
    static_cast<int>(EventType::failed) == 4 && static_cast<int>(EventType::expired) == 5 &&
    static_cast<int>(EventType::cancelled) == 8 && static_cast<int>(EventType::bounced) == 10 &&
    static_cast<int>(EventType::complained) == 11 && static_cast<int>(EventType::suppressed) == 12);
static_assert(static_cast<int>(mail::Verdict::delivered) == 0 &&
              static_cast<int>(mail::Verdict::deferred) == 1 &&
              static_cast<int>(mail::Verdict::failed) == 2);

// Those that make records keep far below; a damaged one must not grow in memory.
constexpr std::size_t kMostResults = 10 * kResultsOfOneRecord;

class Writer {
  public:
    void put(Tag tag, std::uint64_t value) {
        if (value == 0) return;
        varint(std::uint64_t{static_cast<std::uint8_t>(tag)} << 1);
        varint(value);
    }

    void put(Tag tag, std::string_view octets) {
        if (!octets.empty()) put_always(tag, octets);
    }

    void put_always(Tag tag, std::string_view octets) {
        varint((std::uint64_t{static_cast<std::uint8_t>(tag)} << 1) | 1);
        varint(octets.size());
        out_ += octets;
    }

    void put(Tag tag, Timestamp at) {
        const auto milliseconds = at.time_since_epoch().count();
        if (milliseconds > 0) put(tag, static_cast<std::uint64_t>(milliseconds));
    }

    std::string take() { return std::move(out_); }

  private:
    void varint(std::uint64_t value) {
        while (value >= 0x80) {
            out_ += static_cast<char>(static_cast<unsigned char>(value | 0x80));
            value >>= 7;
        }
        out_ += static_cast<char>(value);
    }

    std::string out_;
};

// Field by field; `damaged` once something cannot be.
class Reader {
  public:
    explicit Reader(std::string_view octets) : rest_(octets) {}

    bool next() {
        if (rest_.empty() || damaged_) return false;
        const std::uint64_t head = varint();
        is_text_ = (head & 1) != 0;
        tag_ = head >> 1;
        number_ = varint();
        text_ = {};
        if (is_text_) {
            if (number_ > rest_.size()) damaged_ = true;
            if (damaged_) return false;
            text_ = rest_.substr(0, static_cast<std::size_t>(number_));
            rest_.remove_prefix(text_.size());
        }
        return !damaged_;
    }

    // 0 for a tag that this version does not know.
    Tag tag() const {
        return tag_ <= static_cast<std::uint64_t>(Tag::route) ? static_cast<Tag>(tag_) : Tag{};
    }

    std::string_view view() const { return text_; }

    std::string text() const { return std::string(text_); }

    template <class T>
    T number() {
        if (is_text_ || number_ > std::uint64_t{std::numeric_limits<T>::max()}) damaged_ = true;
        return damaged_ ? T{} : static_cast<T>(number_);
    }

    template <class E>
    E enumeration(E most) {
        if (is_text_ || number_ > static_cast<std::uint64_t>(most)) damaged_ = true;
        return damaged_ ? E{} : static_cast<E>(number_);
    }

    Timestamp time() {
        constexpr std::uint64_t kLatest = 253'402'300'799'999;  // the end of the year 9999
        if (is_text_ || number_ > kLatest) damaged_ = true;
        return damaged_ ? Timestamp{} : Timestamp(Milliseconds(static_cast<std::int64_t>(number_)));
    }

    bool flag() { return number<std::uint8_t>() != 0; }

    bool damaged() const { return damaged_; }

    void mark_damaged() { damaged_ = true; }

  private:
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) break;
            const auto octet = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= std::uint64_t{octet & 0x7fU} << shift;
            if (octet < 0x80) return value;
        }
        damaged_ = true;
        return 0;
    }

    std::string_view rest_;
    std::string_view text_;
    std::uint64_t tag_ = 0;
    std::uint64_t number_ = 0;
    bool is_text_ = false;
    bool damaged_ = false;
};

std::string encode_try(const TryFacts& facts) {
    Writer out;
    out.put(Tag::at, facts.at);
    out.put(Tag::host, facts.host);
    out.put(Tag::ip, facts.ip);
    out.put(Tag::port, facts.port);
    out.put(Tag::source_ip, facts.source_ip);
    out.put(Tag::reused, std::uint64_t{facts.reused});
    out.put(Tag::delivered, std::uint64_t{facts.delivered});
    out.put(Tag::stage, facts.stage);
    out.put(Tag::tls, facts.tls);
    out.put(Tag::cipher, facts.cipher);
    out.put(Tag::tls_policy, facts.tls_policy);
    out.put(Tag::verified, std::uint64_t{facts.verified});
    out.put(Tag::code, static_cast<std::uint64_t>(std::max(facts.code, 0)));
    out.put(Tag::reply, facts.reply);
    out.put(Tag::recipients, facts.recipients);
    out.put(Tag::connect_ms, facts.connect_ms);
    out.put(Tag::setup_ms, facts.setup_ms);
    out.put(Tag::transfer_ms, facts.transfer_ms);
    out.put(Tag::dialogue, facts.dialogue);
    return out.take();
}

void read_try(Reader& in, TryFacts& facts) {
    switch (in.tag()) {
        case Tag::at:
            facts.at = in.time();
            break;
        case Tag::host:
            facts.host = in.text();
            break;
        case Tag::ip:
            facts.ip = in.text();
            break;
        case Tag::port:
            facts.port = in.number<std::uint16_t>();
            break;
        case Tag::source_ip:
            facts.source_ip = in.text();
            break;
        case Tag::reused:
            facts.reused = in.flag();
            break;
        case Tag::delivered:
            facts.delivered = in.flag();
            break;
        case Tag::stage:
            facts.stage = in.text();
            break;
        case Tag::tls:
            facts.tls = in.text();
            break;
        case Tag::cipher:
            facts.cipher = in.text();
            break;
        case Tag::tls_policy:
            facts.tls_policy = in.text();
            break;
        case Tag::verified:
            facts.verified = in.flag();
            break;
        case Tag::code:
            facts.code = in.number<std::int16_t>();
            break;
        case Tag::reply:
            facts.reply = in.text();
            break;
        case Tag::recipients:
            facts.recipients = in.number<std::uint32_t>();
            break;
        case Tag::connect_ms:
            facts.connect_ms = in.number<std::uint32_t>();
            break;
        case Tag::setup_ms:
            facts.setup_ms = in.number<std::uint32_t>();
            break;
        case Tag::transfer_ms:
            facts.transfer_ms = in.number<std::uint32_t>();
            break;
        case Tag::dialogue:
            facts.dialogue = in.text();
            break;
        default:
            break;
    }
}

bool same_outcome(const mail::Outcome& a, const mail::Outcome& b) {
    return a.verdict == b.verdict && a.code == b.code && a.reply == b.reply &&
           a.remote_host == b.remote_host && a.remote_ip == b.remote_ip && a.cause == b.cause &&
           a.rule == b.rule && a.tls == b.tls && a.tls_policy == b.tls_policy &&
           a.source_ip == b.source_ip && a.route == b.route && a.ambiguous == b.ambiguous &&
           a.status.to_string() == b.status.to_string();
}

void put_outcome(Writer& out, const mail::Outcome& outcome) {
    out.put(Tag::verdict, static_cast<std::uint64_t>(outcome.verdict));
    if (outcome.status.cls != 0) out.put(Tag::status, outcome.status.to_string());
    out.put(Tag::code, static_cast<std::uint64_t>(std::max(outcome.code, 0)));
    out.put(Tag::reply, outcome.reply);
    out.put(Tag::host, outcome.remote_host);
    out.put(Tag::ip, outcome.remote_ip);
    out.put(Tag::tls, outcome.tls);
    out.put(Tag::tls_policy, outcome.tls_policy);
    out.put(Tag::source_ip, outcome.source_ip);
    out.put(Tag::route, outcome.route);
    // By name: the enumeration may be put in another order.
    if (outcome.cause != mail::Cause::none) out.put(Tag::cause, to_string(outcome.cause));
    out.put(Tag::rule, outcome.rule);
    out.put(Tag::ambiguous, std::uint64_t{outcome.ambiguous});
}

mail::Cause cause_of(std::string_view name) {
    for (int i = 0; i < static_cast<int>(mail::Cause::unknown); ++i) {
        const auto cause = static_cast<mail::Cause>(i);
        if (mail::to_string(cause) == name) return cause;
    }
    return mail::Cause::unknown;
}

bool read_outcome_field(Reader& in, mail::Outcome& outcome) {
    switch (in.tag()) {
        case Tag::verdict:
            outcome.verdict = in.enumeration(mail::Verdict::failed);
            break;
        case Tag::status:
            if (const auto status = mail::EnhancedStatus::parse(in.view())) {
                outcome.status = *status;
            } else {
                in.mark_damaged();
            }
            break;
        case Tag::code:
            outcome.code = in.number<std::int16_t>();
            break;
        case Tag::reply:
            outcome.reply = in.text();
            break;
        case Tag::host:
            outcome.remote_host = in.text();
            break;
        case Tag::ip:
            outcome.remote_ip = in.text();
            break;
        case Tag::tls:
            outcome.tls = in.text();
            break;
        case Tag::tls_policy:
            outcome.tls_policy = in.text();
            break;
        case Tag::source_ip:
            outcome.source_ip = in.text();
            break;
        case Tag::route:
            outcome.route = in.text();
            break;
        case Tag::cause:
            outcome.cause = cause_of(in.view());
            break;
        case Tag::rule:
            outcome.rule = in.text();
            break;
        case Tag::ambiguous:
            outcome.ambiguous = in.flag();
            break;
        default:
            return false;
    }
    return true;
}

std::string encode_result(const ResultFacts& facts, const ResultFacts* before) {
    Writer out;
    out.put(Tag::index, facts.index);
    out.put(Tag::address, facts.address);
    out.put(Tag::what, static_cast<std::uint64_t>(facts.what));
    out.put(Tag::attempt, facts.attempt);
    out.put(Tag::next, facts.next);
    if (before != nullptr && same_outcome(facts.outcome, before->outcome)) {
        out.put(Tag::as_before, std::uint64_t{1});
    } else {
        put_outcome(out, facts.outcome);
    }
    return out.take();
}

std::optional<TryFacts> decode_try(std::string_view octets) {
    TryFacts facts;
    Reader in(octets);
    while (in.next()) read_try(in, facts);
    if (in.damaged()) return std::nullopt;
    return facts;
}

std::optional<ResultFacts> decode_result(std::string_view octets, const ResultFacts* before) {
    ResultFacts facts;
    // What an enumeration of zero means is left out when written.
    facts.what = EventType{};
    facts.outcome.verdict = mail::Verdict{};
    Reader in(octets);
    while (in.next()) {
        switch (in.tag()) {
            case Tag::index:
                facts.index = in.number<std::uint32_t>();
                break;
            case Tag::address:
                facts.address = in.text();
                break;
            case Tag::what:
                facts.what = in.enumeration(EventType::suppressed);
                break;
            case Tag::attempt:
                facts.attempt = in.number<std::uint32_t>();
                break;
            case Tag::next:
                facts.next = in.time();
                break;
            case Tag::as_before:
                if (before == nullptr) return std::nullopt;
                facts.outcome = before->outcome;
                break;
            default:
                read_outcome_field(in, facts.outcome);
                break;
        }
    }
    if (in.damaged()) return std::nullopt;
    return facts;
}

// FNV-1a with a last stir, so that the low bits are as good as the high ones.
std::uint64_t hash(char kind, std::string_view octets) {
    constexpr std::uint64_t kPrime = 0x100000001b3;
    std::uint64_t h = 0xcbf29ce484222325;
    h = (h ^ static_cast<unsigned char>(kind)) * kPrime;
    for (const char c : octets) h = (h ^ static_cast<unsigned char>(c)) * kPrime;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93;
    h ^= h >> 32;
    return h;
}

}  // namespace

std::string encode(const AcceptedFacts& facts) {
    Writer out;
    out.put(Tag::kind, static_cast<std::uint64_t>(facts.kind));
    out.put(Tag::account, facts.account);
    out.put(Tag::sender, facts.sender);
    for (const auto& recipient : facts.recipients) out.put_always(Tag::recipient, recipient);
    out.put(Tag::message_id, facts.message_id);
    out.put(Tag::subject, facts.subject);
    out.put(Tag::size, facts.size);
    out.put(Tag::client, facts.client);
    out.put(Tag::tls, facts.tls);
    for (const auto& change : facts.changes) out.put_always(Tag::change, change);
    for (const auto& wish : facts.wishes) out.put_always(Tag::wish, wish);
    out.put(Tag::about, facts.about);
    out.put(Tag::profile, static_cast<std::uint64_t>(facts.profile));
    out.put(Tag::held, std::uint64_t{facts.held});
    out.put(Tag::envid, facts.envid);
    // One more, since zeros are left out.
    for (const auto index : facts.untold) out.put(Tag::untold, std::uint64_t{index} + 1);
    for (const auto index : facts.success) out.put(Tag::success, std::uint64_t{index} + 1);
    out.put(Tag::verp, static_cast<std::uint64_t>(facts.verp));
    return out.take();
}

std::string encode(const OutcomeFacts& facts) {
    Writer out;
    out.put(Tag::queue_ms, facts.queue_ms);
    for (const auto& one : facts.tries) out.put_always(Tag::attempt_try, encode_try(one));
    const ResultFacts* before = nullptr;
    for (const auto& result : facts.results) {
        out.put_always(Tag::result, encode_result(result, before));
        before = &result;
    }
    return out.take();
}

std::string encode(const NoteFacts& facts) {
    Writer out;
    out.put(Tag::text, facts.text);
    out.put(Tag::other, facts.other);
    return out.take();
}

std::string encode(const ReturnFacts& facts) {
    Writer out;
    out.put(Tag::what, static_cast<std::uint64_t>(facts.what));
    out.put(Tag::counts, std::uint64_t{facts.counts});
    // One more: nobody is left out.
    if (facts.index != ReturnFacts::kNobody) out.put(Tag::index, std::uint64_t{facts.index} + 1);
    out.put(Tag::address, facts.address);
    put_outcome(out, facts.outcome);
    out.put(Tag::confidence, facts.confidence);
    out.put(Tag::basis, facts.basis);
    out.put(Tag::other, facts.report);
    return out.take();
}

std::optional<AcceptedFacts> decode_accepted(std::string_view octets) {
    AcceptedFacts facts;
    Reader in(octets);
    while (in.next()) {
        switch (in.tag()) {
            case Tag::kind:
                facts.kind = in.enumeration(MessageKind::dsn);
                break;
            case Tag::account:
                facts.account = in.text();
                break;
            case Tag::sender:
                facts.sender = in.text();
                break;
            case Tag::recipient:
                facts.recipients.push_back(in.text());
                break;
            case Tag::message_id:
                facts.message_id = in.text();
                break;
            case Tag::subject:
                facts.subject = in.text();
                break;
            case Tag::size:
                facts.size = in.number<std::uint64_t>();
                break;
            case Tag::client:
                facts.client = in.text();
                break;
            case Tag::tls:
                facts.tls = in.text();
                break;
            case Tag::change:
                facts.changes.push_back(in.text());
                break;
            case Tag::wish:
                facts.wishes.push_back(in.text());
                break;
            case Tag::about:
                facts.about = in.text();
                break;
            case Tag::profile:
                facts.profile = in.enumeration(Profile::bulk);
                break;
            case Tag::held:
                facts.held = in.flag();
                break;
            case Tag::envid:
                facts.envid = in.text();
                break;
            case Tag::untold:
                if (const auto one_more = in.number<std::uint32_t>(); one_more > 0)
                    facts.untold.push_back(one_more - 1);
                break;
            case Tag::success:
                if (const auto one_more = in.number<std::uint32_t>(); one_more > 0)
                    facts.success.push_back(one_more - 1);
                break;
            case Tag::verp:
                facts.verp = in.enumeration(Verp::recipient);
                break;
            default:
                break;
        }
    }
    if (in.damaged()) return std::nullopt;
    return facts;
}

std::optional<OutcomeFacts> decode_outcome(std::string_view octets) {
    OutcomeFacts facts;
    Reader in(octets);
    while (in.next()) {
        if (in.tag() == Tag::queue_ms) {
            facts.queue_ms = in.number<std::uint32_t>();
        } else if (in.tag() == Tag::attempt_try) {
            auto one = decode_try(in.view());
            if (!one) return std::nullopt;
            facts.tries.push_back(std::move(*one));
        } else if (in.tag() == Tag::result) {
            auto one =
                decode_result(in.view(), facts.results.empty() ? nullptr : &facts.results.back());
            if (!one || facts.results.size() >= kMostResults) return std::nullopt;
            facts.results.push_back(std::move(*one));
        }
    }
    if (in.damaged()) return std::nullopt;
    return facts;
}

std::optional<NoteFacts> decode_note(std::string_view octets) {
    NoteFacts facts;
    Reader in(octets);
    while (in.next()) {
        if (in.tag() == Tag::text) facts.text = in.text();
        if (in.tag() == Tag::other) facts.other = in.text();
    }
    if (in.damaged()) return std::nullopt;
    return facts;
}

std::optional<ReturnFacts> decode_return(std::string_view octets) {
    ReturnFacts facts;
    facts.what = EventType{};
    facts.counts = false;
    facts.index = ReturnFacts::kNobody;
    facts.outcome.verdict = mail::Verdict{};
    Reader in(octets);
    while (in.next()) {
        switch (in.tag()) {
            case Tag::what:
                facts.what = in.enumeration(EventType::complained);
                break;
            case Tag::counts:
                facts.counts = in.flag();
                break;
            case Tag::index:
                if (const auto one_more = in.number<std::uint32_t>(); one_more > 0)
                    facts.index = one_more - 1;
                break;
            case Tag::address:
                facts.address = in.text();
                break;
            case Tag::confidence:
                facts.confidence = in.number<std::uint32_t>();
                break;
            case Tag::basis:
                facts.basis = in.text();
                break;
            case Tag::other:
                facts.report = in.text();
                break;
            default:
                read_outcome_field(in, facts.outcome);
                break;
        }
    }
    const bool known = facts.what == EventType::bounced || facts.what == EventType::complained ||
                       facts.what == EventType::delayed || facts.what == EventType::delivered;
    if (in.damaged() || !known) return std::nullopt;
    return facts;
}

std::uint64_t key_of_id(const QueueId& id) {
    return hash('i', {reinterpret_cast<const char*>(id.octets.data()), id.octets.size()});
}

std::uint64_t key_of_message_id(std::string_view message_id) {
    if (message_id.starts_with('<')) message_id.remove_prefix(1);
    if (message_id.ends_with('>')) message_id.remove_suffix(1);
    return hash('m', message_id);
}

std::uint64_t key_of_address(std::string_view address) {
    return hash('a', ascii::to_lower(address));
}

std::vector<std::uint64_t> keys_of(const RecordRow& row) {
    std::vector<std::uint64_t> keys{key_of_id(row.id)};
    if (row.type != RecordType::accepted) return keys;
    const auto facts = decode_accepted(row.data);
    if (!facts) return keys;
    if (!facts->message_id.empty()) keys.push_back(key_of_message_id(facts->message_id));
    if (!facts->account.empty()) keys.push_back(key_of_address(facts->account));
    if (!facts->sender.empty()) keys.push_back(key_of_address(facts->sender));
    for (const auto& recipient : facts->recipients) keys.push_back(key_of_address(recipient));
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

}  // namespace posthaste::store
