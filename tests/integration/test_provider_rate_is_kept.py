"""A provider's rate and its connections are counted over all sites behind it (delivery.md, criterion 33)."""

import pytest

from harness.dialogue import ANNA
from harness.ports import free_port
from harness.sink import Sink

HOSTS = "".join(f"mx{n} A 127.0.0.{n}\n" for n in (2, 3, 4))
ZONES = {f"d{n}.test": f"@ MX 10 mx{n}.provider.test.\n" for n in (2, 3, 4)} | {"provider.test": HOSTS}


@pytest.fixture
def provider(make):
    """Three sites of one provider, each with a host of its own; gives (start, sinks)."""
    port = free_port()
    sinks = [Sink(port=port, host=f"127.0.0.{n}") for n in (2, 3, 4)]
    make.made += sinks

    def start(block, **behaviour):
        for sink in sinks:
            for name, value in behaviour.items():
                setattr(sink.behaviour, name, value)
        nsd = make.nsd(ZONES)
        server = make.posthaste(start=False, config={"delivery": {
            "resolver": [nsd.address], "mx_port": port, "shaping_file": "shaping.toml", "retry": ["1s"]}})
        (server.folder / "shaping.toml").write_text('[provider.p]\nmatch = [".provider.test"]\n' + block)
        (server.folder / "shaping.toml").chmod(0o644)
        server.nsd = nsd
        server.start()
        return server
    return start, sinks


def test_recipients_are_spaced_over_all_sites(provider):
    start, sinks = provider
    server = start('provider_message_rate = "60/min,max_burst=1"\n')
    with server.session() as client:
        for n in (2, 3, 4):
            assert client.transaction(ANNA, [f"x{i}@d{n}.test" for i in range(4)], f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    for sink in sinks:
        sink.wait(count=4, seconds=30)
    messages = sorted((m for sink in sinks for m in sink.messages), key=lambda m: m.time)
    assert all(len(m.recipients) == 1 for m in messages), "recipients count, not messages"
    gaps = [after.time - before.time for before, after in zip(messages, messages[1:])]
    assert min(gaps) > 0.9, gaps
    assert max(gaps) < 2.5, "and the rate is used"
    assert not server.log.find("deferred"), "who waits for the rate is not charged an attempt"


def test_connections_are_counted_over_all_sites(provider):
    start, sinks = provider
    server = start("provider_connection_limit = 2\n", pause=0.2)
    with server.session() as client:
        for i in range(10):
            for n in (2, 3, 4):
                assert client.transaction(ANNA, f"x{i}@d{n}.test", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    most = 0
    for sink in sinks:
        sink.wait(count=10, seconds=30)
        most = max(most, sink.most_open)
    assert most <= 2
    ends = sorted((m.time for sink in sinks for m in sink.messages))
    # Two at once, 0.2 s each: never more than two ends within that time.
    assert all(third - first > 0.15 for first, third in zip(ends, ends[2:])), "three at once"


def test_a_mistake_in_the_file_stops_the_start(make):
    server = make.posthaste(start=False, relay="127.0.0.1:9", config={"delivery": {"shaping_file": "shaping.toml"}})
    (server.folder / "shaping.toml").write_text("[default]\nconection_limit = 3\n")
    (server.folder / "shaping.toml").chmod(0o644)
    checked = server.cli("check")
    assert checked.code != 0
    said = checked.out + checked.err
    assert "shaping.toml:2:1" in said and "connection_limit" in said, said
