"""What is tried again, when, and with whom: the table of replies at each stage, through a live server."""

import pytest

from harness import waiting

from harness.dialogue import ANNA


@pytest.fixture
def server(make, sink):
    return make.posthaste(relay=sink, config={"delivery": {"retry": ["1s", "2s"]}})


@pytest.mark.parametrize("recipient", ["rcpt451x2@example.net", "data451x2@example.net", "dot451x2@example.net", "421x1@example.net", "drop-beforex1@example.net"])
def test_temporary_trouble_is_tried_again(server, sink, recipient):
    # Large, so that a connection that is dropped behind 354 is dropped before the final dot.
    server.submit(recipient, body="line\r\n" * 600_000 if recipient.startswith("drop") else "x\r\n")
    deferred = server.log.wait_for("deferred", to=recipient)
    if deferred["next_s"] > 10:  # a lost connection: a minute, whatever the steps say
        assert deferred["next_s"] < 90
        server.admin("queue", "retry", "--all")
    message = sink.wait(recipient, seconds=25)
    assert len(message) == 1
    server.wait_empty()
    assert not server.log.find("failed")


def test_the_steps_are_kept(server, sink):
    """Never sooner than the step, never much later."""
    server.submit("rcpt451x3@example.net")
    first = server.log.wait_for("deferred", attempt=1)
    second = server.log.wait_for("deferred", attempt=2)
    third = server.log.wait_for("deferred", attempt=3)
    for row, step in ((first, 1), (second, 2), (third, 2)):
        assert step <= row["next_s"] <= step * 1.15 + 1, "0 to 15 % more, never less"
    sink.wait("rcpt451x3@example.net", seconds=20)
    assert second["delay_s"] >= 1 and third["delay_s"] >= 3


def test_only_the_deferred_recipient_is_tried_again(server, sink):
    server.submit(["good@example.net", "rcpt451x1@example.net", "rcpt550@example.net", "also@example.net"])
    sink.wait("rcpt451x1@example.net", seconds=20)
    server.wait_empty()
    assert sink.rcpt_count("good@example.net") == sink.rcpt_count("also@example.net") == sink.rcpt_count("rcpt550@example.net") == 1
    assert sink.rcpt_count("rcpt451x1@example.net") == 2


def test_several_recipients_go_in_one_transaction(server, sink):
    recipients = [f"r{n}@example.net" for n in range(50)]
    server.submit(recipients)
    messages = sink.wait("r0@example.net")
    assert messages[0].recipients == recipients


def test_too_many_recipients_for_the_hop(make):
    """452 4.5.3 is no failure: the rest goes at once, and nobody is charged an attempt."""
    sink = make.sink(max_recipients=10)
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    recipients = [f"r{n}@example.net" for n in range(35)]
    server.submit(recipients)
    sink.wait(count=4, seconds=20)
    assert sorted(r for m in sink.messages for r in m.recipients) == sorted(recipients)
    assert not server.log.find("deferred", attempt=2)
    server.wait_empty()


def test_all_recipients_refused_under_pipelining(server, sink):
    server.submit(["rcpt550.a@example.net", "rcpt550.b@example.net"])
    server.log.wait_for("failed", to="rcpt550.a@example.net")
    server.log.wait_for("failed", to="rcpt550.b@example.net")
    sink.wait(ANNA)
    assert not [m for m in sink.messages if m.sender]


def test_an_ambiguous_end_is_repeated_only_after_a_while(make, sink):
    """The hop took the message and said nothing: a duplicate is possible, and is preferred to a loss, but not at once."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]}})
    server.submit("drop-afterx1@example.net")
    deferred = server.log.wait_for("deferred", to="drop-afterx1@example.net", seconds=20)
    assert deferred["next_s"] >= 1700, deferred
    assert len(sink.to("drop-afterx1@example.net")) == 1
    server.admin("queue", "retry", "--all")
    sink.wait("drop-afterx1@example.net", count=2)
    server.wait_empty()


def test_a_hop_that_says_421_in_the_middle(make, sink):
    """The connection is closed, the message goes out on another."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]}})
    for n in range(5):
        server.submit(f"421x1.{n}@example.net")
        sink.wait(f"421x1.{n}@example.net", seconds=25)
    assert not server.log.find("failed")


def test_a_hop_that_says_421_again_and_again_is_left_alone_for_a_while(make):
    """Three in a row: the site rests, one probe comes later; a person can say "now"."""
    sink = make.sink(connection_replies=[{"banner": b"421 4.3.2 not now\r\n"}] * 4)
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]}})
    for n in range(30):
        server.submit(f"x{n}@example.net")
    server.log.wait_for("deferred", count=3)
    with pytest.raises(waiting.Late):
        waiting.until(lambda: sink.connections > 6, 8)
    for _ in range(6):
        server.cli("queue", "retry", "--all")
        if sink.messages:
            break
        waiting.until(lambda: server.log.find("deferred"), 5)
    sink.wait(count=30, seconds=30)


def test_one_connection_is_used_again(make, sink):
    server = make.posthaste(relay=sink)
    for n in range(10):
        server.submit(f"x{n}@example.net")
        sink.wait(f"x{n}@example.net")
    assert sink.connections <= 3, "idle connections are kept for a while"


