#include "delivery/tlsrpt/tls_report_ledger.h"

#include "base/utf8.h"
#include "formats/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr std::size_t kPolicies = 20;   // of a domain and day
constexpr std::size_t kFailures = 100;  // of a policy, told apart; then by their kind alone
constexpr std::size_t kStrings = 100;   // lines of a policy that are told
constexpr std::size_t kStringOctets = 8 << 10;
constexpr std::size_t kPatterns = 100;
constexpr std::size_t kWord = 255;
constexpr std::size_t kEntryOverhead = 300;
constexpr auto kKeep = std::chrono::hours(48);

std::string key_text(const TlsReportLedger::Key& key) {
    const std::chrono::year_month_day date(key.first);
    return fmt::format("{:04}-{:02}-{:02} {}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       key.second);
}

// "2026-11-22 example.net"; nothing for anything else.
std::optional<TlsReportLedger::Key> read_key(std::string_view text) {
    if (text.size() < 12 || text[4] != '-' || text[7] != '-' || text[10] != ' ')
        return std::nullopt;
    const auto number = [&](std::size_t from, std::size_t count) {
        int value = 0;
        for (const char c : text.substr(from, count)) {
            if (c < '0' || c > '9') return -1;
            value = value * 10 + (c - '0');
        }
        return value;
    };
    const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                           std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                           std::chrono::day(static_cast<unsigned>(number(8, 2))));
    if (!date.ok()) return std::nullopt;
    return TlsReportLedger::Key{UtcDay(date), std::string(text.substr(11))};
}

Timestamp expiry(const TlsReportLedger::Key& key) {
    return Timestamp(key.first + std::chrono::days(1)) + kKeep;
}

std::vector<std::string> bounded(const std::vector<std::string>& texts, std::size_t most) {
    std::vector<std::string> out;
    std::size_t octets = 0;
    for (const auto& text : texts) {
        if (out.size() >= most || octets >= kStringOctets) break;
        out.push_back(utf8::printable(text, kStringOctets - octets));
        octets += text.size();
    }
    return out;
}

std::string show(const std::optional<IpAddress>& address) {
    return address ? address->to_string() : std::string();
}

TlsFailure failure_of(const TlsSession& session) {
    return {session.result,
            utf8::printable(session.reason, kWord),
            utf8::printable(session.mx_host, kWord),
            utf8::printable(session.helo, kWord),
            show(session.sending_ip),
            show(session.receiving_ip)};
}

std::size_t octets_of(const TlsFailure& failure) {
    return kEntryOverhead + failure.reason.size() + failure.mx_host.size() + failure.helo.size() +
           failure.sending_ip.size() + failure.receiving_ip.size();
}

std::size_t octets_of(const TlsPolicyCount& count) {
    std::size_t sum = kEntryOverhead + count.policy_domain.size();
    for (const auto* texts : {&count.strings, &count.mx_patterns})
        for (const auto& text : *texts) sum += text.size() + sizeof(std::string);
    for (const auto& [failure, times] : count.failures) sum += octets_of(failure);
    return sum;
}

// ---- rows

void write_list(formats::JsonWriter& json, std::string_view name,
                const std::vector<std::string>& texts) {
    json.key(name).begin_array();
    for (const auto& text : texts) json.value(text);
    json.end_array();
}

void write_failure(formats::JsonWriter& json, const TlsFailure& failure, std::uint64_t times) {
    json.begin_object()
        .member("result", static_cast<int>(failure.result))
        .member("reason", failure.reason)
        .member("mx", failure.mx_host)
        .member("helo", failure.helo)
        .member("from", failure.sending_ip)
        .member("to", failure.receiving_ip)
        .member("times", times)
        .end_object();
}

std::string text_of(const formats::JsonValue& value, std::string_view key) {
    const auto* member = value.find(key);
    return member != nullptr ? std::string(member->as_string().value_or("")) : std::string();
}

std::uint64_t number_of(const formats::JsonValue& value, std::string_view key) {
    const auto* member = value.find(key);
    const auto number = member != nullptr ? member->as_int().value_or(0) : 0;
    return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

std::vector<std::string> list_of(const formats::JsonValue& value, std::string_view key) {
    std::vector<std::string> texts;
    if (const auto* member = value.find(key))
        for (const auto& item : member->items()) texts.emplace_back(item.as_string().value_or(""));
    return texts;
}

TlsPolicyCount read_policy(const formats::JsonValue& value) {
    TlsPolicyCount count;
    count.type = static_cast<TlsSession::PolicyType>(std::min<std::uint64_t>(
        number_of(value, "type"), static_cast<std::uint64_t>(TlsSession::PolicyType::tlsa)));
    count.policy_domain = text_of(value, "domain");
    count.strings = list_of(value, "strings");
    count.mx_patterns = list_of(value, "patterns");
    count.successes = number_of(value, "successes");
    const auto* failures = value.find("failures");
    if (failures == nullptr) return count;
    for (const auto& one : failures->items()) {
        const auto result = std::min<std::uint64_t>(
            number_of(one, "result"), static_cast<std::uint64_t>(TlsResult::sts_webpki_invalid));
        count.failures[{static_cast<TlsResult>(result), text_of(one, "reason"), text_of(one, "mx"),
                        text_of(one, "helo"), text_of(one, "from"), text_of(one, "to")}] +=
            number_of(one, "times");
    }
    return count;
}

}  // namespace

