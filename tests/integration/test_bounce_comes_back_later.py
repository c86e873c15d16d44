"""A server takes a message, and returns it afterwards by mail: what was told of it changes, once, and its sender
hears of it (delivery.md 6.6; RFC 3464, RFC 5965)."""

import re
import smtplib
import time

import pytest

from harness import peers, ports, waiting
from harness.bounce_port import CAROL, DOMAIN, Port, bounce, complaint
from harness.dialogue import ANNA, BOB
from harness.fake_clock import fake, needs_fake_clock

DAVE = "dave@example.net"


@pytest.fixture
def server(make, sink):
    made = make.posthaste(relay=sink, start=False)
    made.bounce_port = ports.free_port()
    made.configure({"bounces": {"domain": DOMAIN, "listen": f"127.0.0.1:{made.bounce_port}"}})
    made.start()
    made.admin("account", "set", ANNA, "--verp", "message")
    made.back = Port(made.bounce_port)
    return made


def _send(server, sink, recipients=CAROL, **more):
    """Sent and taken: (id, the sender it left under)."""
    before = len(sink.messages)
    reply = server.submit(recipients, **more)
    waiting.until(lambda: len(sink.messages) > before, 15, "the message at the sink")
    server.log.wait_for("delivered", id=reply)
    return reply, sink.messages[before].sender


def _story(server, identity):
    return server.admin("trace", identity, "--json").rows[0]


def test_what_was_delivered_is_returned(server, sink):
    identity, sender = _send(server, sink)
    assert re.fullmatch(r"b\+[a-z2-7]{37}@" + re.escape(DOMAIN), sender), "a sender made for the message"
    token = sender.partition("+")[2].partition("@")[0]
    assert sink.messages[0].field("X-Posthaste-Ref") == [token], "for complaints, which lose the envelope"
    assert _story(server, identity)["recipients"][0]["state"] == "delivered"

    assert server.back.give(sender, bounce())[0] == 250
    event = server.log.wait_for("bounced", id=identity, to=CAROL)
    assert event["status"] == "5.1.1" and event["async"] is True and event["confidence"] == 100
    assert event["account"] == ANNA and "no mailbox" in event["text"] and event["from"] == ANNA
    recipient = _story(server, identity)["recipients"][0]
    assert recipient["state"] == "bounced" and recipient["status"] == "5.1.1"
    assert recipient["says"].startswith("delivered, then returned by inner.example.net"), recipient["says"]
    told = server.admin("trace", identity).out
    assert "came back" in told and "sender told" in told

    report = sink.wait(ANNA)[0]
    assert report.sender == "" and report.field("Auto-Submitted") == ["auto-replied"]
    text = re.sub(r"\s+", " ", report.data.decode())
    assert f"was not delivered to {CAROL}" in text
    assert "inner.example.net had taken the message at first, and returned it" in text
    assert f"Final-Recipient: rfc822; {CAROL}" in text and "Remote-MTA: dns; inner.example.net" in text
    assert "no mailbox of that name here" in text

    # The same again, also after a restart: nothing follows.
    assert server.back.give(sender.upper(), bounce())[0] == 250
    server.log.wait_for("bounce.repeated", id=identity)
    server.restart()
    assert server.back.give(sender, bounce())[0] == 250
    server.log.wait_for("bounce.repeated", id=identity, count=1)
    assert len(server.log.find("bounced", id=identity)) <= 1
    server.wait_empty()
    assert len(sink.to(ANNA)) == 1, "one report"
    assert _story(server, identity)["recipients"][0]["state"] == "bounced"


def test_each_of_several_recipients(server, sink):
    server.admin("account", "set", ANNA, "--verp", "recipient")
    before = len(sink.messages)
    identity = server.submit([CAROL, DAVE])
    waiting.until(lambda: len(sink.messages) == before + 2, 15, "a transaction for each")
    senders = {m.recipients[0]: m.sender for m in sink.messages[before:]}
    assert set(senders) == {CAROL, DAVE} and len(set(senders.values())) == 2
    assert all(re.fullmatch(r"b\+[a-z2-7]{40}@" + re.escape(DOMAIN), s) for s in senders.values())
    server.log.wait_for("delivered", id=identity, count=2)
    # Forwarded on the way: the report names somebody whom nobody wrote to.
    assert server.back.give(senders[DAVE], bounce(recipient="david@elsewhere.example"))[0] == 250
    server.log.wait_for("bounced", id=identity, to=DAVE)
    assert {r["address"]: r["state"] for r in _story(server, identity)["recipients"]} == {CAROL: "delivered", DAVE: "bounced"}


