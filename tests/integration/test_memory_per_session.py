"""Content streams to the disk: 50 messages of 50 MB at once cost a fraction of 2.5 GB."""

import threading

import pytest

from harness import waiting
from harness.dialogue import ANNA


def octets_in(folder):
    """Of its files, some of which go away while we look."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            pass
    return total

SESSIONS, SIZE = 50, 50 * 1000 * 1000


@pytest.mark.parametrize("way", ["DATA", "BDAT"])
def test_fifty_large_messages_at_once(make, sink, way):
    sink.close()
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}, "limits": {"connections_per_address": 5000}})
    idle = server.memory()
    line = b"z" * 76 + b"\r\n"
    block = line * 800
    together = threading.Barrier(SESSIONS, timeout=120)
    trouble = []

    def submit(number):
        try:
            with server.session(timeout=120) as client:
                assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250
                assert client.cmd(f"RCPT TO:<x{number}@example.net>").code == 250
                together.wait()
                header = f"From: <{ANNA}>\r\n\r\n".encode()
                if way == "DATA":
                    assert client.cmd("DATA").code == 354
                    client.send(header)
                    for _ in range(SIZE // len(block)):
                        client.send(block)
                    client.send(b".\r\n")
                    reply = client.reply()
                else:
                    client.send(b"BDAT %d\r\n" % len(header) + header)
                    assert client.reply().code == 250
                    for _ in range(SIZE // len(block)):
                        client.send(b"BDAT %d\r\n" % len(block) + block)
                        assert client.reply().code == 250
                    client.send(b"BDAT 0 LAST\r\n")
                    reply = client.reply()
                assert reply.code == 250, reply
        except Exception as error:  # pylint: disable=broad-except
            trouble.append(repr(error))
            together.abort()
    threads = [threading.Thread(target=submit, args=(n,)) for n in range(SESSIONS)]
    for thread in threads:
        thread.start()
    peak = 0
    while any(thread.is_alive() for thread in threads):
        peak = max(peak, server.memory())
        threads[0].join(0.05)
        threads[-1].join(0.05)
    assert not trouble, trouble[:3]
    assert peak - idle < 200 << 20, f"{(peak - idle) >> 20} MB for {SESSIONS} messages of {SIZE // 1000000} MB"
    server.admin("queue", "cancel", "--all", f"--confirm={len(server.queue())}")
    waiting.until(lambda: octets_in(server.store) < 100 << 20, 30, "the disk is given back")


def test_one_large_message_each_way_costs_little(make, sink):
    """In, and out again."""
    server = make.posthaste(relay=sink)
    idle = server.memory()
    server.submit("x@example.net", body=("y" * 76 + "\r\n") * 600_000)
    sink.wait("x@example.net", seconds=60)
    assert server.memory() - idle < 96 << 20


def test_idle_sessions_are_cheap(make, sink):
    """A bound for tests, far above the figure that the benchmark measures."""
    server = make.posthaste(relay=sink, config={"limits": {"connections_per_address": 5000}})
    warm = [server.session() for _ in range(20)]
    before = server.memory("Pss")
    held = [server.session() for _ in range(200)]
    each = (server.memory("Pss") - before) / len(held)
    for client in warm + held:
        client.close()
    assert each < 64 << 10, f"{each / 1024:.0f} KB a session"
