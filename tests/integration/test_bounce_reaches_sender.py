"""A refusal becomes one report to the sender: in plain words, in the form of RFC 3464, and never a report about a report."""

import email
import email.policy
import re

import pytest

from harness.dialogue import ANNA
from harness.sink import first


def _parse(message):
    return email.message_from_bytes(message.data, policy=email.policy.default)


def _report(message):
    """(plain words, status fields of the message, of each recipient, third part)."""
    parsed = _parse(message)
    assert parsed.get_content_type() == "multipart/report"
    assert parsed.get_param("report-type") == "delivery-status"
    parts = list(parsed.iter_parts())
    assert len(parts) == 3, [p.get_content_type() for p in parts]
    assert parts[1].get_content_type() in ("message/delivery-status", "message/global-delivery-status")
    groups = parts[1].get_payload()
    words = parts[0]
    if words.get_content_type() == "multipart/alternative":
        words = next(words.iter_parts())
    return words.get_content(), groups[0], groups[1:], parts[2]


@pytest.fixture
def server(make, sink):
    return make.posthaste(relay=sink)


def _bounce(server, sink, recipients, count=1, **options):
    server.submit(recipients, **options)
    return sink.wait(ANNA, count=count, seconds=25)


def test_the_form(server, sink):
    (bounce,) = _bounce(server, sink, "rcpt550@example.net", subject="Invoice 1182")
    assert bounce.sender == "", "the null sender"
    assert bounce.recipients == [ANNA]
    parsed = _parse(bounce)
    assert parsed["To"].addresses[0].addr_spec == ANNA
    assert parsed["From"].addresses[0].addr_spec.startswith("mailer-daemon@") or "mail.example.test" in parsed["From"]
    assert parsed["Auto-Submitted"].startswith("auto-")
    assert parsed["Message-ID"] and parsed["Date"] and parsed["MIME-Version"] == "1.0"
    assert "Invoice 1182" in parsed["Subject"] and "rcpt550@example.net" in parsed["Subject"]
    words, about, (recipient,), third = _report(bounce)
    assert about["Reporting-MTA"].replace(" ", "") == "dns;mail.example.test"
    assert about["Arrival-Date"]
    assert about["Received-From-MTA"] is None, "the user's address is nobody's business"
    assert recipient["Final-Recipient"].replace(" ", "") == "rfc822;rcpt550@example.net"
    assert recipient["Action"] == "failed"
    assert recipient["Status"] == "5.7.1"
    assert "550 5.7.1 as you asked (rcpt)" in " ".join(recipient["Diagnostic-Code"].split())
    assert recipient["Remote-MTA"]
    assert third.get_content_type() in ("text/rfc822-headers", "message/rfc822", "message/global-headers")
    assert b"Subject: Invoice 1182" in bounce.data
    assert b"hello" not in bounce.data.split(b"text/rfc822-headers")[-1], "headers only, unless asked for more"
    assert len(words) > 60


@pytest.mark.parametrize("encoded, shown", [
    ("=?windows-1252?Q?Angebot_=80_500?=", '"Angebot € 500"'),
    ("=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", '"日本語"'),
    ("=?gb2312?B?xOO6ww==?=", '"你好"'),
    ("=?koi8-r?B?8NLJ18XU?=", '"Привет"'),
    ("=?x-unknown?B?" + "A" * 100 + "?=", "your message to"),
])
def test_the_subject_is_readable_in_every_character_set(server, sink, encoded, shown):
    (bounce,) = _bounce(server, sink, "rcpt550@example.net", subject=encoded)
    assert shown in _parse(bounce)["Subject"]
    assert shown in " ".join(_report(bounce)[0].split()).replace("Your", "your").replace("your message was", "your message to")


def test_the_original_recipient_beyond_ascii_is_written_in_ascii(server, sink):
    with server.session() as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250
        assert client.cmd("RCPT TO:<x@example.net> ORCPT=utf-8;ü@z.test".encode()).code == 553, "that needs SMTPUTF8"
        client.cmd("RSET")
        assert client.cmd(f"MAIL FROM:<{ANNA}> SMTPUTF8").code == 250
        for recipient, orcpt in (("rcpt550@example.net", "utf-8;ü@z.test"), ("rcpt550.b@example.net", "X400;+2Fc+3Dus+2F")):
            assert client.cmd(f"RCPT TO:<{recipient}> ORCPT={orcpt}".encode()).code == 250
        client.cmd("DATA")
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    (bounce,) = sink.wait(ANNA, seconds=25)
    originals = {" ".join(r["Original-Recipient"].split()) for r in _report(bounce)[2]}
    assert originals == {"utf-8; \\x{FC}@z.test", "X400; /c=us/"}


