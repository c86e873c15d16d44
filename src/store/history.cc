#include "store/history.h"

#include "base/ascii.h"
#include "store/sqlite/day_file.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <ranges>
#include <unordered_map>
#include <unordered_set>

namespace posthaste::store {

namespace {

using sqlite::DayReader;

constexpr std::size_t kMostFound = 1000;
constexpr std::size_t kAtOnce = 5000;

bool same_id(std::string_view a, std::string_view b) {
    const auto bare = [](std::string_view id) {
        if (id.starts_with('<')) id.remove_prefix(1);
        if (id.ends_with('>')) id.remove_suffix(1);
        return id;
    };
    return bare(a) == bare(b);
}

bool has_address(const AcceptedFacts& facts, std::string_view address) {
    const auto same = [address](const std::string& one) {
        return ascii::equals_ignore_case(one, address);
    };
    return same(facts.sender) || same(facts.account) || std::ranges::any_of(facts.recipients, same);
}

// Words in any order, as they are looked for: whole or not, letters of ASCII in any case.
bool has_words(const AcceptedFacts& facts, const std::vector<std::string>& words) {
    const std::string subject = ascii::to_lower(facts.subject);
    return std::ranges::all_of(words, [&](const std::string& word) {
        return subject.find(ascii::to_lower(word)) != std::string::npos;
    });
}

bool fits(const HistoryQuery& query, const RecordRow& row, const AcceptedFacts& facts) {
    if (row.at < query.since || row.at > query.until) return false;
    if (!query.message_id.empty()) return same_id(facts.message_id, query.message_id);
    if (!query.address.empty()) return has_address(facts, query.address);
    return has_words(facts, query.words);
}

std::optional<std::uint64_t> key_of(const HistoryQuery& query) {
    if (!query.message_id.empty()) return key_of_message_id(query.message_id);
    if (!query.address.empty()) return key_of_address(query.address);
    return std::nullopt;
}

// One search on its way through the records, newest first.
class Search {
  public:
    explicit Search(const HistoryQuery& query)
        : query_(query), limit_(std::clamp<std::size_t>(query.limit, 1, kMostFound)) {}

    bool wants(const RecordRow& row) const {
        if (row.type != RecordType::accepted || row.number >= query_.before) return false;
        const auto facts = decode_accepted(row.data);
        return facts && fits(query_, row, *facts);
    }

    std::size_t limit() const { return limit_; }

    // False once there is enough.
    bool look(RecordRow row) {
        if (row.type != RecordType::accepted || row.number >= query_.before) return true;
        if (!seen_.insert(row.number).second) return true;
        auto facts = decode_accepted(row.data);
        if (!facts || !fits(query_, row, *facts)) return true;
        if (answer.messages.size() >= limit_) {
            answer.more = true;
            return false;
        }
        answer.messages.push_back({std::move(row), std::move(*facts)});
        return true;
    }

    bool enough() const { return answer.more; }

    HistoryAnswer answer;

