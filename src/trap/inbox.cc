#include "trap/inbox.h"

#include "base/ascii.h"
#include "base/mutex.h"
#include "mail/header.h"
#include "mail/text.h"
#include "runtime/callback.h"
#include "runtime/timer.h"
#include "trap/magic.h"
#include "trap/message_file.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace posthaste::trap {

namespace {

using runtime::Task;

constexpr std::size_t kMaxWaiting = 1000;
constexpr std::size_t kMaxText = 1000;  // characters of a header value
constexpr Seconds kWriteDeadline{300};
// A step between two messages that is longer, or backwards, is a clock that was set, not time that
// went by.
constexpr std::int64_t kLongestGap = std::chrono::milliseconds(std::chrono::days(30)).count();

std::int64_t wall_ms() {
    return now().time_since_epoch().count();
}

bool contains_ignore_case(std::string_view text, std::string_view lower) {
    return ascii::to_lower(text).find(lower) != std::string::npos;
}

bool matches(const TrappedMessage& message, std::string_view lower) {
    if (lower.empty() || contains_ignore_case(message.subject, lower) ||
        contains_ignore_case(message.sender, lower))
        return true;
    const auto hit = [&](const DisplayAddress& a) {
        return contains_ignore_case(to_string(a), lower);
    };
    return std::ranges::any_of(message.recipients,
                               [&](const auto& r) { return contains_ignore_case(r, lower); }) ||
           std::ranges::any_of(message.from, hit) || std::ranges::any_of(message.to, hit);
}

bool is_to(const TrappedMessage& message, std::string_view address) {
    return address.empty() || std::ranges::any_of(message.recipients, [&](const auto& one) {
               return ascii::equals_ignore_case(one, address);
           });
}

std::string line_of(const mail::HeaderBlock& header, std::string_view name) {
    const auto* field = header.find(name);
    return field == nullptr ? std::string()
                            : mail::readable(mail::decode_words(field->unfolded()), kMaxText);
}

std::vector<DisplayAddress> addresses_of(const mail::HeaderBlock& header, std::string_view name) {
    const auto* field = header.find(name);
    if (field == nullptr) return {};
    return parse_display_addresses(field->unfolded());
}

void read_header(TrappedMessage& message, std::string_view octets) {
    const auto header = mail::HeaderBlock::parse(octets);
    if (!header) return;
    message.from = addresses_of(*header, "From");
    message.to = addresses_of(*header, "To");
    message.cc = addresses_of(*header, "Cc");
    message.reply_to = addresses_of(*header, "Reply-To");
    message.subject = line_of(*header, "Subject");
    message.date = line_of(*header, "Date");
    message.message_id = line_of(*header, "Message-ID");
}

mail::Outcome kept(const QueueId& id) {
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::delivered;
    outcome.status = {2, 0, 0};
    outcome.code = 250;
    outcome.reply = "2.0.0 kept in the local inbox as " + id.to_string();
    outcome.remote_host = "local inbox";
    return outcome;
}

mail::Outcome not_kept(const Error& error) {
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::deferred;
    const bool full = error.kind == ErrorKind::store_full;
    outcome.status = full ? mail::EnhancedStatus{4, 3, 1} : mail::EnhancedStatus{4, 3, 0};
    outcome.code = full ? 452 : 451;
    outcome.reply = "the local inbox could not keep it: " + error.text;
    outcome.remote_host = "local inbox";
    outcome.cause = mail::Cause::unknown;
    outcome.charge_attempt = error.kind != ErrorKind::cancelled;
    return outcome;
}

}  // namespace

struct Inbox::Impl : std::enable_shared_from_this<Inbox::Impl> {
    struct Entry {
        TrappedMessage message;
        SteadyTime arrived;  // also for what was read at start: the wall clock may jump
    };

    struct Waiter {
        std::string to;
        std::int64_t since_ms = 0;
        runtime::Callback<TrappedMessage> done;
    };

