#include "mail/domain.h"

#include "base/ascii.h"
#include "base/owned.h"
#include "base/utf8.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <new>

#include <fmt/format.h>
#include <idn2.h>
#include <unicase.h>
#include <uninorm.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxName = 253;  // RFC 1035 §2.3.4 without the length octets
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxInput = 1024;  // U-labels are longer in UTF-8 than as A-labels

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
    return fail(ErrorKind::syntax,
                fmt::format("\"{}\" is not a domain: {}", utf8::printable(text, 100), why),
                "check the part of the address behind the @");
}

using Idn2String = Owned<char, idn2_free>;

bool is_name_octet(char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
}

// The rules that hold for every name, whatever it was written as; `name` is what will go on the
// wire. Returns why not, or an empty text.
std::string_view find_fault(std::string_view name) {
    if (name.empty()) return "it is empty";
    if (name.size() > kMaxName) return "it is longer than 253 octets";
    std::size_t start = 0;
    bool last_is_number = true;
    for (std::size_t i = 0; i <= name.size(); ++i) {
        if (i < name.size() && name[i] != '.') {
            if (!is_name_octet(name[i])) return "only letters, digits, '-' and '_' may stand in it";
            last_is_number = last_is_number && ascii::is_digit(name[i]);
            continue;
        }
        const std::size_t length = i - start;
        if (length == 0) return "a label between the dots is empty";
        if (length > kMaxLabel) return "a label is longer than 63 octets";
        if (name[start] == '-' || name[i - 1] == '-') return "a label begins or ends with '-'";
        if (i < name.size()) {
            start = i + 1;
            last_is_number = true;
        }
    }
    // No top-level domain is a number (RFC 3696 §2), and some resolvers read such a name as an
    // IPv4 address: 10.0.0.1, 010.1, 2130706433.
    if (last_is_number) return "it ends in a number; an IP address must stand in brackets";
    return {};
}

bool has_a_label(std::string_view name) {
    return name.starts_with("xn--") || name.find(".xn--") != std::string_view::npos;
}

// UTS 46, non-transitional: "ß" and its like stay themselves. No STD3 rules, since "_" is in use;
// find_fault checks what comes out, so that nothing that maps to '@', '/' or '.' slips through.
Result<std::string> to_a_labels(const std::string& name) {
    if (!utf8::is_valid(name)) return refuse(name, "it is not valid UTF-8");
    std::uint8_t* raw = nullptr;
    const int rc = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(name.c_str()), &raw,
                                  IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const Idn2String out(reinterpret_cast<char*>(raw));
    if (rc == IDN2_MALLOC) throw std::bad_alloc();
    if (rc != IDN2_OK || !out) return refuse(name, idn2_strerror(rc));
    return ascii::to_lower(out.get());
}

// Strictly RFC 5321 §4.1.3: dotted decimal without leading zeros, or the tag "IPv6:". The result is
// the one spelling of the address, since literals are compared as octets.
Result<std::string> parse_literal(std::string_view text) {
    constexpr std::string_view kTag = "IPv6:";
    if (text.size() < 3 || text.back() != ']') {
        return refuse(text, "an address literal ends with ']'");
    }
    std::string_view inner = text.substr(1, text.size() - 2);
    const bool v6 = ascii::starts_with_ignore_case(inner, kTag);
    if (v6) inner.remove_prefix(kTag.size());
    const std::string address(inner);  // may hold a NUL, on which inet_pton would stop
    std::array<std::uint8_t, 16> octets{};
    std::array<char, INET6_ADDRSTRLEN> canonical{};
    const int family = v6 ? AF_INET6 : AF_INET;
    if (address.size() >= canonical.size() || address.find('\0') != std::string::npos ||
        inet_pton(family, address.c_str(), octets.data()) != 1 ||
        inet_ntop(family, octets.data(), canonical.data(), canonical.size()) == nullptr) {
        return refuse(text, "it is neither [IPv4] nor [IPv6:address]");
    }
    return fmt::format("[{}{}]", v6 ? kTag : "", canonical.data());
}

}  // namespace

Result<Domain> Domain::parse(std::string_view text) {
    if (text.empty()) return refuse(text, "it is empty");
    if (text.size() > kMaxInput) return refuse(text, "it is longer than 253 octets");
    Domain domain;
    if (text.front() == '[') {
        PH_TRY(domain.ascii_, parse_literal(text));
        return domain;
    }
    bool plain = true;  // the usual case, in which libidn2 has nothing to say
    for (const char c : text) {
        if (ascii::is_control(c) || c == ' ')
            return refuse(text, "there is a space or control in it");
        plain = plain && !ascii::is_8bit(c);
    }
    domain.ascii_ = ascii::to_lower(text);
    // What is ASCII already is taken as it is, A-labels too: whether such a name exists is for the
    // DNS to say (RFC 5891 §5.4), and some that IDNA 2008 would not make are in use.
    if (!plain) {
        PH_TRY(domain.ascii_, to_a_labels(domain.ascii_));
    }
    if (domain.ascii_.ends_with('.')) domain.ascii_.pop_back();
    if (const auto fault = find_fault(domain.ascii_); !fault.empty()) return refuse(text, fault);
    return domain;
}

std::string Domain::unicode() const {
    if (!has_a_label(ascii_)) return ascii_;
    char* raw = nullptr;
    const int rc = idn2_to_unicode_8z8z(ascii_.c_str(), &raw, 0);
    const Idn2String out(raw);
    if (rc != IDN2_OK || !out) return ascii_;
    // Only what leads back to the same name: a label that decodes to "example.org" is not shown so.
    std::string name = out.get();
    const auto back = to_a_labels(name);
    return back && *back == ascii_ ? name : ascii_;
}

bool Domain::is_spelled(std::string_view text) const {
    if (ascii::is_ascii(text)) return true;
    if (text.ends_with('.')) text.remove_suffix(1);
    std::size_t size = 0;
    std::uint8_t* raw = u8_tolower(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                   nullptr, UNINORM_NFC, nullptr, &size);
    if (raw == nullptr && errno == ENOMEM) throw std::bad_alloc();
    const Owned<std::uint8_t, std::free> owned(raw);
    const std::string_view lower(reinterpret_cast<const char*>(raw), raw == nullptr ? 0 : size);
    return lower == unicode();
}

std::string Domain::literal_address() const {
    if (!is_literal()) return {};
    const std::string_view inner = std::string_view(ascii_).substr(1, ascii_.size() - 2);
    return std::string(inner.starts_with("IPv6:") ? inner.substr(5) : inner);
}

bool Domain::is_single_label() const {
    return !is_literal() && ascii_.find('.') == std::string::npos;
}

}  // namespace posthaste::mail
