"""A message that cannot be delivered in its time comes back with the last real answer; not before, and not later."""

import pytest

from harness.dialogue import ANNA


def test_it_comes_back_with_the_last_answer(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"], "expire": "5s"}})
    server.submit("rcpt451@example.net")
    expired = server.log.wait_for("expired", to="rcpt451@example.net", seconds=40)
    assert expired["status"] in ("5.4.7", "4.4.7")
    bounce = sink.wait(ANNA, seconds=20)[0]
    assert b"451 4.7.1 as you asked" in b" ".join(bounce.data.split())
    assert b"Action: failed" in bounce.data
    server.wait_empty()
    assert server.log.find("deferred"), "it was tried more than once before"


def test_nobody_was_ever_reached(make, sink):
    dead = make.sink()
    dead.close()
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"], "expire": "4s"},
                                                "route": [{"to": ["dead.test"], "via": dead.address, "tls": "none"}]})
    server.submit("x@dead.test")
    server.log.wait_for("expired", to="x@dead.test", seconds=40)
    assert b"x@dead.test" in sink.wait(ANNA, seconds=20)[0].data


def test_a_message_that_waited_while_the_server_was_down_is_tried_before_it_expires(make, sink):
    """Hours of downtime are no reason to return mail unseen: at least one attempt comes first."""
    port = sink.port
    sink.close()
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"], "expire": "2s"}})
    server.submit("x@example.net")
    server.kill()
    again = make.sink(port=port)
    import time  # pylint: disable=import-outside-toplevel
    time.sleep(3)  # the situation: it is down until after the expiry
    server.start()
    assert again.wait("x@example.net", seconds=30)


def test_held_mail_does_not_expire_unseen(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"], "expire": "5s"}})
    server.submit("rcpt451@example.net")
    server.log.wait_for("deferred")
    server.admin("queue", "hold", "--all")
    mark = server.log.mark()
    with pytest.raises(AssertionError):
        server.log.wait_for("expired", seconds=8, after=mark)
