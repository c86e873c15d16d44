#include "web/trap/trap_message.h"

#include "base/ascii.h"
#include "formats/url.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

constexpr Seconds kReadDeadline{60};

// A file name for a header field: ASCII as it is, and all of it in the extended form (RFC 6266).
std::string disposition(const std::string& name) {
    std::string plain;
    for (const char c : name)
        plain += ascii::is_alnum(c) || c == '.' || c == '-' || c == ' ' ? c : '_';
    return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" +
           formats::percent_encode(name);
}

}  // namespace

Result<trap::TrappedMessage> find_message(const trap::Inbox& inbox, std::string_view id) {
    if (id == "latest") {
        if (auto latest = inbox.latest()) return std::move(*latest);
        return fail(ErrorKind::not_found, "the inbox is empty", "send something first");
    }
    if (const auto parsed = QueueId::parse(id))
        if (auto found = inbox.find(*parsed)) return std::move(*found);
    return fail(ErrorKind::not_found, "there is no such message",
                "it may have been removed or dropped: GET /api/v1/messages lists what is there");
}

Result<TrapMessage> load_message(trap::Inbox& inbox, std::string_view id) {
    TrapMessage message;
    PH_TRY(message.summary, find_message(inbox, id));
    PH_TRY(message.raw, inbox.raw(message.summary.id));
    trap::MimeReader reader;
    reader.feed(message.raw);
    message.view = reader.finish();
    inbox.mark_read(message.summary.id);
    return message;
}

runtime::Task<Result<std::shared_ptr<const TrapMessage>>> load(
    std::shared_ptr<const TrapServices> services, std::string id) {
    auto job = [services, id = std::move(id)]() -> Result<std::shared_ptr<const TrapMessage>> {
        PH_TRY(auto message, load_message(services->inbox, id));
        return std::make_shared<const TrapMessage>(std::move(message));
    };
    co_return co_await runtime::offload(services->blocking, std::move(job),
                                        Deadline::after(kReadDeadline));
}

runtime::Task<Result<void>> remove_messages(std::shared_ptr<const TrapServices> services,
                                            std::vector<QueueId> ids) {
    auto job = [services, ids = std::move(ids)] { return services->inbox.remove(ids); };
    co_return co_await runtime::offload(services->blocking, std::move(job),
                                        Deadline::after(kReadDeadline));
}

HttpResponse part_response(const TrapMessage& message, std::string_view number) {
    const auto index = parse_number(number);
    if (!index || *index == 0 || *index > message.view.parts.size())
        return HttpResponse::error(
            {ErrorKind::not_found, "the message has no such part",
             fmt::format("it has {}, counted from 1", message.view.parts.size())});
    const auto& part = message.view.parts[*index - 1];
    // As octets to be saved, whatever it says it is: a page of a stranger must not run as one of
    // ours.
    HttpResponse response{
        200, "application/octet-stream", trap::decode_part(message.raw, part), {}};
    const auto name = part.file_name.empty() ? fmt::format("part-{}", *index) : part.file_name;
    response.headers.emplace_back("Content-Disposition", disposition(name));
    return response;
}

std::vector<std::string> hidden_recipients(const trap::TrappedMessage& message) {
    std::vector<std::string> shown;
    for (const auto* list : {&message.to, &message.cc})
        for (const auto& one : *list) shown.push_back(ascii::to_lower(one.address));
    std::ranges::sort(shown);
    std::vector<std::string> hidden;
    for (const auto& recipient : message.recipients)
        if (!std::ranges::binary_search(shown, ascii::to_lower(recipient)))
            hidden.push_back(recipient);
    return hidden;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    if (text.empty() || text.size() > 18 || !std::ranges::all_of(text, ascii::is_digit))
        return std::nullopt;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::optional<Milliseconds> parse_wait(std::string_view text) {
    std::int64_t unit = 1000;
    if (text.ends_with("ms")) {
        unit = 1;
        text.remove_suffix(2);
    } else if (text.ends_with('s') || text.ends_with('m')) {
        unit = text.ends_with('m') ? 60'000 : 1000;
        text.remove_suffix(1);
    }
    const auto number = parse_number(text);
    if (!number || *number > 1'000'000'000) return std::nullopt;
    return Milliseconds(static_cast<std::int64_t>(*number) * unit);
}

}  // namespace posthaste::web
