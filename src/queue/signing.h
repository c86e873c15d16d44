// Signing: the DKIM keys of our domains, and the signatures of what leaves (delivery.md 5.4). Keys
// are read from the directory when it has changed; signatures are made on a small pool of their
// own, never on a worker.
#pragma once

#include "base/log.h"
#include "base/mutex.h"
#include "mail/domain.h"
#include "runtime/offload.h"
#include "store/store.h"

#include <memory>
#include <string>

namespace posthaste::queue {

class Signing {
  public:
    Signing(store::Store& store, Log& log);

    // Whether mail from that domain may get a signature, so that its body must be hashed while it
    // comes in. Any thread, never blocks; true in doubt.
    bool signs(const mail::Domain& from) const;

    // The DKIM-Signature fields to stand above `header`, which is final: one for each active key of
    // the domain in From, or of the nearest domain above it that has some. Empty when there is
    // none, or when a key does not work, which is logged: unsigned mail is better than none.
    // Blocks.
    std::string sign_now(const std::string& header, const std::string& body_hash);

    // The same on the pool. Errors: busy, timeout, cancelled.
    runtime::Task<Result<std::string>> sign(std::string header, std::string body_hash);

    void stop();

  private:
    struct Keys;

    std::shared_ptr<const Keys> known() const;
    std::shared_ptr<const Keys> current();  // blocks when the directory has changed
    std::shared_ptr<const Keys> load(std::uint64_t generation);

    store::Store& store_;
    Log& log_;
    mutable Mutex mutex_;
    std::shared_ptr<const Keys> keys_ PH_GUARDED_BY(mutex_);
    runtime::BlockingPool pool_;
};

}  // namespace posthaste::queue
