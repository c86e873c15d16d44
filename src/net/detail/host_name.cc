#include "net/detail/host_name.h"

#include "base/ascii.h"

#include <algorithm>

namespace posthaste::net::detail {

namespace {

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= 63 && !label.starts_with('-') &&
           !label.ends_with('-') && std::ranges::all_of(label, [](char c) {
               return ascii::is_alnum(c) || c == '-' || c == '_';
           });
}

}  // namespace

bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    for (;;) {
        auto dot = name.find('.');
        auto label = name.substr(0, dot);
        if (!is_label(label)) return false;
        if (dot == std::string_view::npos) return !std::ranges::all_of(label, ascii::is_digit);
        name.remove_prefix(dot + 1);
    }
}

std::optional<MxData> parse_mx_data(std::string_view octets) {
    auto octet = [&](std::size_t i) { return static_cast<unsigned char>(octets[i]); };
    if (octets.size() < 3 || octets.size() > 2 + 255) return std::nullopt;
    MxData data{.preference = octet(0) * 256U + octet(1), .host = {}};
    std::size_t at = 2;
    while (octet(at) != 0) {
        std::size_t length = octet(at);
        // 64 and more would be a compression pointer, which libunbound has resolved.
        if (length > 63 || at + 1 + length >= octets.size()) return std::nullopt;
        auto label = octets.substr(at + 1, length);
        // A dot within a label would make two names one.
        if (label.find('.') != std::string_view::npos) return std::nullopt;
        if (!data.host.empty()) data.host += '.';
        data.host += ascii::to_lower(label);
        at += 1 + length;
    }
    if (at + 1 != octets.size()) return std::nullopt;
    return data;
}

std::optional<std::string> parse_txt_data(std::string_view octets) {
    if (octets.empty()) return std::nullopt;
    std::string joined;
    while (!octets.empty()) {
        const std::size_t length = static_cast<unsigned char>(octets.front());
        if (length >= octets.size()) return std::nullopt;
        joined += octets.substr(1, length);
        octets.remove_prefix(1 + length);
    }
    return joined;
}

}  // namespace posthaste::net::detail