def test_no_more_connections_than_allowed_at_one_site(make):
    sink = make.sink()
    server = make.posthaste(relay=sink)
    with server.session() as client:
        for n in range(60):
            assert client.transaction(ANNA, f"slow1.{n}@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    sink.wait(count=30, seconds=60)
    assert sink.most_open <= 10


def test_a_dead_site_does_not_stop_the_others(make, sink):
    dead = make.sink()
    dead.close()
    server = make.posthaste(relay=sink, config={"route": [{"to": ["dead.test"], "via": dead.address, "tls": "none"}]})
    with server.session() as client:
        for n in range(200):
            assert client.transaction(ANNA, f"x{n}@dead.test", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    server.submit("alive@example.net")
    sink.wait("alive@example.net", seconds=10)


def test_a_busy_account_does_not_stop_another(make, sink):
    """Fair inside a site: one message of Bob's does not wait behind 400 of Anna's."""
    server = make.posthaste(relay=sink)
    with server.session() as client:
        for n in range(40):
            assert client.transaction(ANNA, [f"slow1.a{n}.{i}@example.net" for i in range(3)], f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    sink.wait(count=1)
    with server.session("bob@example.test") as client:
        assert client.transaction("bob@example.test", "quick@example.net", "From: <bob@example.test>\r\n\r\nx\r\n").code == 250
    sink.wait("quick@example.net", seconds=15)
    assert len([m for m in sink.messages if m.sender == ANNA]) < 40


HOSTILE = {
    "a reply that never ends": {"EHLO": b"250-x\r\n" * 200_000},
    "a line that never ends": {"EHLO": b"250-" + b"x" * 3_000_000 + b"\r\n250 8BITMIME\r\n"},
    "no code": {"MAIL": b"what do you want\r\n"},
    "different codes in one reply": {"MAIL": b"250-one\r\n550 two\r\n"},
    "1xx": {"MAIL": b"150 hold on\r\n"},
    "3xx to MAIL": {"MAIL": b"354 go on\r\n"},
    "999": {"MAIL": b"999 wow\r\n"},
    "250 to DATA": {"DATA": b"250 fine\r\n"},
    "control octets": {"banner": b"\x00\x01\x02\r\n"},
    "an empty line for a banner": {"banner": b"\r\n"},
    "closed at the banner": {"banner": b""},
    "closed at EHLO": {"EHLO": b""},
    "closed at MAIL": {"MAIL": b""},
    "closed at RCPT": {"RCPT": b""},
    "closed at DATA": {"DATA": b""},
}


@pytest.mark.parametrize("replies", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hop_that_misbehaves_once_gets_the_mail_later(make, replies):
    """Doubt is temporary: no reply that makes no sense bounces anything or hurts the server."""
    sink = make.sink(connection_replies=[replies])
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]}})
    before = server.memory()
    server.submit("x@example.net")
    sink.wait("x@example.net", seconds=30)
    assert not server.log.find("failed")
    assert server.memory() - before < 32 << 20
    assert len(sink.to("x@example.net")) == 1


def test_replies_with_lf_alone_are_understood(make):
    sink = make.sink(connection_replies=[{"banner": b"220\n", "EHLO": b"250-sink\n250 8BITMIME\n", "MAIL": b"250 ok\n"}])
    server = make.posthaste(relay=sink)
    server.submit("x@example.net")
    sink.wait("x@example.net")


def test_a_silent_hop_does_not_hold_the_rest(make, sink):
    silent = make.sink(silent=True)
    server = make.posthaste(relay=sink, config={"route": [{"to": ["silent.test"], "via": silent.address, "tls": "none"}]})
    for n in range(3):
        server.submit(f"x{n}@silent.test")
    server.submit("y@example.net")
    sink.wait("y@example.net", seconds=10)
    assert server.stop(seconds=45) == 0


def test_the_way_is_slow_and_cut_into_pieces(make, sink):
    gate = make.gate(sink)
    gate.slice, gate.delay = 40, 0.001
    server = make.posthaste(relay=gate.address)
    server.submit("x@example.net", body="z" * 70 + "\r\n" * 300)
    sink.wait("x@example.net", seconds=30)


def test_a_cut_at_every_octet_range_loses_and_halves_nothing(make, sink):
    gate = make.gate(sink)
    server = make.posthaste(relay=gate.address, config={"delivery": {"retry": ["1s"]}})
    body = "line of the body\r\n" * 200_000
    for cut in (5, 40, 90, 200, 400, 700, 100_000, 3_000_000):
        gate.cut_after_forward = cut
        gate.cut()
        server.submit(f"cut{cut}@example.net", body=body)
        server.log.wait_for("deferred", to=f"cut{cut}@example.net", seconds=20)
        gate.cut_after_forward = None
        server.cli("queue", "retry", "--all")
        (message,) = sink.wait(f"cut{cut}@example.net", seconds=40)
        assert message.body == body.encode()


def test_routes_are_chosen_in_order(make, sink):
    partner, below = make.sink(), make.sink()
    server = make.posthaste(relay=sink, config={"route": [
        {"to": ["partner.test"], "via": partner.address, "tls": "none"},
        {"to": [".partner.test"], "via": below.address, "tls": "none"},
        {"to": ["later.test"], "via": "hold"}]})
    server.submit(["a@partner.test", "b@sub.partner.test", "c@example.net", "d@later.test", "e@notpartner.test"])
    partner.wait("a@partner.test")
    below.wait("b@sub.partner.test")
    sink.wait("c@example.net")
    sink.wait("e@notpartner.test")
    assert not partner.to("b@sub.partner.test") and not sink.to("d@later.test")
    (left,) = server.queue()
    assert "d@later.test" in str(left)
    # A person's word goes above the route's, after a restart too.
    server.log.wait_for("held", account="anna@example.test")
    port = sink.port
    sink.close()
    server.admin("queue", "release", left["id"])
    server.log.wait_for("deferred", to="d@later.test")
    server.restart()
    again = make.sink(port=port)
    server.admin("queue", "retry", "--all")
    again.wait("d@later.test")
    server.wait_empty()
