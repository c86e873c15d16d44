"""A line that never ends is not listened to until the time-out, from a next hop as little as from a stranger."""

import socket
import threading
import time

CHUNK = b"x" * 65536


class EndlessHop:  # pylint: disable=too-few-public-methods
    """Greets, and answers EHLO with a line without an end."""

    def __init__(self):
        self.sent = 0
        self.cut = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            connection.sendall(b"220 hop\r\n")
            connection.recv(1000)
            while True:
                self.sent += connection.send(CHUNK)
        except OSError:
            self.cut.set()
        finally:
            connection.close()

    def close(self):
        self._listener.close()


def test_from_a_next_hop(make):
    hop = EndlessHop()
    make.made.append(hop)
    server = make.posthaste(config={"relay": {"host": hop.address, "tls": "none"}})
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net", seconds=15)
    assert deferred["status"] == "4.5.0", "a protocol error"
    assert hop.cut.wait(10)
    assert hop.sent < 64 << 20


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
