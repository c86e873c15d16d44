"""What a sender asks of the time: not before (RFC 4865), there by then (RFC 2852), before others (RFC 6710)."""

import time

import pytest

from harness.dialogue import ANNA
from harness.fake_clock import fake, needs_fake_clock
from harness.sink import DEFAULT_EXTENSIONS

KNOWS_TIME = (*DEFAULT_EXTENSIONS, "DSN", "DELIVERBY", "MT-PRIORITY")


def _report(sink):
    return b" ".join(sink.wait(ANNA, seconds=30)[0].data.split())


def test_a_message_is_kept_back_until_its_time(make, sink):
    server = make.posthaste(relay=sink)
    began = time.time()
    server.submit("x@example.net", parameters="HOLDFOR=4")
    received = sink.wait("x@example.net", seconds=30)[0]
    assert 3.9 < received.time - began < 15
    assert "HOLDFOR" not in received.mail_parameters.upper()


def test_kept_back_mail_is_shown_sent_at_once_and_cancelled(make, sink):
    server = make.posthaste(relay=sink)
    soon, never = server.submit("soon@example.net", parameters="HOLDFOR=3600"), \
        server.submit("never@example.net", parameters="HOLDFOR=3600")
    rows = {row["id"]: row for row in server.queue()}
    assert rows[soon]["release"] and 3500 < rows[soon]["recipients"][0]["next_in_s"] <= 3600
    assert "as its sender asked" in server.admin("queue", "list").out
    assert "sent at" in server.admin("queue", "show", soon).out
    told = server.admin("trace", soon).out
    assert "not to be sent before" in told, told
    server.admin("queue", "retry", soon)
    sink.wait("soon@example.net")
    server.admin("queue", "cancel", never)
    server.wait_empty()
    assert not sink.to("never@example.net") and not sink.to(ANNA)


