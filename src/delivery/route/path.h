// Paths: which of a pool's addresses a message leaves from is chosen when it comes in, by its id,
// and is part of what the scheduler groups recipients by. So windows, probes, rates and what rules
// change hold for each of our addresses at a site, and one that a site dislikes does not slow the
// others (delivery.md 3.2).
#pragma once

#include <string>
#include <string_view>

namespace posthaste::delivery {

// As queue::Courier::route_for says it: the class of a route (Routes::class_of) and a source.
// Neither has a space in it.
struct PathWords {
    std::string_view route_class;
    std::string_view source;  // empty: there is no choice
};

inline std::string join_path(std::string_view route_class, std::string_view source) {
    std::string words(route_class);
    if (!source.empty()) words.append(" ").append(source);
    return words;
}

inline PathWords split_path(std::string_view words) {
    const auto space = words.find(' ');
    if (space == words.npos) return {words, {}};
    return {words.substr(0, space), words.substr(space + 1)};
}

// What greylisting knows a message by, from attempt to attempt. At a site that takes several
// domains in one transaction the first of them may be another one next time.
inline std::string source_key(std::string_view id, std::string_view domain, bool mixes_domains) {
    std::string key(id);
    if (!mixes_domains) key += domain;
    return key;
}

// A site's key with the source behind it.
inline std::string path_key(std::string_view site, std::string_view source) {
    std::string key(site);
    if (!source.empty()) key.append(" from ").append(source);
    return key;
}

}  // namespace posthaste::delivery
