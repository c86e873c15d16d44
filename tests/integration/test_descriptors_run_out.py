"""256 descriptors and 1,000 clients: those who are in are served, the others are refused, the processor stays idle, and
everything recovers when they have gone."""

import resource
import socket
import time

import pytest

from harness import waiting
from harness.daemon import StartFailed
from harness.smtp_client import Closed, SmtpClient


def _limited(count):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
    return limit


def _crowd(port, count):
    held = []
    for _ in range(count):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", port))
        held.append(sock)
    return held


def test_a_thousand_clients_and_256_descriptors(make, sink):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    server = make.posthaste(relay=sink, start=False, config={"limits": {"connections_per_address": 100_000}})
    server.start(preexec_fn=_limited(256))
    early = server.session()
    crowd = _crowd(server.port, 1000)
    try:
        # The one who was in goes on, acknowledged and on disk, while the doors are full.
        for n in range(5):
            reply = early.transaction("anna@example.test", f"x{n}@example.net", "From: <anna@example.test>\r\n\r\nx\r\n")
            assert reply.code == 250, reply
        before, start = server.cpu_seconds(), time.monotonic()
        assert early.silent(2.0)
        used = (server.cpu_seconds() - before) / (time.monotonic() - start)
        assert used < 0.5, f"accepting spins: {used:.0%} of a processor while nothing happens"
        assert server.running()
        sink.wait(count=5)
    finally:
        for sock in crowd:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def served():
        try:
            with SmtpClient("127.0.0.1", server.port, timeout=5) as client:
                return client.ehlo().code == 250
        except (OSError, Closed, ValueError):
            return False
    waiting.until(served, 20, "a new client is served once the crowd has gone")
    assert early.cmd("NOOP").code == 250
    server.submit("after@example.net")
    sink.wait("after@example.net")


def test_those_too_many_are_told(make, sink):
    """A spare descriptor accepts and refuses with words, where there is one."""
    server = make.posthaste(relay=sink, config={"limits": {"connections": 20, "connections_per_address": 10_000}})
    held = [server.connect() for _ in range(20)]
    try:
        with server.connect(banner=False) as late:
            try:
                reply = late.reply(10)
                assert reply.code == 421 and len(reply.raw[0]) <= 200
            except Closed:
                pass
    finally:
        for client in held:
            client.close()
    waiting.until(lambda: _greets(server), 10, "room again")


def _greets(server):
    try:
        with server.connect() as client:
            return client.banner.code == 220
    except (OSError, Closed):
        return False


def test_hopelessly_few_descriptors_are_refused_at_start(make, sink):
    server = make.posthaste(relay=sink, start=False)
    with pytest.raises(StartFailed) as failed:
        server.start(preexec_fn=_limited(24))
    assert failed.value.code == 78, failed.value.output


def test_the_soft_limit_is_raised(make, sink):
    server = make.posthaste(relay=sink, start=False)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    server.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)))
    limits = open(f"/proc/{server.process.pid}/limits", encoding="ascii").read()
    soft = next(line.split()[3] for line in limits.splitlines() if line.startswith("Max open files"))
    assert soft == "unlimited" or int(soft) >= min(hard, 1024)
