#include "store/change.h"

#include "base/assert.h"

#include <algorithm>

namespace posthaste::store {

namespace {

template <class T>
constexpr bool kIsQueue = std::is_same_v<T, AddMessage> || std::is_same_v<T, Settlement> ||
                          std::is_same_v<T, MarkDelayReported> || std::is_same_v<T, SetHold> ||
                          std::is_same_v<T, SetNextAttempt> || std::is_same_v<T, SetRoute> ||
                          std::is_same_v<T, SaveClock> || std::is_same_v<T, AddRecord> ||
                          std::is_same_v<T, ForgetRecords> || std::is_same_v<T, CountReport> ||
                          std::is_same_v<T, ForgetReportCounts> ||
                          std::is_same_v<T, AddDigestLines> || std::is_same_v<T, TakeDigest>;

template <class T>
constexpr bool kIsLearned =
    std::is_same_v<T, PutSignIn> || std::is_same_v<T, RemoveSignIn> || std::is_same_v<T, PutFact> ||
    std::is_same_v<T, RemoveFacts> || std::is_same_v<T, PutSentMark> ||
    std::is_same_v<T, RemoveSentMark> || std::is_same_v<T, RemoveSentMarks> ||
    std::is_same_v<T, PutKept> || std::is_same_v<T, RemoveKept> ||
    std::is_same_v<T, RemoveExpiredKept> || std::is_same_v<T, PutSuppression> ||
    std::is_same_v<T, RemoveSuppression>;

Part part_of_change(const Change& change) {
    return std::visit([]<class T>(const T&) { return kIsQueue<T> ? Part::queue : Part::directory; },
                      change);
}

}  // namespace

Part part_of(const Changes& changes) {
    PH_ASSERT(!changes.empty());
    const Part part = part_of_change(changes.front());
    for (const Change& change : changes) PH_ASSERT(part_of_change(change) == part);
    return part;
}

bool changes_directory(const Changes& changes) {
    return std::ranges::any_of(changes, [](const Change& change) {
        return std::visit([]<class T>(const T&) { return !kIsQueue<T> && !kIsLearned<T>; }, change);
    });
}

bool brings_mail(const Changes& changes) {
    return std::ranges::any_of(changes, [](const Change& change) {
        const auto* const add = std::get_if<AddMessage>(&change);
        return add != nullptr && add->row.kind == MessageKind::mail;
    });
}

}  // namespace posthaste::store
