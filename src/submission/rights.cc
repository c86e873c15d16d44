#include "submission/rights.h"

#include "mail/fixup.h"

namespace posthaste::submission {

std::optional<Answer> check_sender(const accounts::Identity& identity,
                                   const mail::ReversePath& sender, const Catalogue& replies) {
    if (!sender || identity.may_send_as(*sender)) return std::nullopt;
    return replies.make(Say::foreign_sender, {identity.account, sender->to_string()});
}

std::optional<Answer> check_authors(const accounts::Identity& identity,
                                    const mail::HeaderBlock& header, const Catalogue& replies) {
    const std::size_t from = header.count("From");
    if (from == 0) return replies.make(Say::no_from);
    if (from > 1 || header.count("Sender") > 1) return replies.make(Say::several_from);
    const auto authors = mail::authors(header);
    if (!authors || authors->empty()) return replies.make(Say::bad_from);
    for (const auto& author : *authors) {
        if (identity.may_send_as(author)) continue;
        return replies.make(Say::foreign_author, {identity.account, author.to_string()});
    }
    return std::nullopt;
}

}  // namespace posthaste::submission