def test_one_refused_recipient_holds_no_other_up(server, sink):
    server.admin("account", "set", ANNA, "--verp", "recipient")
    identity = server.submit(["rcpt451@example.net", CAROL, "rcpt550@example.net", DAVE])
    server.log.wait_for("delivered", id=identity, count=2)
    server.log.wait_for("failed", id=identity, to="rcpt550@example.net")
    server.log.wait_for("deferred", id=identity, to="rcpt451@example.net")


def test_senders_that_stay_as_they_are(server, sink):
    assert _send(server, sink)[1] != ANNA
    # Of an account that does not ask for it.
    reply = server.submit(CAROL, sender=BOB, begin=server.session)
    server.log.wait_for("delivered", id=reply)
    assert sink.messages[-1].sender == BOB and not sink.messages[-1].field("X-Posthaste-Ref")
    # A receipt.
    reply = server.submit(CAROL, sender="")
    server.log.wait_for("delivered", id=reply)
    assert sink.messages[-1].sender == ""
    # A report of ours, about mail that left under a made sender.
    server.submit("rcpt550@example.net")
    assert sink.wait(ANNA)[0].sender == ""
    # From now on no more.
    server.admin("account", "set", ANNA, "--verp", "off")
    assert _send(server, sink)[1] == ANNA


def test_the_sender_stays_the_same_over_attempts(server, sink):
    server.submit("dot451x2@example.net")
    sink.wait("dot451x2@example.net")
    senders = {line for _, line in sink.commands if line.startswith("MAIL FROM:")}
    assert len({re.search("<(.*)>", line).group(1) for line in senders}) == 1


def test_who_wants_no_report_gets_none(server, sink):
    before = len(sink.messages)
    with server.session() as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250
        assert client.cmd(f"RCPT TO:<{CAROL}> NOTIFY=NEVER").code == 250
        assert client.cmd("DATA").code == 354
        reply = client.cmd(f"From: {ANNA}\r\nSubject: quiet\r\n\r\nhello\r\n.")
        assert reply.code == 250
    waiting.until(lambda: len(sink.messages) > before, 15, "the message")
    identity = server.log.wait_for("delivered", to=CAROL)["id"]
    assert server.back.give(sink.messages[before].sender, bounce())[0] == 250
    server.log.wait_for("bounced", id=identity)
    server.wait_empty()
    assert not sink.to(ANNA)


def test_no_bounces(server, sink):
    identity, sender = _send(server, sink)
    away = f"From: {CAROL}\nSubject: Automatic reply: a test\nAuto-Submitted: auto-replied\n\nI am away; mail is not delivered.\n"
    assert server.back.give(sender, away)[0] == 250
    server.log.wait_for("bounce.ignored", id=identity)
    late = bounce(status="4.4.1", action="delayed")
    assert server.back.give(sender, late)[0] == 250
    server.log.wait_for("bounce.delayed", id=identity)
    doubt = "From: MAILER-DAEMON@example.net\nSubject: Sorry\n\nYour message could not be delivered.\n"
    assert server.back.give(sender, doubt)[0] == 250
    server.log.wait_for("bounce.uncertain", id=identity)
    code, said = server.back.give(sender, f"From: {CAROL}\nSubject: Re: a test\n\nThank you!\n", sender=CAROL)
    assert code == 550 and "write to the address in the From" in said
    assert _story(server, identity)["recipients"][0]["state"] == "delivered"
    assert "may be a bounce" in server.admin("trace", identity).out
    assert not server.log.find("bounced") and not sink.to(ANNA)


def test_prose_is_read_with_less_confidence(server, sink):
    identity, sender = _send(server, sink)
    qmail = (f"From: MAILER-DAEMON@mail.example.net\nSubject: failure notice\n\nHi. This is the qmail-send program at mail.example.net.\n"
             f"I'm afraid I wasn't able to deliver your message to the following addresses.\n\n<{CAROL}>:\n"
             "Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nTo: other@example.net\n")
    assert server.back.give(sender, qmail)[0] == 250
    event = server.log.wait_for("bounced", id=identity)
    assert event["to"] == CAROL and 60 <= event["confidence"] < 100
    assert _story(server, identity)["recipients"][0]["confidence"] == event["confidence"]
    assert sink.wait(ANNA)


