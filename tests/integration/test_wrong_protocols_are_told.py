"""POP, IMAP and HTTP spoken to the outgoing server are answered with where they belong (R11, clients.md 6.1 no. 19): on
every port, in clear, behind STARTTLS and in TLS."""

import pytest

from harness.daemon import PASSWORD
from harness.dialogue import ANNA, check_form, still_speaks
from harness.smtp_client import SmtpClient

MAIL_VERBS = ["USER anna@example.test", "user anna", "PASS secret", "CAPA", "STAT", "LIST", "UIDL", "APOP anna 0123", "STLS",
              "a1 CAPABILITY", "A001 LOGIN anna secret", "1 AUTHENTICATE PLAIN", "a1 STARTTLS", "a.1 NOOP", "a1 LOGOUT", 'A1 ID ("name" "iPhone Mail")']
WEB_VERBS = ["GET / HTTP/1.1", "POST /login HTTP/1.1", "HEAD / HTTP/1.0", "OPTIONS * HTTP/1.1", "PRI * HTTP/2.0", "CONNECT mail:25 HTTP/1.1"]


@pytest.fixture(scope="module")
def server(make_shared):
    return make_shared.posthaste(relay=make_shared.sink(), config={"incoming": {"imap": "imap.example.test:993"}, "limits": {"connections_per_address": 5000}})


def _client(server, port, mode):
    port = server.port if port == "587" else server.tls_port
    client = SmtpClient("127.0.0.1", port, tls="implicit" if mode == "TLS" else None)
    if mode == "STARTTLS":
        client.ehlo()
        client.starttls()
    return client


def _is_r11(reply, line):
    check_form(reply, line)
    assert (reply.code, reply.status) == (500, "5.5.1"), reply
    assert "OUTGOING (SMTP) mail server" in reply.text and "imap.example.test" in reply.text and "993" not in reply.text, reply


# 465 in clear holds its banner for seconds: once for all lines of a test.
@pytest.mark.parametrize("port, mode", [("587", "clear"), ("587", "STARTTLS"), ("587", "TLS"), ("465", "clear"), ("465", "TLS")])
def test_a_mail_reader_is_told_and_may_go_on(server, port, mode):
    with _client(server, port, mode) as client:
        for line in MAIL_VERBS:
            _is_r11(client.cmd(line), line)
        still_speaks(client)


@pytest.mark.parametrize("port, mode", [("587", "STARTTLS"), ("587", "TLS"), ("465", "TLS")])
@pytest.mark.parametrize("line", WEB_VERBS)
def test_a_browser_is_told_and_cut_off(server, port, mode, line):
    with _client(server, port, mode) as client:
        _is_r11(client.cmd(line + "\r\nHost: mail.example.test\r\nX: MAIL FROM:<anna@example.test>\r\n"), line)
        assert client.closed()


@pytest.mark.parametrize("port", ["587", "465"])
@pytest.mark.parametrize("line", WEB_VERBS)
def test_a_browser_is_told_without_a_banner(server, port, line):
    """It speaks first: one line and the end, so that nothing behind it is read as a command."""
    with SmtpClient("127.0.0.1", server.port if port == "587" else server.tls_port, banner=False) as client:
        client.send(line + "\r\nHost: mail.example.test\r\n\r\nEHLO x\r\nMAIL FROM:<a@b.test>\r\n")
        _is_r11(client.reply(), line)
        assert client.closed() and b"250" not in client.buffer


def test_logged_in_too(server):
    with server.session() as client:
        _is_r11(client.cmd("a1 SELECT INBOX"), "CAPA")
        assert client.transaction(ANNA, "x@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250


def test_pop_is_named_where_there_is_no_imap(make):
    server = make.posthaste(config={"incoming": {"pop": "pop.example.test:995"}})
    with server.connect() as client:
        assert "Put pop.example.test as Incoming mail server" in client.cmd("CAPA").text


def test_nothing_is_named_that_is_not_configured(make):
    server = make.posthaste()
    with server.connect() as client:
        assert "IMAP or POP server" in client.cmd("CAPA").text


def test_a_password_that_came_this_way_is_not_logged(server):
    mark = server.log.mark()
    with server.connect() as client:
        client.cmd(f"a1 LOGIN {ANNA} {PASSWORD}")
        client.cmd(f"PASS {PASSWORD}")
        client.cmd(f"GET /?password={PASSWORD.replace(' ', '+')} HTTP/1.1")
    assert PASSWORD not in "\n".join(str(row) for row in server.log.events[mark:]) and PASSWORD.replace(" ", "+") not in server.log.text()
