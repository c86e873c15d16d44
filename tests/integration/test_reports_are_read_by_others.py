"""Delivery reports, read by Python's email package and held to RFC 3464, 6522 and 3461 field by field."""

import email
import email.policy
import re

import pytest

from harness.dialogue import ANNA

PER_MESSAGE = {"reporting-mta": True, "original-envelope-id": False, "arrival-date": False, "x-posthaste-queue-id": False}
PER_RECIPIENT = {"original-recipient": False, "final-recipient": True, "action": True, "status": True, "remote-mta": False,
                 "diagnostic-code": False, "last-attempt-date": False, "final-log-id": False, "will-retry-until": False}
TYPED = ("reporting-mta", "remote-mta", "original-recipient", "final-recipient", "diagnostic-code")


def check_group(group, allowed):
    """The fields of a group as a dict: each once, none unknown, none missing, typed where a type is asked for."""
    fields = {}
    for name, value in group.items():
        name = name.lower()
        assert name in allowed, f"{name} does not belong there"
        assert name not in fields, f"{name} twice"
        fields[name] = re.sub(r"\s+", " ", str(value)).strip()
        assert fields[name].isascii()
    for name, needed in allowed.items():
        assert not needed or name in fields, f"{name} is missing (RFC 3464)"
    for name in TYPED:
        if name in fields:
            assert re.match(r"[A-Za-z0-9-]+ ?; ?\S", fields[name]), f"{name}: type and value"
    return fields


def read_report(data):
    """(words, per message, [per recipient], returned content)."""
    parsed = email.message_from_bytes(data, policy=email.policy.default)
    assert not parsed.defects and parsed.get_content_type() == "multipart/report"
    assert parsed.get_param("report-type") == "delivery-status"
    assert parsed["Auto-Submitted"] == "auto-replied" and parsed["Message-ID"] and parsed["Date"]
    words, status, returned = parsed.get_payload()
    assert words.get_content_type() == "text/plain"
    assert status.get_content_type() == "message/delivery-status"
    assert returned.get_content_type() in ("message/rfc822", "text/rfc822-headers")
    assert not any(part.defects for part in parsed.walk()), [part.defects for part in parsed.walk()]
    groups = [group for group in status.get_payload() if group.items()]
    message = check_group(groups[0], PER_MESSAGE)
    recipients = [check_group(group, PER_RECIPIENT) for group in groups[1:]]
    assert recipients, "a report is about somebody"
    for fields in recipients:
        assert fields["action"] in ("failed", "delayed", "delivered", "relayed", "expanded")
        assert re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", fields["status"])
        assert fields["status"][0] == {"failed": "5", "delayed": "4"}.get(fields["action"], "2")
        if fields["action"] != "delayed":
            assert "will-retry-until" not in fields
        if "remote-mta" in fields:
            assert fields["diagnostic-code"].startswith("smtp; ")
    return words.get_content(), message, recipients, returned


@pytest.fixture(name="server")
def _server(make, sink):
    return make.posthaste(relay=sink)


def hand_in(server, recipients, mail="", content=b"From: anna@example.test\r\nSubject: Zahlen\r\n\r\nhello\r\n"):
    with server.session(ANNA) as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}> {mail}".strip()).code == 250
        for recipient, parameters in recipients:
            assert client.cmd(f"RCPT TO:<{recipient}> {parameters}".strip()).code == 250
        client.send(b"DATA\r\n")
        assert client.reply().code == 354
        client.send(content + b".\r\n")
        assert client.reply().code == 250


def test_a_failure_with_every_wish(server, sink):
    hand_in(server, [("rcpt550@example.net", "NOTIFY=FAILURE ORCPT=rfc822;Old+2BName@example.net"), ("never.rcpt550@example.net", "NOTIFY=NEVER")],
            "RET=FULL ENVID=QQ+2B7")
    words, message, recipients, returned = read_report(sink.wait(ANNA, seconds=25)[0].data)
    assert message["original-envelope-id"] == "QQ+7"
    assert message["reporting-mta"] == "dns; mail.example.test"
    (only,) = recipients
    assert only["final-recipient"] == "rfc822; rcpt550@example.net"
    assert only["original-recipient"] == "rfc822; Old+Name@example.net"
    assert only["action"] == "failed"
    assert returned.get_content_type() == "message/rfc822"
    assert "hello" in returned.get_payload()[0].get_payload()
    first = words.splitlines()[0] + words.splitlines()[1]
    assert "Zahlen" in first and not re.search(r"\b5\d\d\b", first), "no code in the first lines"


def test_only_the_header_of_a_large_message(server, sink):
    hand_in(server, [("rcpt550@example.net", "")], "RET=FULL", b"From: anna@example.test\r\nSubject: big\r\n\r\n" + b"line\r\n" * 20_000)
    returned = read_report(sink.wait(ANNA, seconds=25)[0].data)[3]
    assert returned.get_content_type() == "text/rfc822-headers" and b"line" not in returned.as_bytes()


def test_several_failures_are_one_report(server, sink):
    hand_in(server, [(f"r{n}-a.rcpt550@example.net", "") for n in range(5)])
    words, _, recipients, _ = read_report(sink.wait(ANNA, seconds=25)[0].data)
    assert len(recipients) == 5 and "5 recipients" in words
    server.wait_empty()
    assert len(sink.wait(ANNA)) == 1


def test_passed_on_where_the_hop_reports_nothing(server, sink):
    hand_in(server, [("x@example.net", "NOTIFY=SUCCESS")])
    words, _, (only,), returned = read_report(sink.wait(ANNA, seconds=25)[0].data)
    assert only["action"] == "relayed" and only["status"].startswith("2.") and "passed on" in words
    assert returned.get_content_type() == "text/rfc822-headers"


def test_every_language_is_as_readable(server, sink):
    seen = 0
    for language, opening in (("en", "was not delivered"), ("de", "nicht zugestellt"), ("fr", "n'a pas été remis"), ("es", "no se entregó")):
        server.admin("account", "language", ANNA, language)
        hand_in(server, [(f"{language}.rcpt550@example.net", "")])
        seen += 1
        words = read_report(sink.wait(ANNA, seconds=25, count=seen)[-1].data)[0]
        flat = re.sub(r"\s+", " ", words)
        assert opening in flat, words


def test_nobody_is_told_about_a_report(server, sink):
    """The null sender: a receipt that fails ends without a word (B-1)."""
    with server.session(ANNA) as client:
        assert client.cmd("MAIL FROM:<>").code == 250
        assert client.cmd("RCPT TO:<rcpt550@example.net>").code == 250
        client.send(b"DATA\r\n")
        assert client.reply().code == 354
        client.send(b"From: anna@example.test\r\nSubject: Read: x\r\n\r\nread\r\n.\r\n")
        assert client.reply().code == 250
    server.wait_empty()
    assert not [message for message in sink.messages if ANNA in message.recipients]