def test_made_up_addresses_are_refused_slowly_and_nothing_is_relayed(server, sink):
    _, sender = _send(server, sink)
    token = sender.partition("+")[2].partition("@")[0]
    forged = ("b" if token[10] != "b" else "c").join([token[:10], token[11:]])
    began = time.monotonic()
    assert server.back.give(f"b+{forged}@{DOMAIN}", bounce())[0] == 550
    assert time.monotonic() - began >= 1, "guessing is slow"
    assert server.back.give(f"nobody@{DOMAIN}", bounce())[0] == 550
    code, said = server.back.give(CAROL, bounce())
    assert code == 550 and "not taken here" in said
    server.log.wait_for("bounce.wrong_address", count=3)
    with smtplib.SMTP("127.0.0.1", server.bounce_port, timeout=60) as client:
        client.ehlo("mx.example.net")
        assert not client.has_extn("auth") and client.has_extn("starttls")
        code, said = client.docmd("AUTH", "PLAIN AGEAYg==")
        assert code == 502 and b"587" in said
        client.mail("")
        codes = []
        try:
            while len(codes) < 10:
                codes.append(client.rcpt(f"b+{'a' * 37}@{DOMAIN}")[0])
        except smtplib.SMTPServerDisconnected:
            pass
        assert codes[0] == 550 and len(codes) < 10, "a session of guesses ends"


@needs_fake_clock
def test_a_sender_of_last_month_is_refused(server, sink):
    identity, sender = _send(server, sink)
    assert server.back.give(sender, bounce(recipient="elsewhere@example.net", action="delayed"))[0] == 250
    server.stop()
    server.start(env=fake("+31d"))
    code, said = server.back.give(sender, bounce())
    assert code == 550 and "30 days" in said
    assert not server.log.find("bounced", id=identity)


def test_complaints(server, sink):
    identity, sender = _send(server, sink)
    code, said = server.back.give(f"fbl@{DOMAIN}", "From: a@example.net\nSubject: spam!\n\nStop that.\n", sender="a@example.net")
    assert code == 550 and "RFC 5965" in said
    assert server.back.give(f"fbl@{DOMAIN}", complaint("x@elsewhere.example", recipient="x@example.net"))[0] == 550
    assert server.back.give(f"fbl+yahoo@{DOMAIN}", complaint(sender))[0] == 250
    event = server.log.wait_for("complained", id=identity)
    assert event["to"] == CAROL and event["text"] == "abuse"
    recipient = _story(server, identity)["recipients"][0]
    assert recipient["state"] == "delivered" and "complained" in recipient and "complained" in recipient["says"]
    assert server.back.give(f"abuse@{DOMAIN}", complaint(sender))[0] == 250
    server.log.wait_for("bounce.repeated", id=identity)
    # By our own field alone, where the provider has taken the rest out.
    second, sender = _send(server, sink)
    token = sender.partition("+")[2].partition("@")[0]
    text = complaint("redacted", recipient="redacted", kind="opt-out", reference=f"X-Posthaste-Ref: {token}\n")
    assert server.back.give(f"fbl@{DOMAIN}", text)[0] == 250
    assert server.log.wait_for("complained", id=second)["to"] == CAROL
    server.wait_empty()
    assert not sink.to(ANNA), "the person is told nothing of complaints"


def test_what_comes_back_keeps_a_newsletter_from_going_there_again(server, sink):
    """From the port to the suppression list, over a restart, to the next message (delivery.md 6.5)."""
    server.admin("account", "set", ANNA, "--profile", "bulk")
    complained, sender = _send(server, sink)
    assert server.back.give(f"fbl@{DOMAIN}", complaint(sender))[0] == 250
    server.log.wait_for("complained", id=complained)
    returned, sender = _send(server, sink, DAVE)
    assert server.back.give(sender, bounce(DAVE))[0] == 250
    server.log.wait_for("bounced", id=returned)
    for address in (CAROL, DAVE):
        server.log.wait_for("suppression.added", address=address)
    server.kill()
    server.start()
    identity = server.submit([CAROL, DAVE, "erin@example.net"])
    for address in (CAROL, DAVE):
        assert server.log.wait_for("suppressed", to=address)["id"] == identity
    sink.wait("erin@example.net")
    server.wait_empty()
    assert len(sink.to(CAROL)) == 1 and len(sink.to(DAVE)) == 1, "what went before"
    assert not sink.to(ANNA), "nobody reads the bounces of a newsletter one by one"


