// The names of the history's files: "2026-11-23.db", and "2026-11-23.2.db" on for the further parts
// of a busy day. Beside them stand SQLite's own, and what was found damaged ("….db.damaged").
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::store {

struct HistoryFile {
    std::string day;  // "2026-11-23", UTC
    unsigned part = 1;
    bool damaged = false;

    std::string name() const;
    auto operator<=>(const HistoryFile&) const = default;
};

std::optional<HistoryFile> parse_history_file(std::string_view name);
std::string history_day(Timestamp at);

// Oldest first; damaged ones too. A folder that is missing is empty.
Result<std::vector<HistoryFile>> list_history(const std::string& folder);

std::uint64_t history_octets(const std::string& folder, const HistoryFile& file);
void remove_history(const std::string& folder, const HistoryFile& file);

}  // namespace posthaste::store
