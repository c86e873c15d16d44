#include "acme/challenges.h"

namespace posthaste::acme {

std::optional<std::string> Challenges::text(std::string_view token) const {
    MutexLock lock(mutex_);
    auto found = texts_.find(token);
    if (found == texts_.end()) return std::nullopt;
    return found->second;
}

std::optional<net::PemIdentity> Challenges::certificate(std::string_view name) const {
    MutexLock lock(mutex_);
    auto found = certificates_.find(name);
    if (found == certificates_.end()) return std::nullopt;
    return found->second;
}

void Challenges::put_text(std::string token, std::string key_authorization) {
    MutexLock lock(mutex_);
    texts_[std::move(token)] = std::move(key_authorization);
}

void Challenges::put_certificate(std::string name, net::PemIdentity pair) {
    MutexLock lock(mutex_);
    certificates_[std::move(name)] = std::move(pair);
}

void Challenges::clear() {
    MutexLock lock(mutex_);
    texts_.clear();
    certificates_.clear();
}

}  // namespace posthaste::acme
