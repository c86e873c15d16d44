"""A next hop that means harm costs one failed attempt: no memory, no hanging, and never a wrong outcome."""

import time

import pytest

from harness import waiting
from harness.raw_hop import RawHop

MEGABYTE = 1 << 20


def endless_lines(talk):
    talk.say(b"220 hi\r\n")
    talk.line()
    for _ in range(200_000):
        talk.say(b"250-" + b"X" * 500 + b"\r\n")


def endless_greeting(talk):
    for _ in range(200_000):
        talk.say(b"220-" + b"welcome " * 60 + b"\r\n")


def five_megabytes_in_one_line(talk):
    talk.say(b"220 " + b"A" * (5 * MEGABYTE) + b"\r\n")
    talk.drain()


def five_megabytes_to_rcpt(talk):
    talk.say(b"220 hi\r\n")
    talk.until(b"RCPT")
    talk.say(b"550 " + b"B" * (5 * MEGABYTE) + b"\r\n")
    talk.drain()


def different_codes_in_one_reply(talk):
    talk.say(b"220 hi\r\n")
    talk.until(b"RCPT")
    talk.say(b"250-ok\r\n550 or not\r\n")
    talk.drain()


def nul_and_controls(talk):
    talk.say(b"220 \x00\x01\x1b[2J\xff\xfe\r\n")
    talk.line()
    talk.say(b"\x00\x00\x00\x00\r\n")
    talk.drain()


def garbage(talk):
    talk.say(b"SSH-2.0-OpenSSH_9.2\r\n" * 50)
    talk.drain()


def words_of_http(talk):
    talk.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    talk.drain()


def wrong_class_everywhere(talk):
    talk.say(b"220 hi\r\n")
    talk.line()
    talk.say(b"354 go\r\n")
    talk.drain()


def codes_beyond_the_standard(talk):
    talk.say(b"220 hi\r\n")
    talk.line()
    talk.say(b"999 what\r\n")
    talk.drain()


def garbage_behind_220(talk):
    talk.say(b"220 hi\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")
    talk.drain()


def all_answers_at_once(talk):
    """Every answer before its question: a client that reads them as they come believes that it has delivered."""
    talk.say(b"220 hi\r\n")
    talk.line()
    talk.say(b"250 hello\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")
    talk.drain()


def taken_before_the_end(talk):
    talk.say(b"220 hi\r\n")
    talk.until(b"DATA")
    talk.say(b"354 go\r\n250 2.0.0 taken already\r\n")
    talk.drain()


def taken_in_place_of_354(talk):
    talk.say(b"220 hi\r\n")
    talk.until(b"DATA")
    talk.say(b"250 2.0.0 taken already\r\n")
    talk.drain()


def replies_to_nothing(talk):
    talk.say(b"220 hi\r\n")
    talk.line()
    talk.say(b"250-hi\r\n250 PIPELINING\r\n" + b"250 ok\r\n" * 50_000)
    talk.drain()


def thousands_of_ehlo_lines(talk):
    talk.say(b"220 hi\r\n")
    talk.line()
    talk.say(b"".join(b"250-EXTENSION-%d\r\n" % n for n in range(5_000)) + b"250 PIPELINING\r\n")
    talk.drain()


def content_is_answered_by_a_login_challenge(talk):
    talk.say(b"220 hi\r\n")
    talk.until(b"DATA")
    talk.say(b"334 VXNlcm5hbWU6\r\n")
    talk.drain()


ACTS = [endless_lines, endless_greeting, five_megabytes_in_one_line, five_megabytes_to_rcpt, different_codes_in_one_reply,
        nul_and_controls, garbage, words_of_http, wrong_class_everywhere, codes_beyond_the_standard, garbage_behind_220,
        all_answers_at_once, taken_before_the_end, taken_in_place_of_354, replies_to_nothing,
        thousands_of_ehlo_lines, content_is_answered_by_a_login_challenge]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_it_costs_one_failed_attempt(make, act):
    hop = RawHop(act)
    make.made.append(hop)
    server = make.posthaste(relay=hop.address, config={"delivery": {"retry": ["1h"]}})
    before = server.memory()
    identity = server.submit("x@example.net", body="line\r\n" * 20_000)
    deferred = server.log.wait_for("deferred", to="x@example.net", seconds=60)
    assert deferred["attempt"] == 1 and deferred["next_s"] >= 1500
    assert hop.connections <= 2
    assert not server.log.find(("delivered", "failed"), to="x@example.net")
    # What a person reads holds no control octets.
    assert all(c.isprintable() for c in deferred["text"]), deferred
    assert len(deferred["text"]) <= 1024
    told = server.admin("trace", identity, "--smtp").out
    assert "attempt 1" in told and all(c == "\n" or c.isprintable() for c in told), told
    assert server.memory() - before < 24 * MEGABYTE
    assert len(server.queue()) == 1
    assert server.stop() == 0


