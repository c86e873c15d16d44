// TokenVault: refresh tokens in the store, sealed under the store's own secret. A backup without
// that secret holds nothing of use. Blocking; any thread but a worker or the committer's.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "store/store.h"

#include <optional>
#include <string>

namespace posthaste::delivery {

class TokenVault {
  public:
    explicit TokenVault(store::Store& store) : store_(store) {}

    // Nothing: none is there. Errors: those of reading, denied (it does not open: the store's
    // secret is another).
    Result<std::optional<Secret>> get(const std::string& name) const;
    // On disk when it comes back.
    Result<void> put(const std::string& name, const Secret& token);

  private:
    store::Store& store_;
};

}  // namespace posthaste::delivery
