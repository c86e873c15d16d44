#include "net/detail/port_holder.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <fmt/format.h>

namespace posthaste::net::detail {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListens = "0A";  // TCP_LISTEN in the kernel's table

std::string whole(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

template <class T>
bool number(std::string_view text, T& value, int base) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc() && end == text.data() + text.size();
}

bool holds_one_of(const fs::path& descriptors, const std::set<std::uint64_t>& inodes) {
    std::error_code error;
    for (fs::directory_iterator it(descriptors, error), end; !error && it != end;
         it.increment(error)) {
        std::error_code unread;
        std::string target = fs::read_symlink(it->path(), unread).string();
        constexpr std::string_view kPrefix = "socket:[";
        if (unread || !target.starts_with(kPrefix) || !target.ends_with(']')) continue;
        std::uint64_t inode = 0;
        std::string_view digits(target);
        digits = digits.substr(kPrefix.size(), digits.size() - kPrefix.size() - 1);
        if (number(digits, inode, 10) && inodes.contains(inode)) return true;
    }
    return false;
}

std::set<std::uint64_t> all_inodes(std::uint16_t port) {
    auto inodes = listening_inodes(whole("/proc/net/tcp"), port);
    inodes.merge(listening_inodes(whole("/proc/net/tcp6"), port));
    return inodes;
}

}  // namespace

std::set<std::uint64_t> listening_inodes(std::string_view table, std::uint16_t port) {
    std::set<std::uint64_t> inodes;
    while (!table.empty()) {
        auto line = table.substr(0, table.find('\n'));
        table.remove_prefix(std::min(table.size(), line.size() + 1));
        // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
        std::vector<std::string_view> fields;
        for (std::size_t at = 0; fields.size() < 10;) {
            at = line.find_first_not_of(' ', at);
            if (at == std::string_view::npos) break;
            auto end = std::min(line.find(' ', at), line.size());
            fields.push_back(line.substr(at, end - at));
            at = end;
        }
        if (fields.size() < 10 || fields[3] != kListens) continue;
        auto colon = fields[1].rfind(':');
        std::uint16_t local = 0;
        std::uint64_t inode = 0;
        if (colon == std::string_view::npos || !number(fields[1].substr(colon + 1), local, 16))
            continue;
        if (local == port && number(fields[9], inode, 10) && inode != 0) inodes.insert(inode);
    }
    return inodes;
}

bool is_listened_on(std::uint16_t port) {
    return !all_inodes(port).empty();
}

std::string find_port_holder(std::uint16_t port) {
    const auto inodes = all_inodes(port);
    if (inodes.empty()) return {};
    std::error_code error;
    for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
        std::uint32_t pid = 0;
        if (!number(std::string_view(it->path().filename().native()), pid, 10)) continue;
        if (!holds_one_of(it->path() / "fd", inodes)) continue;
        std::string name = whole(it->path() / "comm");
        while (name.ends_with('\n')) name.pop_back();
        return fmt::format("{} (pid {})", name, pid);
    }
    return {};
}

}  // namespace posthaste::net::detail
