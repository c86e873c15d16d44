#include "net/demux.h"

#include "base/mutex.h"
#include "net/detail/first_octets.h"

#include <algorithm>
#include <list>

namespace posthaste::net {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kAddressesAtMost = 8192;
constexpr auto kLately = 1h;
constexpr auto kLateHelloFor = 24h;  // for so long everybody behind that address waits a little

// Programs that start in TLS take up to 30 ms to load their certificates between connecting and
// their ClientHello (docs/decisions/0006-hold-of-the-banner.md).
constexpr Milliseconds kHoldAtLeast = 100ms;
constexpr Milliseconds kHoldForPlain = 60ms;  // for an address that lately never started in TLS
constexpr Milliseconds kHoldForBusy = 5ms;    // for one that starts so again and again
constexpr Milliseconds kHoldAtMost = 1500ms;
constexpr Milliseconds kHoldForLateHello = 3s;
constexpr Milliseconds kHoldImplicit = 4s;
constexpr Milliseconds kHoldImplicitLate = 10s;

// An address is busy in plain text once it has started so 30 times more than once a second; half a
// minute of silence ends it.
constexpr auto kPlainStartEvery = 1s;
constexpr auto kBusyAhead = 30s;
constexpr auto kBusyAtMost = 60s;

constexpr std::size_t kPeek = 8;  // as many as the longest HTTP verb needs

bool lately(SteadyTime when, std::chrono::steady_clock::duration window) {
    return when != SteadyTime{} && std::chrono::steady_clock::now() - when < window;
}

}  // namespace

namespace detail {

FirstOctets judge_first_octets(std::string_view octets) {
    if (octets.empty()) return FirstOctets::plain;
    auto octet = [&](std::size_t i) { return static_cast<unsigned char>(octets[i]); };
    // A TLS record of type handshake. No SMTP command begins with 0x16, so one octet of it is
    // enough: waiting for the second would only give a slow client two chances to be taken for a
    // plain one.
    if (octet(0) == 0x16) return FirstOctets::tls;
    // An SSLv2 record: length with the high bit set, then CLIENT-HELLO.
    if ((octet(0) & 0x80) != 0 && octets.size() >= 3 && octet(2) == 0x01)
        return FirstOctets::old_ssl;
    for (std::string_view verb : {"GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ",
                                  "CONNECT ", "TRACE ", "PATCH ", "PRI * "}) {
        if (octets.starts_with(verb.substr(0, kPeek))) return FirstOctets::http;
    }
    return FirstOctets::plain;
}

}  // namespace detail

struct DemuxMemory::Impl {
    struct Entry {
        IpAddress key;
        SteadyTime tls{};
        SteadyTime plain{};
        SteadyTime late_hello{};
        SteadyTime plain_paid_until{};  // each start in plain text moves it by kPlainStartEvery

        bool only_plain() const { return tls == SteadyTime{} && lately(plain, kLately); }

        bool busy() const {
            return only_plain() && plain_paid_until - std::chrono::steady_clock::now() > kBusyAhead;
        }
    };

    Entry& touch(const IpAddress& address) PH_REQUIRES(mutex);

    mutable Mutex mutex;
    std::list<Entry> by_age PH_GUARDED_BY(mutex);  // newest first
    std::unordered_map<IpAddress, std::list<Entry>::iterator> by_key PH_GUARDED_BY(mutex);
};

DemuxMemory::Impl::Entry& DemuxMemory::Impl::touch(const IpAddress& address) {
    IpAddress key = address.network_key();
    auto found = by_key.find(key);
    if (found != by_key.end()) {
        by_age.splice(by_age.begin(), by_age, found->second);
        return by_age.front();
    }
    if (by_key.size() >= kAddressesAtMost) {
        by_key.erase(by_age.back().key);
        by_age.pop_back();
    }
    by_age.push_front(Entry{.key = key});
    by_key.emplace(key, by_age.begin());
    return by_age.front();
}

DemuxMemory::DemuxMemory() : impl_(std::make_unique<Impl>()) {}

DemuxMemory::~DemuxMemory() = default;

void DemuxMemory::saw_tls(const IpAddress& address) {
    MutexLock lock(impl_->mutex);
    impl_->touch(address).tls = std::chrono::steady_clock::now();
}

void DemuxMemory::saw_plain(const IpAddress& address) {
    MutexLock lock(impl_->mutex);
    auto& entry = impl_->touch(address);
    auto now = std::chrono::steady_clock::now();
    entry.plain = now;
    entry.plain_paid_until =
        std::min(std::max(entry.plain_paid_until, now) + kPlainStartEvery, now + kBusyAtMost);
}

void DemuxMemory::saw_late_hello(const IpAddress& address) {
    MutexLock lock(impl_->mutex);
    auto& entry = impl_->touch(address);
    // Behind a banner that was hardly held the hello is not late: it had no chance.
    auto& seen = entry.busy() ? entry.tls : entry.late_hello;
    seen = std::chrono::steady_clock::now();
}

Milliseconds DemuxMemory::hold(const IpAddress& address, PortHabit habit,
                               Milliseconds round_trip) const {
    Impl::Entry entry;
    {
        MutexLock lock(impl_->mutex);
        auto found = impl_->by_key.find(address.network_key());
        if (found != impl_->by_key.end()) entry = *found->second;
    }
    if (habit == PortHabit::implicit_tls) {
        return lately(entry.late_hello, kLateHelloFor) ? kHoldImplicitLate : kHoldImplicit;
    }
    if (lately(entry.late_hello, kLateHelloFor)) return kHoldForLateHello;
    if (entry.busy()) return std::min(2 * round_trip + kHoldForBusy, kHoldAtMost);
    auto least = entry.only_plain() ? kHoldForPlain : kHoldAtLeast;
    return std::min(2 * round_trip + least, kHoldAtMost);
}

runtime::Task<Result<FirstOctets>> demultiplex(Stream& stream, PortHabit habit,
                                               DemuxMemory& memory) {
    IpAddress address = stream.peer().address;
    auto until = Deadline::after(memory.hold(address, habit, stream.round_trip()));
    PH_CO_TRY(auto octets, co_await stream.peek(kPeek, until));
    auto first = detail::judge_first_octets(octets);
    if (first == FirstOctets::tls) memory.saw_tls(address);
    if (first == FirstOctets::plain) memory.saw_plain(address);
    co_return first;
}

}  // namespace posthaste::net