def test_five_times_out_of_step_is_final(make):
    """Somebody must be told when a hop never speaks SMTP: the fifth such attempt is the last (O-25)."""
    hop = RawHop(words_of_http)
    make.made.append(hop)
    server = make.posthaste(relay=hop.address, config={"delivery": {"retry": ["1s"]}})
    server.submit("x@example.net")
    for _ in range(5):
        waiting.until(lambda: server.log.find(("deferred", "failed"), to="x@example.net"), 30, "an attempt")
        if server.log.find("failed", to="x@example.net"):
            break
        server.admin("queue", "retry", "--all")
    failed = server.log.wait_for("failed", to="x@example.net", seconds=90)
    assert failed["attempt"] == 5 and failed["status"] == "5.5.0"


def test_a_relay_whose_tls_was_stripped_gets_no_octet_of_mail(make, sink):
    server = make.posthaste(start=False, config={"delivery": {"retry": ["1h"]}})
    server.relay_to(sink.address, tls="verify")
    server.start()
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net")
    assert deferred["status"].startswith("4.7.")
    assert "MAIL" not in sink.verbs() and not sink.messages


@pytest.mark.parametrize("how", ["injected", "garbage", "dropped"])
def test_octets_behind_starttls_are_never_believed(make, certificates, how):
    sink = make.sink(certificate=certificates[0], starttls=how)
    server = make.posthaste(start=False, config={"delivery": {"retry": ["1h"]}})
    server.relay_to(sink.address, tls="encrypt")
    server.start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net", seconds=40)
    assert not sink.messages and "MAIL" not in sink.verbs()


def impatient(make, hop, **timeouts):
    """A server that waits for that hop a few seconds."""
    server = make.posthaste(start=False, relay=hop.address, config={"delivery": {"retry": ["1h"]}})
    shaping = server.folder / "shaping.toml"
    shaping.write_text("[default]\n" + "".join(f'{name} = "{value}"\n' for name, value in timeouts.items()))
    shaping.chmod(0o644)
    server.configure({"delivery": {"shaping_file": "shaping.toml"}})
    return server.start()


@pytest.mark.parametrize("where", ["greeting", "EHLO", "RCPT", "dot"])
def test_one_octet_a_second_is_not_waited_for(make, where):
    """The deadline is for the whole reply: an octet now and then does not move it."""
    def act(talk):
        if where != "greeting":
            talk.say(b"220 hi\r\n")
            if where == "EHLO":
                talk.line()
            elif where == "RCPT":
                talk.until(b"RCPT")
            else:
                talk.until(b"DATA")
                talk.say(b"354 go\r\n")
                talk.drain(1)
        for octet in b"250 " + b"w" * 500:
            talk.say(bytes([octet]))
            time.sleep(1)

    hop = RawHop(act)
    make.made.append(hop)
    server = impatient(make, hop, greeting_timeout="3s", command_timeout="3s", final_dot_timeout="4s")
    began = time.monotonic()
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net", seconds=20)
    assert time.monotonic() - began < 15
    assert deferred["attempt"] == 1 and hop.connections <= 2
    assert not server.log.find(("delivered", "failed"))


def test_what_is_said_after_quit_is_nothing(make):
    """A flood behind our goodbye neither holds the connection nor undoes the delivery."""
    def act(talk):
        talk.say(b"220 hi\r\n")
        talk.until(b"DATA")
        talk.say(b"354 go\r\n")
        while b"\r\n.\r\n" not in talk.buffer:
            talk.buffer += talk.sock.recv(65536)
        talk.buffer = b""
        talk.say(b"250 2.0.0 taken\r\n")
        talk.until(b"QUIT")
        for _ in range(2_000):
            talk.say(b"550 5.7.1 I take it back\r\n" * 1_000)

    hop = RawHop(act)
    make.made.append(hop)
    server = impatient(make, hop, idle_timeout="1s")
    before = server.memory()
    server.submit("x@example.net")
    server.log.wait_for("delivered", to="x@example.net")
    waiting.until(lambda: not server.queue(), 10, "an empty queue")
    time.sleep(4)  # the goodbye is said after a second, and bounded by two
    assert not server.log.find(("failed", "deferred"), to="x@example.net")
    assert server.memory() - before < 24 * MEGABYTE
    assert server.stop() == 0
