#include "queue/signing.h"

#include "mail/dkim/dkim.h"
#include "mail/fixup.h"
#include "mail/header.h"

#include <map>
#include <vector>

namespace posthaste::queue {

namespace {

constexpr std::size_t kThreads = 2;
constexpr std::size_t kMostWaiting = 2000;  // at 0.4 ms each
constexpr Seconds kDeadline{30};

struct ActiveKey {
    mail::DkimIdentity identity;
    mail::DkimKey key;
};

}  // namespace

struct Signing::Keys {
    std::uint64_t generation = 0;
    std::map<std::string, std::vector<ActiveKey>, std::less<>> by_domain;

    // Of the domain, or of the nearest one above it: such a signature is aligned too (RFC 7489
    // §3.1.1).
    const std::vector<ActiveKey>* of(std::string_view domain) const {
        for (;;) {
            if (const auto found = by_domain.find(domain); found != by_domain.end())
                return &found->second;
            const auto dot = domain.find('.');
            if (dot == std::string_view::npos) return nullptr;
            domain.remove_prefix(dot + 1);
        }
    }
};

Signing::Signing(store::Store& store, Log& log)
    : store_(store), log_(log), pool_("signing", kThreads, kMostWaiting) {}

void Signing::stop() {
    pool_.stop();
}

std::shared_ptr<const Signing::Keys> Signing::known() const {
    const MutexLock lock(mutex_);
    return keys_;
}

bool Signing::signs(const mail::Domain& from) const {
    const auto keys = known();
    if (!keys || keys->generation != store_.directory_generation()) return true;
    return keys->of(from.ascii()) != nullptr;
}

std::shared_ptr<const Signing::Keys> Signing::current() {
    const auto generation = store_.directory_generation();
    auto keys = known();
    if (keys && keys->generation == generation) return keys;
    auto fresh = load(generation);
    if (!fresh) return keys;  // the old ones, as long as the directory cannot be read
    const MutexLock lock(mutex_);
    keys_ = fresh;
    return fresh;
}

std::shared_ptr<const Signing::Keys> Signing::load(std::uint64_t generation) {
    auto rows = store_.engine().dkim_keys();
    if (!rows) {
        log_.error("dkim.keys_unread", {{"why", rows.error().text}, {"mend", rows.error().mend}});
        return nullptr;
    }
    auto keys = std::make_shared<Keys>();
    keys->generation = generation;
    for (const store::DkimKeyRow& row : *rows) {
        if (row.state != store::DkimState::active) continue;
        auto key = mail::DkimKey::from_pem(row.pem);
        if (!key) {
            log_.error("dkim.key_unusable", {{"domain", row.domain},
                                             {"selector", row.selector},
                                             {"why", key.error().text},
                                             {"mend", "make a new one: posthaste dkim new"}});
            continue;
        }
        keys->by_domain[row.domain].push_back({{row.domain, row.selector}, std::move(*key)});
    }
    return keys;
}

std::string Signing::sign_now(const std::string& header, const std::string& body_hash) {
    const auto keys = current();
    if (!keys || keys->by_domain.empty()) return {};
    const auto block = mail::HeaderBlock::parse(header);
    if (!block) return {};  // an open port takes what is no message
    const auto authors = mail::authors(*block);
    if (!authors || authors->empty()) return {};
    const auto* active = keys->of(authors->front().domain().ascii());
    if (active == nullptr) return {};
    std::string fields;
    for (const ActiveKey& each : *active) {
        auto field = mail::make_dkim_signature(*block, body_hash, each.identity, each.key, now());
        if (field) {
            fields += *field;
            continue;
        }
        log_.error("dkim.not_signed", {{"domain", each.identity.domain},
                                       {"selector", each.identity.selector},
                                       {"why", field.error().text}});
    }
    return fields;
}

runtime::Task<Result<std::string>> Signing::sign(std::string header, std::string body_hash) {
    auto work = [this, header = std::move(header),
                 body_hash = std::move(body_hash)]() -> Result<std::string> {
        return sign_now(header, body_hash);
    };
    auto signing = runtime::offload(pool_, std::move(work), Deadline::after(kDeadline));
    auto fields = co_await std::move(signing);
    co_return fields;
}

}  // namespace posthaste::queue
