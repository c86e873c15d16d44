"""A site that does not answer is left alone but for one probe; what comes for it meanwhile is told so, uncharged
(delivery.md, criterion 30)."""

import itertools

from harness import waiting
from harness.load import submit_many


def test_new_mail_waits_for_the_probe_and_goes_on_recovery(make, sink):
    dead = make.sink(replies={"banner": b"421 4.3.2 not now\r\n"})
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]},
                                                "route": [{"to": ["dead.test"], "via": dead.address, "tls": "none"}]})
    for n in range(3):
        server.submit(f"first{n}@dead.test")
    server.log.wait_for("deferred", count=3)
    waiting.until(lambda: dead.connections >= 3, 15)
    # Dead after three plans without one that worked.
    number = itertools.count()
    waiting.until(lambda: server.log.find("delayed") or not server.submit(f"again{next(number)}@dead.test"), 15)
    at_death = dead.connections
    submit_many(server, 500, "x{}@dead.test")
    server.log.wait_for("delayed", count=400, seconds=30)
    delayed = server.log.find("delayed")[-1]
    assert delayed.get("attempt", 0) == 0 and 0 < delayed["next_s"] <= 75, delayed
    assert "not now" in delayed["text"], "why it waits"
    assert dead.connections <= at_death + 1, "no more than a probe"
    server.submit("alive@example.net")
    sink.wait("alive@example.net", seconds=10)

    # Why it waits is on disk too.
    (row,) = [r for r in server.queue() if "x499@dead.test" in str(r)]
    assert "not now" in str(server.admin("queue", "show", row["id"]).out)
    dead.behaviour.replies = {}
    server.admin("queue", "retry", "--all")
    waiting.until(lambda: sum(len(m.recipients) for m in dead.messages) >= 504, 60)
    server.wait_empty()
    assert not server.log.find("expired") and not server.log.find("failed")
    assert len({r for m in dead.messages for r in m.recipients}) == sum(len(m.recipients) for m in dead.messages), "each once"


def test_what_was_never_tried_is_probed_at_once_after_a_restart(make, sink):
    """To the new process every site is new: mail does not wait for a probe that the old one had planned."""
    dead = make.sink(replies={"banner": b"421 4.3.2 not now\r\n"})
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]},
                                                "route": [{"to": ["dead.test"], "via": dead.address, "tls": "none"}]})
    number = itertools.count()
    waiting.until(lambda: server.log.find("delayed") or not server.submit(f"x{next(number)}@dead.test"), 30)
    # Each probe that fails moves the next one, and what waits for it, further away.
    to = server.log.find("delayed")[-1]["to"]
    server.stop()
    dead.behaviour.replies = {}
    server.start()
    dead.wait(to, seconds=20)
