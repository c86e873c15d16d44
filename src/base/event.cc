#include "base/event.h"

#include "base/assert.h"

#include <array>

#include <fmt/format.h>

namespace posthaste {

std::string_view to_string(EventType type) {
    switch (type) {
        case EventType::accepted:
            return "accepted";
        case EventType::rejected:
            return "rejected";
        case EventType::delivered:
            return "delivered";
        case EventType::deferred:
            return "deferred";
        case EventType::failed:
            return "failed";
        case EventType::expired:
            return "expired";
        case EventType::held:
            return "held";
        case EventType::released:
            return "released";
        case EventType::cancelled:
            return "cancelled";
        case EventType::delayed:
            return "delayed";
        case EventType::bounced:
            return "bounced";
        case EventType::complained:
            return "complained";
        case EventType::suppressed:
            return "suppressed";
    }
    return "unknown";
}

namespace {

// The fields of one line; no allocation.
class Fields {
  public:
    void add(LogField field) {
        PH_ASSERT(count_ < fields_.size());
        fields_[count_++] = field;
    }

    void add_text(std::string_view key, std::string_view text) {
        if (!text.empty()) add({key, text});
    }

    void add_number(std::string_view key, std::int64_t number) {
        if (number != 0) add({key, number});
    }

    std::span<const LogField> span() const { return std::span(fields_).first(count_); }

  private:
    static constexpr std::size_t kMost = 24;
    std::array<LogField, kMost> fields_ = filled(std::make_index_sequence<kMost>{});
    std::size_t count_ = 0;

    template <std::size_t... I>
    static std::array<LogField, kMost> filled(std::index_sequence<I...>) {
        return {((void)I, LogField("", false))...};
    }
};

// "2.001/0.000/0.110/0.052": seconds, in Postfix's order of delays=a/b/c/d.
std::string words_of(const AttemptDelays& delays) {
    const auto seconds = [](Milliseconds time) { return static_cast<double>(time.count()) / 1000; };
    return fmt::format("{:.3f}/{:.3f}/{:.3f}/{:.3f}", seconds(delays.waiting),
                       seconds(delays.queued), seconds(delays.set_up), seconds(delays.transfer));
}

}  // namespace

void log_event(Log& log, const Event& event) {
    Fields fields;
    std::string id;
    if (event.id != QueueId{}) id = event.id.to_string();
    fields.add_text("id", id);
    fields.add_text("account", event.account);
    // The null sender is a fact about a message, not an empty field.
    const bool about_message = event.id != QueueId{} || !event.sender.empty();
    if (about_message)
        fields.add({"from", event.sender.empty() ? std::string_view("<>") : event.sender});
    fields.add_text("to", event.recipient);
    fields.add_number("size", static_cast<std::int64_t>(event.size));
    fields.add_text("remote", event.remote);
    fields.add_text("route", event.route);
    fields.add_text("tls", event.tls);
    fields.add_text("policy", event.tls_policy);
    // Sessions that had to prove who answers, and did not, carry nothing.
    const bool proves =
        event.tls_policy == "dane" || event.tls_policy == "sts" || event.tls_policy == "verify";
    if (event.type == EventType::delivered && !event.tls.empty() && !event.tls_policy.empty())
        fields.add({"verified", proves});
    fields.add_number("code", event.code);
    fields.add_text("status", event.status);
    fields.add_text("cause", event.cause);
    fields.add_text("rule", event.rule);
    fields.add_text("means", event.means);
    if (event.type == EventType::bounced) fields.add({"async", true});
    fields.add_number("confidence", event.confidence);
    fields.add_number("attempt", event.attempt);
    const bool ends_or_waits =
        event.type != EventType::accepted && event.type != EventType::rejected;
    if (ends_or_waits || event.delay.count() != 0) fields.add({"delay_s", event.delay.count()});
    std::string delays;
    if (event.delays) delays = words_of(*event.delays);
    fields.add_text("delays", delays);
    if (event.next) fields.add({"next_s", event.next->count()});
    fields.add_text("text", event.text);
    log.write_fields(LogLevel::info, to_string(event.type), fields.span());
}

}  // namespace posthaste