    Impl(Options o, runtime::BlockingPool& pool, Log& l)
        : options(std::move(o)), blocking(pool), log(l) {}

    Result<void> load();
    Result<void> keep(TrappedMessage message, const std::string& header,
                      store::ContentReader content);
    void add(TrappedMessage message, SteadyTime arrived) PH_REQUIRES(mutex);
    std::vector<QueueId> drop_surplus() PH_REQUIRES(mutex);
    void forget(const QueueId& id) PH_REQUIRES(mutex);
    void tidy();
    void tidy_if_due() PH_REQUIRES(mutex);

    const Options options;
    runtime::BlockingPool& blocking;
    Log& log;

    mutable Mutex mutex;
    std::map<std::uint64_t, Entry> entries PH_GUARDED_BY(mutex);  // by number, oldest first
    std::unordered_map<QueueId, std::uint64_t> numbers PH_GUARDED_BY(mutex);
    std::uint64_t next_number PH_GUARDED_BY(mutex) = 1;
    std::uint64_t octets PH_GUARDED_BY(mutex) = 0;
    Dropped dropped PH_GUARDED_BY(mutex);
    std::map<std::uint64_t, Waiter> waiting PH_GUARDED_BY(mutex);
    std::uint64_t next_waiter PH_GUARDED_BY(mutex) = 1;
    Mutex
        files;  // held while envelopes are rewritten or removed, so that no removed one comes back
};

Result<void> Inbox::Impl::load() {
    PH_TRY(auto messages, load_messages(options.folder, log));
    {
        MutexLock lock(mutex);
        dropped = read_dropped(options.folder);
        // Ages from the youngest back, as sums of believable steps.
        std::vector<SteadyTime> arrived(messages.size());
        auto at = std::chrono::steady_clock::now();
        std::int64_t later = wall_ms();
        for (std::size_t i = messages.size(); i-- > 0;) {
            const std::int64_t gap = later - messages[i].arrived_ms;
            if (gap > 0 && gap <= kLongestGap) at -= Milliseconds(gap);
            later = messages[i].arrived_ms;
            arrived[i] = at;
        }
        for (std::size_t i = 0; i < messages.size(); ++i) add(std::move(messages[i]), arrived[i]);
    }
    tidy();
    return {};
}

void Inbox::Impl::add(TrappedMessage message, SteadyTime arrived) {
    const std::uint64_t number = next_number++;
    numbers.emplace(message.id, number);
    octets += message.size;
    entries.emplace(number, Entry{std::move(message), arrived});
}

void Inbox::Impl::forget(const QueueId& id) {
    const auto found = numbers.find(id);
    if (found == numbers.end()) return;
    const auto entry = entries.find(found->second);
    octets -= entry->second.message.size;
    entries.erase(entry);
    numbers.erase(found);
}

// The newest is never dropped, however large.
std::vector<QueueId> Inbox::Impl::drop_surplus() {
    std::vector<QueueId> surplus;
    const auto oldest_allowed = std::chrono::steady_clock::now() - options.max_age;
    while (!entries.empty()) {
        const auto& oldest = entries.begin()->second;
        const bool too_old = oldest.arrived < oldest_allowed;
        const bool too_much = entries.size() > 1 && (entries.size() > options.max_messages ||
                                                     octets > options.max_octets);
        if (!too_old && !too_much) break;
        surplus.push_back(oldest.message.id);
        forget(surplus.back());
    }
    if (surplus.empty()) return surplus;
    dropped.messages += surplus.size();
    dropped.last_ms = wall_ms();
    return surplus;
}

