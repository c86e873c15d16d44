"""A store that an older posthaste wrote: refused with the mend, upgraded by one command behind a copy, and whole after it."""

import random
import signal
import subprocess
import time

import pytest

from harness.daemon import StartFailed
from harness.dialogue import ANNA
from harness.old_store import age, formats


@pytest.fixture
def old_store(make, sink):
    """A stopped server whose store is of format 1, with a small and a large message waiting; gives it and their ids."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    waiting = {server.submit("rcpt451x1.a@example.net", body="small\r\n"),
               server.submit("rcpt451x1.b@example.net", body="large body line\r\n" * 40_000)}
    server.log.wait_for("deferred", count=2)
    server.stop()
    age(server.store)
    return server, waiting


def _snapshots(server):
    return sorted(server.folder.glob("store.before-*"))


def _is_whole(server, sink, waiting):
    server.start()
    assert {row["id"] for row in server.queue()} == waiting
    server.admin("queue", "retry", "--all")
    assert sink.wait("rcpt451x1.b@example.net", seconds=30)[0].body == b"large body line\r\n" * 40_000
    sink.wait("rcpt451x1.a@example.net")
    server.submit("new@example.net")
    sink.wait("new@example.net")


def test_it_is_refused_and_the_refusal_names_the_command(old_store):
    server, _ = old_store
    with pytest.raises(StartFailed) as refused:
        server.start()
    assert refused.value.code == 78 and "posthaste store upgrade" in refused.value.output


def test_upgraded_it_is_whole(old_store, sink):
    server, waiting = old_store
    answer = server.admin("store", "upgrade", user="root")
    (snapshot,) = _snapshots(server)
    assert str(snapshot) in answer.out and "had format 1" in answer.out
    assert formats(snapshot) == {1} and (snapshot / "SNAPSHOT.txt").is_file()
    assert len(list((snapshot / "content").iterdir())) == 1
    again = server.admin("store", "upgrade", user="root")
    assert "nothing to do" in again.out and _snapshots(server) == [snapshot]
    _is_whole(server, sink, waiting)


def test_the_copy_can_be_put_back(old_store, sink):
    """Back to before, then upgraded again: what waited is held, and goes once."""
    server, waiting = old_store
    target = server.folder / "copy"
    server.admin("store", "upgrade", "--snapshot", str(target), user="root")
    server.store.rename(server.folder / "store.new")
    target.rename(server.store)
    server.admin("store", "upgrade", user="root")
    server.start()
    assert {row["id"]: row["held"] for row in server.queue()} == dict.fromkeys(waiting, True)
    server.admin("queue", "release", "--all")
    server.cli("queue", "retry", "--all")
    sink.wait("rcpt451x1.a@example.net", seconds=30)
    sink.wait("rcpt451x1.b@example.net", seconds=30)


def test_refused_while_a_server_runs(make, sink):
    server = make.posthaste(relay=sink)
    answer = server.cli("store", "upgrade", user="root")
    assert answer.code == 4 and "server runs" in answer.err and "stop it" in answer.err, answer
    assert not _snapshots(server)
    server.submit("x@example.net")
    sink.wait("x@example.net")


@pytest.mark.root
def test_no_room_for_the_copy(old_store, sink):
    """The copy does not fit: nothing of the store is touched, and nothing is left behind."""
    server, waiting = old_store
    disk = server.folder / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=777", "tmpfs", str(disk)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cannot mount a file system here: {done.stderr.strip()}")
    try:
        answer = server.cli("store", "upgrade", "--snapshot", str(disk / "copy"), user="root")
        assert answer.code != 0 and answer.err.startswith("error:"), answer
        assert not (disk / "copy").exists() or not list((disk / "copy").iterdir())
        assert formats(server.store) == {1}
    finally:
        subprocess.run(["umount", str(disk)], check=False)
    server.admin("store", "upgrade", user="root")
    _is_whole(server, sink, waiting)


def test_killed_again_and_again_it_ends_well(old_store, sink):
    server, waiting = old_store
    dice = random.Random(4)
    for n in range(12):
        with subprocess.Popen([server.binary, "store", "upgrade", "--config", str(server.config_file), "--snapshot", str(server.folder / f"try{n}")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            time.sleep(dice.uniform(0, 0.06))
            run.send_signal(signal.SIGKILL)
    answer = server.admin("store", "upgrade", user="root")
    assert formats(server.store) == {2}, answer
    _is_whole(server, sink, waiting)
    assert not sink.to(ANNA)
