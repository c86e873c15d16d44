#include "store/files.h"

#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store {

namespace {

std::unexpected<Error> failed(std::string_view doing, const std::string& path) {
    const int error_number = errno;
    return std::unexpected(system_error(error_number, fmt::format("{} {}", doing, path)));
}

// A write or sync: full is told apart from everything else, which means that the disk cannot be
// trusted.
std::unexpected<Error> write_failed(std::string_view doing, const std::string& path) {
    const int error_number = errno;
    Error error = system_error(error_number, fmt::format("{} {}", doing, path));
    if (error.kind != ErrorKind::store_full) {
        error.kind = ErrorKind::store_failed;
        error.mend = "look at the disk and the kernel's log (dmesg), then restart posthaste";
    }
    return std::unexpected(std::move(error));
}

std::string parent_of(const std::string& path) {
    const std::size_t end = path.find_last_not_of('/');
    if (end == std::string::npos) return "/";
    const std::size_t slash = path.rfind('/', end);
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<FileDescriptor> open_file(const std::string& path, int flags, mode_t mode) {
    for (;;) {
        const int fd = open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd >= 0) return FileDescriptor(fd);
        if (errno != EINTR)
            return failed((flags & O_CREAT) != 0 ? "cannot create" : "cannot open", path);
    }
}

Result<void> write_all(int fd, std::string_view octets, const std::string& path) {
    while (!octets.empty()) {
        const ssize_t wrote = write(fd, octets.data(), octets.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return write_failed("cannot write", path);
        octets.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

Result<void> sync_data(int fd, const std::string& path) {
    // Never tried again, not even after ENOSPC: the kernel may have dropped the pages it could not
    // write, and a second sync would report success (threats.md F2).
    if (fdatasync(fd) == 0) return {};
    const int error_number = errno;
    Error error = system_error(error_number, fmt::format("cannot sync {}", path));
    error.kind = ErrorKind::store_failed;
    error.mend = "look at the disk and the kernel's log (dmesg), then restart posthaste";
    return std::unexpected(std::move(error));
}

Result<void> sync_folder(const std::string& folder) {
    PH_TRY(const FileDescriptor fd, open_file(folder, O_RDONLY | O_DIRECTORY));
    if (fsync(fd.get()) != 0) {
        auto error = write_failed("cannot sync the folder", folder);
        error.error().kind = ErrorKind::store_failed;
        return error;
    }
    return {};
}

Result<void> make_folder(const std::string& path) {
    if (mkdir(path.c_str(), 0700) == 0) return sync_folder(parent_of(path));
    if (errno == EEXIST) return {};
    return failed("cannot make the folder", path);
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), &closedir);
    if (!folder) return failed("cannot read the folder", path);
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* const entry = readdir(folder.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return failed("cannot read the folder", path);
    return names;
}

Result<void> copy_file(const std::string& from, const std::string& to) {
    PH_TRY(const FileDescriptor in, open_file(from, O_RDONLY));
    PH_TRY(const FileDescriptor out, open_file(to, O_WRONLY | O_CREAT | O_EXCL));
    std::array<char, 64 << 10> piece;
    for (;;) {
        const ssize_t got = read(in.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("cannot read", from);
        if (got == 0) break;
        PH_CHECK(write_all(out.get(), std::string_view(piece.data(), static_cast<std::size_t>(got)),
                           to));
    }
    return sync_data(out.get(), to);
}

}  // namespace posthaste::store