// Drops what is too much or too old. Blocking.
void Inbox::Impl::tidy() {
    MutexLock one_at_a_time(files);
    std::vector<QueueId> surplus;
    Dropped notice;
    {
        MutexLock lock(mutex);
        surplus = drop_surplus();
        notice = dropped;
    }
    if (surplus.empty()) return;
    // The notice first: after a crash between the two a message is counted twice, never dropped in
    // silence.
    auto noted = write_dropped(options.folder, notice);
    if (!noted)
        log.warning("trap.notice_lost",
                    {{"why", noted.error().text}, {"mend", noted.error().mend}});
    for (const auto& id : surplus) remove_message(options.folder, id);
    log.info("trap.dropped", {{"messages", surplus.size()}, {"in_all", notice.messages}});
}

// Mail grows old also while none comes.
void Inbox::Impl::tidy_if_due() {
    if (entries.empty()) return;
    if (entries.begin()->second.arrived >= std::chrono::steady_clock::now() - options.max_age)
        return;
    static_cast<void>(blocking.try_post([self = shared_from_this()] { self->tidy(); }));
}

// On the blocking pool.
Result<void> Inbox::Impl::keep(TrappedMessage message, const std::string& header,
                               store::ContentReader content) {
    read_header(message, header);
    PH_CHECK(write_message(options.folder, message, header, std::move(content)));
    std::vector<runtime::Callback<TrappedMessage>> wake;
    {
        MutexLock lock(mutex);
        add(message, std::chrono::steady_clock::now());
        std::erase_if(waiting, [&](const auto& entry) {
            const auto& waiter = entry.second;
            if (message.arrived_ms < waiter.since_ms || !is_to(message, waiter.to)) return false;
            wake.push_back(waiter.done);
            return true;
        });
    }
    for (auto& done : wake) done(message);
    tidy();
    return {};
}

