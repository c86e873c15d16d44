#include "submission/rights.h"

#include "mail/fixup.h"

namespace posthaste::submission {
namespace {

Answer foreign(const Catalogue& replies, Say say, const accounts::Identity& identity,
               const mail::Mailbox& address) {
    Answer answer = replies.make(say, {identity.account, address.to_string()});
    answer.address = address.to_string();
    return answer;
}

}  // namespace

std::optional<Answer> check_sender(const accounts::Identity& identity,
                                   const mail::ReversePath& sender, const Catalogue& replies) {
    if (!sender || identity.may_send_as(*sender)) return std::nullopt;
    return foreign(replies, Say::foreign_sender, identity, *sender);
}

std::optional<Answer> check_authors(const accounts::Identity& identity,
                                    const mail::HeaderBlock& header, const Catalogue& replies) {
    const std::size_t from = header.count("From");
    if (from == 0) return replies.make(Say::no_from);
    if (from > 1 || header.count("Sender") > 1) return replies.make(Say::several_from);
    const auto authors = mail::authors(header);
    const auto resenders = mail::resenders(header);
    if (!authors || authors->empty() || !resenders) return replies.make(Say::bad_from);
    for (const auto* some : {&*authors, &*resenders}) {
        for (const auto& author : *some) {
            if (identity.may_send_as(author)) continue;
            return foreign(replies, Say::foreign_author, identity, author);
        }
    }
    return std::nullopt;
}

}  // namespace posthaste::submission
