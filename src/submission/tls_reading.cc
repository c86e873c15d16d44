#include "submission/tls_reading.h"

#include "base/utf8.h"

#include <fmt/format.h>

namespace posthaste::submission {
namespace {

constexpr std::size_t kNameShown = 120;

// What helps a device that knows nothing newer.
std::string help_for_old(const TlsSurroundings& around) {
    if (around.legacy) return "replace it, or let it send through a newer device";
    if (!around.legacy_port.empty())
        return fmt::format(
            "update it, or set it to the port for old devices, {}, if [legacy] "
            "allow holds its address",
            around.legacy_port);
    return "update it; if nobody can, [legacy] opens a fenced port for it";
}

bool is_old(std::string_view version) {
    return version == "SSLv3" || version == "TLSv1.0" || version == "TLSv1.1";
}

TlsReading old_version(const net::TlsFailure& failure, const TlsSurroundings& around) {
    if (!is_old(failure.newest_version))
        return {"the client and the server know no TLS version in common", help_for_old(around)};
    return {fmt::format("the device knows {} and nothing newer", failure.newest_version),
            help_for_old(around)};
}

TlsReading bad_certificate(const net::TlsFailure& failure, const TlsSurroundings& around) {
    if (!failure.server_name.empty() && !around.covered)
        return {fmt::format("it asked for {}, and no certificate of this server holds that name",
                            utf8::printable(failure.server_name, kNameShown)),
                "have the person enter a name that is in the certificate, or get one with this "
                "name too"};
    return {"it does not accept our certificate, and does not say why",
            "compare the server name in the program with the names in the certificate, then its "
            "list of authorities and its clock"};
}

}  // namespace

TlsReading read_tls_failure(const net::TlsFailure& failure, const TlsSurroundings& around) {
    using enum net::TlsFailure::Cause;
    switch (failure.cause) {
        case old_version:
            return submission::old_version(failure, around);
        case no_shared_cipher:
            if (is_old(failure.newest_version)) return submission::old_version(failure, around);
            return {
                "it offers no cipher that is accepted here, or wants an RSA certificate and "
                "there is none",
                "add an RSA certificate to [tls]; otherwise " + help_for_old(around)};
        case unknown_authority:
            return {"it does not know who signed our certificate",
                    "take a certificate of a public authority with its whole chain, or install "
                    "our authority there; old devices do not know new authorities"};
        case certificate_expired:
            return {"by its clock our certificate has expired or is not valid yet",
                    "if the certificate is in order, the clock of the program's machine is wrong"};
        case bad_certificate:
            return submission::bad_certificate(failure, around);
        case not_mail:
            return {"it asked for another protocol than mail",
                    "a web browser or scanner; nothing to do"};
        case closed:
            if (failure.newest_version.empty())
                return {"it went away before it had said anything in TLS", {}};
            if (!failure.server_name.empty() && !around.covered)
                return submission::bad_certificate(failure, around);
            return {
                "it went away in the middle of the handshake, as programs do that doubt a "
                "certificate and ask the person first",
                "if it comes again and again, compare the server name in the program with the "
                "names in the certificate"};
        case other:
            break;
    }
    return {};
}

}  // namespace posthaste::submission
