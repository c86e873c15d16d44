#include "discovery/qr.h"

#include "base/utf8.h"
#include "formats/json.h"

#include <optional>
#include <qrcodegen.hpp>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace posthaste::discovery {
namespace {

constexpr int kQuietZone = 4;                 // ISO/IEC 18004 asks for four modules
constexpr std::size_t kMaxQrOctets = 2953;    // version 40, correction low, octet mode
constexpr int kThunderbirdPasswordInTls = 1;  // "PasswordCleartext" in its specification

// Nothing when the text does not fit into the largest code.
std::optional<qrcodegen::QrCode> encode(const std::string& text) {
    try {
        return qrcodegen::QrCode::encodeText(text.c_str(), qrcodegen::QrCode::Ecc::MEDIUM);
    } catch (const std::length_error&) {
        return {};
    }
}

int thunderbird_security(Security security) {
    return security == Security::implicit_tls ? 3 : 2;
}

}  // namespace

Result<std::string> qr_svg(std::string_view text) {
    // The encoder takes a C string: a NUL would cut it.
    if (text.empty() || !utf8::is_valid(text) || text.find('\0') != std::string_view::npos)
        return fail(ErrorKind::syntax, "this text cannot be made a QR code", "give it as UTF-8");
    if (text.size() > kMaxQrOctets)
        return fail(ErrorKind::too_large, "the text is too long for a QR code", "use a link");
    const auto code = encode(std::string(text));
    if (!code)
        return fail(ErrorKind::too_large, "the text is too long for a QR code", "use a link");
    const int size = code->getSize();
    std::string path;
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            const int start = x;
            while (x < size && code->getModule(x, y)) ++x;
            if (x > start)
                path += fmt::format("M{},{}h{}v1h-{}z", start + kQuietZone, y + kQuietZone,
                                    x - start, x - start);
        }
    }
    const int whole = size + 2 * kQuietZone;
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {0}\" "
        "shape-rendering=\"crispEdges\"><rect width=\"{0}\" height=\"{0}\" fill=\"#fff\"/>"
        "<path d=\"{1}\" fill=\"#000\"/></svg>\n",
        whole, path);
}

Result<std::string> thunderbird_qr_text(const MailSettings& settings, const mail::Mailbox& user,
                                        std::string_view display_name) {
    const auto ports = submission_ports(settings);
    if (settings.incoming.empty() || ports.empty())
        return fail(ErrorKind::unsupported,
                    "Thunderbird's QR code needs an incoming and an outgoing server",
                    "name the IMAP server in the [incoming] part of the configuration");
    if (!user.is_ascii())
        return fail(ErrorKind::unsupported, "Thunderbird's QR code cannot hold this address",
                    "enter the settings by hand");
    const IncomingServer& in = settings.incoming.front();
    const std::string name = user.to_string();
    formats::JsonWriter json;
    json.begin_array().value(1).begin_array().value(1).value(1).end_array();
    json.begin_array().value(in.kind == IncomingKind::imap ? 0 : 1).value(in.host).value(in.port);
    json.value(thunderbird_security(in.security)).value(kThunderbirdPasswordInTls).value(name);
    json.end_array().begin_array().begin_array();
    json.begin_array().value(0).value(settings.host).value(ports[0].port);
    json.value(thunderbird_security(ports[0].security)).value(kThunderbirdPasswordInTls);
    json.value(name).end_array();
    json.begin_array().value(name).value(display_name.empty() ? name : std::string(display_name));
    json.end_array().end_array().end_array().end_array();
    return std::move(json).take();
}

}  // namespace posthaste::discovery
