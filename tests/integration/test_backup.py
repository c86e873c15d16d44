"""posthaste backup: a consistent copy of a store in use; what is restored from it comes back held, and nothing goes twice."""

import shutil

import pytest

from harness import load as loads
from harness.dialogue import ANNA


def _restore(server, backup):
    shutil.rmtree(server.store)
    shutil.copytree(backup, server.store)
    server.store.chmod(0o700)
    if server.user:
        for path in [server.store, *server.store.rglob("*")]:
            shutil.chown(path, server.user.pw_uid, server.user.pw_gid)


@pytest.fixture
def backup_folder(make):
    def folder(server):
        # Where the server's user may write.
        outside = server.folder / "backups"
        outside.mkdir(exist_ok=True)
        if server.user:
            shutil.chown(outside, server.user.pw_uid, server.user.pw_gid)
        return outside / "monday"
    return folder


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_restored_mail_is_held(make, sink, backup_folder, running):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    small = server.submit("rcpt451x1.a@example.net", body="small\r\n")
    large = server.submit("rcpt451x1.b@example.net", body="large body line\r\n" * 40_000)
    server.log.wait_for("deferred", count=2)
    target = backup_folder(server)
    if not running:
        server.stop()
    answer = server.admin("backup", str(target))
    assert str(target) in answer.out
    if running:
        server.stop()
    _restore(server, target)
    server.start()
    rows = {row["id"]: row["held"] for row in server.queue()}
    assert rows == {small: True, large: True}
    assert server.cli("queue", "retry", "--all").code == 1, "held mail is not tried"
    server.admin("queue", "release", "--all")
    server.cli("queue", "retry", "--all")
    assert sink.wait("rcpt451x1.b@example.net", seconds=30)[0].body == b"large body line\r\n" * 40_000
    sink.wait("rcpt451x1.a@example.net")
    with server.secure() as client:
        assert client.login(ANNA, "correct horse battery").code == 235, "accounts are in the backup"


def test_under_load(make, sink, backup_folder):
    """Whatever moment it catches, it opens, and every message in it is whole."""
    server = make.posthaste(relay=sink)
    load = loads.Load(server, threads=4, body=b"line of a body\r\n" * 3000)
    try:
        load.wait_count(20)
        target = backup_folder(server)
        server.admin("backup", str(target))
        load.wait_count(load.count() + 20)
    finally:
        load.stop()
    assert not loads.settle(load, sink)
    assert not load.refused
    server.stop()
    sink.messages.clear()
    _restore(server, target)
    server.start()
    for row in server.queue():
        assert row["held"]
    server.cli("queue", "release", "--all")  # 1 when all had left already
    server.wait_empty(30)
    assert all(message.body == b"line of a body\r\n" * 3000 for message in sink.messages)


@pytest.mark.parametrize("where", ["exists", "inside", "nowhere"])
def test_a_bad_place_is_refused(make, sink, backup_folder, where):
    server = make.posthaste(relay=sink)
    target = {"exists": server.store, "inside": server.store / "backup", "nowhere": server.folder / "no" / "such" / "folder"}[where]
    answer = server.cli("backup", str(target))
    assert answer.code in (1, 4) and answer.err.startswith("error:"), answer
    server.submit("x@example.net")
    sink.wait("x@example.net")


def test_a_second_backup_into_the_same_folder_is_refused(make, sink, backup_folder):
    server = make.posthaste(relay=sink)
    target = backup_folder(server)
    server.admin("backup", str(target))
    before = sorted((p.name, p.stat().st_size) for p in target.rglob("*"))
    assert server.cli("backup", str(target)).code != 0
    assert sorted((p.name, p.stat().st_size) for p in target.rglob("*")) == before


def test_the_backup_is_private(make, sink, backup_folder):
    server = make.posthaste(relay=sink)
    target = backup_folder(server)
    server.admin("backup", str(target))
    assert target.stat().st_mode & 0o077 == 0
    for path in target.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0 or path.is_dir()
