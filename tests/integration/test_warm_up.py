"""A new address of ours is made known to a provider slowly; a warm one takes over what is more than that (delivery.md 4.4)."""

import pytest

from harness import waiting
from harness.fake_clock import fake, needs_fake_clock
from harness.ports import free_port
from harness.sink import Sink

ZONES = {"google.test": "@ MX 10 mx.provider.test.\n", "provider.test": "mx A 127.0.0.2\n",
         "small.test": "@ MX 10 mx\nmx A 127.0.0.3\n"}
NEW = {"name": "new", "address": "127.0.0.31", "warm_up": 2, "warm_up_until": 1000}
OLD = {"name": "old", "address": "127.0.0.32"}


@pytest.fixture
def bed(make):
    """Starts a server with those sources; gives it, the provider's host and that of somebody nobody knows."""
    port = free_port()
    provider, small = Sink(port=port, host="127.0.0.2"), Sink(port=port, host="127.0.0.3")
    make.made += [provider, small]

    def start(*sources, **provider_behaviour):
        for name, value in provider_behaviour.items():
            setattr(provider.behaviour, name, value)
        nsd = make.nsd(ZONES)
        server = make.posthaste(start=False, config={
            "source": list(sources), "delivery": {"resolver": [nsd.address], "mx_port": port, "shaping_file": "shaping.toml",
                                                  "source": [source["name"] for source in sources], "retry": ["1h"]}})
        (server.folder / "shaping.toml").write_text('[provider.p]\nmatch = [".provider.test"]\n')
        (server.folder / "shaping.toml").chmod(0o644)
        server.nsd = nsd
        server.start()
        return server, provider, small
    return start


def _clients(sink):
    return [message.client for message in sink.messages]


def test_what_is_more_leaves_from_a_warm_address(bed):
    server, provider, small = bed(NEW, OLD)
    for n in range(20):
        server.submit(f"x{n}@google.test")
    provider.wait(count=20, seconds=60)
    assert _clients(provider).count("127.0.0.31") == 1, "one now, one in twelve hours"
    assert _clients(provider).count("127.0.0.32") == 19
    for n in range(20):
        server.submit(f"x{n}@small.test")
    small.wait(count=20, seconds=60)
    assert _clients(small).count("127.0.0.31") > 2, "nobody judges addresses there"
    plan = server.admin("queue", "show", "google.test", "--plan").out
    assert "new to p: day 1, 1 of 2 recipients sent today" in plan, plan
    server.wait_empty()


@needs_fake_clock
def test_without_a_warm_address_mail_waits_for_its_turn_over_a_restart(bed):
    server, provider, _ = bed(NEW)
    for n in range(3):
        server.submit(f"x{n}@google.test")
    provider.wait(count=1)
    told = server.log.wait_for("delayed") if server.log.find("delayed") else None
    assert told is None or "being warmed up" in told["text"]
    waiting.until(lambda: len(server.queue()) == 2, 20)
    server.stop()
    server.start(env=fake("+6h"))
    server.submit("x3@google.test")
    server.log.wait_for("delayed", seconds=20)
    assert len(provider.messages) == 1, "six hours are not twelve"
    server.stop()
    server.start(env=fake("+13h"))
    waiting.until(lambda: len(provider.messages) == 2, 30)
    server.stop()
    server.start(env=fake("+26h"))
    waiting.until(lambda: len(provider.messages) == 3, 30)


def test_a_message_that_was_tried_keeps_its_address(bed):
    """Greylisting knows it by that: another address would begin anew."""
    server, provider, _ = bed(NEW, OLD, greylist=0.5)
    for n in range(12):
        server.submit(f"x{n}@google.test")
    server.log.wait_for("deferred", count=12, seconds=30)
    tried = dict(zip([to for to, _ in provider.attempts], [None] * 12))
    assert len(tried) == 12
    first = [client for client, _, _ in provider.first_tries]
    assert first.count("127.0.0.31") == 1
    server.admin("queue", "retry", "--all")
    provider.wait(count=11, seconds=30)
    assert "127.0.0.31" not in _clients(provider), "its turn comes in half a day"
    waiting.until(lambda: len(server.queue()) == 1, 10, "that one alone")


def test_mistakes_in_the_configuration_are_named(make, sink):
    for extra, text in (({"warm_up_until": 100}, "has no warm_up"), ({"warm_up": 50, "warm_up_until": 20}, "is not above"),
                        ({"warm_up": 50, "warm_up_since": "yesterday"}, "is no day")):
        server = make.posthaste(relay=sink, start=False, config={"source": [{**OLD, **extra}]})
        answer = server.cli("check")
        assert answer.code == 78 and text in answer.err + answer.out, answer
