// NameTable: each name once, under a handle, counted by its users. A name without users is kept, so
// that what was learned about it stays, until many such have gathered.
#pragma once

#include "queue/slab.h"

#include <string>
#include <string_view>
#include <unordered_map>

namespace posthaste::queue {

class NameTable {
  public:
    Handle acquire(std::string_view name) {
        const auto found = handles_.find(name);
        if (found != handles_.end()) {
            Named& named = names_[found->second];
            if (named.users++ == 0) --idle_;
            return found->second;
        }
        const Handle handle = names_.add({});
        const auto added = handles_.emplace(std::string(name), handle).first;
        names_[handle] = {&added->first, 1};
        return handle;
    }

    void release(Handle handle) {
        if (--names_[handle].users == 0) ++idle_;
    }

    Handle find(std::string_view name) const {
        const auto found = handles_.find(name);
        return found == handles_.end() ? kNone : found->second;
    }

    const std::string& name(Handle handle) const { return *names_[handle].name; }

    std::size_t users(Handle handle) const { return names_[handle].users; }

    std::size_t idle() const { return idle_; }

    std::size_t size() const { return handles_.size(); }

    // Drops the names without users for which `may_drop(handle)` is true.
    template <class F>
    void collect(F may_drop) {
        for (auto at = handles_.begin(); at != handles_.end();) {
            const Handle handle = at->second;
            if (names_[handle].users > 0 || !may_drop(handle)) {
                ++at;
                continue;
            }
            at = handles_.erase(at);
            names_.remove(handle);
            --idle_;
        }
    }

  private:
    struct Named {
        const std::string* name = nullptr;
        std::size_t users = 0;
    };

    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    std::unordered_map<std::string, Handle, Hash, std::equal_to<>> handles_;
    Slab<Named> names_;
    std::size_t idle_ = 0;
};

}  // namespace posthaste::queue
