#include "store/store.h"

#include "store/files.h"
#include "store/folder.h"
#include "store/sqlite/sqlite_engine.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store {

namespace {

// Relative paths would follow a later change of the working folder.
std::string absolute(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> resolved(realpath(path.c_str(), nullptr), &free);
    return resolved ? std::string(resolved.get()) : path;
}

bool exists(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0;
}

// Removes content that no row names: a crash between a file's sync and its commit, or between a
// commit and the removal, leaves such files. Anything else in the folder is not ours to remove.
Result<void> sweep(Engine& engine, const std::string& folder, Log& log) {
    PH_TRY(const auto files, list_folder(folder));
    if (files.empty()) return {};
    PH_TRY(auto names, engine.content_files());
    std::unordered_set<std::string> named(std::make_move_iterator(names.begin()),
                                          std::make_move_iterator(names.end()));
    std::size_t removed = 0;
    for (const std::string& file : files) {
        if (named.erase(file) != 0) continue;
        if (!QueueId::parse(file)) {
            log.warning("store.strange_file",
                        {{"file", folder + '/' + file}, {"mend", "move it away"}});
        } else if (unlink((folder + '/' + file).c_str()) == 0) {
            ++removed;
        }
    }
    if (removed != 0) log.info("store.swept", {{"files", removed}});
    for (const std::string& lost : named) {
        log.error("store.content_lost",
                  {{"file", folder + '/' + lost},
                   {"mend", "restore it from a backup, or cancel the message"}});
    }
    return {};
}

}  // namespace

struct Store::Impl {
    Impl(FolderLock taken, std::string at, std::size_t content_memory)
        : lock(std::move(taken)),
          path(std::move(at)),
          content_folder(path + "/content"),
          budget(content_memory) {}

    FolderLock lock;  // given up last
    std::string path;
    std::string content_folder;
    ContentBudget budget;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<QueueClock> clock;
    std::unique_ptr<Committer> committer;  // commits what waits
    std::unique_ptr<History> history;
    std::unique_ptr<HistoryKeeper> keeper;  // ends first
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(Options options, Log& log) {
    PH_TRY(auto lock, FolderLock::take(options.path, options.create));
    auto impl =
        std::make_unique<Impl>(std::move(lock), absolute(options.path), options.content_memory);
    // Made behind the databases and their entries: where it is, they were. A queue that was lost
    // must not begin anew in silence, and its mail not be swept away as nobody's.
    const bool expected = exists(impl->content_folder);
    PH_TRY(impl->engine, sqlite::SqliteEngine::open({.folder = impl->path,
                                                     .content_folder = impl->content_folder,
                                                     .create = options.create,
                                                     .expected = expected,
                                                     .readers = {}}));
    // The entries of files that were just made: nothing is acknowledged before they are on disk.
    PH_CHECK(sync_folder(impl->path));
    if (!expected) {
        PH_CHECK(make_folder(impl->content_folder));
        PH_CHECK(sync_folder(impl->path));
    }
    PH_CHECK(sweep(*impl->engine, impl->content_folder, log));
    PH_TRY(const auto mark, impl->engine->clock_mark());
    impl->clock = std::make_unique<QueueClock>(mark);
    if (impl->clock->jumped()) {
        log.warning(
            "store.clock_jumped",
            {{"last", format_iso8601(mark->wall)},
             {"now", format_iso8601(now())},
             {"effect", "the time the server was down does not count for retries and expiry"},
             {"mend", "check the clock of this machine"}});
    }
    options.committer.folder = impl->path;
    options.committer.content_folder = impl->content_folder;
    options.committer.clock = impl->clock.get();
    impl->committer = std::make_unique<Committer>(*impl->engine, options.committer);
    impl->history = std::make_unique<History>(*impl->engine, impl->path + "/history");
    return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Engine& Store::engine() {
    return *impl_->engine;
}

Committer& Store::committer() {
    return *impl_->committer;
}

QueueClock& Store::clock() {
    return *impl_->clock;
}

ContentBudget& Store::content_budget() {
    return impl_->budget;
}

const std::string& Store::content_folder() const {
    return impl_->content_folder;
}

const std::string& Store::path() const {
    return impl_->path;
}

ContentWriter Store::write_content(const QueueId& id) {
    Committer* const committer = impl_->committer.get();
    return {
        impl_->content_folder,
        id,
        impl_->budget,
        {.on_failure = [committer](const Error& error) { committer->report_failure(error.text); },
         .has_failed = [committer] { return committer->health() == Health::failed; }}};
}

void Store::discard_content(const Body& body) {
    store::discard_content(impl_->content_folder, body);
}

Result<ContentReader> Store::read_content(const MessageRow& row) {
    Body body = row.body;
    if (body.file.empty() && !body.octets) {
        PH_TRY(auto octets, impl_->engine->inline_body(row.id));
        if (!octets)
            return fail(ErrorKind::not_found,
                        fmt::format("message {} is not in the queue", row.id.to_string()),
                        "it has ended: see posthaste trace");
        body.octets = std::make_shared<const std::string>(std::move(*octets));
    }
    return ContentReader(impl_->content_folder, std::move(body));
}

const History& Store::history() const {
    return *impl_->history;
}

void Store::keep_history(HistoryKeeper::Options options, Log& log) {
    options.clock = impl_->clock.get();
    impl_->keeper = std::make_unique<HistoryKeeper>(*impl_->engine, *impl_->committer,
                                                    impl_->history->folder(), options, log);
}

HistoryKeeper::Counts Store::history_counts() const {
    return impl_->keeper ? impl_->keeper->counts() : HistoryKeeper::Counts{};
}

std::uint64_t Store::directory_generation() const {
    return impl_->committer->directory_generation();
}

void Store::report_failure(std::string text) {
    impl_->committer->report_failure(std::move(text));
}

}  // namespace posthaste::store
