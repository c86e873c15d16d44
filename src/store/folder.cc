#include "store/folder.h"

#include "base/ascii.h"
#include "store/files.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store {

namespace {

std::string user_name(uid_t uid) {
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
        return found->pw_name;
    return std::to_string(uid);
}

Result<void> check_rights(const std::string& path) {
    struct stat status{};
    if (stat(path.c_str(), &status) != 0) {
        const int error_number = errno;
        return std::unexpected(system_error(error_number, "cannot use the store " + path));
    }
    if (!S_ISDIR(status.st_mode))
        return fail(ErrorKind::unsupported, fmt::format("the store {} is not a folder", path),
                    "check store.path");
    if (status.st_uid != geteuid()) {
        const std::string owner = user_name(status.st_uid);
        const std::string self = user_name(geteuid());
        return fail(ErrorKind::denied,
                    fmt::format("the store {} belongs to {}, and this process runs as {}", path,
                                owner, self),
                    fmt::format("run it as {}, or: chown -R {} {}", owner, self, path));
    }
    if ((status.st_mode & 077) != 0) {
        return fail(ErrorKind::denied, fmt::format("the store {} is open to other users", path),
                    fmt::format("chmod 700 {}", path));
    }
    return {};
}

Result<void> make_if_missing(const std::string& path, bool create) {
    struct stat status{};
    if (stat(path.c_str(), &status) == 0 || errno != ENOENT) return {};
    if (!create)
        return fail(ErrorKind::not_found, fmt::format("there is no store {}", path),
                    "check store.path; posthaste serve makes a new store");
    auto made = make_folder(path);
    if (!made && made.error().kind == ErrorKind::not_found)
        made.error().mend = "make the folder above it first";
    return made;
}

std::string holder_of(int fd) {
    std::array<char, 32> text{};
    const ssize_t got = pread(fd, text.data(), text.size(), 0);
    std::string pid;
    for (ssize_t i = 0; i < got && ascii::is_digit(text[static_cast<std::size_t>(i)]); ++i)
        pid += text[static_cast<std::size_t>(i)];
    return pid.empty() ? "another process" : fmt::format("posthaste (pid {})", pid);
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::string& path, bool create) {
    PH_CHECK(make_if_missing(path, create));
    PH_CHECK(check_rights(path));
    const std::string file_path = path + "/lock";
    PH_TRY(FileDescriptor file, open_file(file_path, O_RDWR | O_CREAT));
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        const int error_number = errno;
        if (error_number != EWOULDBLOCK)
            return std::unexpected(system_error(error_number, "cannot lock " + file_path));
        return fail(ErrorKind::conflict,
                    fmt::format("the store {} is in use by {}", path, holder_of(file.get())),
                    "stop that process first, or use another store.path");
    }
    // For the sentence above only, so it is neither synced nor needed: a full disk must not keep us
    // from starting.
    const std::string pid = fmt::format("{}\n", getpid());
    if (ftruncate(file.get(), 0) == 0 && pwrite(file.get(), pid.data(), pid.size(), 0) < 0)
        errno = 0;
    return FolderLock(std::move(file));
}

}  // namespace posthaste::store
