#include "delivery/sts/mta_sts_policy.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/dkim/dkim_body.h"
#include "mail/domain.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr std::int64_t kMostSeconds = 31'557'600;  // RFC 8461 §3.2
constexpr std::size_t kPrintedPatterns = 100;      // octets of a fingerprint that still says them

std::string_view trim_end(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

std::string_view trim_start(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    return text;
}

bool is_key(std::string_view key) {
    const auto fits = [](char c) { return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.'; };
    return !key.empty() && key.size() <= 32 && std::ranges::all_of(key, fits);
}

std::unexpected<Error> wrong(std::string text) {
    return fail(ErrorKind::syntax, std::move(text));
}

// "*.example.com" or "mx.example.com", of A-labels.
std::optional<std::string> read_pattern(std::string_view text) {
    const bool wild = text.starts_with("*.");
    if (!ascii::is_ascii(text)) return std::nullopt;
    const auto domain = mail::Domain::parse(wild ? text.substr(2) : text);
    if (!domain || domain->is_literal()) return std::nullopt;
    return (wild ? "*." : "") + domain->ascii();
}

std::optional<StsMode> read_mode(std::string_view text) {
    if (text == "enforce") return StsMode::enforce;
    if (text == "testing") return StsMode::testing;
    if (text == "none") return StsMode::none;
    return std::nullopt;
}

std::optional<Seconds> read_age(std::string_view text) {
    if (text.empty() || !std::ranges::all_of(text, ascii::is_digit)) return std::nullopt;
    while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
    if (text.size() > 10) return std::nullopt;
    std::int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return Seconds(std::min(seconds, kMostSeconds));
}

// Gathers the fields; of those that may come once the first counts.
class Reader {
  public:
    Result<void> take(std::string_view line) {
        const auto colon = line.find(':');
        const auto key = line.substr(0, colon);
        if (colon == line.npos || !is_key(key))
            return wrong(
                fmt::format("its line \"{}\" is no \"key: value\"", utf8::printable(line, 60)));
        const auto value = trim_start(line.substr(colon + 1));
        if (key == "version" && !has_version_) return take_version(value);
        if (key == "mode" && !document_mode_) return take_mode(value);
        if (key == "max_age" && !age_) return take_age(value);
        if (key == "mx") return take_mx(value);
        return {};
    }

    Result<StsDocument> finish(std::vector<std::string> lines) && {
        if (!has_version_) return wrong("it has no version");
        if (!document_mode_) return wrong("it has no mode");
        if (!age_) return wrong("it has no max_age");
        if (mx_.empty() && *document_mode_ != StsMode::none)
            return wrong("it has no mx, so no server could ever take mail");
        return StsDocument{*document_mode_, *age_, std::move(mx_), std::move(lines)};
    }

  private:
    Result<void> take_version(std::string_view value) {
        if (value != "STSv1")
            return wrong(fmt::format("its version is \"{}\", and only STSv1 is known",
                                     utf8::printable(value, 20)));
        has_version_ = true;
        return {};
    }

    Result<void> take_mode(std::string_view value) {
        document_mode_ = read_mode(value);
        if (document_mode_) return {};
        return wrong(fmt::format("its mode is \"{}\", not enforce, testing or none",
                                 utf8::printable(value, 20)));
    }

    Result<void> take_age(std::string_view value) {
        age_ = read_age(value);
        if (age_) return {};
        return wrong(
            fmt::format("its max_age is \"{}\", no number of seconds", utf8::printable(value, 20)));
    }

    Result<void> take_mx(std::string_view value) {
        auto pattern = read_pattern(value);
        if (!pattern)
            return wrong(fmt::format("its mx \"{}\" is no host name", utf8::printable(value, 60)));
        mx_.push_back(std::move(*pattern));
        return {};
    }

    bool has_version_ = false;
    std::optional<StsMode> document_mode_;
    std::optional<Seconds> age_;
    std::vector<std::string> mx_;
};

// Nobody may make two policies that differ and look the same: beyond what can be printed it is a
// digest.
std::string fingerprint(const StsDocument& document) {
    std::vector<std::string> sorted = document.mx;
    std::ranges::sort(sorted);
    sorted.erase(std::ranges::unique(sorted).begin(), sorted.end());
    std::string patterns = fmt::format("{}", fmt::join(sorted, ","));
    if (patterns.size() > kPrintedPatterns) {
        mail::DkimBodyHash digest;
        digest.update(patterns + "\r\n");
        patterns = digest.finish();
    }
    return fmt::format("{}:{}", to_string(document.mode), patterns);
}

}  // namespace

std::string_view to_string(StsMode mode) {
    switch (mode) {
        case StsMode::none:
            return "none";
        case StsMode::testing:
            return "testing";
        case StsMode::enforce:
            return "enforce";
    }
    std::unreachable();
}

Result<StsDocument> parse_sts_policy(std::string_view body) {
    if (body.size() > kStsBodyAtMost) return fail(ErrorKind::too_large, "it is longer than 64 KB");
    if (!utf8::is_valid(body) || body.find('\0') != body.npos)
        return wrong("it is not text in UTF-8");
    Reader reader;
    std::vector<std::string> lines;
    while (!body.empty()) {
        const auto end = body.find('\n');
        const auto line = trim_end(body.substr(0, end));
        body.remove_prefix(end == body.npos ? body.size() : end + 1);
        if (line.empty()) continue;
        PH_CHECK(reader.take(line));
        lines.emplace_back(line);
    }
    return std::move(reader).finish(std::move(lines));
}

StsPolicy make_policy(const StsDocument& document, std::string id) {
    return {document.mode, document.mx, std::move(id), fingerprint(document), document.lines};
}

}  // namespace posthaste::delivery
