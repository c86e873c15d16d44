// How fast the store takes and gives up messages: N producers, each adds a message, waits until it
// is durable, settles it, waits, and goes on. Build with -DCMAKE_BUILD_TYPE=Release and `ninja
// store_bench`.
//
//   store_bench FOLDER [producers=50] [messages=100000] [octets=4096] [depth=0]
//
// `depth`: a message is settled after so many others were added (0: at once).
#include "base/log.h"
#include "store/store.h"
#include "store/testing.h"

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <sys/resource.h>
#include <thread>

#include <fmt/format.h>

namespace posthaste::store {
namespace {

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Producers without threads of their own: each is a step taken in the committer's callback, as a
// session is a step of a worker.
class Bench {
  public:
    Bench(Store& store, std::size_t messages, std::size_t octets, std::size_t depth)
        : store_(store),
          messages_(messages),
          depth_(depth),
          template_(testing::make_message(1, std::string(octets, 'x'))) {}

    void run(std::size_t producers) {
        std::unique_lock lock(mutex_);
        running_ = producers;
        for (std::size_t i = 0; i < producers; ++i) add();
        ended_.wait(lock, [this] { return running_ == 0; });
    }

  private:
    void add() {
        if (added_ == messages_) return finish_one();
        ++added_;
        AddMessage message = template_;
        message.row.id = QueueId::make();
        waiting_.push_back(message.row.id);
        store_.committer().submit(testing::changes_of(std::move(message)),
                                  [this](const Result<void>& done) {
                                      check(done);
                                      const std::lock_guard lock(mutex_);
                                      if (waiting_.size() > depth_) return settle();
                                      add();
                                  });
    }

    void settle() {
        Settlement settlement{.id = waiting_.front(), .updates = {testing::done(0)}};
        waiting_.pop_front();
        store_.committer().submit(testing::changes_of(std::move(settlement)),
                                  [this](const Result<void>& done) {
                                      check(done);
                                      const std::lock_guard lock(mutex_);
                                      add();
                                  });
    }

    void finish_one() {
        if (--running_ == 0) ended_.notify_one();
    }

    static void check(const Result<void>& done) {
        if (done) return;
        fmt::print(stderr, "store_bench: {}\n", done.error().text);
        std::exit(1);
    }

    Store& store_;
    const std::size_t messages_;
    const std::size_t depth_;
    const AddMessage template_;
    std::mutex mutex_;  // guards the rest: the first steps are taken by the main thread
    std::size_t added_ = 0;
    std::deque<QueueId> waiting_;
    std::condition_variable ended_;
    std::size_t running_ = 0;
};

int run(int argc, char** argv) {
    const auto number = [&](int i, std::size_t otherwise) {
        return argc > i ? static_cast<std::size_t>(std::strtoull(argv[i], nullptr, 10)) : otherwise;
    };
    Log log({});
    auto store = Store::open({.path = argv[1], .committer = {}}, log);
    if (!store) {
        fmt::print(stderr, "store_bench: {}\n", store.error().text);
        return 1;
    }
    const std::size_t producers = number(2, 50);
    const std::size_t messages = number(3, 100'000);
    Bench bench(**store, messages, number(4, 4096), number(5, 0));
    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    bench.run(producers);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double per_message = (cpu_seconds() - cpu) * 1e6 / static_cast<double>(messages);
    const auto counts = (*store)->committer().counts();
    fmt::print(
        "{} producers, {} messages added and settled: {:.0f}/s, {:.1f} us CPU a message, {:.1f} "
        "submissions a "
        "commit, {:.0f} us a commit\n",
        producers, messages, static_cast<double>(messages) / seconds, per_message,
        static_cast<double>(counts.submissions) / static_cast<double>(counts.commits),
        static_cast<double>(counts.sync_microseconds) / static_cast<double>(counts.commits));
    return 0;
}

}  // namespace
}  // namespace posthaste::store

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: store_bench FOLDER [producers] [messages] [octets] [depth]\n");
        return 2;
    }
    return posthaste::store::run(argc, argv);
}