  private:
    const HistoryQuery& query_;
    const std::size_t limit_;
    std::unordered_set<std::uint64_t> seen_;
};

void note_unreadable(HistoryAnswer& answer, const HistoryFile& file, const Error& error) {
    if (error.kind != ErrorKind::not_found) answer.unreadable.push_back(file.name());
}

// All of a message that has thousands of records is more than anybody reads.
void clip(std::vector<RecordRow>& rows) {
    if (rows.size() <= History::kMostOfOne) return;
    const auto half = static_cast<std::ptrdiff_t>(History::kMostOfOne / 2);
    rows.erase(rows.begin() + half, rows.end() - half);
}

}  // namespace

History::History(Engine& engine, std::string folder)
    : engine_(engine), folder_(std::move(folder)) {}

// In pages: while files cannot be written, far more wait than are to be in memory at once.
Result<void> History::each_waiting(std::uint64_t after, Deadline deadline,
                                   const std::function<bool(RecordRow)>& visit) const {
    while (!deadline.passed()) {
        PH_TRY(auto some, engine_.waiting_records(after, kAtOnce));
        if (some.empty()) break;
        after = some.back().number;
        for (RecordRow& row : some) {
            if (!visit(std::move(row))) return {};
        }
    }
    return {};
}

Result<HistoryAnswer> History::find(const HistoryQuery& query) const {
    Search search(query);
    // Those first: what leaves the waiting ones meanwhile is in a file then.
    std::deque<RecordRow> newest;
    PH_CHECK(each_waiting(0, query.deadline, [&](RecordRow row) {
        if (!search.wants(row)) return true;
        newest.push_back(std::move(row));
        if (newest.size() > search.limit() + 1) newest.pop_front();
        return true;
    }));
    const auto listed = list_history(folder_);
    const auto files = listed.value_or(std::vector<HistoryFile>());
    if (!listed) search.answer.unreadable.push_back(listed.error().text);
    for (RecordRow& row : newest | std::views::reverse) {
        if (!search.look(std::move(row))) break;
    }
    const auto key = key_of(query);
    const std::string first_day = query.since > Timestamp{} ? history_day(query.since) : "";
    for (const HistoryFile& file : files | std::views::reverse) {
        if (search.enough() || file.day < first_day) break;
        if (file.damaged) continue;
        if (query.deadline.passed()) search.answer.out_of_time = true;
        if (search.answer.out_of_time) break;
        auto reader = DayReader::open(folder_ + '/' + file.name(), query.deadline);
        const auto visit = [&search](RecordRow row) { return search.look(std::move(row)); };
        auto read = reader ? key ? reader->by_key(*key, query.before, visit)
                                 : reader->accepted(query.before, visit)
                           : Result<void>(std::unexpected(reader.error()));
        if (read) {
            search.answer.looked_back_to = file.day;
        } else if (read.error().kind == ErrorKind::timeout) {
            search.answer.out_of_time = true;
        } else {
            note_unreadable(search.answer, file, read.error());
        }
    }
    // A clock that went back may have put a later one into an earlier day.
    std::ranges::sort(search.answer.messages, std::greater(),
                      [](const HistoryMessage& message) { return message.row.number; });
    return std::move(search.answer);
}

Result<std::vector<std::vector<RecordRow>>> History::of(const std::vector<QueueId>& ids,
                                                        Deadline deadline) const {
    std::unordered_map<QueueId, std::size_t> places;
    for (std::size_t i = 0; i < ids.size(); ++i) places.emplace(ids[i], i);
    std::vector<std::vector<RecordRow>> all(ids.size());
    const auto keep = [&](RecordRow row) {
        const auto place = places.find(row.id);
        if (place != places.end()) all[place->second].push_back(std::move(row));
        return true;
    };
    // Those first: what leaves the waiting ones meanwhile is in a file then.
    PH_CHECK(each_waiting(0, deadline, keep));
    // What still waits is told even where the files cannot be listed: `find` says that.
    const auto files = list_history(folder_).value_or(std::vector<HistoryFile>());
    for (const HistoryFile& file : files) {
        if (file.damaged) continue;
        auto reader = DayReader::open(folder_ + '/' + file.name(), deadline);
        if (!reader) continue;  // dropped, or damaged: `find` says so
        for (const QueueId& id : ids) {
            auto read = reader->by_key(key_of_id(id), ~std::uint64_t{0}, keep);
            if (!read && read.error().kind == ErrorKind::timeout)
                return std::unexpected(std::move(read).error());
        }
    }
    for (auto& rows : all) {
        std::ranges::sort(rows, {}, &RecordRow::number);
        const auto twice = std::ranges::unique(rows, {}, &RecordRow::number);
        rows.erase(twice.begin(), twice.end());
        clip(rows);
    }
    return all;
}

Result<std::vector<RecordRow>> History::after(std::uint64_t number, std::size_t limit,
                                              Deadline deadline) const {
    std::vector<RecordRow> found;
    const auto in_order = [&found, limit] {
        std::ranges::sort(found, {}, &RecordRow::number);
        if (found.size() > limit) found.resize(limit);
    };
    std::vector<RecordRow> still_waiting;
    PH_CHECK(each_waiting(number, deadline, [&](RecordRow row) {
        still_waiting.push_back(std::move(row));
        return still_waiting.size() < limit;
    }));
    const std::uint64_t first_waiting =
        still_waiting.empty() ? ~std::uint64_t{0} : still_waiting.front().number;
    if (number + 1 < first_waiting && number < last()) {
        const auto files = list_history(folder_).value_or(std::vector<HistoryFile>());
        for (const HistoryFile& file : files) {
            if (file.damaged) continue;
            auto reader = DayReader::open(folder_ + '/' + file.name(), deadline);
            if (!reader) continue;
            std::size_t of_this = 0;
            auto read = reader->after(number, [&](RecordRow row) {
                if (row.number >= first_waiting) return false;
                found.push_back(std::move(row));
                return ++of_this < limit;
            });
            in_order();  // a clock that went back has put later ones into an earlier day
            if (!read && read.error().kind == ErrorKind::timeout)
                return std::unexpected(std::move(read).error());
        }
    }
    std::ranges::move(still_waiting, std::back_inserter(found));
    in_order();
    return found;
}

}  // namespace posthaste::store
