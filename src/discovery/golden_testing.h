// Files that tests compare documents with, octet for octet. To write them anew after a wanted
// change: POSTHASTE_UPDATE_GOLDEN=1 discovery_test, then look at the difference.
#pragma once

#include "discovery/settings.h"
#include "mail/mailbox.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace posthaste::discovery {

inline std::string source_file(const std::string& name) {
    std::ifstream file(std::string(POSTHASTE_SOURCE_DIR "/src/") + name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

inline void expect_golden(const std::string& name, const std::string& document) {
    const std::string path = "discovery/testdata/" + name;
    if (std::getenv("POSTHASTE_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(std::string(POSTHASTE_SOURCE_DIR "/src/") + path, std::ios::binary)
            << document;
        return;
    }
    EXPECT_EQ(document, source_file(path)) << name;
}

inline mail::Mailbox mailbox(std::string_view text) {
    return mail::Mailbox::parse(text).value();
}

inline MailSettings example_settings() {
    MailSettings settings;
    settings.domain = mail::Domain::parse("example.com").value();
    settings.host = "smtp.example.com";
    settings.incoming = {{.host = "imap.example.com"}};
    settings.name = "Example Mail";
    settings.short_name = "Example";
    settings.https_base = "https://mail.example.com";
    settings.help_base = "https://mail.example.com/h/";
    return settings;
}

}  // namespace posthaste::discovery
