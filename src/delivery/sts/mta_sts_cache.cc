#include "delivery/sts/mta_sts_cache.h"

#include "delivery/sts/mta_sts_policy.h"
#include "formats/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr std::size_t kEntryOverhead = 500;

std::int64_t milliseconds(Timestamp at) {
    return at.time_since_epoch().count();
}

std::size_t octets_of(const std::vector<std::string>& texts) {
    std::size_t sum = 0;
    for (const auto& text : texts) sum += text.size() + sizeof(std::string);
    return sum;
}

std::size_t octets_of(const std::string& domain, const StsEntry& entry) {
    std::size_t sum = kEntryOverhead + 2 * domain.size();
    if (entry.known) {
        sum += octets_of(entry.known->policy.mx) + octets_of(entry.known->policy.lines);
    }
    return entry.failed ? sum + entry.failed->why.size() : sum;
}

std::optional<Timestamp> read_time(const formats::JsonValue& value, std::string_view key) {
    const auto* member = value.find(key);
    const auto number = member != nullptr ? member->as_int() : std::nullopt;
    if (!number) return std::nullopt;
    return Timestamp(Milliseconds(*number));
}

std::string read_text(const formats::JsonValue& value, std::string_view key) {
    const auto* member = value.find(key);
    return member != nullptr ? std::string(member->as_string().value_or("")) : std::string();
}

}  // namespace

store::KeptRow to_row(const std::string& domain, const StsEntry& entry) {
    formats::JsonWriter json;
    const KnownSts& known = *entry.known;
    json.begin_object()
        .member("id", known.policy.id)
        .member("fetched", milliseconds(known.fetched))
        .member("used", milliseconds(known.used));
    if (entry.failed)
        json.member("failed_id", entry.failed->id)
            .member("failed_at", milliseconds(entry.failed->at))
            .member("failed_why", entry.failed->why);
    json.key("lines").begin_array();
    for (const auto& line : known.policy.lines) json.value(line);
    json.end_array().end_object();
    return {std::string(kStsKind), domain, std::move(json).take(), known.expires};
}

std::optional<StsEntry> from_row(const store::KeptRow& row) {
    const auto value = formats::JsonValue::parse(row.value);
    if (!value) return std::nullopt;
    const auto* lines = value->find("lines");
    const auto fetched = read_time(*value, "fetched");
    if (lines == nullptr || !fetched) return std::nullopt;
    std::string body;
    for (const auto& line : lines->items()) body.append(line.as_string().value_or("")) += '\n';
    const auto document = parse_sts_policy(body);
    if (!document) return std::nullopt;
    StsEntry entry;
    entry.known = std::make_shared<const KnownSts>(
        KnownSts{make_policy(*document, read_text(*value, "id")), document->max_age, *fetched,
                 row.expires, read_time(*value, "used").value_or(*fetched)});
    if (const auto at = read_time(*value, "failed_at"))
        entry.failed = StsTrial{read_text(*value, "failed_id"), *at,
                                TlsResult::sts_policy_fetch_error, read_text(*value, "failed_why")};
    return entry;
}

std::optional<StsEntry> StsCache::find(const std::string& domain) {
    const MutexLock lock(mutex_);
    const auto found = by_domain_.find(domain);
    if (found != by_domain_.end()) {
        places_.splice(places_.begin(), places_, found->second);
        return found->second->entry;
    }
    const auto waiting = unwritten_.find(domain);
    if (waiting == unwritten_.end()) return std::nullopt;
    return waiting->second;
}

StsCache::Place& StsCache::place_of(const std::string& domain) {
    const auto found = by_domain_.find(domain);
    if (found != by_domain_.end()) {
        places_.splice(places_.begin(), places_, found->second);
        return *found->second;
    }
    places_.push_front({domain, {}, 0});
    if (const auto waiting = unwritten_.find(domain); waiting != unwritten_.end())
        places_.front().entry = waiting->second;
    by_domain_.emplace(domain, places_.begin());
    return places_.front();
}

void StsCache::changed(Place& place, bool write) {
    octets_ -= place.octets;
    place.octets = octets_of(place.domain, place.entry);
    octets_ += place.octets;
    const bool room = unwritten_.size() < limits_.unwritten || unwritten_.contains(place.domain);
    if (write && place.entry.known && room) unwritten_[place.domain] = place.entry;
    shrink();
}

void StsCache::shrink() {
    while (places_.size() > 1 && (places_.size() > limits_.domains || octets_ > limits_.octets)) {
        octets_ -= places_.back().octets;
        by_domain_.erase(places_.back().domain);
        places_.pop_back();
    }
}

void StsCache::loaded(const std::string& domain, StsEntry entry) {
    const MutexLock lock(mutex_);
    if (by_domain_.contains(domain)) return;
    Place& place = place_of(domain);
    if (!place.entry.known && !place.entry.failed) place.entry = std::move(entry);
    changed(place, false);
}

void StsCache::fetched(const std::string& domain, KnownSts known) {
    const MutexLock lock(mutex_);
    Place& place = place_of(domain);
    place.entry.known = std::make_shared<const KnownSts>(std::move(known));
    place.entry.failed.reset();
    changed(place, true);
}

void StsCache::failed(const std::string& domain, StsTrial trial) {
    const MutexLock lock(mutex_);
    Place& place = place_of(domain);
    place.entry.failed = std::move(trial);
    changed(place, true);
}

void StsCache::used(const std::string& domain, Timestamp now) {
    const MutexLock lock(mutex_);
    const auto found = by_domain_.find(domain);
    if (found == by_domain_.end() || !found->second->entry.known) return;
    const KnownSts& known = *found->second->entry.known;
    if (now >= known.used && now - known.used < std::chrono::days(1)) return;
    auto again = std::make_shared<KnownSts>(known);
    again->used = now;
    found->second->entry.known = std::move(again);
    changed(*found->second, true);
}

void StsCache::take_changes(store::Changes& into, std::size_t most) {
    const MutexLock lock(mutex_);
    if (expired_before_ && most > 0) {
        into.push_back(store::RemoveExpiredKept{std::string(kStsKind), *expired_before_});
        expired_before_.reset();
        --most;
    }
    for (; most > 0 && !unwritten_.empty(); --most) {
        const auto first = unwritten_.begin();
        into.push_back(store::PutKept{to_row(first->first, first->second)});
        unwritten_.erase(first);
    }
}

void StsCache::remove_expired(Timestamp now) {
    const MutexLock lock(mutex_);
    expired_before_ = now;
}

StsCache::Counts StsCache::counts(Timestamp now) const {
    const MutexLock lock(mutex_);
    Counts counts;
    for (const Place& place : places_) {
        const KnownSts* known = place.entry.valid(now);
        if (known == nullptr) continue;
        if (known->policy.mode == StsMode::enforce) ++counts.enforce;
        if (known->policy.mode == StsMode::testing) ++counts.testing;
    }
    return counts;
}

std::size_t StsCache::size() const {
    const MutexLock lock(mutex_);
    return places_.size();
}

}  // namespace posthaste::delivery
