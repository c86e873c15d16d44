"""A log that nobody reads never blocks the mail: a bounded ring, and the lines that were dropped are counted."""

import fcntl
import os
import threading

from harness import waiting
from harness.dialogue import ANNA

F_SETPIPE_SZ = 1031


def test_mail_flows_while_the_log_is_blocked(make, sink):
    server = make.posthaste(relay=sink)
    server.stop()
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
    server.start(stderr=writer, arguments=["--log", "json"])
    os.close(writer)
    waiting.until(lambda: _up(server), 20, "the server")
    before = server.memory()
    with server.session() as client:
        for n in range(300):
            assert client.transaction(ANNA, [f"x{n}.{i}@example.net" for i in range(30)], f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    sink.wait(count=300, seconds=60)
    assert server.memory() - before < 64 << 20
    # Somebody reads again: what was lost is counted, and the log goes on.
    heard = []

    def read():
        while data := os.read(reader, 65536):
            heard.append(data)
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    server.submit("again@example.net")
    sink.wait("again@example.net")
    waiting.until(lambda: b"again@example.net" in b"".join(heard), 20, "the log goes on")
    assert server.stop() == 0
    thread.join(10)
    os.close(reader)


def _up(server):
    try:
        with server.connect() as client:
            return client.banner.code == 220
    except OSError:
        return False


def test_a_log_whose_reader_has_gone(make, sink):
    """The other end of the pipe is closed: SIGPIPE does not end the server."""
    server = make.posthaste(relay=sink)
    server.stop()
    reader, writer = os.pipe()
    server.start(stderr=writer)
    os.close(writer)
    os.close(reader)
    waiting.until(lambda: _up(server), 20, "the server")
    server.submit("x@example.net")
    sink.wait("x@example.net")
    assert server.running()


def test_a_stop_with_a_blocked_log_ends(make, sink):
    server = make.posthaste(relay=sink)
    server.stop()
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
    server.start(stderr=writer)
    os.close(writer)
    waiting.until(lambda: _up(server), 20, "the server")
    for n in range(30):
        server.submit(f"x{n}@example.net")
    assert server.stop(seconds=40) == 0
    os.close(reader)


def test_lines_are_json_and_carry_what_is_said_of_a_message(make, sink):
    server = make.posthaste(relay=sink)
    identity = server.submit("rcpt451x1@example.net")
    server.log.wait_for("deferred")
    sink.wait("rcpt451x1@example.net", seconds=20)
    accepted = server.log.wait_for("accepted", id=identity)
    delivered = server.log.wait_for("delivered", id=identity)
    assert accepted["account"] == ANNA and accepted["size"] > 0 and accepted["tls"].startswith("TLS")
    assert delivered["to"] == "rcpt451x1@example.net" and delivered["attempt"] == 2 and delivered["code"] == 250
    for event in server.log.events:
        assert {"ts", "level", "event"} <= set(event)
    assert len(server.log.events) == len(server.log.lines), "every line is an event"


def test_hostile_names_stay_on_their_line(make, sink):
    server = make.posthaste(relay=sink)
    with server.secure() as client:
        client.cmd(b'EHLO x" event="accepted')
        client.cmd(b"EHLO x\\n\xff\xfe")
        client.login('evil"\r\nlevel=error', "x")
        client.login("evil\0name", "x")
    server.submit("x@example.net", subject="a\tb")
    assert len(server.log.events) == len(server.log.lines)
