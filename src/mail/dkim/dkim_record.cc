#include "mail/dkim/dkim_record.h"

#include "base/ascii.h"
#include "base/assert.h"
#include "base/utf8.h"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kExcerpt = 24;  // octets shown of each side

std::string without_blanks(std::string_view text) {
    std::string out;
    std::ranges::copy_if(text, std::back_inserter(out),
                         [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
    return out;
}

// True when the list, divided by ':', has the word (RFC 6376 §3.6.1: h=, s=, t=).
bool lists(std::string_view list, std::string_view word) {
    for (;;) {
        const auto colon = list.find(':');
        if (ascii::trim(list.substr(0, colon)) == word) return true;
        if (colon == std::string_view::npos) return false;
        list.remove_prefix(colon + 1);
    }
}

bool is_tag_name(std::string_view name) {
    return !name.empty() && ascii::is_alpha(name.front()) &&
           std::ranges::all_of(name, [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

using Tags = std::map<std::string, std::string, std::less<>>;

// RFC 6376 §3.2. Nothing when it is no list of tags, or has one twice.
std::optional<Tags> parse_tags(std::string_view text) {
    Tags tags;
    while (!ascii::trim(text).empty()) {
        const auto end = std::min(text.find(';'), text.size());
        const std::string_view tag = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto equals = tag.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const auto name = ascii::trim(tag.substr(0, equals));
        if (!is_tag_name(name)) return std::nullopt;
        const auto value = ascii::trim(tag.substr(equals + 1));
        if (!tags.emplace(std::string(name), std::string(value)).second) return std::nullopt;
    }
    return tags;
}

std::string tag(const Tags& tags, std::string_view name, std::string_view otherwise = {}) {
    const auto found = tags.find(name);
    return found == tags.end() ? std::string(otherwise) : found->second;
}

std::string excerpt(std::string_view text, std::size_t offset) {
    if (offset >= text.size()) return "nothing";
    const auto cut = text.substr(offset, kExcerpt);
    return fmt::format("\"{}{}\"", utf8::printable(cut, kExcerpt),
                       offset + kExcerpt < text.size() ? "…" : "");
}

constexpr std::string_view kEnterAnew =
    "enter the record again, copied from: posthaste dkim publish";

DkimRecordCheck differs(std::string problem, std::string_view mend) {
    return {DkimVerdict::differs, std::move(problem), std::string(mend), {}, {}};
}

// Why the whole is no record, in the order of what forms of providers do to it.
DkimRecordCheck unreadable(std::string_view found) {
    if (found.find('"') != std::string_view::npos)
        return differs("the record in DNS has quotation marks in it",
                       "the provider's form adds its own: enter the record without them, as one "
                       "line");
    if (found.find('\\') != std::string_view::npos)
        return differs("the record in DNS has a \\ in it",
                       "enter it without: the form wants the plain text");
    return differs(fmt::format("the record in DNS is no DKIM record: {}", excerpt(found, 0)),
                   kEnterAnew);
}

DkimRecordCheck compare_keys(std::string_view found, std::string_view expected) {
    if (found.empty())
        return differs("the record in DNS has an empty p=, which revokes the key", kEnterAnew);
    const auto [here, there] = std::ranges::mismatch(found, expected);
    if (here == found.end() && there == expected.end()) return {DkimVerdict::ok, {}, {}, {}, {}};
    const auto offset = static_cast<std::size_t>(here - found.begin());
    DkimRecordCheck check =
        differs(fmt::format("the key in DNS differs from ours at character {} of p=: found {}, "
                            "expected {}",
                            offset + 1, excerpt(found, offset), excerpt(expected, offset)),
                kEnterAnew);
    check.offset = offset;
    if (here == found.end())
        check.mend =
            "the form has cut it off: enter it as two texts of at most 255 characters, as the "
            "zone form of posthaste dkim publish shows, or ask the provider for long TXT records";
    else if (!ascii::is_alnum(*here) && *here != '+' && *here != '/' && *here != '=')
        check.mend =
            "no key holds this character: enter the record without quotation marks, as "
            "one line";
    else
        check.mend =
            "if this is the record of an older key, publish the new one and wait until "
            "the TTL of the old one is over; else " +
            check.mend;
    return check;
}

DkimRecordCheck compare(std::string_view text, const Tags& expected) {
    const auto tags = parse_tags(text);
    if (!tags) return unreadable(text);
    // v= may be left out; where it stands, it stands first (RFC 6376 §3.6.1).
    const bool first = ascii::trim(text.substr(0, text.find('='))) == "v";
    if (tags->contains("v") && (!first || tag(*tags, "v") != "DKIM1"))
        return differs("the record in DNS does not begin with v=DKIM1", kEnterAnew);
    if (!tags->contains("p")) return unreadable(text);
    if (tag(*tags, "k", "rsa") != tag(expected, "k"))
        return differs(
            fmt::format("the record in DNS is of another kind of key: k={}, expected k={}",
                        utf8::printable(tag(*tags, "k", "rsa"), kExcerpt), tag(expected, "k")),
            kEnterAnew);
    if (tags->contains("h") && !lists(tag(*tags, "h"), "sha256"))
        return differs("the record in DNS forbids SHA-256 with its h=",
                       "take h= out of the record, or write h=sha256");
    if (tags->contains("s") && !lists(tag(*tags, "s"), "*") && !lists(tag(*tags, "s"), "email"))
        return differs("the record in DNS is not for mail, by its s=", "take s= out of the record");
    auto check = compare_keys(without_blanks(tag(*tags, "p")), tag(expected, "p"));
    if (check.verdict == DkimVerdict::ok && lists(tag(*tags, "t"), "y"))
        check.note =
            "t=y in the record tells receivers that this is a test: take it out when all "
            "is well";
    return check;
}

}  // namespace

std::string_view to_string(DkimVerdict verdict) {
    switch (verdict) {
        case DkimVerdict::ok:
            return "ok";
        case DkimVerdict::missing:
            return "missing";
        case DkimVerdict::differs:
            break;
    }
    return "differs";
}

DkimRecordCheck check_dkim_record(std::span<const std::string> found, std::string_view expected) {
    const auto wanted = parse_tags(expected);
    PH_ASSERT(wanted && wanted->contains("k") && wanted->contains("p"));
    if (found.empty())
        return {DkimVerdict::missing,
                "DNS has no TXT record there",
                "publish it, or, if that has been done, wait for the zone's TTL; many forms add "
                "the domain to the name by themselves, so that it must be entered without",
                {},
                {}};
    if (found.size() == 1) return compare(found.front(), *wanted);
    return differs(fmt::format("DNS has {} TXT records there, and receivers take any one of them",
                               found.size()),
                   "leave one record at that name");
}

}  // namespace posthaste::mail
