#include "app/config/host_port.h"
#include "app/config/options/option_blocks.h"
#include "app/config/options/option_setters.h"
#include "base/ip.h"
#include "mail/mailbox.h"

#include <fmt/format.h>

namespace posthaste::app {

namespace {

using enum OptionType;

Result<void> set_acme_directory(Settings& s, const OptionValue& v) {
    if (!v.texts[0].starts_with("https://") || v.texts[0].size() < 9)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no https address", v.texts[0]),
                    "write it like \"https://acme-v02.api.letsencrypt.org/directory\"");
    s.acme_directory = v.texts[0];
    return {};
}

Result<void> set_acme_names(Settings& s, const OptionValue& v) {
    s.acme_names.clear();
    for (const auto& text : v.texts) {
        const auto name = mail::Domain::parse(text);
        if (!name || name->ascii().starts_with('[') || IpAddress::parse(text) ||
            text.find('.') == std::string::npos)
            return fail(ErrorKind::syntax, fmt::format("\"{}\" is no name of a host", text),
                        "write it like \"smtp.example.com\"; addresses and \"*\" do not go");
        s.acme_names.push_back(name->ascii());
    }
    return {};
}

Result<void> set_acme_contact(Settings& s, const OptionValue& v) {
    PH_TRY(auto mailbox, mail::Mailbox::parse(v.texts[0]));
    s.acme_contact = mailbox.to_string();
    return {};
}

// A host, with a port or without one.
Result<void> check_host(const std::string& text) {
    if (text.find(':') != std::string::npos) {
        PH_CHECK(parse_host_port(text));
        return {};
    }
    PH_CHECK(mail::Domain::parse(text));
    return {};
}

template <std::string Settings::* Member>
Result<void> set_incoming(Settings& s, const OptionValue& v) {
    PH_CHECK(check_host(v.texts[0]));
    s.*Member = v.texts[0];
    return {};
}

}  // namespace

std::vector<Option> tls_options() {
    return {
        {"tls.cert_file", paths, "",
         "certificate and chain, PEM; a list for ECDSA and RSA side by side", "", true,
         assign(&Settings::cert_files)},
        {"tls.key_file", paths, "", "the private keys, in the same order", "", true,
         assign(&Settings::key_files)},
        {"tls.acme", flag, "false",
         "get certificates from Let's Encrypt or another authority; true agrees to its terms of "
         "service",
         "", true, assign(&Settings::acme)},
        {"tls.acme_directory", text, "\"https://acme-v02.api.letsencrypt.org/directory\"",
         "the authority's ACME directory (RFC 8555)", "", true, set_acme_directory},
        {"tls.acme_contact", text, "", "address the authority may write to (default: admin)", "",
         true, set_acme_contact},
        {"tls.acme_names", texts, "",
         "further names of the mail host, beside hostname, that get a certificate too", "", true,
         set_acme_names},
        {"tls.acme_ca_file", path, "",
         "who may sign the directory's own certificate (default: the system's authorities)", "",
         true, assign(&Settings::acme_ca_file)},
        {"tls.acme_retry", duration, "\"5m\"",
         "wait after a failed order; doubles with each, up to 12 hours", "", true,
         assign(&Settings::acme_retry)},
    };
}

std::vector<Option> incoming_options() {
    return {
        {"incoming.imap", text, "", "the incoming server, served elsewhere; mail programs are told",
         "", true, set_incoming<&Settings::incoming_imap>},
        {"incoming.pop", text, "", "the same for POP", "", true,
         set_incoming<&Settings::incoming_pop>},
    };
}

}  // namespace posthaste::app
