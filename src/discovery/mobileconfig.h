// Apple's configuration profile for one address (payload com.apple.mail.managed): iPhone, iPad and
// Mac install it and ask for the password only. It holds no password.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "discovery/settings.h"
#include "discovery/texts.h"
#include "mail/mailbox.h"

#include <optional>
#include <string>
#include <string_view>

namespace posthaste::discovery {

inline constexpr std::string_view kMobileconfigContentType = "application/x-apple-aspen-config";

struct ProfileOwner {
    mail::Mailbox address;
    std::string name{};  // shown to those who get mail; empty: the device asks
    Language language = Language::en;
};

// The property list, unsigned: installs with a warning. Identifier and UUIDs depend on the address
// alone, so that a profile installed again replaces the former one. Fails with unsupported without
// an incoming server.
Result<std::string> make_mobileconfig(const MailSettings& settings, const ProfileOwner& owner);

// "https://mail.example.com/m/anna%40example.com.mobileconfig": what links and QR codes name.
std::string mobileconfig_url(const MailSettings& settings, const mail::Mailbox& address);

// The address in the last part of such a URL, still percent-encoded.
std::optional<mail::Mailbox> read_mobileconfig_name(std::string_view name);

// For Content-Disposition: letters, digits and ".@_-" only.
std::string mobileconfig_file_name(const mail::Mailbox& address);

}  // namespace posthaste::discovery
