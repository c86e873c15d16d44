"""Where a connection is cut decides: before the final dot nothing was taken, behind it nobody knows."""

import pytest

from harness.fake_clock import fake, needs_fake_clock
from harness.ports import free_port
from harness.sink import Sink

ZONE = {"example.net": "@ MX 10 mx2\n@ MX 10 mx3\nmx2 A 127.0.0.2\nmx3 A 127.0.0.3\n"}


@pytest.fixture
def pair(make):
    port = free_port()
    two, three = Sink(port=port, host="127.0.0.2"), Sink(port=port, host="127.0.0.3")
    make.made += [two, three]
    nsd = make.nsd(ZONE)
    server = make.posthaste(config={"delivery": {"resolver": [nsd.address], "mx_port": port, "retry": ["1s"]}})
    return server, two, three


def test_before_the_dot_the_next_host_gets_it_at_once(pair):
    server, two, three = pair
    two.behaviour.drop_content = three.behaviour.drop_content = True
    server.submit("x@example.net", body="line\r\n" * 400_000)
    deferred = server.log.wait_for("deferred", to="x@example.net", seconds=30)
    assert two.connections and three.connections, "the other host was asked in the same attempt"
    assert deferred["next_s"] <= 90, "no long wait: nothing was taken"
    two.behaviour.drop_content = three.behaviour.drop_content = False
    server.admin("queue", "retry", "--all")
    server.log.wait_for("delivered", to="x@example.net", seconds=30)
    assert len(two.to("x@example.net")) + len(three.to("x@example.net")) == 1


@needs_fake_clock
def test_behind_the_dot_it_waits_and_the_same_host_is_asked_first(pair):
    server, two, three = pair
    server.submit("drop-afterx1@example.net")
    deferred = server.log.wait_for("deferred", to="drop-afterx1@example.net", seconds=30)
    assert 1800 <= deferred["next_s"] <= 2400
    took, idle = (two, three) if two.rcpt_count("drop-afterx1@example.net") else (three, two)
    assert idle.connections == 0, "it may have been delivered: nobody else is asked"
    server.stop()
    took.behaviour.drop_content = False
    server.start(env=fake("+45m"))
    server.log.wait_for("delivered", to="drop-afterx1@example.net", seconds=30)
    assert took.rcpt_count("drop-afterx1@example.net") == 2 and idle.connections == 0
