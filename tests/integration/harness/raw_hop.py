"""A next hop that says what a test makes it say, octet for octet."""

import socket
import threading
import time


class RawHop:
    """Runs `act(connection)` for each connection."""

    def __init__(self, act):
        self.act = act
        self.connections = 0
        self.contents = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        sock.settimeout(60)
        try:
            self.act(Talk(sock, self))
        except (OSError, EOFError):
            pass
        finally:
            sock.close()

    def close(self):
        """Stops listening."""
        self._listener.close()


class Talk:
    """One connection, by lines."""

    def __init__(self, sock, server):
        self.sock, self.server, self.buffer = sock, server, b""

    def say(self, octets):
        self.sock.sendall(octets)

    def line(self):
        while b"\n" not in self.buffer:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def until(self, verb):
        """Answers 250 to what comes before that command."""
        while True:
            line = self.line().upper()
            if line.startswith(verb):
                return
            self.say(b"250-hostile\r\n250 PIPELINING\r\n" if line.startswith(b"EHLO") else b"250 ok\r\n")

    def drain(self, seconds=5.0):
        """Reads what still comes."""
        end = time.monotonic() + seconds
        self.sock.settimeout(0.5)
        while time.monotonic() < end:
            try:
                more = self.sock.recv(65536)
            except TimeoutError:
                continue
            if not more:
                return
            self.buffer += more
