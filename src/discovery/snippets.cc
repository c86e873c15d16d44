#include "discovery/snippets.h"

#include "base/ascii.h"
#include "formats/url.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::discovery {
namespace {

struct Row {
    std::string_view name;
    std::string_view implicit;  // for TLS from the first octet
    std::string_view starttls;
};

constexpr Row kRows[] = {
    {"Python",
     R"(import os, smtplib
from email.message import EmailMessage

mail = EmailMessage()
mail["From"] = "{user}"
mail["To"] = "you@example.net"
mail["Subject"] = "Hello"
mail.set_content("It works.")
with smtplib.SMTP_SSL("{host}", {port}, timeout=60) as smtp:
    smtp.login("{user}", os.environ["MAIL_PASSWORD"])
    smtp.send_message(mail)
)",
     R"(import os, smtplib, ssl
from email.message import EmailMessage

mail = EmailMessage()
mail["From"] = "{user}"
mail["To"] = "you@example.net"
mail["Subject"] = "Hello"
mail.set_content("It works.")
with smtplib.SMTP("{host}", {port}, timeout=60) as smtp:
    smtp.starttls(context=ssl.create_default_context())
    smtp.login("{user}", os.environ["MAIL_PASSWORD"])
    smtp.send_message(mail)
)"},
    {"PHP (PHPMailer)",
     R"($mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = '{host}';
$mail->Port = {port};
$mail->SMTPSecure = 'ssl';
$mail->SMTPAuth = true;
$mail->Username = '{user}';
$mail->Password = getenv('MAIL_PASSWORD');
$mail->setFrom('{user}');
)",
     R"($mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = '{host}';
$mail->Port = {port};
$mail->SMTPSecure = 'tls';
$mail->SMTPAuth = true;
$mail->Username = '{user}';
$mail->Password = getenv('MAIL_PASSWORD');
$mail->setFrom('{user}');
)"},
    {"Node.js (Nodemailer)",
     R"(const transport = nodemailer.createTransport({
  host: "{host}", port: {port}, secure: true,
  auth: { user: "{user}", pass: process.env.MAIL_PASSWORD },
});
)",
     R"(const transport = nodemailer.createTransport({
  host: "{host}", port: {port}, secure: false, requireTLS: true,
  auth: { user: "{user}", pass: process.env.MAIL_PASSWORD },
});
)"},
    {"Java (Jakarta Mail)",
     R"(Properties p = new Properties();
p.put("mail.transport.protocol", "smtps");
p.put("mail.smtps.host", "{host}");
p.put("mail.smtps.port", "{port}");
p.put("mail.smtps.auth", "true");
p.put("mail.smtps.ssl.checkserveridentity", "true");
p.put("mail.smtps.timeout", "60000");
// user "{user}", password System.getenv("MAIL_PASSWORD")
)",
     R"(Properties p = new Properties();
p.put("mail.smtp.host", "{host}");
p.put("mail.smtp.port", "{port}");
p.put("mail.smtp.auth", "true");
p.put("mail.smtp.starttls.enable", "true");
p.put("mail.smtp.starttls.required", "true");
p.put("mail.smtp.ssl.checkserveridentity", "true");
p.put("mail.smtp.timeout", "60000");
// user "{user}", password System.getenv("MAIL_PASSWORD")
)"},
    {"Go",
     R"(conn, err := tls.Dial("tcp", "{host}:{port}", nil)
// handle err, here and below
client, err := smtp.NewClient(conn, "{host}")
err = client.Auth(smtp.PlainAuth("", "{user}", os.Getenv("MAIL_PASSWORD"), "{host}"))
)",
     R"(auth := smtp.PlainAuth("", "{user}", os.Getenv("MAIL_PASSWORD"), "{host}")
err := smtp.SendMail("{host}:{port}", auth, "{user}", []string{"you@example.net"}, message)
)"},
    {"msmtp",
     R"(account default
host {host}
port {port}
tls on
tls_starttls off
auth on
user {user}
passwordeval cat /etc/mail-password
from {user}
)",
     R"(account default
host {host}
port {port}
tls on
tls_starttls on
auth on
user {user}
passwordeval cat /etc/mail-password
from {user}
)"},
    {"Postfix",
     R"(relayhost = [{host}]:{port}
smtp_tls_wrappermode = yes
smtp_tls_security_level = secure
smtp_sasl_auth_enable = yes
smtp_sasl_tls_security_options = noanonymous
smtp_sasl_password_maps = hash:/etc/postfix/relay-password
# in that file: [{host}]:{port} {user}:PASSWORD
)",
     R"(relayhost = [{host}]:{port}
smtp_tls_security_level = secure
smtp_sasl_auth_enable = yes
smtp_sasl_tls_security_options = noanonymous
smtp_sasl_password_maps = hash:/etc/postfix/relay-password
# in that file: [{host}]:{port} {user}:PASSWORD
)"},
    {"WordPress (wp-content/mu-plugins/mail.php)",
     R"(<?php
add_action('phpmailer_init', function ($mail) {
    $mail->isSMTP();
    $mail->Host = '{host}';
    $mail->Port = {port};
    $mail->SMTPSecure = 'ssl';
    $mail->SMTPAuth = true;
    $mail->Username = '{user}';
    $mail->Password = getenv('MAIL_PASSWORD');
    $mail->setFrom('{user}');
});
)",
     R"(<?php
add_action('phpmailer_init', function ($mail) {
    $mail->isSMTP();
    $mail->Host = '{host}';
    $mail->Port = {port};
    $mail->SMTPSecure = 'tls';
    $mail->SMTPAuth = true;
    $mail->Username = '{user}';
    $mail->Password = getenv('MAIL_PASSWORD');
    $mail->setFrom('{user}');
});
)"},
};

bool is_harmless(std::string_view address) {
    return std::ranges::all_of(address, [](char c) {
        return ascii::is_alnum(c) || std::string_view(".@-_+").find(c) != std::string_view::npos;
    });
}

std::string shown_user(const MailSettings& settings, const std::optional<mail::Mailbox>& user) {
    std::string address = user ? user->to_string() : "";
    if (user && is_harmless(address)) return address;
    return "app@" + settings.domain.ascii();
}

}  // namespace

std::string app_url(const MailSettings& settings, const std::optional<mail::Mailbox>& user) {
    const auto ports = submission_ports(settings);
    if (ports.empty()) return {};
    const bool implicit = ports[0].security == Security::implicit_tls;
    const std::string name = user ? user->to_string() : shown_user(settings, user);
    return fmt::format("{}://{}@{}:{}", implicit ? "smtps" : "smtp", formats::percent_encode(name),
                       settings.host, ports[0].port);
}

std::vector<Snippet> app_snippets(const MailSettings& settings,
                                  const std::optional<mail::Mailbox>& user) {
    const auto ports = submission_ports(settings);
    if (ports.empty()) return {};
    const bool implicit = ports[0].security == Security::implicit_tls;
    const std::string name = shown_user(settings, user);
    const std::string port = std::to_string(ports[0].port);
    std::vector<Snippet> snippets;
    for (const Row& row : kRows)
        snippets.push_back({std::string(row.name),
                            fill_text(implicit ? row.implicit : row.starttls,
                                      {{"host", settings.host}, {"port", port}, {"user", name}})});
    return snippets;
}

}  // namespace posthaste::discovery
