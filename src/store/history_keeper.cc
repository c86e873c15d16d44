#include "store/history_keeper.h"

#include "store/files.h"

#include <algorithm>
#include <cstdio>
#include <pthread.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store {

namespace {

constexpr std::size_t kAtOnce = 4000;  // records of one commit
constexpr Seconds kAfterFull{5};
constexpr Seconds kAfterTrouble{60};
constexpr Seconds kTidyEvery{600};
constexpr auto kJump = std::chrono::hours(24);  // of the wall clock, while it runs
constexpr std::uint64_t kPartsOfSize = 8;       // a file is at most this part of all

}  // namespace

HistoryKeeper::HistoryKeeper(Engine& engine, Committer& committer, std::string folder,
                             Options options, Log& log)
    : engine_(engine),
      committer_(committer),
      folder_(std::move(folder)),
      options_(options),
      log_(log),
      thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), "ph-history");
}

HistoryKeeper::~HistoryKeeper() {
    {
        const MutexLock lock(mutex_);
        stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

HistoryKeeper::Counts HistoryKeeper::counts() const {
    return {.written = written_, .given_up = given_up_, .dropped = dropped_};
}

bool HistoryKeeper::stopping() const {
    const MutexLock lock(mutex_);
    return stop_;
}

void HistoryKeeper::run() {
    for (;;) {
        work();
        MutexLock lock(mutex_);
        if (!stop_) wake_.wait_for(lock.native(), options_.every);
        if (stop_) break;
    }
    not_before_ = {};
    work();
}

// What is in the files already: a crash behind their commit has left it waiting here, too.
void HistoryKeeper::begin() {
    begun_ = true;
    const auto files = list_history(folder_);
    if (!files) return;
    for (const HistoryFile& file : *files) {
        if (file.damaged) continue;
        // A damaged one is found, and told of, when it is written or asked.
        if (const auto last = sqlite::last_number_in(folder_ + '/' + file.name()))
            safe_ = std::max(safe_, *last);
    }
    // A queue that came from a backup goes on behind the numbers of its history.
    if (safe_ > 0) forget(safe_);
}

void HistoryKeeper::work() {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < not_before_ || committer_.health() == Health::failed) return;
    if (!begun_) begin();
    if (now >= tidy_at_ || tidied_day_ != history_day(posthaste::now())) drop_old_files();
    give_up_oldest();
    // What room is left is for outcomes and bounces.
    if (committer_.health() != Health::ok) return;
    while (engine_.last_record() > safe_ && write_some()) {
    }
}

bool HistoryKeeper::write_some() {
    const auto rows = engine_.waiting_records(safe_, kAtOnce);
    if (!rows) {
        trouble(rows.error());
        return false;
    }
    if (rows->empty()) return false;
    if (auto written = write(*rows); !written) {
        trouble(written.error());
        return false;
    }
    if (in_trouble_) {
        in_trouble_ = false;
        log_.info("history.goes_on", {{"what", "records are written again"}});
    }
    forget(safe_);
    return rows->size() >= kAtOnce && committer_.health() == Health::ok;
}

// In the order of their numbers, so that the largest number in the files says what is in them.
Result<void> HistoryKeeper::write(std::span<const RecordRow> rows) {
    while (!rows.empty()) {
        const std::string day = history_day(rows.front().at);
        std::size_t count = 1;
        while (count < rows.size() && history_day(rows[count].at) == day) ++count;
        PH_CHECK(write_day(day, rows.first(count)));
        safe_ = rows[count - 1].number;
        written_ += count;
        rows = rows.subspan(count);
    }
    return {};
}

Result<void> HistoryKeeper::write_day(const std::string& day, std::span<const RecordRow> rows) {
    auto file = file_for(day);
    Result<void> added = file ? (*file)->add(rows) : std::unexpected(file.error());
    if (added) return added;
    const ErrorKind kind = added.error().kind;
    // Full or slow, it is whole. Anything else: a new file takes its place.
    const bool whole =
        kind == ErrorKind::store_full || kind == ErrorKind::busy || kind == ErrorKind::timeout;
    if (whole || !set_aside(added.error())) return added;
    file = file_for(day);
    return file ? (*file)->add(rows) : std::unexpected(file.error());
}

Result<sqlite::DayFile*> HistoryKeeper::file_for(const std::string& day) {
    const std::uint64_t most = std::max<std::uint64_t>(options_.octets / kPartsOfSize, 1);
    const bool fits = file_ && open_.day == day && history_octets(folder_, open_) < most;
    if (fits) return file_.get();
    file_.reset();
    if (access(folder_.c_str(), F_OK) != 0) PH_CHECK(make_folder(folder_));
    open_ = HistoryFile{.day = day};
    PH_TRY(const auto files, list_history(folder_));
    for (const HistoryFile& known : files) {
        if (known.day == day && !known.damaged) open_.part = std::max(open_.part, known.part);
    }
    if (history_octets(folder_, open_) >= most) ++open_.part;
    PH_TRY(file_, sqlite::DayFile::open(folder_ + '/' + open_.name()));
    PH_CHECK(sync_folder(folder_));
    return file_.get();
}

bool HistoryKeeper::set_aside(const Error& error) {
    if (file_) file_->abandon();
    file_.reset();
    HistoryFile aside = open_;
    aside.damaged = true;
    const std::string from = folder_ + '/' + open_.name();
    const std::string to = folder_ + '/' + aside.name();
    if (open_.day.empty() || rename(from.c_str(), to.c_str()) != 0) return false;
    remove_history(folder_, open_);  // SQLite's files beside it belong to no database any more
    log_.error("history.damaged",
               {{"file", from},
                {"why", error.text},
                {"what", "the records of that day that were in it cannot be shown; mail goes on"},
                {"moved_to", to},
                {"mend", "look at the disk and the kernel's log (dmesg)"}});
    return true;
}

void HistoryKeeper::trouble(const Error& error) {
    const bool full = error.kind == ErrorKind::store_full;
    not_before_ = std::chrono::steady_clock::now() + (full ? kAfterFull : kAfterTrouble);
    if (in_trouble_) return;
    in_trouble_ = true;
    log_.warning("history.waits",
                 {{"why", error.text},
                  {"mend", error.mend},
                  {"what",
                   "mail goes on, and posthaste trace still shows it; what is told of it waits in "
                   "the queue's database"}});
}

void HistoryKeeper::forget(std::uint64_t up_to) {
    Changes changes;
    changes.push_back(ForgetRecords{up_to});
    // Refused: the next one says it again.
    committer_.submit(std::move(changes), [](const Result<void>&) {});
}

void HistoryKeeper::give_up_oldest() {
    const std::uint64_t last = engine_.last_record();
    if (last <= safe_ || last - safe_ <= options_.most_waiting) return;
    if (committer_.health() == Health::ok && !in_trouble_) return;  // only a great hurry
    const std::uint64_t count = last - safe_ - options_.most_waiting;
    safe_ += count;
    given_up_ += count;
    forget(safe_);
    log_.error("history.lost", {{"records", count},
                                {"why", "they waited for a history file that could not be written"},
                                {"mend", "make room on the disk of the store"}});
}

bool HistoryKeeper::believes_wall_clock() const {
    if (options_.clock != nullptr && options_.clock->jumped()) return false;
    const auto by_steady =
        wall_at_start_ + std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() -
                                                                  steady_at_start_);
    return std::chrono::abs(posthaste::now() - by_steady) < kJump;
}

void HistoryKeeper::drop_old_files() {
    tidy_at_ = std::chrono::steady_clock::now() + kTidyEvery;
    tidied_day_ = history_day(posthaste::now());
    auto files = list_history(folder_);
    if (!files) return;
    const std::string first =
        history_day(posthaste::now() - std::chrono::days(std::max(options_.days, 1U) - 1));
    const bool by_age = believes_wall_clock();
    std::uint64_t octets = 0;
    for (const HistoryFile& file : *files) octets += history_octets(folder_, file);
    for (const HistoryFile& file : *files) {
        const bool present = file_ && file == open_;
        const bool too_old = by_age && file.day < first;
        const bool too_much = octets > options_.octets && !present;
        if (!too_old && !too_much) continue;
        if (present) file_.reset();
        octets -= std::min(octets, history_octets(folder_, file));
        remove_history(folder_, file);
        ++dropped_;
        log_.info("history.dropped",
                  {{"file", file.name()},
                   {"why", too_old ? fmt::format("older than {} days", options_.days)
                                   : std::string("the history is larger than [history] size")}});
    }
}

}  // namespace posthaste::store
