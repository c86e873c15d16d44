// Setters that several blocks of the option table use.
#pragma once

#include "app/config/option.h"
#include "mail/mailbox.h"

#include <string>
#include <type_traits>
#include <vector>

namespace posthaste::app {

// For a value that is taken as it is.
template <class T>
auto assign(T Settings::* member) {
    return [member](Settings& s, const OptionValue& v) -> Result<void> {
        if constexpr (std::is_same_v<T, std::string>)
            s.*member = v.texts[0];
        else if constexpr (std::is_same_v<T, std::vector<std::string>>)
            s.*member = v.texts;
        else if constexpr (std::is_same_v<T, bool>)
            s.*member = v.flag;
        else if constexpr (std::is_same_v<T, Seconds>)
            s.*member = Seconds(v.numbers[0]);
        else
            s.*member = static_cast<T>(v.numbers[0]);
        return {};
    };
}

inline Result<net::ListenAddress> listen_address(const OptionValue& value) {
    return net::ListenAddress::parse(value.texts[0]);
}

// "admin", and "admin.address" for a file that has the section.
inline Result<void> set_admin(Settings& s, const OptionValue& v) {
    PH_TRY(auto mailbox, mail::Mailbox::parse(v.texts[0]));
    s.admin = mailbox.to_string();
    return {};
}

}  // namespace posthaste::app
