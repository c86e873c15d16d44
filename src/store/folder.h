// The store's folder: ours alone, and used by one process at a time.
#pragma once

#include "base/file.h"
#include "base/result.h"

#include <string>

namespace posthaste::store {

class FolderLock {
  public:
    // Checks that `path` is a folder of the effective user that nobody else may enter (denied),
    // made first when it is missing and `create` (not_found otherwise), and locks it until the end
    // of this object or of the process (conflict names the process that holds it).
    static Result<FolderLock> take(const std::string& path, bool create);

  private:
    explicit FolderLock(FileDescriptor file) : file_(std::move(file)) {}

    FileDescriptor
        file_;  // the lock file, holding the pid for people; the lock goes with the descriptor
};

}  // namespace posthaste::store
