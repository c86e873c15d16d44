// Files of the store: system calls that are tried again after a signal and whose failures say what
// to do. Blocking.
#pragma once

#include "base/file.h"
#include "base/result.h"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace posthaste::store {

// Flags are open(2)'s; O_CLOEXEC and O_NOFOLLOW are always added.
Result<FileDescriptor> open_file(const std::string& path, int flags, mode_t mode = 0600);

// Errors of the next three: store_full (ENOSPC, EDQUOT) or store_failed (anything else: the file is
// abandoned).
Result<void> write_all(int fd, std::string_view octets, const std::string& path);
Result<void> sync_data(int fd, const std::string& path);
Result<void> sync_folder(const std::string& folder);

// 0700, its entry in the parent folder synced. A folder that is there already is left as it is.
Result<void> make_folder(const std::string& path);
// Names of everything in it but "." and "..", unordered.
Result<std::vector<std::string>> list_folder(const std::string& path);

// A copy with rights 0600, synced; `to` must not exist.
Result<void> copy_file(const std::string& from, const std::string& to);

}  // namespace posthaste::store
