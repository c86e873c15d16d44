"""What Microsoft 365 says when a login is switched off, and the one sentence that tells the administrator which setting to change."""

import pytest

from harness import oauth_relay

CASES = [
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled [X.PROD.OUTLOOK.COM]",
     "Set-CASMailbox -Identity relay@example.test -SmtpClientAuthenticationDisabled $false", True),
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled [X.PROD.OUTLOOK.COM]",
     "Set-TransportConfig -SmtpClientAuthenticationDisabled $false", True),
    ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [X.PROD.OUTLOOK.COM]", 'auth = "oauth"', False),
    ("550 5.7.30 Basic authentication is not supported for Client Submission. [X.PROD.OUTLOOK.COM]", 'auth = "oauth"', False),
    ("535 5.7.3 Authentication unsuccessful [X.PROD.OUTLOOK.COM]", 'auth = "oauth"', False),
]


@pytest.mark.parametrize("reply, mend, by_token", CASES, ids=["mailbox", "tenant", "basic", "5.7.30", "5.7.3"])
def test_the_setting_is_named_and_the_mail_is_kept(make, authority, certificates, reply, mend, by_token):
    secret = "secret-of-the-app"
    options = {"certificate": certificates[0], "replies": {"AUTH": reply.encode() + b"\r\n"}}
    if by_token:
        tokens = make.token_server(secret=secret)
        sink = make.sink(takes_token=lambda *_: True, mechanisms="XOAUTH2 LOGIN", **options)
        server = oauth_relay.relay(make, sink, tokens, authority, preset="microsoft365", tenant="example.test", client_secret=secret)
    else:
        sink = make.sink(login=(oauth_relay.USER, "pw"), mechanisms="LOGIN XOAUTH2", **options)
        server = make.posthaste(start=False)
        oauth_relay.write(server, "relay-password", "pw-of-the-mailbox\n")
        server.relay_to(f"localhost:{sink.port}", preset="microsoft365", tls="verify", ca_file=str(authority.ca_file), username=oauth_relay.USER,
                        password_file="relay-password")
    server.start()
    for n in range(3):
        server.submit(f"x{n}@example.net")
    refused = server.log.wait_for("smarthost.refused")
    assert mend in refused["mend"], refused
    deferred = server.log.wait_for("deferred", to="x0@example.net")
    assert deferred["status"].startswith("4.7."), deferred
    assert not server.log.find("failed") and len(server.log.find("smarthost.refused")) == 1
    if by_token:
        assert len(tokens.tokens) == 1, "another token would change nothing"
    # Not hammered: one login or a few that ran side by side, and the rest waits.
    assert sink.verbs().count("AUTH") <= 3
    assert mend in server.cli("relay", "status").out.replace("\n", " ")


def test_check_warns_of_december_2026(make, authority, certificates):
    server = make.posthaste(start=False)
    oauth_relay.write(server, "relay-password", "pw\n")
    server.configure({"relay": {"preset": "microsoft365", "username": oauth_relay.USER, "password_file": "relay-password"}})
    answer = server.cli("check")
    assert "December 2026" in answer.out, answer
