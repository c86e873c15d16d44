/* Preloaded: writes down every change to the files below one folder, so that power_cut_replay.py can build the folder
 * as a power cut at any moment would leave it.
 *
 *   POWER_CUT_FOLDER  what is watched; it need not exist yet
 *   POWER_CUT_LOG     the log, outside of the folder; several processes may append to it one after another
 *
 * A record: the fixed part below, then path, second path and data. Changes are made and written down under one lock, so
 * that the log has them in the order in which they took effect; a sync has two records, and covers what was written
 * down before the first. Writes through mmap are not seen (SQLite's -shm file need not survive).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum operation { /* as in power_cut_replay.py */
    op_exists = 1,
    op_create,
    op_write,
    op_truncate,
    op_allocate,
    op_sync_begin,
    op_sync_end,
    op_rename,
    op_unlink,
    op_mkdir,
    op_rmdir,
    op_link,
    op_mark,
};

struct record {
    uint32_t magic;
    uint32_t operation;
    uint64_t inode;
    uint64_t number;   /* offset of a write, size of a truncate, name of a sync */
    uint64_t time_ns;  /* wall clock, to match ledgers kept elsewhere */
    uint32_t path_length;
    uint32_t second_length;
    uint64_t data_length;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char folder[4096];
static size_t folder_length;
static int log_fd = -1;
static uint64_t syncs;

#define REAL(type, name, ...)      \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int real_open(const char* path, int flags, mode_t mode) {
    REAL(int, "open64", const char*, int, ...);
    return real(path, flags, mode);
}

static void append(struct iovec* parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec*, int);
    size_t octets = 0;
    for (int i = 0; i < count; ++i) octets += parts[i].iov_len;
    if (real(log_fd, parts, count) != (ssize_t)octets) {
        static const char text[] = "power_cut: cannot write the log\n";
        if (syscall(1 /* write */, 2, text, sizeof text - 1) < 0) abort();
        abort();
    }
}

static void record_data(enum operation operation, uint64_t inode, uint64_t number, const char* path, const char* second,
                        const struct iovec* data, int pieces) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct record record = {.magic = 0x54554350,
                            .operation = operation,
                            .inode = inode,
                            .number = number,
                            .time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
                            .path_length = path ? (uint32_t)strlen(path) : 0,
                            .second_length = second ? (uint32_t)strlen(second) : 0};
    struct iovec parts[64] = {{&record, sizeof record}, {(void*)path, record.path_length}, {(void*)second, record.second_length}};
    if (pieces > 60) abort();
    for (int i = 0; i < pieces; ++i) {
        parts[3 + i] = data[i];
        record.data_length += data[i].iov_len;
    }
    append(parts, 3 + pieces);
}

static void record_plain(enum operation operation, uint64_t inode, uint64_t number, const char* path, const char* second) {
    record_data(operation, inode, number, path, second, NULL, 0);
}

/* What is there before the first change counts as safe. */
static void record_existing(const char* path) {
    DIR* entries = opendir(path);
    if (!entries) return;
    for (struct dirent* entry; (entry = readdir(entries));) {
        char name[4400];
        struct stat state;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (lstat(name, &state) != 0) continue;
        if (S_ISDIR(state.st_mode)) {
            record_plain(op_exists, state.st_ino, 1, name, NULL);
            record_existing(name);
            continue;
        }
        const int fd = real_open(name, O_RDONLY | O_CLOEXEC, 0);
        char* octets = malloc((size_t)state.st_size + 1);
        if (fd < 0 || !octets) abort();
        const ssize_t got = read(fd, octets, (size_t)state.st_size);
        close(fd);
        const struct iovec data = {octets, got > 0 ? (size_t)got : 0};
        record_data(op_exists, state.st_ino, 0, name, NULL, &data, 1);
        free(octets);
    }
    closedir(entries);
}

__attribute__((constructor)) static void begin(void) {
    struct stat state;
    const char* given = getenv("POWER_CUT_FOLDER");
    const char* log = getenv("POWER_CUT_LOG");
    if (!given || !log) return;
    if (!realpath(given, folder)) snprintf(folder, sizeof folder, "%s", given);
    log_fd = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) abort();
    if (fstat(log_fd, &state) == 0 && state.st_size == 0 && stat(folder, &state) == 0) {
        record_plain(op_exists, state.st_ino, 1, folder, NULL);
        record_existing(folder);
    }
    folder_length = strlen(folder);
}

