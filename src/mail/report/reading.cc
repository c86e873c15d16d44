#include "mail/report/reading.h"

#include "base/ascii.h"
#include "mail/report/bounce_words.h"
#include "mail/report/parts.h"
#include "mail/text.h"

namespace posthaste::mail::report {

namespace {

constexpr std::size_t kMostStatus = 512 << 10;  // octets of a part for programs
constexpr std::size_t kMostHeader = 128 << 10;  // of the message that came back
constexpr std::size_t kMostQuoted = 64 << 10;   // of text in which it may be quoted
constexpr std::size_t kLongestId = 400;
constexpr unsigned kCertain = 100;

const Part* find_any(const Entity& entity, std::initializer_list<std::string_view> types) {
    for (const auto type : types)
        if (const Part* part = entity.find(type)) return part;
    return nullptr;
}

std::string bare_path(std::string_view value) {
    auto path = ascii::trim(value);
    if (path.starts_with('<')) path.remove_prefix(1);
    path = path.substr(0, path.find('>'));
    return readable(path, 320);
}

void take_fields(const Fields& fields, Original& original) {
    original.message_id = readable_ascii(fields.value("Message-ID"), kLongestId);
    original.return_path = bare_path(fields.value("Return-Path"));
    original.reference = readable_ascii(fields.value("X-Posthaste-Ref"), 100);
    for (const auto to : fields.all("To")) {
        auto address = read_typed_address(to);
        if (!address.empty() && original.recipients.size() < 20)
            original.recipients.push_back(std::move(address));
    }
}

// In prose the message that came back is quoted: its id stands at the begin of a line, perhaps
// behind "> ".
void take_quoted(const Entity& entity, Original& original) {
    for (const Part& part : entity.parts) {
        if (!part.type.type.empty() && part.type.type != "text") continue;
        const std::string text = part.text(kMostQuoted);
        std::string_view rest = text;
        while (!rest.empty()) {
            auto line = ascii::trim(take_line(rest));
            while (line.starts_with('>')) line = ascii::trim(line.substr(1));
            const auto value = [&](std::string_view name) {
                return ascii::trim(line.substr(name.size()));
            };
            if (original.message_id.empty() && ascii::starts_with_ignore_case(line, "message-id:"))
                original.message_id = readable_ascii(value("message-id:"), kLongestId);
            if (original.reference.empty() &&
                ascii::starts_with_ignore_case(line, "x-posthaste-ref:"))
                original.reference = readable_ascii(value("x-posthaste-ref:"), 100);
            if (original.return_path.empty() &&
                ascii::starts_with_ignore_case(line, "return-path:"))
                original.return_path = bare_path(value("return-path:"));
        }
        if (!original.message_id.empty()) return;
    }
}

Original read_original(const Entity& entity) {
    Original original;
    const Part* part = find_any(entity, {"message/rfc822", "text/rfc822-headers", "message/global",
                                         "message/global-headers", "text/rfc822"});
    if (part == nullptr) {
        take_quoted(entity, original);
        return original;
    }
    const std::string octets = part->decoded(kMostHeader);
    std::string_view rest = octets;
    while (rest.starts_with("\r\n") || rest.starts_with('\n')) static_cast<void>(take_line(rest));
    take_fields(Fields::take(rest), original);
    return original;
}

// The text for people often says more than the part for programs; what this lacks is not guessed.
bool read_dsn(const Entity& entity, Reading& reading) {
    const Part* part =
        find_any(entity, {"message/delivery-status", "message/global-delivery-status"});
    if (part == nullptr) return false;
    auto report = read_delivery_report(part->decoded(kMostStatus));
    if (!report) return false;
    reading.kind = Kind::bounce;
    reading.confidence = kCertain;
    reading.basis = "dsn";
    reading.report = std::move(*report);
    return true;
}

bool read_arf(const Entity& entity, Reading& reading) {
    const Part* part = entity.find("message/feedback-report");
    if (part == nullptr) return false;
    auto feedback = read_feedback(part->decoded(kMostStatus));
    if (!feedback) return false;
    reading.kind = feedback->is_complaint() ? Kind::complaint : Kind::feedback;
    reading.confidence = kCertain;
    reading.basis = feedback->type;
    reading.feedback = std::move(*feedback);
    return true;
}

}  // namespace

Reading read_report(std::string_view message) {
    Reading reading;
    const Entity entity = read_entity(message);
    reading.original = read_original(entity);
    if (read_dsn(entity, reading) || read_arf(entity, reading)) return reading;
    if (auto guess = guess_bounce(entity)) {
        reading.kind = Kind::bounce;
        reading.confidence = guess->confidence;
        reading.basis = std::move(guess->basis);
        reading.report = std::move(guess->report);
    } else if (is_automatic_reply(entity.header)) {
        reading.kind = Kind::automatic_reply;
        reading.confidence = 90;
        reading.basis = "automatic reply";
    }
    return reading;
}

}  // namespace posthaste::mail::report
