"""Ports that several test processes hand out without meeting.

A port is reserved by a lock on a file, held as long as the process lives, and looked at by binding it. All lie
below the range that the kernel gives to outgoing connections (32768 and up).
"""

import fcntl
import os
import random
import socket
import tempfile

_FOLDER = os.path.join(tempfile.gettempdir(), "posthaste-test-ports")
_held = {}


def _reserve(port):
    os.makedirs(_FOLDER, exist_ok=True)
    try:
        lock = os.open(os.path.join(_FOLDER, str(port)), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except PermissionError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    if not _bindable(port):
        os.close(lock)
        return False
    _held[port] = lock
    return True


def _bindable(port):
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError as error:
            if family == socket.AF_INET6 and error.errno in (97, 99):  # a machine without IPv6
                continue
            return False
    return True


def free_port():
    """A port nobody else uses."""
    start = random.randrange(10000, 30000)
    for offset in range(20000):
        port = 10000 + (start - 10000 + offset) % 20000
        if port % 1000 != 465 and port not in _held and _reserve(port):
            return port
    raise RuntimeError("no free port between 10000 and 30000")


def free_tls_port():
    """A port that ends in 465: what the server takes for one on which clients start with TLS."""
    candidates = [n * 1000 + 465 for n in range(2, 32)]
    random.shuffle(candidates)
    for port in candidates:
        if port not in _held and _reserve(port):
            return port
    raise RuntimeError("no free port that ends in 465")


def release(*ports):
    """Gives ports back."""
    for port in ports:
        lock = _held.pop(port, None)
        if lock is not None:
            os.close(lock)
