#include "mail/fixup.h"

#include "base/ascii.h"
#include "mail/date.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

std::unexpected<Error> refuse(std::string text) {
    return fail(ErrorKind::syntax, std::move(text),
                "the message needs exactly one From field that names who sends it");
}

Result<std::vector<Mailbox>> read_addresses(const HeaderField& field, std::string_view name) {
    auto found = parse_address_list(field.body());
    if (!found) {
        return refuse(fmt::format("the {} field cannot be read: {}", name, found.error().text));
    }
    if (found->empty()) return refuse(fmt::format("the {} field names nobody", name));
    return found;
}

// Names only the recipients of blind copies, or speaks to us alone.
bool is_private(const HeaderField& field) {
    return field.is("Bcc") || field.is("Resent-Bcc") || field.is("Return-Path") ||
           ascii::starts_with_ignore_case(field.name, "X-Posthaste-");
}

}  // namespace

Result<std::vector<Mailbox>> authors(const HeaderBlock& header) {
    const HeaderField* from = nullptr;
    const HeaderField* sender = nullptr;
    for (const HeaderField& field : header.fields()) {
        if (field.is("From")) {
            if (from != nullptr) return refuse("the message has more than one From field");
            from = &field;
        } else if (field.is("Sender")) {
            if (sender != nullptr) return refuse("the message has more than one Sender field");
            sender = &field;
        }
    }
    if (from == nullptr) return refuse("the message has no From field");
    PH_TRY(auto all, read_addresses(*from, "From"));
    if (sender != nullptr) {
        PH_TRY(auto senders, read_addresses(*sender, "Sender"));
        all.insert(all.end(), std::move_iterator(senders.begin()),
                   std::move_iterator(senders.end()));
    }
    return all;
}

void fix_up(HeaderBlock& header, const QueueId& id, const std::string& hostname, Timestamp now) {
    header.remove_if(is_private);
    bool has_date = false;
    bool has_id = false;
    bool has_version = false;
    bool has_content = false;
    for (std::size_t i = 0; i < header.fields().size(); ++i) {
        const HeaderField& field = header.fields()[i];
        if (field.is("From") || field.is("Sender")) {
            // "From :" is From to us, but not to every reader behind us.
            if (field.raw[field.name.size()] != ':') header.rename(i, field.name);
        } else if (field.is("Date")) {
            if (is_date(field.body())) {
                has_date = true;
            } else {
                header.rename(i, "X-Original-Date");
            }
        } else if (field.is("Message-ID")) {
            // One without '@' is refused by large receivers as if there were none.
            if (field.body().find('@') != std::string_view::npos) {
                has_id = true;
            } else {
                header.rename(i, "X-Original-Message-ID");
            }
        } else if (field.is("MIME-Version")) {
            has_version = true;
        } else if (ascii::starts_with_ignore_case(field.name, "Content-")) {
            has_content = true;
        }
    }
    if (!has_date) header.append("Date", format_rfc5322(now));
    if (!has_id) {
        header.append("Message-ID",
                      fmt::format("<{}@{}>", ascii::to_lower(id.to_string()), hostname));
    }
    if (has_content && !has_version) header.append("MIME-Version", "1.0");
}

}  // namespace posthaste::mail