static int is_ours(const char* path) {
    return folder_length && strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == 0);
}

static int is_watched(int fd, struct stat* state) {
    char link[64], path[4096];
    if (!folder_length || fd == log_fd) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_ours(path) && fstat(fd, state) == 0;
}

/* For ledgers: a line in the log at this moment. Found by dlsym. */
__attribute__((visibility("default"))) void power_cut_mark(const char* text) {
    if (!folder_length) return;
    pthread_mutex_lock(&mutex);
    record_plain(op_mark, 0, 0, text, NULL);
    pthread_mutex_unlock(&mutex);
}

static ssize_t write_down(const struct iovec* parts, int count, off_t offset, ssize_t written, uint64_t inode) {
    struct iovec done[60];
    size_t left = written > 0 ? (size_t)written : 0;
    int pieces = 0;
    if (count > 60) abort();
    for (int i = 0; i < count && left > 0; ++i, ++pieces) {
        done[i] = parts[i];
        if (done[i].iov_len > left) done[i].iov_len = left;
        left -= done[i].iov_len;
    }
    if (pieces) record_data(op_write, inode, (uint64_t)offset, NULL, NULL, done, pieces);
    return written;
}

static off_t position(int fd, const struct stat* state) {
    return (fcntl(fd, F_GETFL) & O_APPEND) ? state->st_size : lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void* octets, size_t count) {
    REAL(ssize_t, "write", int, const void*, size_t);
    struct stat state;
    if (!is_watched(fd, &state)) return real(fd, octets, count);
    const struct iovec part = {(void*)octets, count};
    pthread_mutex_lock(&mutex);
    const off_t offset = position(fd, &state);
    const ssize_t written = write_down(&part, 1, offset, real(fd, octets, count), state.st_ino);
    pthread_mutex_unlock(&mutex);
    return written;
}

ssize_t pwrite64(int fd, const void* octets, size_t count, off_t offset) {
    REAL(ssize_t, "pwrite64", int, const void*, size_t, off_t);
    struct stat state;
    if (!is_watched(fd, &state)) return real(fd, octets, count, offset);
    const struct iovec part = {(void*)octets, count};
    pthread_mutex_lock(&mutex);
    const ssize_t written = write_down(&part, 1, offset, real(fd, octets, count, offset), state.st_ino);
    pthread_mutex_unlock(&mutex);
    return written;
}

ssize_t pwrite(int fd, const void* octets, size_t count, off_t offset) { return pwrite64(fd, octets, count, offset); }

ssize_t writev(int fd, const struct iovec* parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec*, int);
    struct stat state;
    if (!is_watched(fd, &state)) return real(fd, parts, count);
    pthread_mutex_lock(&mutex);
    const off_t offset = position(fd, &state);
    const ssize_t written = write_down(parts, count, offset, real(fd, parts, count), state.st_ino);
    pthread_mutex_unlock(&mutex);
    return written;
}

ssize_t pwritev64(int fd, const struct iovec* parts, int count, off_t offset) {
    REAL(ssize_t, "pwritev64", int, const struct iovec*, int, off_t);
    struct stat state;
    if (!is_watched(fd, &state)) return real(fd, parts, count, offset);
    pthread_mutex_lock(&mutex);
    const ssize_t written = write_down(parts, count, offset, real(fd, parts, count, offset), state.st_ino);
    pthread_mutex_unlock(&mutex);
    return written;
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
    return pwritev64(fd, parts, count, offset);
}

static int synced(int fd, int (*real)(int)) {
    struct stat state;
    if (!is_watched(fd, &state)) return real(fd);
    pthread_mutex_lock(&mutex);
    const uint64_t name = ((uint64_t)getpid() << 32) + ++syncs;
    record_plain(op_sync_begin, state.st_ino, name, NULL, NULL);
    pthread_mutex_unlock(&mutex);
    const int result = real(fd);
    if (result == 0) {
        pthread_mutex_lock(&mutex);
        record_plain(op_sync_end, state.st_ino, name, NULL, NULL);
        pthread_mutex_unlock(&mutex);
    }
    return result;
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    return synced(fd, real);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return synced(fd, real);
}

