/* Preloaded: makes writes, syncs and creations below one folder fail as a control file says.
 *
 *   FAILING_IO_FOLDER   only files below this folder are touched
 *   FAILING_IO_CONTROL  file with one rule a line, read again whenever it changes; missing: nothing fails
 *   FAILING_IO_REPORT   file that gets a line for each failure made and for each sync that follows a failure
 *
 * Rules, `match` being part of the path, or its end when a $ follows:
 *   write|sync|create N ERROR [match]     the Nth from now fails, once
 *   write|sync|create N+ ERROR [match]    the Nth and all that follow
 *   space OCTETS                          the disk has this size: what does not fit fails with ENOSPC
 * ERROR is EIO, ENOSPC or EDQUOT.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

enum operation { op_write, op_sync, op_create };

struct rule {
    enum operation operation;
    long from;
    int and_after;
    int error;
    long seen;
    char match[64];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char folder[4096];
static size_t folder_length;
static const char* control;
static const char* report;
static struct stat control_state;
static struct rule rules[16];
static int rule_count;
static long long space = -1;
static int failed_before;

#define REAL(type, name, ...)                                    \
    static type (*real)(__VA_ARGS__);                            \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t real_write(int fd, const void* octets, size_t count) {
    REAL(ssize_t, "write", int, const void*, size_t);
    return real(fd, octets, count);
}

static int real_open(const char* path, int flags, mode_t mode) {
    REAL(int, "open64", const char*, int, ...);
    return real(path, flags, mode);
}

__attribute__((constructor)) static void begin(void) {
    const char* given = getenv("FAILING_IO_FOLDER");
    control = getenv("FAILING_IO_CONTROL");
    report = getenv("FAILING_IO_REPORT");
    if (!given || !control) return;
    /* The folder itself may not be there yet. */
    if (!realpath(given, folder)) snprintf(folder, sizeof folder, "%s", given);
    folder_length = strlen(folder);
}

static void tell(const char* what, const char* path) {
    char line[4400];
    if (!report) return;
    const int length = snprintf(line, sizeof line, "%s %s\n", what, path);
    const int fd = real_open(report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    if (real_write(fd, line, (size_t)length) < 0) abort();
    close(fd);
}

static int is_ours(const char* path) {
    return folder_length && strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == 0);
}

static int path_of(int fd, char* path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, size - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

static int error_named(const char* name) {
    if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
    if (strcmp(name, "EDQUOT") == 0) return EDQUOT;
    return EIO;
}

static void read_rule(const char* line) {
    char operation[16], number[16], error[16], match[64] = "";
    long long octets;
    if (sscanf(line, "space %lld", &octets) == 1) {
        space = octets;
        return;
    }
    if (rule_count == 16 || sscanf(line, "%15s %15s %15s %63s", operation, number, error, match) < 3) return;
    struct rule* rule = &rules[rule_count++];
    rule->operation = strcmp(operation, "sync") == 0 ? op_sync : strcmp(operation, "create") == 0 ? op_create : op_write;
    rule->from = atol(number);
    rule->and_after = strchr(number, '+') != NULL;
    rule->error = error_named(error);
    rule->seen = 0;
    snprintf(rule->match, sizeof rule->match, "%s", match);
}

static void read_control(void) {
    struct stat state;
    char text[2048];
    if (stat(control, &state) != 0) memset(&state, 0, sizeof state);
    if (state.st_ino == control_state.st_ino && state.st_size == control_state.st_size &&
        memcmp(&state.st_mtim, &control_state.st_mtim, sizeof state.st_mtim) == 0)
        return;
    control_state = state;
    rule_count = 0;
    space = -1;
    if (state.st_ino == 0) return;
    const int fd = real_open(control, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return;
    const ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) return;
    text[length] = 0;
    char* rest = text;
    for (char* line; (line = strsep(&rest, "\n"));) read_rule(line);
}

static long long used_below(const char* path) {
    long long used = 0;
    DIR* entries = opendir(path);
    if (!entries) return 0;
    for (struct dirent* entry; (entry = readdir(entries));) {
        char name[4400];
        struct stat state;
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (lstat(name, &state) != 0) continue;
        used += S_ISDIR(state.st_mode) ? used_below(name) : (long long)state.st_blocks * 512;
    }
    closedir(entries);
    return used;
}

static int matches(const char* path, const char* match) {
    const size_t length = strlen(match), whole = strlen(path);
    if (length == 0 || match[length - 1] != '$') return strstr(path, match) != NULL;
    return whole >= length - 1 && strncmp(path + whole - (length - 1), match, length - 1) == 0;
}

/* The error this operation shall meet, or 0. `grows`: octets by which the file becomes longer. */
static int judge(enum operation operation, const char* path, long long grows) {
    int error = 0;
    pthread_mutex_lock(&mutex);
    read_control();
    for (int i = 0; i < rule_count && !error; ++i) {
        struct rule* rule = &rules[i];
        if (rule->operation != operation || !matches(path, rule->match)) continue;
        ++rule->seen;
        if (rule->seen == rule->from || (rule->and_after && rule->seen > rule->from)) error = rule->error;
    }
    if (!error && space >= 0 && grows > 0 && used_below(folder) + grows > space) error = ENOSPC;
    if (error) {
        static const char* const names[] = {"failed-write", "failed-sync", "failed-create"};
        tell(names[operation], path);
        if (error == EIO) failed_before = 1;
    } else if (operation == op_sync && failed_before) {
        tell("sync-after-failure", path);
    }
    pthread_mutex_unlock(&mutex);
    return error;
}

static int refused(enum operation operation, int fd, long long end) {
    char path[4096];
    struct stat state;
    if (!path_of(fd, path, sizeof path)) return 0;
    long long grows = 0;
    if (end >= 0 && fstat(fd, &state) == 0 && end > state.st_size) grows = end - state.st_size;
    const int error = judge(operation, path, grows);
    if (error) errno = error;
    return error != 0;
}

static long long end_of_write(int fd, size_t count) {
    struct stat state;
    if (!folder_length) return -1;
    if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &state) == 0) return state.st_size + (long long)count;
    return (long long)lseek(fd, 0, SEEK_CUR) + (long long)count;
}

