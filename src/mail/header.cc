#include "mail/header.h"

#include "base/ascii.h"
#include "base/assert.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

// Received, Date, Sender, Reply-To, notes of what was changed, signatures.
constexpr std::size_t kAddedFields = 50;
constexpr std::size_t kAddedOctets = 64 << 10;

std::unexpected<Error> refuse(std::size_t line, std::string_view why) {
    return fail(ErrorKind::syntax, fmt::format("line {} of the header {}", line, why),
                "the program that wrote the message must be mended");
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

// The name of the field in `line`, or nothing when it is not a field: ftext of RFC 5322 §3.6.8,
// then the white space that §4.5 allows before the colon. A name with anything else in it is a name
// to one reader and no field to the next.
std::string_view field_name(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    std::string_view name = line.substr(0, colon);
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    const bool plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
    return plain ? name : std::string_view();
}

// The next line of `block` at `at`, with its CR LF; empty when it has none, or a bare CR, LF or
// NUL.
std::string_view take_line(std::string_view block, std::size_t at) {
    const std::size_t end = block.find('\n', at);
    if (end == std::string_view::npos || end == at || block[end - 1] != '\r') return {};
    const std::string_view content = block.substr(at, end - 1 - at);
    if (content.find('\r') != std::string_view::npos ||
        content.find('\0') != std::string_view::npos) {
        return {};
    }
    return block.substr(at, end + 1 - at);
}

// What we write ourselves must not open another field.
bool is_one_field(std::string_view name, std::string_view body) {
    if (field_name(std::string(name) + ':') != name || name.empty()) return false;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '\0' || body[i] == '\n') return false;
        if (body[i] != '\r') continue;
        if (i + 2 >= body.size() || body[i + 1] != '\n' || !is_blank(body[i + 2])) return false;
        ++i;
    }
    return true;
}

HeaderField make_field(std::string name, std::string_view body) {
    PH_ASSERT(is_one_field(name, body));
    std::string raw;
    raw.reserve(name.size() + body.size() + 4);
    raw.append(name).append(": ").append(body).append("\r\n");
    return {std::move(name), std::move(raw)};
}

}  // namespace

std::string_view HeaderField::body() const {
    std::string_view text = raw;
    if (text.ends_with("\r\n")) text.remove_suffix(2);
    const std::size_t colon = text.find(':');
    return colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
}

std::string HeaderField::unfolded() const {
    std::string out;
    for (const char c : ascii::trim(body())) {
        if (c != '\r' && c != '\n')
            out += c;  // the white space of the fold stays (RFC 5322 §2.2.3)
    }
    return out;
}

bool HeaderField::is(std::string_view other) const {
    return ascii::equals_ignore_case(name, other);
}

Result<HeaderBlock> HeaderBlock::parse(std::string_view block) {
    return parse(block, kMaxOctets + kAddedOctets, kMaxFields + kAddedFields);
}

Result<HeaderBlock> HeaderBlock::parse_submitted(std::string_view block) {
    return parse(block, kMaxOctets, kMaxFields);
}

Result<HeaderBlock> HeaderBlock::parse(std::string_view block, std::size_t max_octets,
                                       std::size_t max_fields) {
    if (block.size() > max_octets) {
        return fail(ErrorKind::too_large, "the header is larger than 1 MB",
                    "send to fewer people at once, or shorten the header fields");
    }
    HeaderBlock header;
    header.fields_.reserve(16);
    std::size_t number = 0;
    std::size_t field_begin = 0;
    const auto end_field = [&](std::size_t end) {
        if (!header.fields_.empty()) {
            header.fields_.back().raw = block.substr(field_begin, end - field_begin);
        }
        field_begin = end;
    };
    for (std::size_t at = 0; at < block.size();) {
        ++number;
        const std::string_view line = take_line(block, at);
        if (line.empty())
            return refuse(number, "does not end in CR LF, or has a CR, LF or NUL in it");
        if (!is_blank(line.front())) {
            end_field(at);
            const std::string_view name = field_name(line);
            if (name.empty()) return refuse(number, "is not a header field");
            if (header.fields_.size() == max_fields) {
                return fail(ErrorKind::too_large, "the header has more than 1000 fields",
                            "the program that wrote the message must be mended");
            }
            header.fields_.push_back({std::string(name), {}});
        } else if (number == 1) {
            return refuse(number, "begins with a space, but no field stands above it");
        }
        at += line.size();
    }
    end_field(block.size());
    return header;
}

const HeaderField* HeaderBlock::find(std::string_view name) const {
    const auto it =
        std::ranges::find_if(fields_, [&](const HeaderField& field) { return field.is(name); });
    return it == fields_.end() ? nullptr : &*it;
}

std::size_t HeaderBlock::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(fields_, [&](const HeaderField& field) { return field.is(name); }));
}

std::size_t HeaderBlock::remove(std::string_view name) {
    return remove_if([&](const HeaderField& field) { return field.is(name); });
}

void HeaderBlock::rename(std::size_t index, std::string name) {
    PH_ASSERT(index < fields_.size() && is_one_field(name, {}));
    HeaderField& field = fields_[index];
    field.raw.replace(0, field.raw.find(':'), name);
    field.name = std::move(name);
}

void HeaderBlock::replace(std::size_t index, std::string raw) {
    PH_ASSERT(index < fields_.size() && raw.ends_with("\r\n"));
    HeaderField& field = fields_[index];
    field.raw = std::move(raw);
    PH_ASSERT(field_name(field.raw) == field.name && is_one_field(field.name, field.body()));
}

void HeaderBlock::insert(std::size_t index, std::string name, std::string_view body) {
    PH_ASSERT(index <= fields_.size());
    fields_.insert(fields_.begin() + static_cast<std::ptrdiff_t>(index),
                   make_field(std::move(name), body));
}

void HeaderBlock::prepend(std::string name, std::string_view body) {
    fields_.insert(fields_.begin(), make_field(std::move(name), body));
}

void HeaderBlock::append(std::string name, std::string_view body) {
    fields_.push_back(make_field(std::move(name), body));
}

std::string HeaderBlock::to_string() const {
    std::size_t size = 0;
    for (const HeaderField& field : fields_) size += field.raw.size();
    std::string out;
    out.reserve(size);
    for (const HeaderField& field : fields_) out += field.raw;
    return out;
}

}  // namespace posthaste::mail
