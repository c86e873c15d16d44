// For tests of the store alone: a folder that goes away, and rows with something in every field.
#pragma once

#include "base/assert.h"
#include "base/checksum.h"
#include "store/change.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace posthaste::store::testing {

class TempFolder {
  public:
    TempFolder() {
        const char* base = std::getenv("TMPDIR");
        path_ = std::string(base != nullptr ? base : "/tmp") + "/posthaste-store-XXXXXX";
        PH_ASSERT(mkdtemp(path_.data()) != nullptr);
    }

    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    const std::string& path() const { return path_; }

    std::string operator/(const std::string& name) const { return path_ + '/' + name; }

  private:
    std::string path_;
};

inline std::string read_whole(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_whole(const std::string& path, std::string_view octets) {
    std::ofstream(path, std::ios::binary)
        .write(octets.data(), static_cast<std::streamsize>(octets.size()));
}

inline mail::Mailbox mailbox(std::string_view text) {
    auto parsed = mail::Mailbox::parse(text);
    PH_ASSERT(parsed.has_value());
    return std::move(*parsed);
}

inline Body inline_body(std::string octets) {
    Body body;
    body.size = octets.size();
    body.crc = crc32c(octets);
    body.octets = std::make_shared<const std::string>(std::move(octets));
    return body;
}

// One message to `recipients` addresses rcpt0@example.net, rcpt1@example.net …
inline AddMessage make_message(std::size_t recipients = 1, std::string octets = "Hello\r\n") {
    AddMessage add;
    add.row.id = QueueId::make();
    add.row.account = "alice@example.com";
    add.row.sender = mailbox("alice@example.com");
    add.row.header = std::make_shared<const std::string>("Subject: test\r\n");
    add.row.body = inline_body(std::move(octets));
    add.row.accepted_wall = Timestamp(Milliseconds(1'763'900'000'123));
    add.row.accepted = QueueTime(Milliseconds(1000));
    add.row.expires = QueueTime(Milliseconds(432'001'000));
    for (std::size_t i = 0; i < recipients; ++i) {
        RecipientRow recipient;
        recipient.index = static_cast<std::uint32_t>(i);
        recipient.address = mailbox("rcpt" + std::to_string(i) + "@example.net");
        recipient.next_at = QueueTime(Milliseconds(1000));
        add.recipients.push_back(std::move(recipient));
    }
    return add;
}

inline RecipientUpdate done(std::uint32_t index) {
    RecipientUpdate update;
    update.to = RecipientUpdate::To::done;
    update.index = index;
    return update;
}

inline Settlement settle_all(const AddMessage& message) {
    Settlement settlement{.id = message.row.id, .updates = {}};
    for (const RecipientRow& recipient : message.recipients)
        settlement.updates.push_back(done(recipient.index));
    return settlement;
}

inline Changes changes_of(Change change) {
    Changes changes;
    changes.push_back(std::move(change));
    return changes;
}

}  // namespace posthaste::store::testing
