#include "base/log.h"

#include "base/log_line.h"
#include "base/mutex.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <poll.h>
#include <thread>
#include <utility>

#include <unistd.h>

namespace posthaste {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(1);  // for a blocked reader, when the log ends
constexpr int kPollMilliseconds = 50;
// A first line is written at once; those that follow it within this time go together, so that a
// busy server is not woken, and does not call write, for each of them.
constexpr auto kGather = std::chrono::milliseconds(5);
constexpr std::size_t kOctetsPerLine = 512;  // the ring's bound in octets, for its lines on average

}  // namespace

std::string_view to_string(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "unknown";
}

// Lines wait as one string: appending costs no allocation once it has grown, and the writer takes
// all of it by a swap.
struct Log::Ring {
    explicit Ring(Options o) : options(o) {}

    const Options options;
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<SteadyClock::rep> give_up_at{0};  // 0: the log goes on
    std::thread thread;

    Mutex mutex;
    std::condition_variable changed;
    std::string waiting PH_GUARDED_BY(mutex);
    std::size_t waiting_lines PH_GUARDED_BY(mutex) = 0;
    bool asleep PH_GUARDED_BY(mutex) = false;  // the writer waits to be told of a line
    bool stopping PH_GUARDED_BY(mutex) = false;
    bool finished PH_GUARDED_BY(mutex) = false;

    void format(std::string& out, const LogLine& line) const {
        if (options.format == LogFormat::json) {
            append_json(out, line);
        } else {
            append_logfmt(out, line);
        }
    }

    void put(std::string_view line) {
        bool wake = false;
        {
            const MutexLock lock(mutex);
            const bool full = waiting_lines >= options.ring_lines ||
                              waiting.size() + line.size() > options.ring_lines * kOctetsPerLine;
            if (full || stopping) {
                dropped.fetch_add(1, std::memory_order_relaxed);
                return;
            }
            waiting += line;
            ++waiting_lines;
            wake = std::exchange(asleep, false);
        }
        if (wake) changed.notify_one();
    }

    bool patience_is_over() const {
        const auto at = give_up_at.load();
        return at != 0 && SteadyClock::now().time_since_epoch().count() >= at;
    }

    // The descriptor is shared with other processes, so O_NONBLOCK is not ours to set. A pipe that
    // polls as writable takes PIPE_BUF octets without blocking, and as one piece (pipe(7)).
    bool write_piece(std::string_view piece) const {
        while (!piece.empty()) {
            pollfd ready{options.fd, POLLOUT, 0};
            const bool hurry = patience_is_over();
            const int polled = poll(&ready, 1, hurry ? 0 : kPollMilliseconds);
            if (polled < 0 && errno != EINTR) return false;
            if (polled <= 0) {
                if (hurry) return false;
                continue;
            }
            const ssize_t wrote = ::write(options.fd, piece.data(), piece.size());
            if (wrote >= 0) {
                piece.remove_prefix(static_cast<std::size_t>(wrote));
            } else if (errno == EAGAIN) {
                // Another writer was faster; a descriptor that is always "ready" must not spin.
                if (hurry) return false;
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            } else if (errno != EINTR) {
                return false;
            }
        }
        return true;
    }

    // Whole lines, as many as fit into a piece; a longer line goes in several.
    void write_lines(std::string_view lines) {
        while (!lines.empty()) {
            std::size_t size = lines.size();
            if (size > PIPE_BUF) {
                const std::size_t line_end = lines.rfind('\n', PIPE_BUF - 1);
                size = line_end == std::string_view::npos ? PIPE_BUF : line_end + 1;
            }
            const std::string_view piece = lines.substr(0, size);
            if (!write_piece(piece))
                dropped.fetch_add(static_cast<std::uint64_t>(std::ranges::count(piece, '\n')),
                                  std::memory_order_relaxed);
            lines.remove_prefix(size);
        }
    }

    void report_drops(std::uint64_t& reported) {
        const std::uint64_t total = dropped.load(std::memory_order_relaxed);
        if (total == reported) return;
        const LogField count("count", total - reported);
        std::string line;
        format(line, {now(), LogLevel::warning, "log.dropped", {&count, 1}});
        // Counted as told only when it could be written: a full disk is told of once it has room.
        if (write_piece(line)) reported = total;
    }

    void run() {
        std::string taken;
        std::uint64_t reported = 0;
        for (;;) {
            taken.clear();
            {
                MutexLock lock(mutex);
                while (waiting.empty() && !stopping) {
                    asleep = true;
                    changed.wait(lock.native());
                }
                if (waiting.empty()) break;
                taken.swap(waiting);
                waiting_lines = 0;
            }
            write_lines(taken);
            report_drops(reported);
            if (!patience_is_over()) std::this_thread::sleep_for(kGather);
        }
        report_drops(reported);
        {
            const MutexLock lock(mutex);
            finished = true;
        }
        changed.notify_all();
    }

    bool finish_until(SteadyClock::time_point end) {
        MutexLock lock(mutex);
        while (!finished)
            if (changed.wait_until(lock.native(), end) == std::cv_status::timeout) return finished;
        return true;
    }
};

Log::Log(Options options) : ring_(std::make_shared<Ring>(options)) {
    // Signals belong to the program's own threads, and SIGPIPE must not end it for a closed stderr.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ring_->thread = std::thread([ring = ring_] { ring->run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Log::~Log() {
    const auto end = SteadyClock::now() + kPatience;
    ring_->give_up_at = end.time_since_epoch().count();
    {
        const MutexLock lock(ring_->mutex);
        ring_->stopping = true;
    }
    ring_->changed.notify_all();
    // A write that was let in by poll may block all the same when another process fills the pipe;
    // the thread then keeps the ring and ends when its reader does.
    if (ring_->finish_until(end + std::chrono::milliseconds(4 * kPollMilliseconds))) {
        ring_->thread.join();
    } else {
        ring_->thread.detach();
    }
}

void Log::write(LogLevel level, std::string_view event, LogFields fields) {
    write_fields(level, event, {fields.begin(), fields.size()});
}

void Log::write_fields(LogLevel level, std::string_view event, std::span<const LogField> fields) {
    if (level < ring_->options.level) return;
    thread_local std::string line;
    line.clear();
    ring_->format(line, {now(), level, event, fields});
    ring_->put(line);
}

std::uint64_t Log::dropped() const {
    return ring_->dropped.load(std::memory_order_relaxed);
}

}  // namespace posthaste