Inbox::Inbox(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Inbox::~Inbox() = default;

Result<std::unique_ptr<Inbox>> Inbox::open(Options options, runtime::BlockingPool& blocking,
                                           Log& log) {
    auto impl = std::make_shared<Impl>(std::move(options), blocking, log);
    PH_CHECK(impl->load());
    return std::unique_ptr<Inbox>(new Inbox(std::move(impl)));
}

Task<std::vector<mail::Outcome>> Inbox::take(const queue::Parcel& parcel,
                                             store::ContentReader content) {
    auto impl = impl_;
    const auto& row = *parcel.message;
    TrappedMessage message;
    message.id = QueueId::make();
    message.queue_id = row.id;
    message.account = row.account;
    message.sender = mail::to_string(row.sender);
    std::vector<mail::Outcome> outcomes;
    bool slow = false;
    for (const auto& recipient : parcel.recipients) {
        auto magic = magic_of(recipient.address.local(), recipient.attempts);
        slow = slow || magic.slow;
        if (!magic.refusal) message.recipients.push_back(recipient.address.to_string());
        outcomes.push_back(magic.refusal ? std::move(*magic.refusal) : kept(message.id));
    }
    Result<void> done;
    if (slow) done = co_await runtime::sleep_for(kSlowAnswer);
    if (done && !message.recipients.empty()) {
        if (row.header == nullptr) {
            done = fail(ErrorKind::io, "the header of the message is not there");
        } else {
            message.arrived_ms = wall_ms();
            auto job = [impl, message, header = row.header,
                        content = std::move(content)]() mutable {
                return impl->keep(std::move(message), *header, std::move(content));
            };
            done = co_await runtime::offload(impl->blocking, std::move(job),
                                             Deadline::after(kWriteDeadline));
        }
    }
    if (!done) {
        for (auto& outcome : outcomes)
            if (outcome.verdict == mail::Verdict::delivered) outcome = not_kept(done.error());
    }
    co_return outcomes;
}

std::vector<TrappedMessage> Inbox::list(std::size_t start, std::size_t limit,
                                        const std::string& query) const {
    const auto lower = ascii::to_lower(query);
    std::vector<TrappedMessage> found;
    MutexLock lock(impl_->mutex);
    impl_->tidy_if_due();
    for (auto it = impl_->entries.rbegin(); it != impl_->entries.rend() && found.size() < limit;
         ++it) {
        if (!matches(it->second.message, lower)) continue;
        if (start > 0)
            --start;
        else
            found.push_back(it->second.message);
    }
    return found;
}

std::size_t Inbox::count(const std::string& query) const {
    const auto lower = ascii::to_lower(query);
    MutexLock lock(impl_->mutex);
    if (lower.empty()) return impl_->entries.size();
    return static_cast<std::size_t>(std::ranges::count_if(
        impl_->entries, [&](const auto& e) { return matches(e.second.message, lower); }));
}

std::size_t Inbox::unread() const {
    MutexLock lock(impl_->mutex);
    return static_cast<std::size_t>(std::ranges::count_if(
        impl_->entries, [](const auto& e) { return !e.second.message.read; }));
}

std::optional<TrappedMessage> Inbox::find(const QueueId& id) const {
    MutexLock lock(impl_->mutex);
    const auto found = impl_->numbers.find(id);
    if (found == impl_->numbers.end()) return std::nullopt;
    return impl_->entries.at(found->second).message;
}

std::optional<TrappedMessage> Inbox::latest() const {
    MutexLock lock(impl_->mutex);
    if (impl_->entries.empty()) return std::nullopt;
    return impl_->entries.rbegin()->second.message;
}

Dropped Inbox::dropped() const {
    MutexLock lock(impl_->mutex);
    return impl_->dropped;
}

Result<std::string> Inbox::raw(const QueueId& id) const {
    const auto message = find(id);
    if (!message)
        return fail(ErrorKind::not_found, "there is no such message",
                    "it may have been removed or dropped");
    return read_message(impl_->options.folder, *message);
}

void Inbox::mark_read(const QueueId& id) {
    MutexLock one_at_a_time(impl_->files);
    auto message = find(id);
    if (!message || message->read) return;
    message->read = true;
    {
        MutexLock lock(impl_->mutex);
        const auto found = impl_->numbers.find(id);
        if (found == impl_->numbers.end()) return;
        impl_->entries.at(found->second).message.read = true;
    }
    // Not worth an error to anybody: after a restart it is unread once more.
    auto written = write_envelope(impl_->options.folder, *message);
    if (!written) impl_->log.debug("trap.unread_again", {{"why", written.error().text}});
}

Result<void> Inbox::remove(const std::vector<QueueId>& ids) {
    MutexLock one_at_a_time(impl_->files);
    std::vector<QueueId> gone;
    {
        MutexLock lock(impl_->mutex);
        for (const auto& [id, number] : impl_->numbers)
            if (ids.empty() || std::ranges::find(ids, id) != ids.end()) gone.push_back(id);
        for (const auto& id : gone) impl_->forget(id);
        if (ids.empty()) impl_->dropped = {};
    }
    for (const auto& id : gone) remove_message(impl_->options.folder, id);
    if (!ids.empty()) return {};
    return write_dropped(impl_->options.folder, {});
}

Task<Result<TrappedMessage>> Inbox::wait_for(std::string to, std::int64_t since_ms,
                                             Deadline deadline) {
    auto impl = impl_;
    runtime::Callback<TrappedMessage> done;
    std::uint64_t number = 0;
    {
        MutexLock lock(impl->mutex);
        for (const auto& [order, entry] : impl->entries)
            if (entry.message.arrived_ms >= since_ms && is_to(entry.message, to))
                co_return entry.message;
        if (impl->waiting.size() >= kMaxWaiting)
            co_return fail(ErrorKind::busy, "too many are waiting for mail",
                           "wait for fewer addresses at once");
        number = impl->next_waiter++;
        impl->waiting.emplace(number, Impl::Waiter{std::move(to), since_ms, done});
    }
    auto message = co_await done.wait(deadline);
    if (!message) {
        MutexLock lock(impl->mutex);
        impl->waiting.erase(number);
    }
    co_return message;
}

}  // namespace posthaste::trap
