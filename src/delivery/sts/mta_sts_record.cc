#include "delivery/sts/mta_sts_record.h"

#include "base/ascii.h"
#include "formats/url.h"
#include "mail/domain.h"
#include "mail/mailbox.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr std::size_t kMostFields = 64;
constexpr std::size_t kMostAddresses = 10;
constexpr std::size_t kMostUri = 2048;

struct Field {
    std::string_view name;
    std::string_view value;
};

bool is_name(std::string_view name) {
    const auto fits = [](char c) { return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.'; };
    return !name.empty() && name.size() <= 32 && ascii::is_alnum(name.front()) &&
           std::ranges::all_of(name, fits);
}

// Visible octets but "=" and ";"; blanks and "=" only where a list of URIs may hold them.
bool is_value(std::string_view value, bool uris) {
    const auto fits = [&](char c) {
        if (uris && (c == ' ' || c == '\t' || c == '=')) return true;
        return c > 0x20 && c < 0x7f && c != '=';
    };
    return !value.empty() && std::ranges::all_of(value, fits);
}

std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// The one record that begins with `version`; others are somebody else's business.
Result<std::string_view> only_record(std::span<const std::string> texts, std::string_view version) {
    std::optional<std::string_view> found;
    for (const std::string& text : texts) {
        if (!text.starts_with(version)) continue;
        if (found)
            return fail(ErrorKind::conflict,
                        fmt::format("there is more than one record that begins with {}", version),
                        "leave one of them");
        found = std::string_view(text).substr(version.size());
    }
    if (!found)
        return fail(ErrorKind::not_found, fmt::format("no TXT record begins with {}", version));
    return *found;
}

Error bad_field(std::string_view field) {
    return {ErrorKind::syntax,
            fmt::format("the record holds \"{}\", which is no name=value",
                        std::string(field.substr(0, 60))),
            {}};
}

// What stands behind the version: "a=b; c=d;".
Result<std::vector<Field>> fields_of(std::string_view text, std::string_view list) {
    std::vector<Field> fields;
    while (!text.empty()) {
        const auto end = text.find(';');
        const auto field = trim_blanks(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (field.empty() && trim_blanks(text).empty()) break;  // a last ";" ends the record
        const auto equals = field.find('=');
        if (equals == field.npos) return std::unexpected(bad_field(field));
        const Field one{field.substr(0, equals), field.substr(equals + 1)};
        if (!is_name(one.name) || !is_value(one.value, one.name == list))
            return std::unexpected(bad_field(field));
        if (fields.size() >= kMostFields)
            return fail(ErrorKind::syntax, "the record has too many fields");
        fields.push_back(one);
    }
    return fields;
}

Result<std::string_view> only_field(std::span<const Field> fields, std::string_view name) {
    std::optional<std::string_view> found;
    for (const Field& field : fields) {
        if (field.name != name) continue;
        if (found)
            return fail(ErrorKind::syntax, fmt::format("the record has {}= more than once", name));
        found = field.value;
    }
    if (!found) return fail(ErrorKind::syntax, fmt::format("the record has no {}=", name));
    return *found;
}

// A name with a dot, so that nothing in our own network is meant by it; the port may be another.
bool is_https_url(std::string_view uri) {
    constexpr std::string_view kScheme = "https://";
    if (!ascii::starts_with_ignore_case(uri, kScheme)) return false;
    uri.remove_prefix(kScheme.size());
    auto site = uri.substr(0, uri.find_first_of("/?#"));
    if (const auto colon = site.find(':'); colon != site.npos) {
        const auto port = site.substr(colon + 1);
        if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, ascii::is_digit))
            return false;
        site = site.substr(0, colon);
    }
    // Neither a login nor a literal: mail::Domain takes no "@", and literals have brackets.
    const auto host = mail::Domain::parse(site);
    return host && !host->is_literal() && !host->is_single_label() &&
           ascii::equals_ignore_case(host->ascii(), site);
}

std::optional<ReportAddress> read_uri(std::string_view uri) {
    constexpr std::string_view kMailto = "mailto:";
    if (uri.size() > kMostUri) return std::nullopt;
    if (ascii::starts_with_ignore_case(uri, kMailto)) {
        // Header fields that a "?" brings are not for us to add.
        const auto address = uri.substr(kMailto.size(), uri.find('?') - kMailto.size());
        const auto decoded = formats::percent_decode(address);
        if (!decoded) return std::nullopt;
        const auto mailbox = mail::Mailbox::parse(*decoded);
        if (!mailbox) return std::nullopt;
        return ReportAddress{ReportAddress::Kind::mail, mailbox->to_string()};
    }
    if (is_https_url(uri))
        return ReportAddress{ReportAddress::Kind::https,
                             "https" + std::string(uri.substr(uri.find(':')))};
    return std::nullopt;
}

}  // namespace

Result<std::string> read_sts_record(std::span<const std::string> texts) {
    PH_TRY(const auto record, only_record(texts, "v=STSv1;"));
    PH_TRY(const auto fields, fields_of(record, ""));
    PH_TRY(const auto id, only_field(fields, "id"));
    if (id.size() > 32 || !std::ranges::all_of(id, ascii::is_alnum))
        return fail(ErrorKind::syntax, "its id is not 1 to 32 letters and digits");
    return std::string(id);
}

Result<std::vector<ReportAddress>> read_tls_report_record(std::span<const std::string> texts) {
    PH_TRY(const auto record, only_record(texts, "v=TLSRPTv1;"));
    PH_TRY(const auto fields, fields_of(record, "rua"));
    PH_TRY(auto list, only_field(fields, "rua"));
    std::vector<ReportAddress> addresses;
    while (!list.empty() && addresses.size() < kMostAddresses) {
        const auto comma = list.find(',');
        const auto uri = trim_blanks(list.substr(0, comma));
        list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
        auto address = read_uri(uri);
        if (address && std::ranges::find(addresses, *address) == addresses.end())
            addresses.push_back(std::move(*address));
    }
    if (addresses.empty())
        return fail(ErrorKind::not_found, "its rua= names no address that a report can go to");
    return addresses;
}

}  // namespace posthaste::delivery
