"""Limits of the configuration, each with the reply that names it."""

import pytest

from harness import daemon
from harness.dialogue import ANNA, begin, check_form
from harness.smtp_client import Closed


@pytest.fixture(scope="module")
def small(make_shared, next_hop):
    """A server with small limits."""
    return make_shared.posthaste(relay=next_hop, config={"limits": {
        "message_size": "64 KB", "recipients": 5, "errors": 4, "connections_per_address": 6}})


@pytest.fixture(scope="module")
def hasty(make_shared, next_hop):
    """A server that does not wait long."""
    return make_shared.posthaste(relay=next_hop, config={"limits": {"command_timeout": "2s", "data_timeout": "2s"}})


def test_the_size_is_offered(small):
    with begin(small, "ehlo") as client:
        assert client.extensions["SIZE"] == "65536"


def test_a_declared_size_is_refused_at_mail(small):
    with begin(small, "login") as client:
        reply = client.cmd(f"MAIL FROM:<{ANNA}> SIZE=131072")
        assert (reply.code, reply.status) == (552, "5.3.4")
        assert "128 KB" in reply.text and "64 KB" in reply.text, "the reply names both"
        check_form(reply, "MAIL")


def test_an_undeclared_size_is_drained_and_refused(small):
    """The connection is not cut under the client's hands: Outlook would show a lost connection and try for ever."""
    with begin(small, "rcpt") as client:
        assert client.cmd("DATA").code == 354
        reply = client.content(f"From: <{ANNA}>\r\n\r\n".encode() + b"x" * 78 + b"\r\n" * 40_000 + b"y" * 40_000)
        assert (reply.code, reply.status) == (552, "5.3.4"), reply
        assert client.cmd("NOOP").code == 250


def test_just_within_the_size(small):
    with begin(small, "rcpt") as client:
        assert client.cmd("DATA").code == 354
        assert client.content(f"From: <{ANNA}>\r\n\r\n".encode() + b"z" * 60_000).code == 250


def test_recipients(small):
    with begin(small, "mail") as client:
        for n in range(5):
            assert client.cmd(f"RCPT TO:<r{n}@example.net>").code == 250
        reply = client.cmd("RCPT TO:<r6@example.net>")
        assert (reply.code, reply.status) == (452, "4.5.3")
        check_form(reply, "RCPT")
        assert client.cmd("DATA").code == 354
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250


def test_recipients_are_offered(small):
    with begin(small, "tls") as client:
        assert "RCPTMAX=5" in client.extensions["LIMITS"]


def test_errors(small):
    with begin(small, "ehlo") as client:
        codes = []
        try:
            for _ in range(10):
                codes.append(client.cmd("BOGUS").code)
        except (Closed, OSError):
            pass
        assert codes[-1] == 421 and 3 <= len(codes) <= 6, codes


def test_connections_of_one_address_before_login(small):
    held = []
    try:
        for _ in range(6):
            held.append(begin(small, "ehlo"))
        with small.connect(banner=False, timeout=10) as late:
            reply = late.reply()
            assert reply.code == 421, reply
            check_form(reply)
            assert late.closed(5)
        # One logs in: it no longer counts.
        held[0].starttls()
        held[0].ehlo()
        assert held[0].login(ANNA, daemon.PASSWORD).code == 235
        with begin(small, "ehlo") as another:
            assert another.cmd("NOOP").code == 250
    finally:
        for client in held:
            client.close()


def test_silence_between_commands(hasty):
    with begin(hasty, "login") as client:
        reply = client.reply(10)
        assert reply.code == 421 and reply.status.startswith("4.4"), reply
        assert client.closed(5)


def test_silence_inside_a_message(hasty):
    with begin(hasty, "rcpt") as client:
        assert client.cmd("DATA").code == 354
        client.send(f"From: <{ANNA}>\r\n")
        reply = client.reply(10)
        assert reply.code == 421, reply
        assert client.closed(5)