def test_letters_to_the_postmaster_reach_the_administrator(server, sink):
    for whom in ("postmaster", f"postmaster@{DOMAIN}", f"abuse@{DOMAIN}"):
        before = len(sink.to("postmaster@example.test"))
        letter = f"From: {CAROL}\nSubject: to {whom}\n\nYour mail loops.\n"
        assert server.back.give(whom, letter, sender=CAROL)[0] == 250
        arrived = sink.wait("postmaster@example.test", count=before + 1)[-1]
        assert arrived.sender == "" and arrived.field("Subject") == [f"to {whom}"], "nobody gets a report about it"
    # What is no header must not be read as part of ours.
    for odd in (f" folded: {CAROL}\nSubject: x\n\nhello\n", "no header at all\n\nhello\n"):
        assert server.back.give("postmaster", odd, sender=CAROL)[0] == 554
    assert server.back.give("postmaster", "\nFrom: somebody\n\nhello\n", sender=CAROL)[0] == 250
    assert sink.wait("postmaster@example.test", count=4)[-1].field("From") == [], "an empty header is one"


def test_a_largebounce(server, sink):
    identity, sender = _send(server, sink)
    whole = bounce() + "\n".join(["x" * 70] * 60_000) + "\n"
    assert server.back.give(sender, whole)[0] == 250, "what follows the report is not needed"
    server.log.wait_for("bounced", id=identity)
    server.configure({"bounces": {"message_size": "3 MB"}})
    server.restart()
    code, said = server.back.give(sender, whole)
    assert code == 552 and "header" in said


def test_an_account_is_set_before_the_domain_is(make, sink):
    server = make.posthaste(relay=sink)
    said = server.cli("account", "set", ANNA, "--verp", "message")
    assert said.code == 0 and "[bounces] domain" in said.err and "nothing changes yet" in said.err
    assert "warning" not in server.cli("account", "set", ANNA, "--verp", "off").err


def test_what_is_configured_is_checked(server):
    wrong = server.cli("account", "set", ANNA, "--verp", "recipients")
    assert wrong.code != 0 and "recipient" in wrong.out + wrong.err
    assert server.admin("account", "show", ANNA, "--json").rows[0]["verp"] == "message"
    assert server.cli("account", "set", ANNA, "--verp", "on", "--profile", "bulk").code == 2
    records = server.admin("dns", "show", "example.test").out
    assert re.search(r"bounce\.example\.test\.\s+MX\s+10 mail\.example\.test\.", records), records
    assert "bounces are taken on port" in server.cli("check").out
    server.stop()
    server.configure({"bounces": {"domain": None}})
    checked = server.cli("check")
    assert checked.code != 0 and "bounce.example.com" in checked.out + checked.err


def test_postfix_returns_what_its_next_hop_refuses(make, server, sink, folders):
    """The whole way: Postfix takes it, is refused, and writes to the sender that was made for the message."""
    refusing = make.sink()
    lines = ", ".join(["{ example.net = smtp:[127.0.0.1]:%d }" % refusing.port, "{ %s = smtp:[127.0.0.1]:%d }" % (DOMAIN, server.bounce_port)])
    try:
        hop = peers.Postfix(folders("postfix-hop"), settings={
            "virtual_mailbox_domains": "", "virtual_mailbox_maps": "", "transport_maps": "inline:{ %s }" % lines,
            "smtp_dns_support_level": "disabled", "disable_dns_lookups": "yes", "smtp_tls_security_level": "may"})
    except peers.Missing as missing:
        pytest.skip(str(missing))
    try:
        server.stop()
        server.configure({"route": [{"to": ["example.net"], "via": f"127.0.0.1:{hop.port}", "tls": "none"}]})
        server.start()
        identity = server.submit("rcpt550@example.net")
        server.log.wait_for("delivered", id=identity)
        event = server.log.wait_for("bounced", id=identity, seconds=60)
        assert event["to"] == "rcpt550@example.net" and event["confidence"] == 100 and event["code"] == 550
        report = sink.wait(ANNA)[0]
        assert b"rcpt550@example.net" in report.data
    finally:
        hop.close()