int ftruncate64(int fd, off_t size) {
    REAL(int, "ftruncate64", int, off_t);
    struct stat state;
    if (!is_watched(fd, &state)) return real(fd, size);
    pthread_mutex_lock(&mutex);
    const int result = real(fd, size);
    if (result == 0) record_plain(op_truncate, state.st_ino, (uint64_t)size, NULL, NULL);
    pthread_mutex_unlock(&mutex);
    return result;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int posix_fallocate64(int fd, off_t offset, off_t length) {
    REAL(int, "posix_fallocate64", int, off_t, off_t);
    struct stat state;
    if (!is_watched(fd, &state)) return real(fd, offset, length);
    pthread_mutex_lock(&mutex);
    const int result = real(fd, offset, length);
    if (result == 0) record_plain(op_allocate, state.st_ino, (uint64_t)(offset + length), NULL, NULL);
    pthread_mutex_unlock(&mutex);
    return result;
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

static int opened(int directory, const char* path, int flags, mode_t mode) {
    REAL(int, "openat64", int, const char*, int, ...);
    struct stat state;
    if (!is_ours(path) || !(flags & (O_CREAT | O_TRUNC))) return real(directory, path, flags, mode);
    pthread_mutex_lock(&mutex);
    const int was_there = lstat(path, &state) == 0;
    const int fd = real(directory, path, flags, mode);
    if (fd >= 0 && fstat(fd, &state) == 0) {
        if (!was_there) record_plain(op_create, state.st_ino, 0, path, NULL);
        if (was_there && (flags & O_TRUNC)) record_plain(op_truncate, state.st_ino, 0, NULL, NULL);
    }
    pthread_mutex_unlock(&mutex);
    return fd;
}

#define MODE_OF(flags)                                            \
    mode_t mode = 0;                                              \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                        \
        va_list arguments;                                        \
        va_start(arguments, flags);                               \
        mode = va_arg(arguments, mode_t);                         \
        va_end(arguments);                                        \
    }

int open(const char* path, int flags, ...) {
    MODE_OF(flags)
    return opened(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    MODE_OF(flags)
    return opened(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char* path, int flags, ...) {
    MODE_OF(flags)
    return opened(directory, path, flags, mode);
}

int openat64(int directory, const char* path, int flags, ...) {
    MODE_OF(flags)
    return opened(directory, path, flags, mode);
}

int creat(const char* path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* Changes of folders are written down by path; relative paths are not used below a watched folder. */
static int changed(enum operation operation, int result, const char* path, const char* second) {
    if (result == 0) {
        struct stat state = {0};
        if (operation == op_mkdir) lstat(path, &state);
        record_plain(operation, state.st_ino, 0, path, second);
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

#define WATCHED_OR(path, call) \
    if (!is_ours(path)) return call; \
    pthread_mutex_lock(&mutex)

int rename(const char* from, const char* to) {
    REAL(int, "rename", const char*, const char*);
    WATCHED_OR(to, real(from, to));
    return changed(op_rename, real(from, to), from, to);
}

int link(const char* from, const char* to) {
    REAL(int, "link", const char*, const char*);
    WATCHED_OR(to, real(from, to));
    return changed(op_link, real(from, to), from, to);
}

int unlink(const char* path) {
    REAL(int, "unlink", const char*);
    WATCHED_OR(path, real(path));
    return changed(op_unlink, real(path), path, NULL);
}

int remove(const char* path) {
    struct stat state;
    return lstat(path, &state) == 0 && S_ISDIR(state.st_mode) ? rmdir(path) : unlink(path);
}

int mkdir(const char* path, mode_t mode) {
    REAL(int, "mkdir", const char*, mode_t);
    WATCHED_OR(path, real(path, mode));
    return changed(op_mkdir, real(path, mode), path, NULL);
}

int rmdir(const char* path) {
    REAL(int, "rmdir", const char*);
    WATCHED_OR(path, real(path));
    return changed(op_rmdir, real(path), path, NULL);
}
