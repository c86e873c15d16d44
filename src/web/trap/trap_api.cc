#include "base/ascii.h"
#include "formats/json.h"
#include "mail/header.h"
#include "web/admin/body.h"
#include "web/trap/trap_message.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const TrapServices>;
using formats::JsonWriter;
using runtime::Task;

constexpr std::size_t kDefaultLimit = 50;
constexpr std::size_t kMaxLimit = 1000;
constexpr Milliseconds kDefaultWait{10'000};
constexpr Milliseconds kLongestWait{300'000};

std::string iso_time(std::int64_t ms) {
    return format_iso8601(Timestamp(Milliseconds(ms)));
}

std::string bare_id(std::string_view message_id) {
    if (message_id.starts_with('<')) message_id.remove_prefix(1);
    if (message_id.ends_with('>')) message_id.remove_suffix(1);
    return std::string(message_id);
}

void write_address(JsonWriter& out, const trap::DisplayAddress& one) {
    out.begin_object().member("Name", one.name).member("Address", one.address).end_object();
}

void write_addresses(JsonWriter& out, std::string_view key,
                     const std::vector<trap::DisplayAddress>& list) {
    out.key(key).begin_array();
    for (const auto& one : list) write_address(out, one);
    out.end_array();
}

// What summary and message have in common.
void write_summary(JsonWriter& out, const trap::TrappedMessage& message) {
    out.member("ID", message.id.to_string()).member("MessageID", bare_id(message.message_id));
    out.key("From");
    if (message.from.empty())
        out.value(nullptr);
    else
        write_address(out, message.from.front());
    write_addresses(out, "To", message.to);
    write_addresses(out, "Cc", message.cc);
    std::vector<trap::DisplayAddress> hidden;
    for (auto& address : hidden_recipients(message)) hidden.push_back({{}, std::move(address)});
    write_addresses(out, "Bcc", hidden);
    write_addresses(out, "ReplyTo", message.reply_to);
    out.member("Subject", message.subject).member("Size", message.size);
    out.key("Tags").begin_array().end_array();
}

void write_envelope(JsonWriter& out, const trap::TrappedMessage& message) {
    out.key("Envelope").begin_object().member("From", message.sender).key("To").begin_array();
    for (const auto& recipient : message.recipients) out.value(recipient);
    out.end_array()
        .member("Account", message.account)
        .member("QueueID", message.queue_id.to_string())
        .end_object();
}

void write_dropped(JsonWriter& out, const trap::Dropped& dropped) {
    out.key("dropped").begin_object().member("messages", dropped.messages);
    out.key("last");
    if (dropped.messages == 0)
        out.value(nullptr);
    else
        out.value(iso_time(dropped.last_ms));
    out.end_object();
}

void write_part(JsonWriter& out, const TrapMessage& message, std::size_t index) {
    const auto& part = message.view.parts[index];
    out.begin_object()
        .member("PartID", std::to_string(index + 1))
        .member("FileName", part.file_name);
    out.member("ContentType", part.content_type).member("ContentID", part.content_id);
    out.member("Size", trap::decode_part(message.raw, part).size()).end_object();
}

std::string message_json(const TrapMessage& message) {
    JsonWriter out;
    out.begin_object();
    write_summary(out, message.summary);
    out.member("ReturnPath", message.summary.sender);
    out.member("Date", iso_time(message.summary.arrived_ms))
        .member("Created", iso_time(message.summary.arrived_ms));
    out.member("Text", message.view.text).member("HTML", message.view.html);
    const auto& parts = message.view.parts;
    for (const bool attachments : {true, false}) {
        out.key(attachments ? "Attachments" : "Inline").begin_array();
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (attachments ? parts[i].attachment : parts[i].inline_part)
                write_part(out, message, i);
        out.end_array();
    }
    write_envelope(out, message.summary);
    out.end_object();
    return std::move(out).take();
}

HttpResponse refuse_parameter(std::string_view name, std::string_view form) {
    return HttpResponse::error({ErrorKind::syntax, fmt::format("\"{}\" cannot be read", name),
                                fmt::format("write {}", form)});
}

Task<HttpResponse> info(Services services) {
    JsonWriter out;
    out.begin_object().member("Version", "Posthaste " + services->options.version);
    out.member("Messages", services->inbox.count("")).member("Unread", services->inbox.unread());
    write_dropped(out, services->inbox.dropped());
    out.end_object();
    co_return HttpResponse::json(std::move(out).take());
}

Task<HttpResponse> messages(Services services, const HttpRequest& request) {
    const auto start = request.has_param("start") ? parse_number(request.param("start")) : 0;
    const auto limit =
        request.has_param("limit") ? parse_number(request.param("limit")) : kDefaultLimit;
    if (!start) co_return refuse_parameter("start", "a number from 0");
    if (!limit) co_return refuse_parameter("limit", fmt::format("a number up to {}", kMaxLimit));
    const std::string query(request.param("query"));
    auto& inbox = services->inbox;
    const auto found = inbox.list(*start, std::min<std::size_t>(*limit, kMaxLimit), query);
    JsonWriter out;
    out.begin_object().member("total", inbox.count("")).member("unread", inbox.unread());
    out.member("count", found.size())
        .member("messages_count", inbox.count(query))
        .member("start", *start);
    write_dropped(out, inbox.dropped());
    out.key("messages").begin_array();
    for (const auto& message : found) {
        out.begin_object();
        write_summary(out, message);
        out.member("Read", message.read).member("Created", iso_time(message.arrived_ms));
        out.member("Attachments", message.attachments)
            .member("Snippet", message.snippet)
            .end_object();
    }
    out.end_array().end_object();
    co_return HttpResponse::json(std::move(out).take());
}

Task<HttpResponse> remove(Services services, const HttpRequest& request) {
    auto body = json_body(request);
    if (!body) co_return HttpResponse::error(body.error());
    std::vector<QueueId> ids;
    const auto* list = body->find("IDs");
    if (list == nullptr && !body->members().empty())
        co_return refuse_parameter("IDs", "{\"IDs\": [\"…\"]}");
    if (list != nullptr && !list->is_array() && !list->is_null())
        co_return refuse_parameter("IDs", "{\"IDs\": [\"…\"]}");
    if (list != nullptr) {
        for (const auto& item : list->items()) {
            // An unreadable id must not turn "these" into "all".
            const auto id = QueueId::parse(item.as_string().value_or(std::string_view()));
            if (!id)
                co_return refuse_parameter("IDs", "the ids as GET /api/v1/messages gives them");
            ids.push_back(*id);
        }
    }
    auto removed = co_await remove_messages(services, std::move(ids));
    if (!removed) co_return HttpResponse::error(removed.error());
    co_return HttpResponse::text("ok");
}

Task<HttpResponse> show(Services services, std::string id) {
    auto message = co_await load(services, std::move(id));
    if (!message) co_return HttpResponse::error(message.error());
    co_return HttpResponse::json(message_json(**message));
}

Task<HttpResponse> show_raw(Services services, std::string id) {
    auto job = [services, id = std::move(id)]() -> Result<std::string> {
        PH_TRY(const auto message, find_message(services->inbox, id));
        return services->inbox.raw(message.id);
    };
    auto raw = co_await runtime::offload(services->blocking, std::move(job),
                                         Deadline::after(kAdminDeadline));
    if (!raw) co_return HttpResponse::error(raw.error());
    co_return HttpResponse::text(std::move(*raw));
}

// {"Subject": ["…"], …}: names as first written, values unfolded, in the order they came.
std::string headers_json(std::string_view raw) {
    std::vector<std::pair<std::string, std::vector<std::string>>> fields;
    const auto end = raw.find("\r\n\r\n");
    const auto block = end == std::string_view::npos ? raw : raw.substr(0, end + 2);
    if (const auto header = mail::HeaderBlock::parse(block)) {
        std::map<std::string, std::size_t> places;
        for (const auto& field : header->fields()) {
            const auto [place, added] =
                places.try_emplace(ascii::to_lower(field.name), fields.size());
            if (added) fields.emplace_back(field.name, std::vector<std::string>());
            fields[place->second].second.push_back(field.unfolded());
        }
    }
    JsonWriter out;
    out.begin_object();
    for (const auto& [name, values] : fields) {
        out.key(name).begin_array();
        for (const auto& value : values) out.value(value);
        out.end_array();
    }
    out.end_object();
    return std::move(out).take();
}

Task<HttpResponse> show_headers(Services services, std::string id) {
    auto message = co_await load(services, std::move(id));
    if (!message) co_return HttpResponse::error(message.error());
    co_return HttpResponse::json(headers_json((*message)->raw));
}

Task<HttpResponse> show_part(Services services, std::string id, std::string number) {
    auto message = co_await load(services, std::move(id));
    if (!message) co_return HttpResponse::error(message.error());
    co_return part_response(**message, number);
}

Task<HttpResponse> wait(Services services, const HttpRequest& request) {
    const auto timeout =
        request.has_param("timeout") ? parse_wait(request.param("timeout")) : kDefaultWait;
    const auto since = request.has_param("since") ? parse_number(request.param("since")) : 0;
    if (!timeout) co_return refuse_parameter("timeout", "10s, 500ms or 2m");
    if (!since) co_return refuse_parameter("since", "milliseconds since 1970");
    std::string to(request.param("to"));
    auto deadline = Deadline::after(std::min(*timeout, kLongestWait));
    auto message =
        co_await services->inbox.wait_for(to, static_cast<std::int64_t>(*since), deadline);
    if (message) {
        auto id = message->id.to_string();
        co_return co_await show(services, std::move(id));
    }
    if (message.error().kind != ErrorKind::timeout) co_return HttpResponse::error(message.error());
    const auto whom = to.empty() ? std::string("No mail") : "No mail to " + to;
    co_return HttpResponse::error({ErrorKind::timeout,
                                   fmt::format("{} came within {} ms", whom, timeout->count()),
                                   "GET /api/v1/messages lists what did come"});
}

Task<HttpResponse> alive(const HttpRequest&, const PathValues&) {
    co_return HttpResponse::text("ok\n");
}

}  // namespace

void add_trap_api(Router& router, Services services) {
    router.add("GET", "/livez", alive);
    router.add("GET", "/readyz", alive);
    router.add("GET", "/api/v1/info",
               [services](const auto&, const auto&) { return info(services); });
    router.add("GET", "/api/v1/messages",
               [services](const auto& r, const auto&) { return messages(services, r); });
    router.add("DELETE", "/api/v1/messages",
               [services](const auto& r, const auto&) { return remove(services, r); });
    router.add("GET", "/api/v1/wait",
               [services](const auto& r, const auto&) { return wait(services, r); });
    router.add("GET", "/api/v1/message/{id}", [services](const auto&, const auto& values) {
        return show(services, values.at("id"));
    });
    router.add("GET", "/api/v1/message/{id}/raw", [services](const auto&, const auto& values) {
        return show_raw(services, values.at("id"));
    });
    router.add("GET", "/api/v1/message/{id}/headers", [services](const auto&, const auto& values) {
        return show_headers(services, values.at("id"));
    });
    router.add("GET", "/api/v1/message/{id}/part/{number}",
               [services](const auto&, const auto& values) {
                   return show_part(services, values.at("id"), values.at("number"));
               });
}

}  // namespace posthaste::web
