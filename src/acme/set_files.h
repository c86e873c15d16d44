// The folder of one certificate: fullchain.pem, privkey.pem, state.json. Blocking.
#pragma once

#include "acme/keeper.h"

namespace posthaste::acme {

class SetFiles {
  public:
    SetFiles(const std::string& folder, const NameSet& names) : folder_(folder + "/" + names[0]) {}

    Keeper::Files paths() const { return {folder_ + "/fullchain.pem", folder_ + "/privkey.pem"}; }

    // Nothing when there is none, or none that belongs to the key.
    std::optional<Issued> issued() const;
    // Empty when there is none or it cannot be read: then it is simply not known.
    SetState state() const;

    Result<Key> key();  // made when there is none
    Result<void> write_chain(std::string_view pem);
    Result<void> write_state(const SetState& state);

  private:
    Result<void> ensure_folder();
    std::string folder_;
};

// 0700. Errors: io, denied, conflict (there is something else of that name).
Result<void> make_private_folder(const std::string& path);

}  // namespace posthaste::acme
