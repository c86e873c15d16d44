#include "discovery/pacc.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "formats/json.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace posthaste::discovery {
namespace {

constexpr std::uint16_t kSubmissionsPort = 465;
constexpr std::size_t kMaxName = 60;  // characters in the draft; octets here, so never more
constexpr std::size_t kMaxShortName = 20;

void write_host(formats::JsonWriter& json, std::string_view protocol, std::string_view host) {
    json.key(protocol).begin_object().member("host", host).end_object();
}

void write_incoming(formats::JsonWriter& json, const MailSettings& settings, IncomingKind kind) {
    const std::uint16_t usual = kind == IncomingKind::imap ? 993 : 995;
    for (const IncomingServer& one : settings.incoming) {
        if (one.kind != kind || one.port != usual || one.security != Security::implicit_tls)
            continue;
        write_host(json, kind == IncomingKind::imap ? "imap" : "pop3", one.host);
        return;
    }
}

}  // namespace

bool has_pacc(const MailSettings& settings) {
    return settings.tls_port == kSubmissionsPort;
}

std::string make_pacc(const MailSettings& settings) {
    formats::JsonWriter json;
    json.begin_object().key("protocols").begin_object();
    write_incoming(json, settings, IncomingKind::imap);
    write_incoming(json, settings, IncomingKind::pop3);
    if (has_pacc(settings)) write_host(json, "smtp", settings.host);
    json.end_object().key("authentication").begin_object().member("password", true).end_object();
    json.key("info").begin_object().key("provider").begin_object();
    json.member("name", utf8::clip(settings.name, kMaxName));
    json.member("shortName", utf8::clip(settings.short_name, kMaxShortName)).end_object();
    if (!settings.https_base.empty()) {
        json.key("help").begin_object();
        json.member("documentation", settings.https_base + "/setup").end_object();
    }
    json.end_object().end_object();
    return std::move(json).take();
}

std::string pacc_digest(std::string_view document) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    // Fails only when the library has no SHA-256, and then it has no TLS either.
    PH_ASSERT(EVP_Digest(document.data(), document.size(), digest.data(), &size, EVP_sha256(),
                         nullptr) == 1);
    return base64::encode({reinterpret_cast<const char*>(digest.data()), size});
}

std::string pacc_txt(std::string_view digest) {
    return fmt::format("v=UAAC1; a=sha256; d={}", digest);
}

}  // namespace posthaste::discovery
