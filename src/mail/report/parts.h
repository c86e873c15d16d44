// The parts of a message that came back, as views into it: a walk without recursion, for messages
// that are in memory. Messages within it are not opened. Linear; bounded in depth and number.
#pragma once

#include "mail/mime/content_type.h"
#include "mail/report/fields.h"

#include <string>
#include <string_view>
#include <vector>

namespace posthaste::mail::report {

struct Part {
    ContentType type{};
    TransferEncoding encoding = TransferEncoding::identity;
    std::string_view body{};  // as it came

    // With the transfer encoding undone, at most that much.
    std::string decoded(std::size_t most) const;
    // The same as text in UTF-8, tags of HTML taken out; what is in no known charset is read as
    // ISO 8859-1.
    std::string text(std::size_t most) const;
};

struct Entity {
    static constexpr std::size_t kMostParts = 200;
    static constexpr std::size_t kDeepest = 12;

    Fields header{};
    ContentType type{};
    std::vector<Part> parts{};  // leaves, in order; the body itself where it is no multipart

    // The first of that type.
    const Part* find(std::string_view type_and_subtype) const;
};

// `message` outlives what comes back.
Entity read_entity(std::string_view message);

}  // namespace posthaste::mail::report
