#include "submission/winmail/winmail.h"

#include "mail/mime/mime.h"
#include "mail/tnef/winmail.h"
#include "submission/context.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace posthaste::submission {
namespace {

constexpr std::uint64_t kMostEncoded = 48u << 20;  // of a file in its transfer encoding

// The stretches of a body that lie in `parts`, which are in order.
Result<std::vector<std::string>> read_parts(store::ContentReader reader,
                                            const std::vector<mail::TnefPart>& parts) {
    std::vector<std::string> found(parts.size());
    std::uint64_t at = 0;
    for (;;) {
        PH_TRY(const std::string_view piece, reader.next());
        if (piece.empty()) break;
        const std::uint64_t end = at + piece.size();
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const std::uint64_t from = std::max(at, parts[i].body_begin);
            const std::uint64_t to = std::min(end, parts[i].end);
            if (from < to)
                found[i] += piece.substr(static_cast<std::size_t>(from - at),
                                         static_cast<std::size_t>(to - from));
        }
        at = end;
    }
    return found;
}

// As the body is by now: repaired or not.
Result<mail::BodyPlan> walk(store::ContentReader reader, const mail::HeaderBlock& header) {
    mail::MimeScanner scanner(header, {.aim = mail::BodyAim::lines, .keep_utf8 = true});
    for (;;) {
        PH_TRY(const std::string_view piece, reader.next());
        if (piece.empty()) return scanner.finish();
        scanner.update(piece);
    }
}

std::string tell(const mail::WinmailChange& change) {
    const std::string_view body = change.formatted ? "the formatted text" : "";
    const std::string files = change.attachments == 0
                                  ? std::string()
                                  : fmt::format("{} attachment{}", change.attachments,
                                                change.attachments == 1 ? "" : "s");
    if (files.empty() && body.empty()) return "winmail.dat held nothing more and was removed";
    return fmt::format("winmail.dat was replaced by what it held: {}{}{}", body,
                       files.empty() || body.empty() ? "" : " and ", files);
}

}  // namespace

WinmailPolicy WinmailRules::of(const mail::Domain& sender) const {
    std::string_view name = sender.ascii();
    const auto find = [&](std::string_view wanted, bool below) {
        return std::ranges::find_if(domains, [&](const auto& each) {
            const std::string_view said = each.first;
            return below ? said.starts_with('.') && said.substr(1) == wanted : said == wanted;
        });
    };
    if (const auto same = find(name, false); same != domains.end()) return same->second;
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
        name.remove_prefix(dot + 1);
        if (const auto above = find(name, true); above != domains.end()) return above->second;
    }
    return fallback;
}

Result<WinmailOutcome> convert_winmail(WinmailJob& job) {
    PH_TRY(auto header, mail::HeaderBlock::parse(job.header));
    PH_TRY(const mail::BodyPlan plan, walk(job.backend.read_content(job.before), header));
    if (plan.tnef.empty()) return fail(ErrorKind::not_found, "it is not there any more");
    if (plan.sealed) return fail(ErrorKind::unsupported, "the message is signed or encrypted");
    std::uint64_t size = 0;
    for (const mail::TnefPart& part : plan.tnef) size += part.end - part.body_begin;
    if (size > kMostEncoded)
        return fail(ErrorKind::too_large, fmt::format("it is over {} MB", kMostEncoded >> 20));
    PH_TRY(auto encoded, read_parts(job.backend.read_content(job.before), plan.tnef));
    std::vector<mail::TnefContent> contents;
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        PH_TRY(const std::string file, mail::decode_body(encoded[i], plan.tnef[i].encoding));
        encoded[i] = {};
        PH_TRY(auto content, job.service.read(file));
        contents.push_back(std::move(content));
    }
    PH_TRY(auto change, mail::replace_winmail(plan.tnef, contents, header, job.id.to_string()));
    contents = {};
    WinmailOutcome outcome{header.to_string(), {}, tell(change)};
    PH_TRY(outcome.body, rewrite_body(std::move(change.edits), job.backend.read_content(job.before),
                                      job.backend.write_content(QueueId::make()), job.sign));
    if (job.abandoned) job.backend.discard_content(outcome.body.body);
    return outcome;
}

}  // namespace posthaste::submission
