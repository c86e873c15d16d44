#include "store/space.h"

#include "store/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store {

std::optional<std::uint64_t> free_octets(const std::string& folder) {
    struct statvfs status{};
    if (statvfs(folder.c_str(), &status) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

SpaceGuard::SpaceGuard(Options options)
    : options_(std::move(options)), reserve_path_(options_.folder + "/reserve") {
    struct stat status{};
    has_reserve_ = options_.reserve_octets == 0 ||
                   (stat(reserve_path_.c_str(), &status) == 0 &&
                    static_cast<std::uint64_t>(status.st_blocks) * 512 >= options_.reserve_octets);
}

void SpaceGuard::look(SteadyTime now) {
    if (looked_ != SteadyTime::min() && now - looked_ < options_.look_every) return;
    looked_ = now;
    const auto free_space = options_.free ? options_.free() : free_octets(options_.folder);
    if (free_space) {  // otherwise what was known stays
        free_now_ = *free_space;
        // Without a margin a full disk would let a message in with every few octets that are freed.
        const std::uint64_t margin = full() ? options_.floor_octets / 8 : 0;
        const std::uint64_t missing = has_reserve_ ? 0 : options_.reserve_octets;
        below_floor_ = free_now_ < options_.floor_octets + margin + (hit_the_end_ ? missing : 0);
    }
    if (below_floor_ || (has_reserve_ && !hit_the_end_)) return;
    if (tried_ != SteadyTime::min() && now - tried_ < options_.retry_every) return;
    tried_ = now;
    if (make_reserve()) hit_the_end_ = false;
}

void SpaceGuard::found_full(SteadyTime now) {
    hit_the_end_ = true;
    tried_ = now;
}

bool SpaceGuard::give_up_reserve() {
    if (options_.reserve_octets == 0 || !std::exchange(has_reserve_, false)) return false;
    return unlink(reserve_path_.c_str()) == 0;
}

std::string SpaceGuard::text() const {
    if (below_floor_)
        return fmt::format("{} are free in {}, and new mail needs {}", format_size(free_now_),
                           options_.folder, format_size(options_.floor_octets));
    return fmt::format("the disk or the quota of {} is full", options_.folder);
}

bool SpaceGuard::make_reserve() {
    if (has_reserve_) return true;
    const auto file = open_file(reserve_path_, O_WRONLY | O_CREAT);
    if (!file) return false;
    // Not synced: after a crash its size is looked at again.
    if (posix_fallocate(file->get(), 0, static_cast<off_t>(options_.reserve_octets)) != 0) {
        unlink(reserve_path_.c_str());
        return false;
    }
    has_reserve_ = true;
    return true;
}

}  // namespace posthaste::store
