#include "queue/report/report_language.h"

#include "base/ascii.h"
#include "queue/story.h"

#include <optional>
#include <string>

namespace posthaste::queue {
namespace {

// "de-AT;q=0.9 (Deutsch)": the first of the list that there are texts in, since programs write it
// in the order of preference.
std::optional<mail::Language> first_known(std::string_view list) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        std::string_view tag = ascii::trim(list.substr(0, comma));
        tag = ascii::trim(tag.substr(0, tag.find_first_of(";( ")));
        if (const auto known = mail::parse_language(tag)) return known;
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    return std::nullopt;
}

}  // namespace

mail::Language choose_language(std::string_view of_account, std::string_view header,
                               mail::Language otherwise) {
    if (const auto own = mail::parse_language(of_account)) return *own;
    for (const std::string_view name : {"Content-Language", "Accept-Language"}) {
        if (const auto known = first_known(field_of(header, name))) return *known;
    }
    return otherwise;
}

}  // namespace posthaste::queue
