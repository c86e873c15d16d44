// SpaceGuard: whether there is room for new mail, and the reserve that lets what is under way be
// written to its end when there is none. The committer's thread only.
//
// New mail stops at a floor of free space, long before writes fail. When a write fails all the same
// (another program took the rest, or a quota that statvfs does not show), the reserve, a file that
// holds real blocks, is given up, so that outcomes and bounces still find room. Once there is space
// again, the reserve is made first: that it can be made proves that the space is ours.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace posthaste::store {

// Free octets for this process on the file system of `folder`; nothing when it cannot be asked.
std::optional<std::uint64_t> free_octets(const std::string& folder);

class SpaceGuard {
  public:
    struct Options {
        std::string folder;
        std::uint64_t floor_octets = 0;
        std::uint64_t reserve_octets = 0;
        Milliseconds look_every{100};    // at the free space
        Milliseconds retry_every{1000};  // to make the reserve again
        std::function<std::optional<std::uint64_t>()>
            free;  // for tests; otherwise free_octets(folder)
    };

    explicit SpaceGuard(Options options);

    // Looks at the disk when it is time, and makes the reserve when it is missing.
    void look(SteadyTime now);
    void found_full(SteadyTime now);  // the engine met the end of the disk
    bool give_up_reserve();           // false: there is none to give up

    bool full() const { return below_floor_ || hit_the_end_; }

    // "12 MB are free in /var/lib/posthaste, and new mail needs 64 MB"
    std::string text() const;

  private:
    bool make_reserve();

    const Options options_;
    const std::string reserve_path_;
    std::uint64_t free_now_ = 0;
    SteadyTime looked_ = SteadyTime::min();
    SteadyTime tried_ = SteadyTime::min();
    bool below_floor_ = false;
    bool hit_the_end_ = false;
    bool has_reserve_ = false;
};

}  // namespace posthaste::store
