// Where the sessions of a port live: a home on each worker, with the tasks of its sessions and the
// list of them, touched by that worker alone. Of the submission server and of the bounce port.
//
// Session: a class with `Task<void> run()` and `void stop()`, made of a context that outlives it
// and of arguments by value.
#pragma once

#include "base/assert.h"
#include "base/log.h"
#include "net/stream.h"
#include "runtime/task_group.h"
#include "runtime/worker.h"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

namespace posthaste::submission {

template <class Session>
class SessionHomes {
  public:
    SessionHomes(runtime::WorkerPool& workers, Log& log) {
        for (std::size_t i = 0; i < workers.size(); ++i)
            homes_.push_back(std::make_unique<Home>(workers[i], log));
    }

    // A session of its own task. `owner` keeps what the session uses, its context among it. On that
    // worker.
    template <class Context, class... Args>
    void start(runtime::Worker& worker, std::shared_ptr<const void> owner, Context& context,
               Args... args) {
        Home& home = of(worker);
        home.sessions.spawn(serve(std::move(owner), home, context, std::move(args)...));
    }

    // One line to somebody who is not served: `say` makes the task that writes it and closes. Where
    // too many are being told, the connection is just closed. On that worker.
    template <class Say>
    void turn_away(runtime::Worker& worker, std::unique_ptr<net::Stream> stream, Say say) {
        Home& home = of(worker);
        if (home.farewells.size() >= kMaxFarewells) {
            stream->abort();
            return;
        }
        home.farewells.spawn(say(std::move(stream)));
    }

    // For what outlives a session's wait for it; on a worker, of that worker.
    runtime::TaskGroup& commits_here() const {
        auto* worker = runtime::Worker::current();
        PH_ASSERT(worker != nullptr && worker->index() < homes_.size());
        return homes_[worker->index()]->commits;
    }

    // Tells every session to stop, lets them finish until `grace`, then cancels them. `done` is
    // called on a worker once none is left anywhere. Any thread.
    void stop(const std::shared_ptr<const void>& owner, Deadline grace,
              std::function<void()> done) {
        auto left = std::make_shared<std::atomic<std::size_t>>(homes_.size());
        const auto finished = [left, done = std::move(done)] {
            if (--*left == 0) done();
        };
        for (const auto& each : homes_) {
            each->worker.post([owner, &home = *each, grace, finished] {
                for (Session* session : home.list) session->stop();
                home.closing.spawn(wind_down(owner, home, grace, finished));
            });
        }
    }

  private:
    static constexpr std::size_t kMaxFarewells = 16;  // a worker

    struct Home {
        Home(runtime::Worker& w, Log& log)
            : worker(w), sessions(w, log), commits(w, log), farewells(w, log), closing(w, log) {}

        runtime::Worker& worker;
        std::unordered_set<Session*> list;
        runtime::TaskGroup sessions;
        runtime::TaskGroup commits;
        runtime::TaskGroup farewells;
        runtime::TaskGroup closing;
    };

    struct Listed {
        Listed(Home& h, Session& s) : home(h), session(s) { home.list.insert(&session); }

        ~Listed() { home.list.erase(&session); }

        Listed(const Listed&) = delete;
        Listed& operator=(const Listed&) = delete;

        Home& home;
        Session& session;
    };

    Home& of(const runtime::Worker& worker) { return *homes_[worker.index()]; }

    template <class Context, class... Args>
    static runtime::Task<void> serve([[maybe_unused]] std::shared_ptr<const void> owner, Home& home,
                                     Context& context, Args... args) {
        Session session(context, std::move(args)...);
        const Listed listed(home, session);
        co_await session.run();
    }

    static runtime::Task<void> wind_down(std::shared_ptr<const void> owner, Home& home,
                                         Deadline grace, std::function<void()> finished) {
        co_await home.sessions.wait_empty(grace);
        co_await home.sessions.close();
        co_await home.commits.close();
        co_await home.farewells.close();
        // Behind the end of this task, so that whoever hears it may take the port apart.
        home.worker.post(
            [owner = std::move(owner), finished = std::move(finished)] { finished(); });
    }

    std::vector<std::unique_ptr<Home>> homes_;
};

}  // namespace posthaste::submission