def test_the_words_come_first(server, sink):
    """Recipient, cause and what to do, in the first lines and without a host name before them."""
    (bounce,) = _bounce(server, sink, "rcpt550@example.net")
    words, *_ = _report(bounce)
    lines = [line for line in words.splitlines() if line.strip()]
    assert "rcpt550@example.net" in " ".join(lines[:3])
    assert not re.search(r"I'm sorry to have to inform|This is the mail system at host", words)
    assert "550 5.7.1 as you asked" in words, "the exact reply, for the administrator"
    assert words.index("rcpt550@example.net") < words.index("550 5.7.1")


def test_several_recipients_share_one_report(server, sink):
    recipients = ["rcpt550@a.example.net", "rcpt551@b.example.net", "good@example.net", "rcpt553@c.example.net"]
    bounces = _bounce(server, sink, recipients)
    server.wait_empty()
    bounces = sink.to(ANNA)
    assert len(bounces) == 1, "failures of one message that come together are one report"
    _, _, groups, _ = _report(bounces[0])
    assert {g["Final-Recipient"].split(";")[1].strip() for g in groups} == set(recipients) - {"good@example.net"}


def test_hundreds_of_failures_are_one_report(make, sink):
    server = make.posthaste(relay=sink)
    server.submit([f"rcpt550.{n}@example.net" for n in range(300)])
    sink.wait(ANNA, seconds=60)
    server.wait_empty(60)
    total = sum(len(_report(b)[2]) for b in sink.to(ANNA))
    assert total == 300 and len(sink.to(ANNA)) <= 6


@pytest.mark.parametrize("stage, recipient", [("DATA", "data554@example.net"), ("the dot", "dot550@example.net"), ("RCPT", "rcpt550@example.net")])
def test_every_stage_can_fail(server, sink, stage, recipient):
    (bounce,) = _bounce(server, sink, recipient)
    _, _, (group,), _ = _report(bounce)
    assert group["Action"] == "failed" and group["Status"].startswith("5.")


def test_mail_refused(make):
    sink = make.sink(replies={"MAIL": first(b"550 5.1.8 who is that\r\n")})
    server = make.posthaste(relay=sink)
    server.submit("x@example.net")
    server.log.wait_for("failed", to="x@example.net", status="5.1.8")
    assert sink.wait(ANNA, seconds=25)


def test_no_report_about_a_null_sender(server, sink):
    server.submit("rcpt550@example.net", sender="")
    server.log.wait_for("failed", to="rcpt550@example.net")
    server.wait_empty()
    assert not [m for m in sink.messages if m.sender == ""]


def test_a_report_that_fails_produces_nothing_further(make):
    """The sender's own server refuses the report: that is the end, said in the log."""
    sink = make.sink(replies={"RCPT": b"550 5.1.1 nobody here\r\n"})
    server = make.posthaste(relay=sink)
    server.submit("x@example.net")
    server.log.wait_for("failed", to="x@example.net")
    server.log.wait_for("failed", to=ANNA)
    server.wait_empty()
    assert len(server.log.find("failed")) == 2


def test_notify_never(server, sink):
    with server.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}>")
        client.cmd("RCPT TO:<rcpt550@example.net> NOTIFY=NEVER")
        client.cmd("DATA")
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    server.log.wait_for("failed", to="rcpt550@example.net")
    server.wait_empty()
    assert not sink.to(ANNA)


def test_notify_success_towards_a_hop_without_dsn(server, sink):
    """We report for the hop: "relayed" (RFC 3461 6.2)."""
    with server.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}> ENVID=env-7")
        client.cmd("RCPT TO:<good@example.net> NOTIFY=SUCCESS ORCPT=rfc822;first@example.net")
        client.cmd("DATA")
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    (report,) = sink.wait(ANNA, seconds=25)
    _, about, (group,), _ = _report(report)
    assert group["Action"] == "relayed" and group["Status"].startswith("2.")
    assert about["Original-Envelope-Id"] == "env-7"
    assert group["Original-Recipient"].replace(" ", "") == "rfc822;first@example.net"


def test_notify_success_only_does_not_report_failures(server, sink):
    with server.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}>")
        client.cmd("RCPT TO:<rcpt550@example.net> NOTIFY=SUCCESS")
        client.cmd("DATA")
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    server.log.wait_for("failed", to="rcpt550@example.net")
    server.wait_empty()
    assert not sink.to(ANNA)


def test_ret_full_returns_a_small_message_whole(server, sink):
    server.submit("rcpt550@example.net", body="the whole body\r\n", parameters="RET=FULL")
    bounce = sink.wait(ANNA, seconds=25)[0]
    assert b"the whole body" in bounce.data


