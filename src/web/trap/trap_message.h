// What the inbox's pages and its JSON share: finding a message, reading it off the worker, numbers
// in queries.
#pragma once

#include "runtime/offload.h"
#include "trap/inbox.h"
#include "trap/mime_view.h"
#include "web/trap/trap_pages.h"

#include <memory>
#include <optional>
#include <string>

namespace posthaste::web {

struct TrapServices {
    trap::Inbox& inbox;
    runtime::BlockingPool& blocking;
    TrapPagesOptions options;
};

struct TrapMessage {
    trap::TrappedMessage summary;
    std::string raw;
    trap::MimeView view;
};

// By id or "latest". Errors: not_found, syntax.
Result<trap::TrappedMessage> find_message(const trap::Inbox& inbox, std::string_view id);

// Reads and takes apart; marks it read. Blocking.
Result<TrapMessage> load_message(trap::Inbox& inbox, std::string_view id);
runtime::Task<Result<std::shared_ptr<const TrapMessage>>> load(
    std::shared_ptr<const TrapServices> services, std::string id);

runtime::Task<Result<void>> remove_messages(std::shared_ptr<const TrapServices> services,
                                            std::vector<QueueId> ids);

// The part of that number, from 1, as a file to be saved, or the refusal.
HttpResponse part_response(const TrapMessage& message, std::string_view number);

// Envelope recipients that neither To nor Cc names.
std::vector<std::string> hidden_recipients(const trap::TrappedMessage& message);

// A decimal number of at most 18 digits.
std::optional<std::uint64_t> parse_number(std::string_view text);
// "10s", "500ms", "2m", "10" (seconds).
std::optional<Milliseconds> parse_wait(std::string_view text);

void add_trap_api(Router& router, std::shared_ptr<const TrapServices> services);

}  // namespace posthaste::web
