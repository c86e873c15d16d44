#include "base/assert.h"
#include "base/mutex.h"
#include "net/listener.h"

namespace posthaste::net {

struct ConnectionCounter::Impl {
    Limits limits;
    mutable Mutex mutex;
    std::size_t total PH_GUARDED_BY(mutex) = 0;
    // Bounded by `limits.total`: an entry goes when its count does.
    std::unordered_map<IpAddress, std::size_t> before_login PH_GUARDED_BY(mutex);

    void leave_address(const IpAddress& key) PH_REQUIRES(mutex) {
        auto found = before_login.find(key);
        PH_ASSERT(found != before_login.end());
        if (--found->second == 0) before_login.erase(found);
    }
};

ConnectionCounter::ConnectionCounter(Limits limits) : impl_(std::make_unique<Impl>()) {
    impl_->limits = limits;
}

ConnectionCounter::~ConnectionCounter() = default;

std::expected<ConnectionCounter::Unit, ConnectionCounter::Full> ConnectionCounter::admit(
    const IpAddress& address) {
    IpAddress key = address.network_key();
    MutexLock lock(impl_->mutex);
    if (impl_->total >= impl_->limits.total) return std::unexpected(Full::server);
    std::size_t& count = impl_->before_login[key];
    if (count >= impl_->limits.per_address) {
        if (count == 0) impl_->before_login.erase(key);
        return std::unexpected(Full::address);
    }
    ++count;
    ++impl_->total;
    return Unit(*this, key);
}

std::size_t ConnectionCounter::total() const {
    MutexLock lock(impl_->mutex);
    return impl_->total;
}

ConnectionCounter::Unit::Unit(Unit&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)),
      key_(other.key_),
      counted_for_address_(other.counted_for_address_) {}

ConnectionCounter::Unit::~Unit() {
    if (owner_ == nullptr) return;
    logged_in();
    MutexLock lock(owner_->impl_->mutex);
    --owner_->impl_->total;
}

void ConnectionCounter::Unit::logged_in() {
    if (owner_ == nullptr || !std::exchange(counted_for_address_, false)) return;
    MutexLock lock(owner_->impl_->mutex);
    owner_->impl_->leave_address(key_);
}

}  // namespace posthaste::net
