// The story of one message in plain words: from the records of the history and what the queue knows
// of it now. Pure. `posthaste trace` prints it; a page would show the same.
#pragma once

#include "formats/json.h"
#include "store/record.h"
#include "store/values.h"

#include <optional>
#include <string>
#include <vector>

namespace posthaste::delivery {
class VerdictRules;
}

namespace posthaste::web {

// One line of a story. What belongs to the line above it has no time of its own.
struct StoryLine {
    Timestamp at{};
    std::string what{};  // "accepted", "attempt 2", "on hold"; empty: goes on with the line above
    std::string text{};
    std::string dialogue{};  // of this line's connection; empty: not kept, or there was none
};

struct StoryStyle {
    bool with_dialogue = false;                     // lines of connections carry theirs
    const delivery::VerdictRules* rules = nullptr;  // those in force; null: the program's own
};

// What one record says.
std::vector<StoryLine> lines_of(const store::RecordRow& row, const StoryStyle& style);

// How it stands with one recipient.
struct RecipientStory {
    std::string address;
    std::string state;  // delivered, failed, expired, cancelled, waiting, held, bounced, unknown
    std::uint32_t attempts = 0;
    Timestamp at{};      // when it ended
    std::string says;    // a sentence: what is so now, and why
    std::string advice;  // who must act, and how; empty: nobody
    std::optional<mail::Outcome> last{};
    std::optional<Seconds> next{};  // until the next attempt
    std::uint32_t confidence = 0;   // bounced: percent; 0: told by the server itself
    Timestamp complained{};         // by its owner
};

struct MessageStory {
    QueueId id;
    Timestamp accepted{};
    std::optional<store::AcceptedFacts> facts;  // nothing: older than the history
    std::vector<StoryLine> lines;
    std::vector<RecipientStory> recipients;
    bool waits = false;  // it is in the queue
};

// `records` in their order; `waiting`: its row in the queue, if it is there.
MessageStory make_story(const QueueId& id, const std::vector<store::RecordRow>& records,
                        const std::optional<store::Message>& waiting,
                        const store::QueueClock& clock, const StoryStyle& style);

void write_lines(formats::JsonWriter& out, const std::vector<StoryLine>& lines);
void write_story(formats::JsonWriter& out, const MessageStory& story);

// The addresses that a record is about, for those who follow.
std::vector<std::string> addresses_of(const store::RecordRow& row);

}  // namespace posthaste::web
