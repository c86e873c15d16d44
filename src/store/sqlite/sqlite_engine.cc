#include "store/sqlite/sqlite_engine.h"

#include "base/random.h"
#include "store/sqlite/apply.h"
#include "store/sqlite/schema.h"

#include <span>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace posthaste::store::sqlite {

namespace {

constexpr std::size_t kSecretOctets = 32;

// Free pages kept in the file, to be used again without growing it; the rest goes back to the disk
// in slices that keep nobody waiting.
constexpr std::int64_t kKeptFreePages = 1024;
constexpr std::int64_t kShrinkSlice = 512;

Result<void> make_secret(Connection& db) {
    std::array<std::uint8_t, kSecretOctets> secret{};
    fill_random(secret);
    const std::string_view octets(reinterpret_cast<const char*>(secret.data()), secret.size());
    return db.run("INSERT INTO meta (key, value) VALUES (?, ?)", "server_secret", Blob{octets});
}

bool exists(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

}  // namespace

SqliteEngine::SqliteEngine(Options options, std::unique_ptr<Database> queue,
                           std::unique_ptr<Database> directory)
    : options_(std::move(options)) {
    queue_.database = std::move(queue);
    directory_.database = std::move(directory);
    housekeeper_ = std::make_unique<Housekeeper>(
        options_.content_folder, [this](const Error& error) { fail_for_good(error); });
}

SqliteEngine::~SqliteEngine() {
    housekeeper_->stop();  // it may still report a failure
    if (!failed_) return;
    // A second sync of a file whose first one failed reports success for pages that the kernel has
    // dropped: nothing is synced any more, not even by closing (threats.md F2).
    queue_.database->writer().abandon();
    directory_.database->writer().abandon();
}

Result<std::unique_ptr<SqliteEngine>> SqliteEngine::open(const Options& options) {
    const std::string queue_path = options.folder + "/queue.db";
    const std::string directory_path = options.folder + "/directory.db";
    // The directory is made first, so a queue without it was not left by a crash: going on would
    // make a store in which nobody can log in, and say nothing.
    const std::string anew = fmt::format(
        "restore it from a backup, or move everything in {} away to begin anew", options.folder);
    if (exists(queue_path) && !exists(directory_path)) {
        return fail(ErrorKind::not_found,
                    fmt::format("{} is missing or empty beside {}", directory_path, queue_path),
                    anew);
    }
    const std::string empty_queue = fmt::format(
        "restore it from a backup; to begin with an empty queue, without the mail that it held, "
        "move {} away too",
        options.content_folder);
    PH_TRY(auto directory, Database::open({.path = directory_path,
                                           .application = kDirectoryApplication,
                                           .schema = kDirectorySchema,
                                           .additions = kDirectoryAdditions,
                                           .fill = make_secret,
                                           .if_lost = options.expected ? anew : ""},
                                          options.create, options.readers));
    PH_TRY(auto queue, Database::open({.path = queue_path,
                                       .application = kQueueApplication,
                                       .schema = kQueueSchema,
                                       .additions = kQueueAdditions,
                                       .fill = nullptr,
                                       .if_lost = options.expected ? empty_queue : ""},
                                      options.create, options.readers));
    std::unique_ptr<SqliteEngine> engine(
        new SqliteEngine(options, std::move(queue), std::move(directory)));
    PH_CHECK(engine->start());
    return engine;
}

Result<void> SqliteEngine::start() {
    for (Half* half : {&queue_, &directory_}) {
        PH_TRY(auto connection, half->database->open_another());
        half->number = housekeeper_->add(std::move(connection));
        watch_log(*half);
    }
    PH_TRY(last_content_, queue_.database->writer().integer("SELECT max(number) FROM contents"));
    PH_TRY(const std::int64_t last_record,
           queue_.database->writer().integer(
               "SELECT max(coalesce((SELECT max(number) FROM outbox), 0), coalesce((SELECT value "
               "FROM meta WHERE key = 'records_forgotten'), 0))"));
    last_record_ = static_cast<std::uint64_t>(last_record);
    return load_secret();
}

Result<void> SqliteEngine::load_secret() {
    Query q =
        directory_.database->writer().query("SELECT value FROM meta WHERE key = 'server_secret'");
    PH_TRY(const bool found, q.next());
    if (found) server_secret_ = q.blob(0);
    if (server_secret_.size() == kSecretOctets) return {};
    return fail(ErrorKind::io, directory_.database->path() + " has lost its secret",
                "restore it from a backup");
}

void SqliteEngine::watch_log(Half& half) {
    sqlite3_wal_hook(
        half.database->writer().raw(),
        [](void* pages, sqlite3*, const char*, int in_log) {
            *static_cast<int*>(pages) = in_log;
            return SQLITE_OK;
        },
        &half.log_pages);
}

Result<void> SqliteEngine::apply(std::span<const Changes* const> submissions) {
    if (const auto failed = failure()) return std::unexpected(*failed);
    if (submissions.empty()) return {};
    Half& half = part_of(*submissions.front()) == Part::queue ? queue_ : directory_;
    restart_log_if_wanted(half);
    std::vector<std::string> ended;
    auto written = write(half, submissions, ended);
    if (!written) {
        half.database->writer().rollback();
        if (written.error().kind == ErrorKind::store_failed) fail_for_good(written.error());
        return written;
    }
    unmaintained_ = true;
    housekeeper_->committed(half.number, half.log_pages);
    if (!ended.empty()) housekeeper_->remove_files(std::move(ended));
    return {};
}

Result<void> SqliteEngine::write(Half& half, std::span<const Changes* const> submissions,
                                 std::vector<std::string>& ended) {
    Connection& db = half.database->writer();
    std::uint64_t last_record = last_record_;
    QueueTransaction transaction{
        .db = db, .last_content = last_content_, .last_record = last_record, .ended = {}};
    PH_CHECK(db.run("BEGIN IMMEDIATE"));
    for (const Changes* const changes : submissions) {
        for (const Change& change : *changes) {
            PH_CHECK(&half == &queue_ ? apply_to_queue(transaction, change)
                                      : apply_to_directory(db, change));
        }
    }
    // With synchronous=FULL the log is synced before this returns: here "250" becomes true.
    PH_CHECK(db.run("COMMIT"));
    ended = std::move(transaction.ended);
    last_record_ = last_record;
    return {};
}

void SqliteEngine::restart_log_if_wanted(Half& half) {
    if (!housekeeper_->wants_restart(half.number)) return;
    Connection& db = half.database->writer();
    int in_log = 0;
    int copied = 0;
    before_call();
    if (sqlite3_wal_checkpoint_v2(db.raw(), "main", SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied) !=
        SQLITE_OK) {
        // Busy or full: another time. Nothing is lost, the log only grows a little more.
        const Error error = db.error("cannot bring the log into " + half.database->path());
        if (error.kind == ErrorKind::store_failed) fail_for_good(error);
    }
    housekeeper_->restarted(half.number);
}

bool SqliteEngine::wants_maintenance() const {
    return unmaintained_ && !failed_;
}

void SqliteEngine::maintain() {
    if (failed_) return;
    const bool more_queue = shrink(queue_);
    const bool more_directory = shrink(directory_);
    if (more_queue || more_directory) return;
    unmaintained_ = false;
    if (failed_) return;
    for (Half* half : {&queue_, &directory_})
        housekeeper_->quiet(half->number, std::exchange(half->shrunk, false));
}

bool SqliteEngine::shrink(Half& half) {
    Connection& db = half.database->writer();
    const auto free_pages = db.integer("PRAGMA freelist_count");
    if (!free_pages || *free_pages <= kKeptFreePages) return false;
    const std::int64_t slice = std::min(*free_pages - kKeptFreePages, kShrinkSlice);
    if (auto given_back = db.execute(fmt::format("PRAGMA incremental_vacuum({})", slice));
        !given_back) {
        db.rollback();
        if (given_back.error().kind == ErrorKind::store_failed) fail_for_good(given_back.error());
        return false;
    }
    half.shrunk = true;
    housekeeper_->committed(half.number, half.log_pages);
    return *free_pages - slice > kKeptFreePages;
}

std::optional<Error> SqliteEngine::failure() const {
    if (!failed_) return std::nullopt;
    const MutexLock lock(mutex_);
    return failure_;
}

// Any thread: the connections themselves are left to their own.
void SqliteEngine::fail_for_good(const Error& error) {
    {
        const MutexLock lock(mutex_);
        if (failure_) return;
        failure_ = error;
    }
    failed_ = true;
    housekeeper_->abandon();
}

}  // namespace posthaste::store::sqlite
