"""An account gets so many reports an hour, then one digest; nothing is lost over a crash, and nothing is told twice."""

import email
import email.policy

import pytest

from harness import waiting
from harness.dialogue import ANNA, BOB

BAD = [f"rcpt550-1-1.{name}@example.net" for name in ("one", "two", "three", "four", "five")]


def parsed(message):
    return email.message_from_bytes(message.data, policy=email.policy.default)


def digests(sink, recipient=ANNA):
    return [m for m in sink.to(recipient) if parsed(m).get_content_type() == "text/plain"]


def reports(sink, recipient=ANNA):
    return [m for m in sink.to(recipient) if parsed(m).get_content_type() == "multipart/report"]


def told(sink):
    """How often each bad address is named in what the sender got."""
    text = "\n".join(" ".join(part.get_content().split()) for m in sink.to(ANNA) for part in parsed(m).walk()
                     if part.get_content_type() == "text/plain")
    return text


def test_a_digest_takes_over(make, sink):
    server = make.posthaste(relay=sink, config={"reports": {"per_hour": 2, "digest_every": "8s"}})
    for number, address in enumerate(BAD):
        server.submit(address, subject=f"Order {number}")
        server.log.wait_for("failed", to=address)
    digest = waiting.until(lambda: digests(sink), 30, "a digest")[0]
    assert len(reports(sink)) == 2
    assert digest.sender == "" and digest.recipients == [ANNA]
    message = parsed(digest)
    assert message["Auto-Submitted"] == "auto-generated" and "(3 in one message)" in message["Subject"]
    text = " ".join(message.get_content().split())
    for number, address in list(enumerate(BAD))[2:]:
        assert f"{address}: not delivered" in text and f"Order {number}" in text
    assert "there is no mailbox" in text and "What you can do" in text and "550" in text
    for address in BAD[:2]:
        assert address not in text
    server.wait_empty()
    assert len(digests(sink)) == 1


def test_a_crash_between_loses_nothing_and_tells_nothing_twice(make, sink):
    server = make.posthaste(relay=sink, config={"reports": {"per_hour": 1, "digest_every": "6s"}})
    server.submit("rcpt550-1-1.first@example.net")
    sink.wait(ANNA, seconds=25)
    for address in BAD:
        server.submit(address)
        server.log.wait_for("failed", to=address)
    waiting.until(lambda: not server.queue(), 20, "lines in the store")
    server.kill()
    server.start()
    waiting.until(lambda: digests(sink), 30, "a digest")
    server.wait_empty()
    text = told(sink)
    assert len(reports(sink)) == 1, "the hour is not begun anew"
    for address in BAD:
        assert text.count(f"* {address}") == 1
    server.restart()
    server.submit("rcpt550-1-1.later@example.net")
    waiting.until(lambda: len(digests(sink)) == 2, 30, "the next digest")
    assert BAD[0] not in parsed(digests(sink)[1]).get_content()


def test_the_hour_counts_over_a_restart(make, sink):
    server = make.posthaste(relay=sink, config={"reports": {"per_hour": 1, "digest_every": "1h"}})
    server.submit(BAD[0])
    sink.wait(ANNA, seconds=25)
    server.restart()
    server.submit(BAD[1])
    server.wait_empty()
    ident = server.submit(BAD[2])
    server.wait_empty()
    assert len(sink.to(ANNA)) == 1
    assert "next digest" in server.admin("trace", ident).out
    # Another account has an hour of its own.
    server.submit(BAD[3], sender=BOB)
    assert sink.wait(BOB, seconds=25)


@pytest.mark.parametrize("how, profile, expected", [
    ("usual", "human", "report"), ("usual", "application", "report"), ("usual", "bulk", None), ("on", "bulk", "report"),
    ("off", "human", None), ("digest", "human", "digest"),
])
def test_the_account_says_how(make, sink, how, profile, expected):
    server = make.posthaste(relay=sink, config={"reports": {"digest_every": "1s"}})
    server.admin("account", "set", ANNA, "--profile", profile)
    server.admin("account", "set", ANNA, "--reports", how)
    assert server.admin("account", "show", ANNA, "--json").rows[0]["reports"] == how
    server.submit("rcpt550.x@example.net")
    server.log.wait_for("failed")
    if expected:
        waiting.until(lambda: (reports if expected == "report" else digests)(sink), 25, expected)
    server.wait_empty()
    assert len(sink.to(ANNA)) == (1 if expected else 0)
    # Who asks gets an answer (RFC 3461 s4.1).
    with server.session() as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250
        assert client.cmd("RCPT TO:<rcpt550.y@example.net> NOTIFY=FAILURE").code == 250
        client.cmd("DATA")
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    waiting.until(lambda: any(b"rcpt550.y@" in m.data for m in reports(sink)), 25, "the report that was asked for")


def test_in_the_language_of_the_message_or_the_account(make, sink):
    server = make.posthaste(relay=sink, config={"reports": {"language": "es"}})
    server.submit("rcpt550.x@example.net")
    content = f"From: <{ANNA}>\r\nTo: <x@example.net>\r\nSubject: Angebot\r\nContent-Language: de-DE\r\n\r\nx\r\n"
    server.submit("rcpt550.y@example.net", content=content)
    sink.wait(ANNA, count=2, seconds=25)
    assert {parsed(m)["Content-Language"] for m in sink.to(ANNA)} == {"es", "de"}
    german = next(m for m in sink.to(ANNA) if parsed(m)["Content-Language"] == "de")
    text = next(part for part in parsed(german).walk() if part.get_content_type() == "text/plain").get_content()
    assert "Unser Server:" in text and "Our server" not in text


def test_wrong_words_are_refused(make, sink):
    server = make.posthaste(relay=sink)
    wrong = server.cli("account", "set", ANNA, "--reports", "digset")
    assert wrong.code != 0 and "digest" in wrong.out + wrong.err
    assert server.cli("account", "set", ANNA, "--reports", "on", "--profile", "bulk").code == 2
