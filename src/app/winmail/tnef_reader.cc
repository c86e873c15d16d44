#include "app/winmail/tnef_reader.h"

#include "app/winmail/tnef_helper.h"
#include "base/file.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app {
namespace {

constexpr std::size_t kPiece = 64 << 10;

Error system_error(std::string_view what, int number) {
    std::array<char, 128> text{};
    return {ErrorKind::io,
            fmt::format("{}: {}", what, strerror_r(number, text.data(), text.size())),
            {}};
}

// Ends it and waits for it, whatever has happened.
class Process {
  public:
    explicit Process(pid_t pid) : pid_(pid) {}

    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    ~Process() {
        if (pid_ > 0) end();
    }

    // Its wait status.
    int end() {
        kill(pid_, SIGKILL);  // no effect on one that has ended
        int status = 0;
        while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

    // Once it has said all: its own end is near.
    int wait(Deadline deadline) {
        int status = 0;
        while (waitpid(pid_, &status, WNOHANG) == 0) {
            if (deadline.passed()) return end();
            usleep(500);
        }
        pid_ = -1;
        return status;
    }

  private:
    pid_t pid_;
};

// Nothing of ours goes along: no descriptor but the socket and /dev/null, no environment, no
// blocked signals.
Result<pid_t> start(const std::string& program, int socket) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&files, socket, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string name = "posthaste", mode = kTnefHelper;
    std::array<char*, 3> words{name.data(), mode.data(), nullptr};
    std::array<char*, 1> environment{nullptr};
    pid_t pid = -1;
    const int failed =
        posix_spawn(&pid, program.c_str(), &files, &attributes, words.data(), environment.data());
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0)
        return std::unexpected(
            system_error("the process that reads it could not be started", failed));
    return pid;
}

// Sends the file and takes the answer, both at once, so that neither side waits for the other.
class Exchange {
  public:
    Exchange(int socket, std::string_view file, Deadline deadline)
        : socket_(socket), file_(file), deadline_(deadline) {}

    Result<std::string> run() {
        if (file_.empty()) shutdown(socket_, SHUT_WR);
        while (!ended_) {
            PH_TRY(const short ready, wait());
            if ((ready & POLLOUT) != 0) PH_CHECK(send_piece());
            if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0) PH_CHECK(take_piece());
        }
        return std::move(answer_);
    }

  private:
    Result<short> wait() {
        pollfd one{socket_, static_cast<short>(POLLIN | (file_.empty() ? 0 : POLLOUT)), 0};
        for (;;) {
            const auto left =
                std::chrono::ceil<Milliseconds>(deadline_.at - std::chrono::steady_clock::now());
            if (left <= Milliseconds(0))
                return fail(ErrorKind::timeout, "reading it took too long");
            const int count = poll(&one, 1, static_cast<int>(left.count()));
            if (count > 0) return one.revents;
            if (count < 0 && errno != EINTR) return std::unexpected(system_error("poll", errno));
        }
    }

    Result<void> send_piece() {
        const ssize_t sent = send(socket_, file_.data(), std::min(file_.size(), kPiece),
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        if (sent < 0) {  // it has ended; how, its exit says
            file_ = {};
            return {};
        }
        file_.remove_prefix(static_cast<std::size_t>(sent));
        if (file_.empty()) shutdown(socket_, SHUT_WR);
        return {};
    }

    Result<void> take_piece() {
        std::array<char, kPiece> piece;
        const ssize_t got = recv(socket_, piece.data(), piece.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
        if (got <= 0) {
            ended_ = true;
            return {};
        }
        if (answer_.size() + static_cast<std::size_t>(got) > kMaxTnefAnswer)
            return fail(ErrorKind::too_large, "what is in it is too large");
        answer_.append(piece.data(), static_cast<std::size_t>(got));
        return {};
    }

    int socket_;
    std::string_view file_;
    Deadline deadline_;
    std::string answer_;
    bool ended_ = false;
};

Result<void> judge(int status) {
    if (WIFEXITED(status)) {
        switch (WEXITSTATUS(status)) {
            case 0:
                return {};
            case 1:
                return fail(ErrorKind::syntax, "it is broken, or holds too much");
            default:
                return fail(ErrorKind::io,
                            fmt::format("the process that reads it ended with {}: is seccomp "
                                        "there?",
                                        WEXITSTATUS(status)));
        }
    }
    return fail(ErrorKind::io, fmt::format("the process that reads it was ended by signal {}",
                                           WIFSIGNALED(status) ? WTERMSIG(status) : 0));
}

}  // namespace

Result<mail::TnefContent> TnefReader::read(std::string_view file) const {
    if (file.size() > kMaxTnefFile)
        return fail(ErrorKind::too_large, fmt::format("it is over {} MB", kMaxTnefFile >> 20));
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return std::unexpected(system_error("socketpair", errno));
    const FileDescriptor ours(ends[0]);
    FileDescriptor theirs(ends[1]);
    const Deadline deadline = Deadline::after(patience_);
    PH_TRY(const pid_t pid, start(program_, theirs.get()));
    Process process(pid);
    theirs.reset();
    Exchange exchange(ours.get(), file, deadline);
    PH_TRY(const std::string answer, exchange.run());
    PH_CHECK(judge(process.wait(deadline)));
    auto content = mail::read_tnef(answer);
    if (!content)
        return fail(ErrorKind::io,
                    "the process that reads it gave no answer: " + content.error().text);
    return content;
}

}  // namespace posthaste::app
