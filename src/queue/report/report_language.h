// In which language somebody is told what became of a message. Pure.
#pragma once

#include "mail/dsn/language.h"

#include <string_view>

namespace posthaste::queue {

// The account's, if it names one; else what the mail program wrote into the message
// (Content-Language, Accept-Language); else the given one.
mail::Language choose_language(std::string_view of_account, std::string_view header,
                               mail::Language otherwise);

}  // namespace posthaste::queue
