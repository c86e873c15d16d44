#include "app/process.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app {

namespace {

// Workers, store, resolver, log, listeners, and the descriptors that deliveries and content files
// take.
constexpr std::size_t kOwnFiles = 96;
constexpr std::size_t kLeastConnections = 16;
constexpr std::size_t kLeastDeliveries = 16;
constexpr std::size_t kMostDeliveries = 4000;  // queue::InFlight keeps 4,096

sigset_t our_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

std::string errno_text() {
    return std::strerror(errno);
}  // NOLINT(concurrency-mt-unsafe): at start, one thread

// By number where no name is known.
User user_of(uid_t uid, gid_t gid) {
    std::string buffer(16384, '\0');
    passwd entry{};
    passwd* found = nullptr;
    User user{uid, gid, std::to_string(uid)};
    if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        user.name = entry.pw_name;
        user.gid = entry.pw_gid;
    }
    return user;
}

}  // namespace

std::size_t raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        auto soft = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = soft;
    }
    return static_cast<std::size_t>(limit.rlim_cur);
}

Result<std::size_t> connections_for(std::size_t files, std::size_t wanted) {
    if (files < kOwnFiles + kLeastConnections)
        return fail(ErrorKind::too_large,
                    fmt::format("only {} files may be open at once, at least {} are needed", files,
                                kOwnFiles + kLeastConnections),
                    "raise it: LimitNOFILE=65536 in the unit, or ulimit -n 65536 in the shell");
    // A quarter of what is left is for outgoing connections and content files.
    auto usable = (files - kOwnFiles) * 3 / 4;
    return std::min(wanted, usable);
}

std::size_t deliveries_for(std::size_t files, std::size_t connections) {
    const std::size_t taken = kOwnFiles + connections;
    const std::size_t left = files > taken ? files - taken : 0;
    return std::clamp(left / 2, kLeastDeliveries, kMostDeliveries);
}

Result<User> find_user(const std::string& name) {
    std::string buffer(16384, '\0');
    passwd entry{};
    passwd* found = nullptr;
    if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return fail(ErrorKind::not_found,
                    fmt::format("there is no user \"{}\" on this machine", name),
                    fmt::format("make it: adduser --system --group --home /var/lib/posthaste {}; "
                                "or name another in "
                                "[admin] user",
                                name));
    return User{entry.pw_uid, entry.pw_gid, name};
}

std::optional<User> owner_of(const std::string& path) {
    struct stat info{};
    if (stat(path.c_str(), &info) != 0) return std::nullopt;
    return user_of(info.st_uid, info.st_gid);
}

Result<User> service_user(const std::string& configured, const std::string& store_path) {
    User self = user_of(geteuid(), getegid());
    if (geteuid() != 0) return self;
    if (!configured.empty()) return find_user(configured);
    if (auto owner = owner_of(store_path)) return *owner;
    if (auto user = find_user("posthaste")) return *user;
    return self;
}

Result<void> prepare_folder(const std::string& path, const User& user) {
    struct stat info{};
    if (stat(path.c_str(), &info) == 0) {
        if (S_ISDIR(info.st_mode)) return {};
        return fail(ErrorKind::conflict, fmt::format("{} is not a folder", path));
    }
    auto parent = std::filesystem::path(path).parent_path();
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (error)
        return fail(ErrorKind::denied,
                    fmt::format("cannot make the folder {}: {}", parent.string(), error.message()),
                    fmt::format("make it yourself: install -d -m 700 -o {} {}", user.name, path));
    if (mkdir(path.c_str(), 0700) != 0)
        return fail(ErrorKind::denied,
                    fmt::format("cannot make the folder {}: {}", path, errno_text()),
                    fmt::format("make it yourself: install -d -m 700 -o {} {}", user.name, path));
    if (geteuid() == 0 && chown(path.c_str(), user.uid, user.gid) != 0)
        return fail(ErrorKind::denied,
                    fmt::format("cannot give {} to {}: {}", path, user.name, errno_text()));
    return {};
}

Result<void> become(const User& user) {
    prctl(PR_SET_DUMPABLE, 0);  // no core file: it would hold passwords and mail
    if (geteuid() != 0 || user.uid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        return {};
    }
    if (initgroups(user.name.c_str(), user.gid) != 0 && setgroups(0, nullptr) != 0)
        return fail(ErrorKind::denied, fmt::format("cannot leave root's groups: {}", errno_text()));
    if (setresgid(user.gid, user.gid, user.gid) != 0 ||
        setresuid(user.uid, user.uid, user.uid) != 0)
        return fail(ErrorKind::denied,
                    fmt::format("cannot become the user {}: {}", user.name, errno_text()));
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0);  // setresuid has set it anew
    return {};
}

void block_signals() {
    signal(SIGPIPE, SIG_IGN);
    auto set = our_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

namespace {

std::atomic<void (*)()> crash_note{nullptr};

void crashed(int number) {
    if (auto* const note = crash_note.load()) note();
    raise(number);  // by its own action again: SA_RESETHAND
}

}  // namespace

void on_crash(void (*what)()) {
    crash_note.store(what);
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
        struct sigaction present{};
        if (sigaction(number, nullptr, &present) != 0 || present.sa_handler != SIG_DFL) continue;
        struct sigaction ours{};
        ours.sa_handler = crashed;
        ours.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
        sigaction(number, &ours, nullptr);
    }
}

void unblock_signals() {
    auto set = our_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<int> wait_signal(int timeout_ms) {
    auto set = our_signals();
    timespec timeout{timeout_ms / 1000, (timeout_ms % 1000) * 1'000'000L};
    int number = sigtimedwait(&set, nullptr, &timeout);
    if (number < 0) return std::nullopt;
    return number;
}

void notify_supervisor(const std::string& state) {
    const char* path =
        getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): nobody sets the environment
    if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto length = std::strlen(path);
    if (length >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<sockaddr*>(&address), size);
    close(fd);
}

bool in_container() {
    if (access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0) return true;
    return getenv("container") !=
           nullptr;  // NOLINT(concurrency-mt-unsafe): set by container managers, read at start
}

bool on_container_layer(const std::string& path) {
    std::error_code error;
    auto folder = std::filesystem::weakly_canonical(path, error).string();
    if (error) return false;
    std::ifstream mounts("/proc/self/mountinfo");
    std::string line;
    std::string best_point;
    std::string best_type;
    while (std::getline(mounts, line)) {
        // "36 35 98:0 /root /mount/point options - type source …" (proc(5)): later mounts hide
        // earlier ones.
        std::istringstream fields(line);
        std::string skip;
        std::string point;
        std::string type;
        fields >> skip >> skip >> skip >> skip >> point;
        while (fields >> skip && skip != "-") continue;
        fields >> type;
        bool covers = folder == point || point == "/" || folder.starts_with(point + "/");
        if (!covers || point.size() < best_point.size()) continue;
        best_point = point;
        best_type = type;
    }
    return best_type == "overlay" || best_type == "fuse.fuse-overlayfs" || best_type == "aufs";
}

}  // namespace posthaste::app