std::uint64_t TlsPolicyCount::failed() const {
    std::uint64_t sum = 0;
    for (const auto& [failure, times] : failures) sum += times;
    return sum;
}

std::string to_json(const TlsDay& day) {
    formats::JsonWriter json;
    json.begin_array();
    for (const TlsPolicyCount& count : day) {
        json.begin_object()
            .member("type", static_cast<int>(count.type))
            .member("domain", count.policy_domain)
            .member("successes", count.successes);
        write_list(json, "strings", count.strings);
        write_list(json, "patterns", count.mx_patterns);
        json.key("failures").begin_array();
        for (const auto& [failure, times] : count.failures) write_failure(json, failure, times);
        json.end_array().end_object();
    }
    json.end_array();
    return std::move(json).take();
}

std::optional<TlsDay> tls_day_from_json(std::string_view text) {
    const auto value = formats::JsonValue::parse(text, {.max_octets = 4u << 20});
    if (!value || !value->is_array()) return std::nullopt;
    TlsDay day;
    for (const auto& item : value->items()) {
        if (!item.is_object()) return std::nullopt;
        day.push_back(read_policy(item));
    }
    return day;
}

Result<void> TlsReportLedger::load(store::Engine& engine) {
    PH_TRY(const auto rows, engine.kept(kTlsReportKind));
    const Timestamp at = options_.clock();
    const MutexLock lock(mutex_);
    for (const auto& row : rows) {
        const auto key = read_key(row.key);
        auto day = tls_day_from_json(row.value);
        has_expired_ = has_expired_ || row.expires <= at;
        if (!key || !day || expiry(*key) <= at || entries_.size() >= options_.domains) continue;
        Entry& entry = entries_[*key];
        entry.day = std::move(*day);
        for (const auto& count : entry.day) grow(entry, octets_of(count));
    }
    return {};
}

void TlsReportLedger::grow(Entry& entry, std::size_t octets) {
    entry.octets += octets;
    octets_ += octets;
}

TlsPolicyCount* TlsReportLedger::count_of(Entry& entry, const TlsSession& session) {
    auto strings = bounded(session.policy_strings, kStrings);
    const auto found = std::ranges::find_if(entry.day, [&](const TlsPolicyCount& count) {
        return count.type == session.type && count.policy_domain == session.policy_domain &&
               count.strings == strings;
    });
    if (found != entry.day.end()) return &*found;
    if (entry.day.size() >= kPolicies || octets_ >= options_.octets) return nullptr;
    TlsPolicyCount& made = entry.day.emplace_back();
    made.type = session.type;
    made.policy_domain = session.policy_domain;
    made.strings = std::move(strings);
    made.mx_patterns = bounded(session.mx_patterns, kPatterns);
    grow(entry, octets_of(made));
    return &made;
}

void TlsReportLedger::note(const TlsSession& session) {
    const Key key{std::chrono::floor<std::chrono::days>(options_.clock()), session.domain};
    const MutexLock lock(mutex_);
    auto place = entries_.find(key);
    if (place == entries_.end()) {
        if (entries_.size() >= options_.domains || octets_ >= options_.octets) return;
        place = entries_.emplace(key, Entry()).first;
    }
    Entry& entry = place->second;
    TlsPolicyCount* const count = count_of(entry, session);
    if (count == nullptr) return;
    changed_.insert(key);
    if (session.result == TlsResult::success) {
        ++count->successes;
        return;
    }
    auto failure = failure_of(session);
    if (const auto known = count->failures.find(failure); known != count->failures.end()) {
        ++known->second;
        return;
    }
    if (count->failures.size() >= kFailures || octets_ >= options_.octets)
        failure = {session.result, "", "", "", "", ""};
    if (count->failures.try_emplace(failure, 0).second) grow(entry, octets_of(failure));
    ++count->failures[failure];
}

std::vector<TlsReportLedger::Key> TlsReportLedger::complete() const {
    const UtcDay today = std::chrono::floor<std::chrono::days>(options_.clock());
    std::vector<Key> keys;
    const MutexLock lock(mutex_);
    for (const auto& [key, entry] : entries_) {
        if (key.first >= today) break;
        keys.push_back(key);
    }
    return keys;
}

std::optional<TlsDay> TlsReportLedger::find(const Key& key) const {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return found->second.day;
}

store::Changes TlsReportLedger::remove(const Key& key) {
    const MutexLock lock(mutex_);
    if (const auto found = entries_.find(key); found != entries_.end()) {
        octets_ -= found->second.octets;
        entries_.erase(found);
    }
    changed_.erase(key);
    return {store::RemoveKept{std::string(kTlsReportKind), key_text(key)}};
}

void TlsReportLedger::take_changes(store::Changes& into, std::size_t most) {
    const Timestamp at = options_.clock();
    const MutexLock lock(mutex_);
    if (has_expired_ && most > 0) {
        into.push_back(store::RemoveExpiredKept{std::string(kTlsReportKind), at});
        has_expired_ = false;
        --most;
    }
    for (; most > 0 && !changed_.empty(); --most) {
        const Key key = *changed_.begin();
        changed_.erase(changed_.begin());
        const auto found = entries_.find(key);
        if (found == entries_.end()) continue;
        into.push_back(store::PutKept{
            {std::string(kTlsReportKind), key_text(key), to_json(found->second.day), expiry(key)}});
    }
}

}  // namespace posthaste::delivery