@needs_fake_clock
def test_kept_back_mail_survives_a_restart_and_its_time_counts_from_then(make, sink):
    """Four hours kept back, tried for two: what counts is when it was to be sent."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"], "expire": "2h"}})
    server.submit("rcpt451x1@example.net", parameters="HOLDFOR=14400")
    server.stop()
    server.start(env=fake("+3h"))
    assert server.queue()[0]["recipients"][0]["attempts"] == 0
    server.stop()
    server.start(env=fake("+245m"))
    server.log.wait_for("deferred", to="rcpt451x1@example.net", seconds=30)
    server.stop()
    server.start(env=fake("+320m"))
    sink.wait("rcpt451x1@example.net", seconds=30)
    assert not sink.to(ANNA)


def test_a_time_that_the_next_hop_does_not_know_brings_the_message_back(make, sink):
    server = make.posthaste(relay=sink)
    server.submit("x@example.net", parameters="BY=3600;R")
    report = _report(sink)
    assert b"Action: failed" in report and b"Status: 5.3.3" in report and b"DELIVERBY" in report
    assert not sink.to("x@example.net")


def test_a_hop_that_keeps_times_gets_what_is_left(make):
    sink = make.sink(extensions=KNOWS_TIME)
    server = make.posthaste(relay=sink)
    server.submit("rcpt451x1.x@example.net", parameters="BY=600;R")
    server.log.wait_for("deferred")
    server.admin("queue", "retry", "--all")
    received = sink.wait("rcpt451x1.x@example.net")[0]
    left = [word for word in received.mail_parameters.split() if word.startswith("BY=")]
    assert left and left[0].endswith(";R") and 500 < int(left[0][3:-2]) <= 600
    server.wait_empty()
    assert not sink.to(ANNA), "it was in time, and nobody asked to hear so"


def test_one_that_is_too_short_for_the_hop_comes_back(make):
    sink = make.sink(extensions=(*DEFAULT_EXTENSIONS, "DELIVERBY 1000"))
    server = make.posthaste(relay=sink)
    server.submit("x@example.net", parameters="BY=600;R")
    assert b"Status: 5.3.3" in _report(sink)


def test_a_message_comes_back_at_its_time(make):
    sink = make.sink(extensions=KNOWS_TIME)
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]}})
    began = time.time()
    server.submit("rcpt451@example.net", parameters="BY=6;R")
    report = _report(sink)
    assert b"Action: failed" in report and b"Status: 5.4.7" in report and b"451 4.7.1 as you asked" in report
    assert time.time() - began < 25


def test_the_sender_is_told_at_the_time_and_it_goes_on(make):
    sink = make.sink(extensions=KNOWS_TIME)
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["2s"]}})
    server.submit("rcpt451@example.net", parameters="BY=3;N")
    report = _report(sink)
    assert b"Action: delayed" in report
    assert server.queue(), "it goes on"


@needs_fake_clock
def test_the_time_of_the_warning_survives_a_restart(make):
    sink = make.sink(extensions=KNOWS_TIME)
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    server.submit("rcpt451@example.net", parameters="BY=1800;N")
    server.log.wait_for("deferred")
    server.stop()
    assert not sink.to(ANNA)
    server.start(env=fake("+31m"))
    assert b"Action: delayed" in _report(sink)


@pytest.mark.parametrize("knows,parameters,told", [
    (False, "BY=3600;N", True),
    (True, "BY=3600;N", False),
    (True, "BY=3600;NT", True),
], ids=["hop that knows no time", "hop that knows it", "trace"])
def test_who_takes_over_is_told(make, knows, parameters, told):
    sink = make.sink(extensions=KNOWS_TIME if knows else DEFAULT_EXTENSIONS)
    server = make.posthaste(relay=sink)
    server.submit("x@example.net", parameters=parameters)
    sink.wait("x@example.net")
    if told:
        assert b"Action: relayed" in _report(sink)
    server.wait_empty()
    assert bool(sink.to(ANNA)) == told


def test_priority_needs_the_right_to_it(make):
    sink = make.sink(extensions=KNOWS_TIME)
    server = make.posthaste(relay=sink)
    server.submit("none@example.net", parameters="MT-PRIORITY=4")
    assert "MT-PRIORITY" not in sink.wait("none@example.net")[0].mail_parameters
    server.admin("account", "set", ANNA, "--priority", "3")
    shown = server.admin("account", "show", ANNA).out
    assert "up to 3" in shown, shown
    with server.session(ANNA) as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}> MT-PRIORITY=5").text.startswith("2.3.6 3 is the priority")
        client.cmd("RSET")
        assert client.cmd(f"MAIL FROM:<{ANNA}> MT-PRIORITY=3").status == "2.1.0"
    server.submit("some@example.net", parameters="MT-PRIORITY=3")
    received = sink.wait("some@example.net")[0]
    assert "MT-PRIORITY=3" in received.mail_parameters
    assert "PRIORITY 3" in received.field("Received")[0]
    server.submit("low@example.net", parameters="MT-PRIORITY=-2")
    assert "MT-PRIORITY=-2" in sink.wait("low@example.net")[0].mail_parameters
    assert server.cli("account", "set", ANNA, "--priority", "10").code == 2


def test_how_long_mail_is_kept_back_is_configured(make, sink):
    server = make.posthaste(relay=sink, config={"limits": {"max_hold": "1h"}})
    with server.session(ANNA) as client:
        assert any(line.startswith("FUTURERELEASE 3600 ") for line in client.ehlo().lines)
        assert client.cmd(f"MAIL FROM:<{ANNA}> HOLDFOR=3601").code == 501
    server.stop()
    server = make.posthaste(relay=sink, config={"limits": {"max_hold": "off"}})
    with server.session(ANNA) as client:
        assert not any("FUTURERELEASE" in line for line in client.ehlo().lines)
        assert client.cmd(f"MAIL FROM:<{ANNA}> HOLDFOR=60").code == 555