def test_ret_full_of_a_large_message_returns_headers(server, sink):
    server.submit("rcpt550@example.net", body="large body\r\n" * 40_000, parameters="RET=FULL")
    bounce = sink.wait(ANNA, seconds=25)[0]
    assert len(bounce.data) < 60_000


def test_a_hostile_reply_is_tamed(make):
    """Control octets, HTML and lines of 2,000 octets in a reply come back as harmless text."""
    evil = b"550-5.1.1 \x1b[2J<script>alert(1)</script>\x00\x07\r\n550-" + b"x" * 1900 + b"\r\n550 5.1.1 end\xff\xfe\r\n"
    sink = make.sink(replies={"RCPT": first(evil)})
    server = make.posthaste(relay=sink)
    server.submit("x@example.net")
    bounce = sink.wait(ANNA, seconds=25)[0]
    assert not set(bounce.data) & (set(range(32)) - {9, 10, 13})
    assert all(len(line) <= 998 for line in bounce.data.split(b"\r\n"))
    _report(bounce)
    assert "\x1b" not in server.log.text()


SEALED = "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nGr\u00fc\u00dfe\r\n--s--\r\n"


def test_8bit_mail_and_a_hop_without_8bitmime(make):
    """Within a signature it cannot be encoded: it is returned with the reason, never sent as it is."""
    sink = make.sink(extensions=("PIPELINING", "SIZE 100000000"))
    server = make.posthaste(relay=sink)
    with server.session() as client:
        reply = client.transaction(ANNA, "x@example.net", f"From: <{ANNA}>\r\nSubject: t\r\n{SEALED}".encode(), "BODY=8BITMIME")
        assert reply.code == 250
    bounce = sink.wait(ANNA, seconds=25)[0]
    _, _, (group,), _ = _report(bounce)
    assert group["Status"] == "5.6.3"
    assert not sink.to("x@example.net")
    # Seven-bit mail goes through the same hop.
    server.submit("y@example.net")
    sink.wait("y@example.net")


def test_utf8_addresses_and_a_hop_without_smtputf8(make):
    sink = make.sink(extensions=("PIPELINING", "SIZE 100000000", "8BITMIME"))
    server = make.posthaste(relay=sink)
    with server.session() as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}> SMTPUTF8").code == 250
        assert client.cmd("RCPT TO:<jürgen@example.net>".encode()).code == 250
        client.cmd("DATA")
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    bounce = sink.wait(ANNA, seconds=25)[0]
    _, _, (group,), _ = _report(bounce)
    assert group["Status"] == "5.6.7"


def test_the_report_is_itself_on_disk(make, sink):
    """A failure and its report are one atomic write: a kill in between loses neither."""
    server = make.posthaste(relay=sink)
    for n in range(5):
        server.submit(f"rcpt550.{n}@example.net")
        server.log.wait_for("failed", to=f"rcpt550.{n}@example.net")
        server.kill()
        server.start()
    sink.wait(ANNA, count=5, seconds=40)
    server.wait_empty(30)


def test_a_too_large_message_for_the_hop(make):
    sink = make.sink(extensions=("PIPELINING", "SIZE 20000", "8BITMIME"))
    server = make.posthaste(relay=sink)
    server.submit("x@example.net", body="x" * 70 + "\r\n" * 30_000)
    bounce = sink.wait(ANNA, seconds=25)[0]
    _, _, (group,), _ = _report(bounce)
    assert group["Status"] in ("5.3.4", "5.2.3")
    assert not sink.to("x@example.net")


def test_a_hop_without_8bitmime_takes_the_report_about_eight_bit_text(make):
    """With RET=FULL too: a report that the way back cannot take would tell nobody anything."""
    hop = make.sink(extensions=("PIPELINING", "DSN"))
    server = make.posthaste(relay=hop)
    content = f"From: <anna@example.test>\r\nSubject: full\r\n{SEALED}".encode()
    server.submit("x@example.net", content=content, parameters="BODY=8BITMIME RET=FULL")
    failed = server.log.wait_for("failed", to="x@example.net")
    assert failed["status"] == "5.6.3"
    (bounce,) = hop.wait(ANNA, seconds=25)
    assert bounce.data.isascii()
    assert _report(bounce)[3].get_content_type() == "text/rfc822-headers"


def test_many_refusals_are_one_report(server, sink):
    recipients = [f"rcpt550@d{n}.test" for n in range(250)]
    (bounce,) = _bounce(server, sink, recipients)
    server.wait_empty()
    assert len(_report(bounce)[2]) == 250
    assert len(sink.to(ANNA)) == 1
