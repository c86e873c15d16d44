#include "queue/in_flight.h"

#include "base/file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::queue {

namespace {

constexpr std::uint64_t kMagic = 0x50485146'00000001;  // "PHQF", version 1
constexpr std::size_t kSlots = 4096;
constexpr std::uint8_t kMostCrashes = 100;

enum State : std::uint8_t { unused = 0, under_way = 1, suspected = 2 };

struct Slot {
    std::array<std::uint8_t, 16> id;
    std::uint8_t state;
    std::uint8_t crashes;
    std::uint8_t alone;
    std::array<std::uint8_t, 13> spare;
};

static_assert(sizeof(Slot) == 32);

}  // namespace

// As it lies on the disk.
struct InFlight::File {
    std::uint64_t magic;
    std::uint64_t crashed;
    std::array<Slot, kSlots> slots;
};

namespace {

// The one of the process, for the handler.
std::atomic<std::uint64_t*> crashed_flag{nullptr};

std::unexpected<Error> no_file(const std::string& path, int error) {
    return fail(ErrorKind::io, fmt::format("cannot make {}: {}", path, std::strerror(error)),
                "give the store's folder room; mail is delivered without it");
}

}  // namespace

Result<std::unique_ptr<InFlight>> InFlight::open(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return no_file(path, errno);
    // With all its blocks: a page that the disk has no room for would end the process.
    if (const int error = posix_fallocate(file.get(), 0, sizeof(File)); error != 0)
        return no_file(path, error);
    void* const memory =
        mmap(nullptr, sizeof(File), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) return no_file(path, errno);
    std::unique_ptr<InFlight> made(new InFlight(static_cast<File*>(memory)));
    made->read();
    crashed_flag.store(&made->file_->crashed);
    return made;
}

InFlight::InFlight(File* file) : file_(file) {}

InFlight::~InFlight() {
    std::uint64_t* mine = &file_->crashed;
    crashed_flag.compare_exchange_strong(mine, nullptr);
    munmap(file_, sizeof(File));
}

void InFlight::read() {
    if (file_->magic != kMagic) {
        std::memset(static_cast<void*>(file_), 0, sizeof(File));
        file_->magic = kMagic;
    }
    const bool crashed = file_->crashed != 0;
    for (std::size_t i = kSlots; i-- > 0;) {
        Slot& slot = file_->slots[i];
        // After a kill or a power cut nothing more is suspected than before.
        if (slot.state == under_way && crashed && slot.crashes < kMostCrashes) ++slot.crashes;
        if (slot.state == unused || slot.crashes == 0) {
            slot = {};
            free_.push_back(i);
            continue;
        }
        if (slot.state == suspected || !crashed) slot.alone = 0;
        slot.state = suspected;
        QueueId id;
        std::ranges::copy(slot.id, id.octets.begin());
        if (!places_.try_emplace(id, Place{.slot = i}).second) continue;
        suspects_.push_back({id, slot.crashes, slot.alone != 0});
    }
    file_->crashed = 0;
}

void InFlight::begin(const QueueId& id, bool alone) {
    const auto [place, is_new] = places_.try_emplace(id);
    if (is_new) {
        if (free_.empty()) {
            places_.erase(place);
            return;
        }
        place->second.slot = free_.back();
        free_.pop_back();
        std::ranges::copy(id.octets, file_->slots[place->second.slot].id.begin());
    }
    Slot& slot = file_->slots[place->second.slot];
    slot.alone = alone ? 1 : 0;
    slot.state = under_way;
    ++place->second.ways;
}

void InFlight::end(const QueueId& id) {
    const auto place = places_.find(id);
    if (place == places_.end() || place->second.ways == 0) return;
    if (--place->second.ways == 0) forget(id);
}

void InFlight::forget(const QueueId& id) {
    const auto place = places_.find(id);
    if (place == places_.end()) return;
    file_->slots[place->second.slot] = {};
    free_.push_back(place->second.slot);
    places_.erase(place);
}

void InFlight::mark_crash() noexcept {
    if (std::uint64_t* flag = crashed_flag.load()) *flag = 1;
}

}  // namespace posthaste::queue
