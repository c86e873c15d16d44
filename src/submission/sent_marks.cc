#include "submission/sent_marks.h"

#include <algorithm>

namespace posthaste::submission {
namespace {

constexpr Seconds kPruneEvery{3600};

std::optional<accounts::Digest> to_digest(const std::string& octets) {
    accounts::Digest digest{};
    if (octets.size() != digest.size()) return std::nullopt;
    std::ranges::copy(octets, digest.begin());
    return digest;
}

}  // namespace

SentMarks::SentMarks(Options options, std::string secret)
    : options_(options), secret_(std::move(secret)) {}

Result<void> SentMarks::load(store::Engine& engine) {
    PH_TRY(const auto rows, engine.sent_marks());
    const MutexLock lock(mutex_);
    for (const auto& row : rows) {
        if (const auto digest = to_digest(row.digest)) put(*digest, {row.id, row.when});
    }
    unwritten_.clear();
    return {};
}

accounts::Digest SentMarks::digest_of(const Letter& letter) const {
    auto recipients = letter.recipients;
    std::ranges::sort(recipients);
    std::string all;
    for (const auto& recipient : recipients) all += recipient + '\n';
    return accounts::keyed_digest(secret_, {"sent", letter.account, letter.message_id, all,
                                            accounts::to_octets(letter.body)});
}

std::optional<QueueId> SentMarks::find(const accounts::Digest& digest, Timestamp at) const {
    const MutexLock lock(mutex_);
    const auto mark = marks_.find(digest);
    if (mark != marks_.end() && at - mark->second.at <= options_.keep) return mark->second.id;
    const auto [begin, end] = live_by_digest_.equal_range(digest);
    for (auto at_digest = begin; at_digest != end; ++at_digest) {
        const Live& live = live_.at(at_digest->second);
        if (live.unheard && live.unheard()) return live.id;
    }
    return std::nullopt;
}

void SentMarks::said(const void* session, const accounts::Digest& digest, const QueueId& id,
                     std::function<bool()> unheard) {
    const MutexLock lock(mutex_);
    live_[session] = {digest, id, std::move(unheard)};
    live_by_digest_.emplace(digest, session);
}

std::optional<SentMarks::Live> SentMarks::take_live(const void* session) {
    auto live = live_.extract(session);
    if (live.empty()) return std::nullopt;
    const auto [begin, end] = live_by_digest_.equal_range(live.mapped().digest);
    const auto mine =
        std::find_if(begin, end, [&](const auto& entry) { return entry.second == session; });
    if (mine != end) live_by_digest_.erase(mine);
    return std::move(live.mapped());
}

void SentMarks::heard(const void* session) {
    const MutexLock lock(mutex_);
    const auto live = take_live(session);
    if (!live) return;
    if (marks_.contains(live->digest)) remove(live->digest);
}

void SentMarks::ended(const void* session, Timestamp at) {
    const MutexLock lock(mutex_);
    const auto live = take_live(session);
    if (!live) return;
    put(live->digest, {live->id, at});
}

// What a store that takes nothing lets pile up is bounded too.
void SentMarks::note(const accounts::Digest& digest) {
    if (unwritten_.size() < 2 * options_.marks) unwritten_.insert(digest);
}

void SentMarks::put(const accounts::Digest& digest, Mark mark) {
    const auto before = marks_.find(digest);
    if (before != marks_.end()) by_age_.erase({before->second.at, digest});
    marks_[digest] = mark;
    by_age_.emplace(mark.at, digest);
    note(digest);
    if (marks_.size() > options_.marks) remove(by_age_.begin()->second);
}

// By value: it may be of the very entry that goes.
void SentMarks::remove(accounts::Digest digest) {
    const auto mark = marks_.find(digest);
    by_age_.erase({mark->second.at, digest});
    note(digest);
    marks_.erase(mark);
}

void SentMarks::take_changes(store::Changes& into, std::size_t most) {
    const MutexLock lock(mutex_);
    const Timestamp at = now();
    if (most > 0 && at - pruned_ > kPruneEvery) {
        pruned_ = at;
        const Timestamp oldest = at - options_.keep;
        while (!by_age_.empty() && by_age_.begin()->first < oldest) {
            const accounts::Digest digest = by_age_.begin()->second;
            remove(digest);
            unwritten_.erase(digest);
        }
        into.push_back(store::RemoveSentMarks{oldest});
        --most;
    }
    for (; most > 0 && !unwritten_.empty(); --most) {
        const auto digest = unwritten_.extract(unwritten_.begin()).value();
        const auto mark = marks_.find(digest);
        if (mark == marks_.end()) {
            into.push_back(store::RemoveSentMark{accounts::to_octets(digest)});
        } else {
            into.push_back(store::PutSentMark{
                {accounts::to_octets(digest), mark->second.id, mark->second.at}});
        }
    }
}

std::size_t SentMarks::size() const {
    const MutexLock lock(mutex_);
    return marks_.size();
}

}  // namespace posthaste::submission
