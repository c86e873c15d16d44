// LoginName: what stood under "User Name", made into an address as far as syntax can
// (clients.md 6.3.2). Pure; whether there is such an account is decided elsewhere
// (account_index.h).
#pragma once

#include <string>
#include <string_view>

namespace posthaste::accounts {

struct LoginName {
    enum class Form {
        address,     // `text` is the key form of a mailbox
        local_part,  // no '@': `text` is the folded local part, the domain is still to be found
        unknown,     // has an '@' and is no address: nobody's
        person,      // blanks inside and no '@': somebody's own name (R5)
        empty,
    };

    Form form = Form::empty;
    std::string text;
};

// Any octets: UTF-8, else Windows-1252. Undone are: blanks around, quotes, <>, mailto:, "Anna
// <anna@…>", DOMAIN\anna, anna%example.com and anna+example.com (where there is no '@'), letter
// case, compatibility forms, U-labels.
LoginName parse_login_name(std::string_view octets);

}  // namespace posthaste::accounts
