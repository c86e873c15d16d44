"""A line that never ends is not listened to until the time-out, from a next hop as little as from a stranger."""

import threading
import time

from harness.raw_hop import RawHop

CHUNK = b"x" * 65536


def test_from_a_next_hop(make):
    sent, cut = [], threading.Event()

    def answer_without_an_end(talk):
        talk.say(b"220 hop\r\n")
        talk.line()
        try:
            while True:
                sent.append(talk.sock.send(CHUNK))
        except OSError:
            cut.set()

    hop = RawHop(answer_without_an_end)
    make.made.append(hop)
    server = make.posthaste(config={"relay": {"host": hop.address, "tls": "none"}})
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net", seconds=15)
    assert deferred["status"] == "4.5.0", "a protocol error"
    assert cut.wait(10)
    assert sum(sent) < 64 << 20


def test_from_a_stranger(make, sink):
    server = make.posthaste(relay=sink)
    client = server.connect()
    sock = client.sock
    sock.settimeout(20)
    sock.sendall(b"NOOP ")
    sent = 0
    started = time.monotonic()
    try:
        while time.monotonic() - started < 20:
            sent += sock.send(CHUNK)
    except OSError:
        pass
    assert time.monotonic() - started < 15, "it was cut off at once"
    assert sent < 64 << 20
    sock.close()
    server.submit("x@example.net")
    sink.wait("x@example.net")
