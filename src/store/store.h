// Store: the embedded store as the rest of the server sees it: lock, format, engine, committer,
// content folder, sweep. One per process.
#pragma once

#include "base/log.h"
#include "store/committer.h"
#include "store/content.h"
#include "store/engine.h"
#include "store/history.h"
#include "store/history_keeper.h"
#include "store/queue_time.h"

#include <memory>
#include <string>

namespace posthaste::store {

class Store {
  public:
    struct Options {
        std::string path;
        bool create = true;  // make the folder (0700) and a new store when there is none
        Committer::Options committer;
        std::size_t content_memory = 64u << 20;
    };

    // Takes the lock (conflict names the process that holds it), checks the format (a newer one is
    // refused, an older one asks for `posthaste store upgrade`), opens the engine, sweeps content
    // that no row names. Errors: conflict, denied (folder owned by somebody else or too open),
    // unsupported (format), not_found (nothing there and `create` is false, or a file of it is
    // missing), store_full, io. `options.committer`: its folders and clock are filled in. `log`
    // outlives the store.
    static Result<std::unique_ptr<Store>> open(Options options, Log& log);
    ~Store();

    Engine& engine();
    Committer& committer();
    QueueClock& clock();
    ContentBudget& content_budget();
    const std::string& content_folder() const;
    const std::string& path() const;

    ContentWriter write_content(const QueueId& id);
    void discard_content(
        const Body& body);  // a finished body that will not be submitted; blocking when in a file
    Result<ContentReader> read_content(
        const MessageRow& row);  // blocking when inline octets must be fetched

    // What was told of messages. Its answers are complete whether or not the history is kept.
    const History& history() const;
    // Begins to bring records into the history's files; once. Tools leave that to the server.
    void keep_history(HistoryKeeper::Options options, Log& log);
    HistoryKeeper::Counts history_counts() const;  // zeros when it is not kept

    // Counts changes of the directory, so that caches of it know when they are old. Any thread.
    std::uint64_t directory_generation() const;

    // A write or sync in the store's folder failed outside of the store: Health::failed from now
    // on. Any thread.
    void report_failure(std::string text);

  private:
    struct Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace posthaste::store
