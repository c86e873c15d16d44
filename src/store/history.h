// History: what was told of messages, asked. Reads the day files and the records that are not in
// one yet, so that an answer is never behind what was committed. Any thread; every call blocks, and
// has a deadline.
#pragma once

#include "base/result.h"
#include "store/engine.h"
#include "store/history_files.h"
#include "store/record.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::store {

// Messages by one thing that is known of them; the first that is not empty counts. None: all.
struct HistoryQuery {
    std::string message_id{};
    std::string address{};             // sender, recipient or login
    std::vector<std::string> words{};  // all of them in the subject, in any case
    Timestamp since{};
    Timestamp until = Timestamp::max();
    std::uint64_t before = ~std::uint64_t{0};  // for paging: records below that number
    std::size_t limit = 20;                    // at most 1,000
    Deadline deadline{};
};

struct HistoryMessage {
    RecordRow row;
    AcceptedFacts facts;
};

struct HistoryAnswer {
    std::vector<HistoryMessage> messages{};  // newest first
    bool more = false;                       // ask again with `before` the last one's number
    bool out_of_time = false;  // older ones were not looked at, from `looked_back_to` on
    std::string looked_back_to{};
    std::vector<std::string> unreadable{};  // files that are damaged
};

class History {
  public:
    History(Engine& engine, std::string folder);

    Result<HistoryAnswer> find(const HistoryQuery& query) const;

    // Everything told of them, by message in the order given, and in the order in which it
    // happened. At most `kMostOfOne` records a message: the first ones and the last ones.
    static constexpr std::size_t kMostOfOne = 1000;
    Result<std::vector<std::vector<RecordRow>>> of(const std::vector<QueueId>& ids,
                                                   Deadline deadline) const;

    // Records behind that number, oldest first.
    Result<std::vector<RecordRow>> after(std::uint64_t number, std::size_t limit,
                                         Deadline deadline) const;

    std::uint64_t last() const { return engine_.last_record(); }

    const std::string& folder() const { return folder_; }

  private:
    // Those behind that number that no file has yet, in order; until `visit` says false.
    Result<void> each_waiting(std::uint64_t after, Deadline deadline,
                              const std::function<bool(RecordRow)>& visit) const;

    Engine& engine_;
    const std::string folder_;
};

}  // namespace posthaste::store
