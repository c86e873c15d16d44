#include "app/client/dialect.h"

#include <algorithm>

namespace posthaste::app {
namespace {

constexpr Dialect kPlain = {
    .name = "posthaste",
    .program = "this program, by the book",
    .greeting = "EHLO posthaste-send",
    .size = "SIZE={}",
    .pipelining = true,
    .header = "Date: {date}\r\nMessage-ID: <{uuid}@{domain}>\r\n",
};

constexpr Dialect kDialects[] = {
    {
        .name = "outlook",
        .program = "classic Outlook for Windows, 2016 and later",
        .greeting = "EHLO DESKTOP3507CDS",  // the computer's name, no dot
        .login = LoginForm::login,
        .mail = "MAIL FROM: <{}>",  // a blank behind the colon
        .rcpt = "RCPT TO: <{}>",
        .header = "Date: {date}\r\n"
                  "Message-ID: <001301d66a3a${hex}$610545b0$@{domain}>\r\n"
                  "X-Mailer: Microsoft Outlook 16.0\r\n"
                  "Thread-Index: AdZqOjWr9hFSmeWrR06ZUHOsrmxHqA==\r\n"
                  "Content-Language: de\r\n",
        .goodbye = Goodbye::quit_and_reset,
    },
    {
        .name = "outlook-new",
        .program = "new Outlook, Outlook for iOS and Android: Microsoft's cloud sends for them",
        .greeting = "EHLO AM0PR01MB4321.eurprd01.prod.exchangelabs.com",
        .login = LoginForm::login_with_name,
        .size = "SIZE={}",
        .eight_bit = "BODY=8BITMIME",
        .chunking = true,
        .pipelining = true,
        .header =
            "Date: {date}\r\n"
            "Message-ID: <AM0PR01MB4321{hex}@AM0PR01MB4321.eurprd01.prod.exchangelabs.com>\r\n"
            "Thread-Topic: Test\r\n"
            "Accept-Language: de-DE, en-US\r\n"
            "Content-Language: de-DE\r\n"
            "X-MS-Has-Attach:\r\n",
    },
    {
        .name = "outlook-mac",
        .program = "Outlook for Mac",
        .greeting = "EHLO {literal}",
        .login = LoginForm::plain,
        .header = "Date: {date}\r\n"
                  "Message-ID: <{uuid}@{domain}>\r\n"
                  "User-Agent: Microsoft-MacOutlook/16.89.24090815\r\n"
                  "Thread-Topic: Test\r\n",
    },
    {
        .name = "thunderbird",
        .program = "Thunderbird",
        .greeting = "EHLO {literal}",
        .ipv6_tag = "IPV6:",  // in capitals
        .login = LoginForm::plain,
        .password_as_latin1 = true,
        .login_after_plain = true,
        .size = "SIZE={}",
        .eight_bit = "BODY=8BITMIME",
        .header = "Message-ID: <{uuid}@{domain}>\r\n"
                  "Date: {date}\r\n"
                  "User-Agent: Mozilla Thunderbird\r\n"
                  "Content-Language: en-US\r\n",
    },
    {
        .name = "apple",
        .program = "Apple Mail on Mac, iPhone and iPad",
        .greeting = "EHLO {literal}",
        .login = LoginForm::plain,
        .header = "Message-Id: <{uuid}@{domain}>\r\n"
                  "Date: {date}\r\n"
                  "X-Mailer: Apple Mail (2.3826.700.81)\r\n",
    },
    {
        .name = "android",
        .program = "mail apps of Android phones",
        .greeting = "EHLO localhost_SM-G991B",  // a device's name with an underscore
        .login = LoginForm::plain_in_two_steps,
        .header = "Date: {date}\r\n"
                  "Message-ID: <{hex}.{uuid}@email.android.com>\r\n"
                  "X-Mailer: Android mail\r\n",
    },
    {
        .name = "printer",
        .program = "printers and scanners: HELO, no brackets, LF line ends, no date, no QUIT",
        .greeting = "HELO printer",
        .login = LoginForm::login,
        .mail = "MAIL FROM:{}",
        .rcpt = "RCPT TO:{}",
        .mime = false,
        .lf = true,
        .goodbye = Goodbye::hang_up,
    },
    {
        .name = "dotnet",
        .program = "System.Net.Mail.SmtpClient of .NET",
        .greeting = "EHLO DESKTOP3507CDS",
        .login = LoginForm::login_with_name,
        .auth = "auth",  // in lower case
        .header = "Date: {short_date}\r\n",
    },
    {
        .name = "python",
        .program = "smtplib of Python",
        .greeting = "ehlo {literal}",
        .login = LoginForm::plain,
        .mail = "mail FROM:<{}>",
        .rcpt = "rcpt TO:<{}>",
        .size = "size={}",
        .data = "data",
        .mime = true,
        .quit = "quit",
    },
};

}  // namespace

std::span<const Dialect> dialects() {
    return kDialects;
}

const Dialect* find_dialect(std::string_view name) {
    const auto* found = std::ranges::find(kDialects, name, &Dialect::name);
    return found == std::end(kDialects) ? nullptr : found;
}

const Dialect& plain_dialect() {
    return kPlain;
}

}  // namespace posthaste::app
