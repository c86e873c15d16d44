#include "queue/story.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/text.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

constexpr std::size_t kLongestField = 200;
constexpr std::size_t kLongestUndecoded = 2000;

std::string unfold(std::string_view value) {
    std::string line;
    line.reserve(value.size());
    for (const char c : value) {
        if (c != '\r' && c != '\n') line += c == '\t' ? ' ' : c;
    }
    return std::string(ascii::trim(line));
}

std::uint64_t size_of(const store::MessageRow& row) {
    return (row.header ? row.header->size() : 0) + 2 + row.body.size;
}

}  // namespace

std::string field_of(std::string_view header, std::string_view name) {
    for (std::size_t at = 0; at < header.size();) {
        const std::size_t end = header.find('\n', at);
        const std::size_t next = end == std::string_view::npos ? header.size() : end + 1;
        if (header.size() - at > name.size() && header[at + name.size()] == ':' &&
            ascii::equals_ignore_case(header.substr(at, name.size()), name)) {
            std::size_t last = next;
            while (last < header.size() && (header[last] == ' ' || header[last] == '\t')) {
                const std::size_t more = header.find('\n', last);
                last = more == std::string_view::npos ? header.size() : more + 1;
            }
            const std::size_t from = at + name.size() + 1;
            const auto value = header.substr(from, std::min(last - from, kLongestUndecoded));
            return utf8::printable(mail::decode_words(unfold(value)), kLongestField);
        }
        at = next;
    }
    return {};
}

namespace {

// What the sender asked of its delivery: when it is sent, and when it is to be there.
std::vector<std::string> told_wishes(const store::MessageRow& row) {
    std::vector<std::string> wishes;
    const auto wall = [&](store::QueueTime t) {
        return format_iso8601(row.accepted_wall + (t - row.accepted));
    };
    if (row.release > row.accepted) {
        wishes.push_back("not to be sent before " + wall(row.release) + " (FUTURERELEASE)");
    }
    if (row.by_mode == mail::ByMode::give_back)
        wishes.push_back("to come back if it is not there by " + wall(row.by) + " (DELIVERBY)");
    if (row.by_mode == mail::ByMode::notify)
        wishes.push_back("its sender is told if it is not there by " + wall(row.by) +
                         " (DELIVERBY)");
    if (row.priority != 0)
        wishes.push_back(fmt::format("of priority {} (MT-PRIORITY)", row.priority));
    return wishes;
}

}  // namespace

store::AddRecord tell_accepted(const store::AddMessage& added, const Arrival& arrival) {
    const store::MessageRow& row = added.row;
    store::AcceptedFacts facts;
    facts.kind = row.kind;
    facts.account = row.account;
    facts.sender = mail::to_string(row.sender);
    facts.recipients.reserve(added.recipients.size());
    for (const store::RecipientRow& recipient : added.recipients)
        facts.recipients.push_back(recipient.address.to_string());
    if (row.header) {
        facts.message_id = field_of(*row.header, "Message-ID");
        facts.subject = field_of(*row.header, "Subject");
    }
    facts.size = size_of(row);
    facts.client = arrival.client;
    facts.tls = arrival.tls;
    facts.changes = arrival.changes;
    facts.wishes = told_wishes(row);
    facts.about = arrival.about;
    facts.profile = row.profile;
    facts.held = row.hold == store::Hold::held;
    facts.envid = row.envid;
    facts.verp = row.verp;
    // Who is not to be told of a failure that comes by mail, when this row is long gone.
    for (const store::RecipientRow& recipient : added.recipients) {
        if (recipient.notify != mail::Notify::unset &&
            !mail::has(recipient.notify, mail::Notify::failure))
            facts.untold.push_back(recipient.index);
        if (mail::has(recipient.notify, mail::Notify::success))
            facts.success.push_back(recipient.index);
    }
    return {row.id, row.accepted_wall, store::RecordType::accepted, store::encode(facts)};
}

store::ResultFacts make_result(const Tried& tried, const Decision& decision) {
    store::ResultFacts result;
    result.index = decision.update.index;
    result.address = tried.recipient.address.to_string();
    result.what = decision.event;
    result.attempt = decision.update.attempts;
    result.outcome = decision.update.outcome;
    if (decision.update.to == store::RecipientUpdate::To::open)
        result.next = tried.wall + std::max(decision.update.next_at - tried.now, Milliseconds(0));
    return result;
}

void tell_outcome(const QueueId& id, Timestamp at, store::OutcomeFacts facts,
                  store::Changes& changes) {
    std::vector<store::ResultFacts> rest = std::move(facts.results);
    std::size_t from = 0;
    do {
        const std::size_t count = std::min(rest.size() - from, store::kResultsOfOneRecord);
        const auto first = rest.begin() + static_cast<std::ptrdiff_t>(from);
        facts.results.assign(std::make_move_iterator(first),
                             std::make_move_iterator(first + static_cast<std::ptrdiff_t>(count)));
        changes.push_back(
            store::AddRecord{id, at, store::RecordType::outcome, store::encode(facts)});
        facts.tries.clear();
        from += count;
    } while (from < rest.size());
}

store::AddRecord tell_note(const QueueId& id, store::RecordType type, std::string text,
                           std::string other) {
    return {id, now(), type, store::encode(store::NoteFacts{std::move(text), std::move(other)})};
}

}  // namespace posthaste::queue
