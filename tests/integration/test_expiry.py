"""A message that cannot be delivered in its time comes back with the last real answer; not before, and not later.

The last attempt is made a minute before the end, or a tenth of a short life.
"""

import pytest

from harness import waiting
from harness.dialogue import ANNA
from harness.fake_clock import fake, needs_fake_clock


def test_it_comes_back_with_the_last_answer(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"], "expire": "4s"}})
    server.submit("rcpt451@example.net")
    expired = server.log.wait_for("expired", to="rcpt451@example.net", seconds=40)
    assert expired["status"] in ("5.4.7", "4.4.7")
    assert server.log.find("deferred"), "it was tried more than once before"
    bounce = sink.wait(ANNA, seconds=20)[0]
    assert b"451 4.7.1 as you asked" in b" ".join(bounce.data.split())
    assert b"Action: failed" in bounce.data
    server.wait_empty()


def test_nobody_was_ever_reached(make, sink):
    dead = make.sink()
    dead.close()
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"], "expire": "4s"},
                                                "route": [{"to": ["dead.test"], "via": dead.address, "tls": "none"}]})
    server.submit("x@dead.test")
    server.log.wait_for("expired", to="x@dead.test", seconds=60)
    assert b"x@dead.test" in sink.wait(ANNA, seconds=20)[0].data


@needs_fake_clock
def test_mail_that_waited_while_the_server_was_down_is_tried_before_it_expires(make, sink):
    """Hours of downtime are no reason to return mail unseen: at least one attempt comes first."""
    port = sink.port
    sink.close()
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"], "expire": "2h"}})
    server.submit("x@example.net")
    server.log.wait_for("deferred")
    server.stop()
    again = make.sink(port=port)
    server.start(env=fake("+3h"))
    assert again.wait("x@example.net", seconds=30)
    assert not again.to(ANNA)


@needs_fake_clock
def test_downtime_counts(make, sink):
    """What was due while the server was down is tried at once when it is back."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["2h"], "expire": "5d"}})
    server.submit("rcpt451x1@example.net")
    server.log.wait_for("deferred")
    server.stop()
    server.start(env=fake("+3h"))
    sink.wait("rcpt451x1@example.net", seconds=20)


def test_held_mail_does_not_expire_unseen(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"], "expire": "4s"}})
    server.submit("rcpt451@example.net")
    server.log.wait_for("deferred")
    server.admin("queue", "hold", "--all")
    mark = server.log.mark()
    with pytest.raises(waiting.Late):
        server.log.wait_for("expired", seconds=7, after=mark)
    assert server.queue()


def test_a_minute_is_enough_for_a_server_that_lets_us_wait(make, sink):
    """A short expiry leaves room for more than the first attempt."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"], "expire": "60s"}})
    server.submit("rcpt451x2@example.net")
    sink.wait("rcpt451x2@example.net", seconds=20)
    assert not server.log.find("expired")
