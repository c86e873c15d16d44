// The inbox on disk: a folder with two files a message, ID.eml (the raw message) and ID.json (the
// envelope and what a list shows), and dropped.json. The .json is renamed into place last: a
// message without it was never taken. Blocking.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "store/content.h"
#include "trap/inbox.h"

#include <functional>
#include <string>
#include <vector>

namespace posthaste::trap {

// Writes both files, durably, and fills what is read from the content: size, snippet, attachments.
// `header` without the empty line. Errors: store_full, store_failed, io (the content cannot be
// read).
Result<void> write_message(const std::string& folder, TrappedMessage& message,
                           std::string_view header, store::ContentReader content);

// The envelope again, after it has changed.
Result<void> write_envelope(const std::string& folder, const TrappedMessage& message);

Result<std::string> read_message(const std::string& folder, const TrappedMessage& message);
void remove_message(const std::string& folder, const QueueId& id);

// Everything in the folder, oldest first; leftovers of writes that did not end are removed, damaged
// files are named in the log and left alone. Errors: io, denied (the folder itself).
Result<std::vector<TrappedMessage>> load_messages(const std::string& folder, Log& log);

Result<void> write_dropped(const std::string& folder, const Dropped& dropped);
Dropped read_dropped(const std::string& folder);

std::string to_json(const TrappedMessage& message);
Result<TrappedMessage> message_from_json(std::string_view text);

}  // namespace posthaste::trap
