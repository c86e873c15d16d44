#include "mail/report/fields.h"

#include "base/ascii.h"

#include <algorithm>

namespace posthaste::mail::report {

namespace {

constexpr std::size_t kLongestName = 80;

// The name before ':', of printable characters without spaces; empty: the line is no field.
std::string_view name_of(std::string_view line) {
    const auto colon = line.substr(0, kLongestName + 1).find(':');
    if (colon == std::string_view::npos) return {};
    const auto name = ascii::trim(line.substr(0, colon));
    const bool fits = std::ranges::all_of(
        name, [](char c) { return c > ' ' && c != 0x7f && !ascii::is_8bit(c); });
    return fits ? name : std::string_view();
}

}  // namespace

std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

Fields Fields::take(std::string_view& rest) {
    Fields fields;
    std::size_t octets = 0;
    bool folds = false;  // the line before belongs to a field that is kept
    while (!rest.empty()) {
        if (rest.starts_with("--")) break;
        const auto line = take_line(rest);
        if (line.empty()) break;
        if (line.front() == ' ' || line.front() == '\t') {
            if (!folds) continue;
            std::string& value = fields.fields_.back().value;
            const auto more = ascii::trim(line);
            if (more.empty() || value.size() + more.size() >= kLongest ||
                octets + more.size() >= kMostOctets)
                continue;
            if (!value.empty()) value += ' ';
            value += more;
            octets += more.size() + 1;
            continue;
        }
        const auto name = name_of(line);
        folds = !name.empty() && fields.fields_.size() < kMost && octets < kMostOctets;
        if (!folds) continue;
        const auto value = ascii::trim(line.substr(line.find(':') + 1)).substr(0, kLongest);
        octets += name.size() + value.size();
        fields.fields_.push_back({ascii::to_lower(name), std::string(value)});
    }
    return fields;
}

const Fields::Field* Fields::find(std::string_view name) const {
    const auto found = std::ranges::find_if(
        fields_, [&](const Field& field) { return ascii::equals_ignore_case(field.name, name); });
    return found == fields_.end() ? nullptr : &*found;
}

const std::string& Fields::value(std::string_view name) const {
    static const std::string kNothing;
    const Field* field = find(name);
    return field == nullptr ? kNothing : field->value;
}

bool Fields::has(std::string_view name) const {
    return find(name) != nullptr;
}

std::vector<std::string_view> Fields::all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const Field& field : fields_) {
        if (ascii::equals_ignore_case(field.name, name)) values.emplace_back(field.value);
    }
    return values;
}

}  // namespace posthaste::mail::report
