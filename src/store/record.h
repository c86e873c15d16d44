// Records of the history: what is told of a message, in the order in which it happened. A record is
// written in the transaction of the change that it tells of (change.h, AddRecord), so that neither
// is ever there without the other. Here: what a record says, as values and as octets.
#pragma once

#include "base/event.h"
#include "mail/outcome.h"
#include "store/values.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::store {

enum class RecordType : std::uint8_t {
    accepted = 1,  // 250 was said; AcceptedFacts
    outcome = 2,   // what came of an attempt, or of a word that ends recipients; OutcomeFacts
    held = 3,      // NoteFacts, here and below
    released = 4,
    retried = 5,   // a person asked for an attempt now
    told = 6,      // the sender was told: a report was made
    returned = 7,  // something came back after the delivery; ReturnFacts
};

// Text in a record is printable and clipped by whoever makes it.
struct AcceptedFacts {
    MessageKind kind = MessageKind::mail;
    std::string account{};  // login, empty for a report of ours
    std::string sender{};   // "" is the null sender
    std::vector<std::string> recipients{};
    std::string message_id{};  // of the header, with its brackets
    std::string subject{};     // decoded
    std::uint64_t size = 0;    // octets
    std::string client{};      // address of the client
    std::string tls{};
    std::vector<std::string> changes{};  // what was mended in it at submission, a phrase each
    std::vector<std::string> wishes{};   // of its sender about the delivery, a phrase each
    std::string about{};                 // a report: the id of the message that it is about
    Profile profile = Profile::human;
    bool held = false;
    std::string envid{};                   // as the sender gave it (RFC 3461 §4.4)
    std::vector<std::uint32_t> untold{};   // indexes of recipients whose failure is not reported
    std::vector<std::uint32_t> success{};  // indexes of those whose success is to be reported
    Verp verp = Verp::off;
};

// One address that was connected to, or one transaction over a connection that was there.
struct TryFacts {
    Timestamp at{};
    std::string host{};
    std::string ip{};  // empty: it has no address
    std::uint16_t port = 0;
    std::string source_ip{};
    bool reused = false;           // over a connection of an earlier message
    bool delivered = false;        // at least one recipient was taken
    std::string stage{};           // how far it came: "connect", "banner", "rcpt", "final_dot" …
    std::string tls{};             // "TLSv1.3", empty in clear
    std::string cipher{};          // "TLS_AES_256_GCM_SHA384"
    std::string tls_policy{};      // "dane", "sts", "verify", "encrypt", "may"
    bool verified = false;         // the certificate, as that policy demands
    int code = 0;                  // of the reply that ended it, 0 when none came
    std::string reply{};           // its text, or what happened instead
    std::uint32_t recipients = 0;  // how many it was about
    std::uint32_t connect_ms = 0;  // until the connection stood
    std::uint32_t setup_ms = 0;    // banner, EHLO, TLS, login
    std::uint32_t transfer_ms = 0;
    std::string dialogue{};  // lines with LF; nothing secret in it; empty: not kept
};

// What it meant for one recipient. Of `outcome` what is not asked of later is not kept:
// remote_takes_dsn, charge_attempt, retry_after.
struct ResultFacts {
    std::uint32_t index = 0;
    std::string address{};
    EventType what = EventType::deferred;  // delivered, deferred, failed, expired or cancelled
    std::uint32_t attempt = 0;             // attempts so far, with this one
    mail::Outcome outcome{};
    Timestamp next{};  // deferred: when it is tried again

    bool is_end() const { return what != EventType::deferred; }
};

constexpr std::size_t kResultsOfOneRecord = 1000;  // more of them come in several records

struct OutcomeFacts {
    std::uint32_t queue_ms = 0;  // it was due before the attempt began
    std::vector<TryFacts> tries{};
    std::vector<ResultFacts> results{};
};

struct NoteFacts {
    std::string text{};   // a sentence: who, why
    std::string other{};  // the id of the report
};

// What came back by mail after a server had taken the message: a bounce, or a complaint. It changes
// what is known of one recipient; the record of its delivery stays.
struct ReturnFacts {
    static constexpr std::uint32_t kNobody = ~std::uint32_t{0};

    EventType what = EventType::bounced;  // or complained; or delayed or delivered, says a report
    bool counts = true;                   // false: too uncertain; it is told and no more
    std::uint32_t index = 0;              // kNobody: nobody that the message was sent to
    std::string address{};         // of the recipient, as the message or else the report has it
    mail::Outcome outcome{};       // what the report says; remote_host: who returned it
    std::uint32_t confidence = 0;  // percent
    std::string basis{};           // what it was read by: "dsn", "X-Failed-Recipients", "abuse" …
    std::string report{};          // the id of our report to the sender; empty: none was made
};

std::string encode(const AcceptedFacts& facts);
std::string encode(const OutcomeFacts& facts);
std::string encode(const NoteFacts& facts);
std::string encode(const ReturnFacts& facts);

// Nothing for what cannot be (a damaged file). Tags of later versions are passed over. Linear.
std::optional<AcceptedFacts> decode_accepted(std::string_view octets);
std::optional<OutcomeFacts> decode_outcome(std::string_view octets);
std::optional<NoteFacts> decode_note(std::string_view octets);
std::optional<ReturnFacts> decode_return(std::string_view octets);

// A record as it is stored. `number` counts all records of the store without a gap.
struct RecordRow {
    std::uint64_t number = 0;
    QueueId id{};
    Timestamp at{};
    RecordType type{};
    std::string data{};
};

// What a record is found by: its message, and of an accepted one the Message-ID and every address.
std::uint64_t key_of_id(const QueueId& id);
std::uint64_t key_of_message_id(std::string_view message_id);  // brackets or not
std::uint64_t key_of_address(std::string_view address);        // letters are all one case
std::vector<std::uint64_t> keys_of(const RecordRow& row);      // without repetition, sorted

}  // namespace posthaste::store
