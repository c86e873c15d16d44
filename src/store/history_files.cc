#include "store/history_files.h"

#include "store/files.h"

#include <algorithm>
#include <charconv>
#include <sys/stat.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store {

namespace {

constexpr std::string_view kDamaged = ".damaged";
constexpr std::string_view kBeside[] = {"", "-wal", "-shm"};
constexpr std::size_t kDayLength = 10;

bool is_day(std::string_view text) {
    if (text.size() != kDayLength) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
    }
    return true;
}

}  // namespace

std::string HistoryFile::name() const {
    return fmt::format("{}{}.db{}", day, part > 1 ? fmt::format(".{}", part) : "",
                       damaged ? kDamaged : "");
}

std::optional<HistoryFile> parse_history_file(std::string_view name) {
    HistoryFile file;
    std::string_view rest = name;
    if (rest.ends_with(kDamaged)) {
        file.damaged = true;
        rest.remove_suffix(kDamaged.size());
    }
    if (!rest.ends_with(".db")) return std::nullopt;
    rest.remove_suffix(3);
    if (!is_day(rest.substr(0, kDayLength))) return std::nullopt;
    file.day = rest.substr(0, kDayLength);
    rest.remove_prefix(kDayLength);
    if (!rest.empty()) {
        if (rest.front() != '.') return std::nullopt;
        rest.remove_prefix(1);
        const auto [end, error] =
            std::from_chars(rest.data(), rest.data() + rest.size(), file.part);
        if (error != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
    }
    // "2026-11-23.02.db" is not ours.
    if (file.name() != name) return std::nullopt;
    return file;
}

std::string history_day(Timestamp at) {
    return format_iso8601(at).substr(0, kDayLength);
}

Result<std::vector<HistoryFile>> list_history(const std::string& folder) {
    if (access(folder.c_str(), F_OK) != 0) return std::vector<HistoryFile>();
    PH_TRY(const auto names, list_folder(folder));
    std::vector<HistoryFile> files;
    for (const std::string& name : names) {
        if (auto file = parse_history_file(name)) files.push_back(std::move(*file));
    }
    std::ranges::sort(files);
    return files;
}

std::uint64_t history_octets(const std::string& folder, const HistoryFile& file) {
    std::uint64_t octets = 0;
    for (const auto beside : kBeside) {
        struct stat status{};
        const std::string path = fmt::format("{}/{}{}", folder, file.name(), beside);
        if (stat(path.c_str(), &status) == 0) octets += static_cast<std::uint64_t>(status.st_size);
    }
    return octets;
}

void remove_history(const std::string& folder, const HistoryFile& file) {
    for (const auto beside : kBeside)
        unlink(fmt::format("{}/{}{}", folder, file.name(), beside).c_str());
}

}  // namespace posthaste::store
