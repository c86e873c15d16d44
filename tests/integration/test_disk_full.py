"""A disk that fills up: new mail is refused with 452, what is queued goes on, and it recovers by itself. A real file
system that is really full, not a pretended one."""


import pytest

from harness import load as loads
from harness import waiting
from harness.daemon import StartFailed
from harness.dialogue import ANNA
from harness.small_disk import fill, free, on_small_disk
from harness.smtp_client import Closed

pytestmark = pytest.mark.root


@pytest.fixture
def small_disk(make, sink):
    with on_small_disk(make, sink) as server:
        yield server


def _try(server, body="x\r\n"):
    """The reply that ends the attempt."""
    with server.session() as client:
        return client.transaction(ANNA, "x@example.net", f"From: <{ANNA}>\r\n\r\n{body}")


def test_full_then_room_again(small_disk, sink):
    small_disk.start()
    assert _try(small_disk).code == 250
    fill(small_disk, 1 << 20)

    def refused():
        reply = _try(small_disk)
        return reply if reply.code != 250 else None
    reply = waiting.until(refused, 10, "a refusal")
    assert (reply.code, reply.status) == (452, "4.3.1"), reply
    assert "full" in reply.text
    assert small_disk.running()
    assert "full" in str(small_disk.cli("status")).lower() or "full" in small_disk.log.text().lower()
    free(small_disk)
    waiting.until(lambda: _try(small_disk).code == 250, 15, "mail is taken again by itself")


def test_deliveries_and_bounces_go_on(make, small_disk, sink):
    """The reserve lets outcomes and reports be written while the door is shut."""
    small_disk.configure({"delivery": {"retry": ["1h"]}})
    small_disk.start()
    for n in range(20):
        small_disk.submit([f"rcpt451x1.{n}@example.net", f"rcpt451x1.rcpt550.{n}@example.net"])
    small_disk.log.wait_for("deferred", count=40)
    fill(small_disk, 64 << 10)
    assert waiting.until(lambda: _try(small_disk).code == 452 or None, 10)
    small_disk.admin("queue", "retry", "--all")
    for n in range(20):
        sink.wait(f"rcpt451x1.{n}@example.net", seconds=30)
        small_disk.log.wait_for("failed", to=f"rcpt451x1.rcpt550.{n}@example.net")
    free(small_disk)
    sink.wait(ANNA, count=1, seconds=30)
    small_disk.wait_empty(60)
    assert sum(b"550" in m.data for m in sink.to(ANNA)) >= 1
    delivered = [r for m in sink.messages for r in m.recipients if r != ANNA]
    assert len(delivered) == len(set(delivered)) == 20


def test_full_in_the_middle_of_a_large_message(small_disk, sink):
    small_disk.start()
    with small_disk.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}>")
        client.cmd("RCPT TO:<big@example.net>")
        assert client.cmd("DATA").code == 354
        client.send(f"From: <{ANNA}>\r\n\r\n")
        block = (b"y" * 78 + b"\r\n") * 1000
        for _ in range(30):
            client.send(block)
        fill(small_disk, 0)
        try:
            for _ in range(300):
                client.send(block)
            client.send(b".\r\n")
            reply = client.reply()
            assert reply.code in (452, 451), reply
        except (Closed, OSError):
            pass
    free(small_disk)
    waiting.until(lambda: _try(small_disk).code == 250, 15, "mail is taken again")
    assert not sink.to("big@example.net"), "nothing half leaves"
    small_disk.wait_empty()
    content = [p for p in small_disk.store.rglob("*") if p.is_file() and p.stat().st_size > 1 << 20 and "content" in p.parts]
    assert not content, f"the refused content is removed: {content}"


def test_everything_acknowledged_arrives_through_a_storm_of_fullness(small_disk, sink):
    small_disk.start()
    load = loads.Load(small_disk, threads=4, body=b"z" * 700 + b"\r\n")
    try:
        for _ in range(4):
            load.wait_count(load.count() + 20)
            fill(small_disk, 0)
            waiting.until(lambda: any("452" in r for r in load.refused), 15, "refusals")
            load.refused.clear()
            free(small_disk)
    finally:
        load.stop()
    assert not loads.settle(load, sink)
    assert all(r.startswith(("452", "451")) for r in load.refused), load.refused[:3]


def test_a_start_on_a_full_disk(small_disk, sink):
    """It starts and delivers what it has, or says that the disk is full; it never damages the store."""
    small_disk.configure({"delivery": {"retry": ["1h"]}})
    small_disk.start()
    small_disk.submit("rcpt451x1@example.net")
    small_disk.log.wait_for("deferred")
    small_disk.kill()
    fill(small_disk, 0)
    try:
        small_disk.start()
    except StartFailed as failed:
        assert failed.code == 75 and ("full" in failed.output.lower() or "space" in failed.output.lower())
        free(small_disk)
        small_disk.start()
    else:
        assert _try(small_disk).code == 452
        free(small_disk)
    small_disk.admin("queue", "retry", "--all")
    sink.wait("rcpt451x1@example.net", seconds=30)
    waiting.until(lambda: _try(small_disk).code == 250, 15, "mail is taken again")
