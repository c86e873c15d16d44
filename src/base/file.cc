#include "base/file.h"

#include "base/random.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include <unistd.h>

namespace posthaste {

namespace {

int open_retrying(const std::string& path, int flags, mode_t mode = 0) {
    for (;;) {
        const int fd = open(path.c_str(), flags | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EINTR) return fd;
    }
}

std::unexpected<Error> failed(std::string_view doing, const std::string& path) {
    const int error_number = errno;
    return std::unexpected(system_error(error_number, std::string(doing) + ' ' + path));
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const ssize_t wrote = write(fd, content.data(), content.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return failed("cannot write", path);
        content.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
}

Result<void> fill_temporary(const std::string& temporary, std::string_view content, mode_t mode) {
    const FileDescriptor file(
        open_retrying(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (!file) return failed("cannot create", temporary);
    // Content before rights: nobody reads half of it.
    PH_CHECK(write_all(file.get(), content, temporary));
    if (fchmod(file.get(), mode) != 0) return failed("cannot set the rights of", temporary);
    if (fsync(file.get()) != 0) return failed("cannot sync", temporary);
    return {};
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

int FileDescriptor::release() {
    return std::exchange(fd_, -1);
}

void FileDescriptor::reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
}

Result<std::string> read_file(const std::string& path, std::size_t max_octets) {
    // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    const FileDescriptor file(open_retrying(path, O_RDONLY | O_NONBLOCK));
    if (!file) return failed("cannot read", path);
    struct stat status{};
    if (fstat(file.get(), &status) != 0) return failed("cannot read", path);
    if (!S_ISREG(status.st_mode))
        return fail(ErrorKind::unsupported, "cannot read " + path + ": it is not a regular file",
                    "name a file");
    std::string content;
    // Files below /proc say 0 octets, and a file may grow while it is read: the end is where read()
    // says so.
    content.reserve(std::min(static_cast<std::size_t>(status.st_size), max_octets) + 1);
    char piece[16384];
    for (;;) {
        const ssize_t got = read(file.get(), piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("cannot read", path);
        if (got == 0) return content;
        if (static_cast<std::size_t>(got) > max_octets - content.size())
            return fail(ErrorKind::too_large,
                        path + " is larger than the " + std::to_string(max_octets) +
                            " octets allowed for it",
                        "check that this is the right file");
        content.append(piece, static_cast<std::size_t>(got));
    }
}

Result<void> write_file_durably(const std::string& path, std::string_view content, mode_t mode) {
    const std::string folder = folder_of(path);
    const std::string temporary = path + "." + random_token(8) + ".tmp";
    if (Result<void> filled = fill_temporary(temporary, content, mode); !filled) {
        // EEXIST would mean a file that is not ours; with 64 random bits in its name it does not
        // occur.
        unlink(temporary.c_str());
        return filled;
    }
    if (rename(temporary.c_str(), path.c_str()) != 0) {
        auto error = failed("cannot write", path);
        unlink(temporary.c_str());
        return error;
    }
    const FileDescriptor directory(open_retrying(folder, O_RDONLY | O_DIRECTORY));
    if (!directory) return failed("cannot sync the folder", folder);
    if (fsync(directory.get()) != 0) return failed("cannot sync the folder", folder);
    return {};
}

}  // namespace posthaste
