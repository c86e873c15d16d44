#include "queue/report/account_wish.h"

#include "mail/mailbox.h"

namespace posthaste::queue {

AccountWish wish_of(store::Engine& engine, const std::string& account, store::Profile profile) {
    AccountWish wish;
    wish.reports = store::ReportWish::usual;
    if (!account.empty()) {
        if (const auto row = engine.account(account); row && *row) {
            wish.language = (*row)->language;
            wish.reports = (*row)->reports;
            wish.has_address = mail::Mailbox::parse(account).has_value();
        }
    }
    if (wish.reports != store::ReportWish::usual) return wish;
    // Nobody reads the bounces of a newsletter one by one: events and history have them.
    wish.reports =
        profile == store::Profile::bulk ? store::ReportWish::none : store::ReportWish::each;
    return wish;
}

}  // namespace posthaste::queue
