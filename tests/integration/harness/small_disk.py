"""A server whose store lies on a small file system of its own, which can be filled: a disk that is really full."""

import contextlib
import errno
import os
import shutil
import subprocess

import pytest

SIZE = 200 << 20


@contextlib.contextmanager
def on_small_disk(make, relay, config=None):
    """The server, not started; what it has mounted goes with it. Skips where nothing can be mounted."""
    server = make.posthaste(relay=relay, start=False, config=config or {})
    server.disk = server.folder / "disk"
    server.disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(server.disk)], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot mount a file system here: {done.stderr.strip()}")
    server.store = server.disk / "store"
    server.store.mkdir(mode=0o700)
    if server.user:
        os.chown(server.store, server.user.pw_uid, server.user.pw_gid)
    server.configure({"store": {"path": str(server.store)}})
    try:
        yield server
    finally:
        if server.running():
            server.kill()
        subprocess.run(["umount", str(server.disk)], check=False)


def fill(server, leave):
    """Somebody else's file takes all but so many octets (0: every last one, whatever else is writing)."""
    with open(server.disk / "ballast", "wb", buffering=0) as ballast:
        if leave:
            os.posix_fallocate(ballast.fileno(), 0, max(1, shutil.disk_usage(server.disk).free - leave))
            return
        for size in (8 << 20, 64 << 10, 4096):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC


def free(server):
    """Takes it away again."""
    (server.disk / "ballast").unlink()