static size_t total(const struct iovec* parts, int count) {
    size_t octets = 0;
    for (int i = 0; i < count; ++i) octets += parts[i].iov_len;
    return octets;
}

ssize_t write(int fd, const void* octets, size_t count) {
    if (folder_length && refused(op_write, fd, end_of_write(fd, count))) return -1;
    return real_write(fd, octets, count);
}

ssize_t pwrite64(int fd, const void* octets, size_t count, off_t offset) {
    REAL(ssize_t, "pwrite64", int, const void*, size_t, off_t);
    if (folder_length && refused(op_write, fd, (long long)offset + (long long)count)) return -1;
    return real(fd, octets, count, offset);
}

ssize_t pwrite(int fd, const void* octets, size_t count, off_t offset) { return pwrite64(fd, octets, count, offset); }

ssize_t writev(int fd, const struct iovec* parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec*, int);
    if (folder_length && refused(op_write, fd, end_of_write(fd, total(parts, count)))) return -1;
    return real(fd, parts, count);
}

ssize_t pwritev64(int fd, const struct iovec* parts, int count, off_t offset) {
    REAL(ssize_t, "pwritev64", int, const struct iovec*, int, off_t);
    if (folder_length && refused(op_write, fd, (long long)offset + (long long)total(parts, count))) return -1;
    return real(fd, parts, count, offset);
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
    return pwritev64(fd, parts, count, offset);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    if (folder_length && refused(op_sync, fd, -1)) return -1;
    return real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    if (folder_length && refused(op_sync, fd, -1)) return -1;
    return real(fd);
}

int ftruncate64(int fd, off_t size) {
    REAL(int, "ftruncate64", int, off_t);
    if (folder_length && refused(op_write, fd, -1)) return -1;
    return real(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int posix_fallocate64(int fd, off_t offset, off_t length) {
    REAL(int, "posix_fallocate64", int, off_t, off_t);
    if (folder_length && refused(op_write, fd, (long long)offset + length)) return errno;
    return real(fd, offset, length);
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

int fallocate64(int fd, int mode, off_t offset, off_t length) {
    REAL(int, "fallocate64", int, int, off_t, off_t);
    if (folder_length && refused(op_write, fd, (long long)offset + length)) return -1;
    return real(fd, mode, offset, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }

static int creation_refused(const char* path) {
    if (!folder_length || !is_ours(path) || access(path, F_OK) == 0) return 0;
    const int error = judge(op_create, path, 0);
    if (error) errno = error;
    return error != 0;
}

static int open_checked(const char* path, int flags, mode_t mode) {
    if ((flags & O_CREAT) && creation_refused(path)) return -1;
    return real_open(path, flags, mode);
}

int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_checked(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_checked(path, flags, mode);
}

int mkdir(const char* path, mode_t mode) {
    REAL(int, "mkdir", const char*, mode_t);
    if (creation_refused(path)) return -1;
    return real(path, mode);
}

int statvfs64(const char* path, struct statvfs64* out) {
    REAL(int, "statvfs64", const char*, struct statvfs64*);
    const int result = real(path, out);
    if (result != 0 || !folder_length || !is_ours(path)) return result;
    pthread_mutex_lock(&mutex);
    read_control();
    if (space >= 0) {
        const long long used = used_below(folder);
        const long long left = used < space ? space - used : 0;
        out->f_bfree = out->f_bavail = (fsblkcnt64_t)(left / (long long)out->f_frsize);
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

int statvfs(const char* path, struct statvfs* out) { return statvfs64(path, (struct statvfs64*)out); }
