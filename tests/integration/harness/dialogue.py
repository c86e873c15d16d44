"""Dialogues as tables: a state to begin in, then lines to send and what each must be answered with.

An expectation is a word or two: "250", "5xx", "501|555", "501 5.5.4" (code and enhanced code), "421|close". It may
also be a function of the reply that gives true or false.
"""

import base64

from .daemon import PASSWORD
from .smtp_client import Closed

ANNA = "anna@example.test"
BOB = "bob@example.test"
LONGEST_REPLY = 200


def matches(expectation, reply):
    """Whether the reply is one of those wanted."""
    if callable(expectation):
        return expectation(reply)
    for choice in expectation.split("|"):
        code, _, status = choice.partition(" ")
        said = f"{reply.code:03}"
        if all(c in ("x", s) for c, s in zip(code, said)) and (not status or reply.status == status):
            return True
    return False


def check_form(reply, command=""):
    """What holds for every reply of ours: one line (EHLO apart), 200 octets, an enhanced code that fits."""
    for line in reply.raw:
        assert len(line) <= LONGEST_REPLY, f"{len(line)} octets: {line!r}"
    greeting = command[:4].upper() in ("EHLO", "HELO", "LHLO") and reply.code == 250
    if not greeting:
        assert len(reply.raw) == 1, f"one line: {reply}"
    if reply.code // 100 in (2, 4, 5) and not greeting and reply.code not in (220, 221, 214) and command:
        assert reply.status, f"an enhanced code (RFC 2034): {reply}"
    if reply.status:
        assert reply.status[0] == str(reply.code)[0], f"the enhanced code's class: {reply}"


def begin(server, state, **options):
    """A client in that state: fresh, ehlo, tls, login, mail, rcpt."""
    client = server.connect(**options)
    steps = ["ehlo", "tls", "login", "mail", "rcpt"]
    if state == "fresh":
        return client
    for step in steps[: steps.index(state) + 1]:
        if step == "ehlo":
            client.ehlo()
        elif step == "tls":
            client.starttls()
            client.ehlo()
        elif step == "login":
            reply = client.login(ANNA, PASSWORD)
            assert reply.code == 235, reply
        elif step == "mail":
            assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250
        elif step == "rcpt":
            assert client.cmd("RCPT TO:<x@example.net>").code == 250
    return client


def play(client, steps):
    """Sends each line and holds the reply to its expectation. Octets are sent as they are, with no line end added."""
    for sent, expectation in steps:
        shown = sent if isinstance(sent, str) else repr(sent[:80])
        client.send(sent if isinstance(sent, bytes) else sent.encode("utf-8") + b"\r\n")
        if expectation is None:
            continue
        try:
            reply = client.reply()
        except Closed:
            assert not callable(expectation) and "close" in expectation, f"closed after {shown!r}"
            return
        command = sent if isinstance(sent, str) else sent[:10].decode("latin-1")
        assert matches(expectation, reply), f"{shown[:120]!r}: wanted {expectation}, got {reply}"
        check_form(reply, command)


def still_speaks(client):
    """The session is sane after what was done to it."""
    client.buffer = b"" if not client.buffer else client.buffer
    reply = client.cmd("NOOP")
    assert reply.code == 250, reply


def b64(text):
    """Base64 as a str."""
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()
