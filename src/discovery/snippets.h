// What to write in programs and scripts: a URL, and lines for the usual languages and tools. The
// password is never in them: it comes from the environment or a file.
#pragma once

#include "discovery/settings.h"
#include "discovery/settings_card.h"
#include "mail/mailbox.h"

#include <optional>
#include <string>
#include <vector>

namespace posthaste::discovery {

// "smtps://anna%40example.com@smtp.example.com:465"; smtp:// where STARTTLS is all there is.
std::string app_url(const MailSettings& settings, const std::optional<mail::Mailbox>& user);

// An address that could end a string or a line in some language stands as app@example.com.
std::vector<Snippet> app_snippets(const MailSettings& settings,
                                  const std::optional<mail::Mailbox>& user);

}  // namespace posthaste::discovery
