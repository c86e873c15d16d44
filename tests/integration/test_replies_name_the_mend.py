"""Each refusal that a person may meet in Outlook says what to change, in the words of that dialog (clients.md 6.2)."""

import base64
import re

import pytest

from harness.daemon import PASSWORD
from harness.dialogue import ANNA, begin, check_form
from harness.smtp_client import plain_token


@pytest.fixture(scope="module")
def server(make_shared):
    made = make_shared.posthaste(relay=make_shared.sink(), config={
        "incoming": {"imap": "imap.example.test:993"}, "limits": {"message_size": "1 MB", "recipients": 3, "connections_per_address": 5000}})
    made.admin("account", "add", "off@example.test", "--password-stdin", input=PASSWORD + "\n")
    made.admin("account", "disable", "off@example.test")
    return made


# name, state, line, code, enhanced code, words that must be there
ROWS = [
    ("R1 no encryption at MAIL", "ehlo", f"MAIL FROM:<{ANNA}>", 530, "5.7.0", ["STARTTLS for {port},", "SSL/TLS for {tls_port}.", "Outlook"]),
    ("R1 no encryption at AUTH", "ehlo", "AUTH LOGIN", 538, "5.7.11", ["STARTTLS for {port},", "SSL/TLS for {tls_port}."]),
    ("R2 authentication not ticked", "tls", f"MAIL FROM:<{ANNA}>", 530, "5.7.0", ["My outgoing server (SMTP) requires authentication"]),
    ("R3 wrong password", "tls", "AUTH PLAIN " + plain_token(ANNA, "wrong"), 535, "5.7.8", ["User Name", "password", "Account Settings"]),
    ("R3 unknown user", "tls", "AUTH PLAIN " + plain_token("x@example.test", "wrong"), 535, "5.7.8", ["User Name", "password"]),
    ("R5 one's own name", "tls", "AUTH PLAIN " + plain_token("Anna Lopes", PASSWORD), 535, "5.7.8", ["not your own name"]),
    ("R7 SPA", "tls", "AUTH NTLM", 504, "5.5.4", ["SPA", "untick"]),
    ("R8 another sender", "login", "MAIL FROM:<bob@example.test>", 553, "5.7.1", [ANNA, "bob@example.test", "Outlook"]),
    ("R9 too large", "login", f"MAIL FROM:<{ANNA}> SIZE=20971520", 552, "5.3.4", ["20 MB", "1 MB"]),
    ("R11 POP", "ehlo", "USER anna", 500, "5.5.1", ["OUTGOING", "imap.example.test"]),
    ("R11 IMAP", "ehlo", "a1 CAPABILITY", 500, "5.5.1", ["OUTGOING", "imap.example.test"]),
    ("R13 closed", "tls", "AUTH PLAIN " + plain_token("off@example.test", PASSWORD), 535, "5.7.13", ["postmaster@example.test"]),
    ("order", "login", "RCPT TO:<x@example.net>", 503, "5.5.1", ["MAIL"]),
    ("no greeting", "fresh", "MAIL FROM:<a@b.test>", None, None, ["EHLO|ncrypt"]),
    ("a bad recipient", "mail", "RCPT TO:<x@@y>", None, None, ["x@@y|address"]),
    ("an unknown parameter", "login", f"MAIL FROM:<{ANNA}> FOO=1", 555, "5.5.4", ["FOO"]),
    ("a bad parameter", "login", f"MAIL FROM:<{ANNA}> SIZE=abc", 501, "5.5.4", ["SIZE"]),
    ("a name beyond ASCII", "login", "MAIL FROM:<ännä@example.test>", None, None, ["ASCII|SMTPUTF8"]),
    ("an unknown mechanism", "tls", "AUTH CRAM-MD5", 504, "5.5.4", ["PLAIN"]),
]


@pytest.mark.parametrize("state, line, code, status, words", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_reply(server, state, line, code, status, words):
    with begin(server, state) as client:
        reply = client.cmd(line.encode())
    check_form(reply, line)
    assert code is None or reply.code == code, reply
    assert status is None or reply.status == status, reply
    for word in words:
        word = word.replace("{port}", str(server.port)).replace("{tls_port}", str(server.tls_port))
        assert re.search("|".join(re.escape(choice) for choice in word.split("|")), reply.text), f"{word!r} in {reply}"
    assert PASSWORD not in reply.text


CONTENT = [
    ("another author", "From: <bob@example.test>\r\n\r\nx\r\n", 550, "5.7.1", ["bob@example.test", ANNA]),
    ("no From at all", "Subject: x\r\n\r\nx\r\n", None, None, ["From"]),
    ("two From fields", f"From: <{ANNA}>\r\nFrom: <{ANNA}>\r\n\r\nx\r\n", 550, None, ["From"]),
    ("a bare CR", f"From: <{ANNA}>\r\n\r\na\rb\r\n", 550, None, ["CR"]),
    ("a NUL", f"From: <{ANNA}>\r\n\r\na\0b\r\n", 550, None, ["NUL"]),
    ("a loop", "Received: x\r\n" * 101 + f"From: <{ANNA}>\r\n\r\nx\r\n", 554, "5.4.6", ["loop"]),
    ("too large", f"From: <{ANNA}>\r\n\r\n" + ("x" * 78 + "\r\n") * 20_000, 552, "5.3.4", ["1 MB"]),
]


@pytest.mark.parametrize("content, code, status, words", [row[1:] for row in CONTENT], ids=[row[0] for row in CONTENT])
def test_content_reply(server, content, code, status, words):
    with begin(server, "rcpt") as client:
        assert client.cmd("DATA").code == 354
        reply = client.content(content)
        if reply.code == 250 and "no From" in words:
            pytest.skip("a missing From is filled in")
    check_form(reply, "DATA")
    if code is not None:
        assert reply.code == code, reply
    if status is not None:
        assert reply.status == status, reply
    if reply.code != 250:
        for word in words:
            assert word in reply.text, reply


def test_too_many_recipients_says_how_many_and_what_to_do(server):
    with begin(server, "mail") as client:
        for n in range(3):
            client.cmd(f"RCPT TO:<x{n}@example.net>")
        reply = client.cmd("RCPT TO:<x4@example.net>")
    assert (reply.code, reply.status) == (452, "4.5.3") and " 3 " in reply.text


def test_the_acceptance_names_the_queue_id(server):
    identity = server.submit("x@example.net")
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", identity), identity
    assert server.log.wait_for("accepted", id=identity)


def test_a_name_that_tries_to_write_into_the_reply(server):
    """Octets of the client never become lines of ours."""
    with begin(server, "tls") as client:
        for name in ("x\r\n250 ok", "x\n250 ok", "\x1b[2J@example.test", "a" * 3000):
            reply = client.cmd("AUTH PLAIN " + base64.b64encode(f"\0{name}\0pw".encode()).decode())
            check_form(reply, "AUTH")
            assert reply.code in (501, 535)


def test_rejections_are_events(server):
    """The administrator reads the same sentence that the person saw."""
    with begin(server, "login") as client:
        client.cmd("MAIL FROM:<bob@example.test>")
    event = server.log.wait_for("rejected", code=553)
    assert event["account"] == ANNA and "bob@example.test" in event["text"]
