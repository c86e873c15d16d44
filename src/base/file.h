// Whole small files: configuration, keys, state. Blocking; never on a worker's loop.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace posthaste {

// The whole content of a regular file. too_large when it has more than `max_octets`, not_found,
// denied, unsupported for a folder, a pipe or a device.
Result<std::string> read_file(const std::string& path, std::size_t max_octets);

// Replaces the file as a whole, so that after a crash there is the old or the new content, never a
// part: a temporary file in the same folder, synced, renamed over `path`, the folder synced. The
// file gets exactly `mode`, whatever the umask. A symbolic link at `path` is replaced, not
// followed. When it fails before the rename, the old file stays and the temporary one is removed.
Result<void> write_file_durably(const std::string& path, std::string_view content, mode_t mode);

// A file descriptor that closes itself.
class FileDescriptor {
  public:
    FileDescriptor() = default;

    explicit FileDescriptor(int fd) : fd_(fd) {}

    FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}

    FileDescriptor& operator=(FileDescriptor&& other) noexcept;

    ~FileDescriptor() { reset(); }

    int get() const { return fd_; }

    explicit operator bool() const { return fd_ >= 0; }

    int release();
    void reset();  // closes now

  private:
    int fd_ = -1;
};

}  // namespace posthaste
