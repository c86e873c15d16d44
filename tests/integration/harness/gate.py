"""A TCP proxy between two peers that delays, stalls, slices or cuts what passes."""

import socket
import threading
import time


class Gate:
    """Forwards to (host, port). Change the attributes at any time; each applies to what passes from then on."""

    def __init__(self, host, port, listen="127.0.0.1"):
        self.target = (host, port)
        self.delay = 0.0             # before each piece
        self.slice = 65536           # octets in a piece
        self.stalled = threading.Event()
        self.refuse = False          # accept and reset at once
        self.cut_after_forward = None   # octets towards the target, then both sides are reset
        self.cut_after_back = None      # octets from the target
        self.connections = 0
        self.forwarded = 0
        self._pairs = []
        self._listener = socket.create_server((listen, 0), backlog=256)
        self.host, self.port = self._listener.getsockname()[:2]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        """host:port."""
        return f"{self.host}:{self.port}"

    def cut(self):
        """Resets everything that is open."""
        for pair in self._pairs:
            for sock in pair:
                _reset(sock)
        self._pairs.clear()

    def close(self):
        """No more."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self.cut()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.refuse:
                _reset(client)
                continue
            try:
                server = socket.create_connection(self.target, timeout=10)
            except OSError:
                _reset(client)
                continue
            self._pairs.append((client, server))
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source, target, forward):
        passed = 0
        try:
            while True:
                data = source.recv(self.slice)
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                while self.stalled.is_set():
                    time.sleep(0.05)
                if self.delay:
                    time.sleep(self.delay)
                limit = self.cut_after_forward if forward else self.cut_after_back
                if limit is not None and passed + len(data) >= limit:
                    target.sendall(data[: max(0, limit - passed)])
                    _reset(source)
                    _reset(target)
                    return
                target.sendall(data)
                passed += len(data)
                if forward:
                    self.forwarded += len(data)
        except OSError:
            _reset(source)
            _reset(target)


def _reset(sock):
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    try:
        sock.close()
    except OSError:
        pass
