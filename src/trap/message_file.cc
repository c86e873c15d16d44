#include "trap/message_file.h"

#include "base/ascii.h"
#include "base/file.h"
#include "formats/json.h"
#include "mail/text.h"
#include "store/files.h"
#include "trap/mime_view.h"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <set>
#include <sys/stat.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::trap {

namespace {

constexpr std::size_t kMaxEnvelope = 8 << 20;
constexpr std::size_t kSnippet = 200;             // characters
constexpr std::size_t kSnippetSource = 16 << 10;  // octets of the encoded text it is made from
constexpr std::string_view kDroppedFile = "/dropped.json";
constexpr std::string_view kUnfinished = ".new";

std::string in_folder(const std::string& folder, const std::string& name) {
    std::string path = folder;
    return path.append("/").append(name);
}

std::string message_path(const std::string& folder, const QueueId& id) {
    return folder + '/' + id.to_string() + ".eml";
}

std::string envelope_path(const std::string& folder, const QueueId& id) {
    return folder + '/' + id.to_string() + ".json";
}

Result<void> write_content(int fd, const std::string& path, TrappedMessage& message,
                           std::string_view header, store::ContentReader content) {
    MimeReader reader({.text = kSnippetSource});
    const auto put = [&](std::string_view octets) {
        reader.feed(octets);
        message.size += octets.size();
        return store::write_all(fd, octets, path);
    };
    PH_CHECK(put(header));
    PH_CHECK(put("\r\n"));
    for (;;) {
        PH_TRY(const auto piece, content.next());
        if (piece.empty()) break;
        PH_CHECK(put(piece));
    }
    const auto view = reader.finish();
    message.snippet = mail::readable(view.text.empty() ? view.html : view.text, kSnippet);
    message.attachments = view.attachments();
    return store::sync_data(fd, path);
}

void write_addresses(formats::JsonWriter& out, std::string_view key,
                     const std::vector<DisplayAddress>& list) {
    out.key(key).begin_array();
    for (const auto& one : list)
        out.begin_object().member("name", one.name).member("address", one.address).end_object();
    out.end_array();
}

std::string text_of(const formats::JsonValue& object, std::string_view key) {
    const auto* value = object.find(key);
    return value == nullptr ? std::string()
                            : std::string(value->as_string().value_or(std::string_view()));
}

std::int64_t number_of(const formats::JsonValue& object, std::string_view key) {
    const auto* value = object.find(key);
    return value == nullptr ? 0 : value->as_int().value_or(0);
}

bool flag_of(const formats::JsonValue& object, std::string_view key) {
    const auto* value = object.find(key);
    return value != nullptr && value->as_bool().value_or(false);
}

std::vector<DisplayAddress> addresses_of(const formats::JsonValue& object, std::string_view key) {
    std::vector<DisplayAddress> list;
    if (const auto* value = object.find(key))
        for (const auto& one : value->items())
            list.push_back({text_of(one, "name"), text_of(one, "address")});
    return list;
}

Result<TrappedMessage> load_message(const std::string& folder, const QueueId& id) {
    PH_TRY(const auto text, read_file(envelope_path(folder, id), kMaxEnvelope));
    PH_TRY(auto message, message_from_json(text));
    if (message.id != id) return fail(ErrorKind::io, "it is the envelope of another message");
    struct stat status{};
    const auto path = message_path(folder, id);
    if (stat(path.c_str(), &status) != 0) return fail(ErrorKind::io, "its message is not there");
    if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) != message.size)
        return fail(ErrorKind::io, "its message has another size than it had when it was kept");
    return message;
}

// What a file of ours is about, by its name.
struct FileName {
    std::optional<QueueId> id;
    std::string_view suffix;
};

FileName parse_name(std::string_view name) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    return {QueueId::parse(name.substr(0, dot)), name.substr(dot)};
}

}  // namespace

Result<void> write_message(const std::string& folder, TrappedMessage& message,
                           std::string_view header, store::ContentReader content) {
    const auto path = message_path(folder, message.id);
    const auto temporary = path + std::string(kUnfinished);
    message.size = 0;
    PH_TRY(auto file, store::open_file(temporary, O_WRONLY | O_CREAT | O_EXCL));
    auto written = write_content(file.get(), temporary, message, header, std::move(content));
    file.reset();
    if (written && rename(temporary.c_str(), path.c_str()) != 0)
        written = std::unexpected(system_error(errno, "cannot rename " + temporary));
    if (written) written = write_envelope(folder, message);  // syncs the folder for both
    if (written) return written;
    unlink(temporary.c_str());
    remove_message(folder, message.id);
    return written;
}

Result<void> write_envelope(const std::string& folder, const TrappedMessage& message) {
    return write_file_durably(envelope_path(folder, message.id), to_json(message), 0600);
}

