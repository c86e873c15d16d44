// Story: what the history is told of a message, made beside the change that it tells of, to be
// written in one submission with it. Pure; any thread.
#pragma once

#include "base/event.h"
#include "queue/decision.h"
#include "store/change.h"

#include <string>
#include <string_view>
#include <vector>

namespace posthaste::queue {

// How a message came, as far as its row does not say it.
struct Arrival {
    std::string client;
    std::string tls;
    std::vector<std::string> changes;  // what was mended at submission
    std::string about;                 // a report: the id of its message
};

store::AddRecord tell_accepted(const store::AddMessage& added, const Arrival& arrival);

store::ResultFacts make_result(const Tried& tried, const Decision& decision);

// In one record, or in several when there are very many results; the tries are told once.
void tell_outcome(const QueueId& id, Timestamp at, store::OutcomeFacts facts,
                  store::Changes& changes);

store::AddRecord tell_note(const QueueId& id, store::RecordType type, std::string text,
                           std::string other = {});

// A field of the header on one line, encoded words decoded, printable, clipped; the first of that
// name. Much cheaper than parsing all of it.
std::string field_of(std::string_view header, std::string_view name);

}  // namespace posthaste::queue