Result<std::string> read_message(const std::string& folder, const TrappedMessage& message) {
    return read_file(message_path(folder, message.id), message.size);
}

// The envelope first: a message without one is a leftover, which the next start removes.
void remove_message(const std::string& folder, const QueueId& id) {
    unlink(envelope_path(folder, id).c_str());
    unlink(message_path(folder, id).c_str());
}

Result<std::vector<TrappedMessage>> load_messages(const std::string& folder, Log& log) {
    PH_CHECK(store::make_folder(folder));
    PH_TRY(auto names, store::list_folder(folder));
    std::ranges::sort(names);  // ids sort by age
    std::set<QueueId> kept;
    std::vector<TrappedMessage> messages;
    for (const auto& name : names) {
        const auto parsed = parse_name(name);
        if (!parsed.id || parsed.suffix != ".json") continue;
        kept.insert(*parsed.id);
        auto message = load_message(folder, *parsed.id);
        if (message) {
            messages.push_back(std::move(*message));
            continue;
        }
        log.warning("trap.damaged", {{"file", in_folder(folder, name)},
                                     {"why", message.error().text},
                                     {"mend", "it is left out; remove it, or look at it by hand"}});
    }
    for (const auto& name : names) {
        const bool temporary = name.ends_with(kUnfinished) || name.ends_with(".tmp");
        const auto parsed = parse_name(name);
        const bool orphan = parsed.id && parsed.suffix == ".eml" && !kept.contains(*parsed.id);
        if (temporary || orphan) unlink(in_folder(folder, name).c_str());
    }
    return messages;
}

Result<void> write_dropped(const std::string& folder, const Dropped& dropped) {
    formats::JsonWriter out;
    out.begin_object()
        .member("messages", dropped.messages)
        .member("last_ms", dropped.last_ms)
        .end_object();
    return write_file_durably(folder + std::string(kDroppedFile), std::move(out).take(), 0600);
}

// A notice that cannot be read is no reason to keep the inbox shut.
Dropped read_dropped(const std::string& folder) {
    const auto text = read_file(folder + std::string(kDroppedFile), 4096);
    if (!text) return {};
    const auto value = formats::JsonValue::parse(*text);
    if (!value || !value->is_object()) return {};
    return {static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_of(*value, "messages"))),
            number_of(*value, "last_ms")};
}

std::string to_json(const TrappedMessage& message) {
    formats::JsonWriter out;
    out.begin_object().member("version", 1).member("id", message.id.to_string());
    out.member("queue_id", message.queue_id.to_string()).member("account", message.account);
    out.member("sender", message.sender).key("recipients").begin_array();
    for (const auto& one : message.recipients) out.value(one);
    out.end_array();
    write_addresses(out, "from", message.from);
    write_addresses(out, "to", message.to);
    write_addresses(out, "cc", message.cc);
    write_addresses(out, "reply_to", message.reply_to);
    out.member("subject", message.subject)
        .member("date", message.date)
        .member("message_id", message.message_id);
    out.member("snippet", message.snippet)
        .member("attachments", message.attachments)
        .member("size", message.size);
    out.member("arrived_ms", message.arrived_ms).member("read", message.read).end_object();
    return std::move(out).take();
}

Result<TrappedMessage> message_from_json(std::string_view text) {
    PH_TRY(const auto value,
           formats::JsonValue::parse(text, {.max_octets = kMaxEnvelope, .max_values = 1'000'000}));
    const auto id = QueueId::parse(text_of(value, "id"));
    const auto queue_id = QueueId::parse(text_of(value, "queue_id"));
    if (!id || !queue_id) return fail(ErrorKind::io, "it is no envelope");
    if (number_of(value, "version") != 1)
        return fail(ErrorKind::io, "it was written by another version");
    TrappedMessage message;
    message.id = *id;
    message.queue_id = *queue_id;
    message.account = text_of(value, "account");
    message.sender = text_of(value, "sender");
    if (const auto* recipients = value.find("recipients"))
        for (const auto& one : recipients->items())
            message.recipients.emplace_back(one.as_string().value_or(std::string_view()));
    message.from = addresses_of(value, "from");
    message.to = addresses_of(value, "to");
    message.cc = addresses_of(value, "cc");
    message.reply_to = addresses_of(value, "reply_to");
    message.subject = text_of(value, "subject");
    message.date = text_of(value, "date");
    message.message_id = text_of(value, "message_id");
    message.snippet = text_of(value, "snippet");
    message.attachments =
        static_cast<std::size_t>(std::max<std::int64_t>(0, number_of(value, "attachments")));
    message.size = static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_of(value, "size")));
    message.arrived_ms = number_of(value, "arrived_ms");
    message.read = flag_of(value, "read");
    return message;
}

}  // namespace posthaste::trap
