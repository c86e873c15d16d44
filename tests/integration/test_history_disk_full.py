"""A disk that is full, or a history that is damaged, never stops mail, and is told."""

import shutil

import pytest

from harness import history, waiting
from harness.dialogue import ANNA
from harness.small_disk import fill, free, on_small_disk


@pytest.fixture
def small_disk(make, sink):
    with on_small_disk(make, sink, {"delivery": {"retry": ["1h"]}}) as server:
        yield server


@pytest.mark.root
def test_full(small_disk, sink):
    """What is queued is delivered, its records wait, are shown all the same, and come into a file when there is room."""
    server = small_disk.start()
    identities = [server.submit(f"rcpt451x1.{n}@example.net") for n in range(10)]
    server.log.wait_for("deferred", count=10)
    fill(server, 1 << 20)

    def refused():
        with server.session() as client:
            reply = client.transaction(ANNA, "late@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n")
        return reply if reply.code != 250 else None
    assert waiting.until(refused, 10, "a refusal").code == 452
    server.admin("queue", "retry", "--all")
    for n in range(10):
        sink.wait(f"rcpt451x1.{n}@example.net", seconds=30)
    server.wait_empty(30)
    told = server.admin("trace", identities[3])
    assert "attempt 2" in told.out and "delivered" in told.out, told
    free(server)

    def in_file():
        ledger = history.ledger([row for row in history.rows(server.store)])
        return all(count == 1 for ends in ledger.values() for count in ends.values()) and len(ledger) >= 10
    waiting.until(in_file, 20, "the records in a file")
    server.stop()
    assert waiting.until(in_file, 1, "")


def test_damaged(make, sink):
    """The day's file is no database any more: it is moved aside and told, and the day begins anew."""
    server = make.posthaste(relay=sink)
    server.submit("before@example.net")
    sink.wait("before@example.net")
    server.wait_empty()
    server.stop()
    (path,) = history.files(server.store)
    for beside in path.parent.glob(path.name + "-*"):
        beside.unlink()
    path.write_bytes(b"not a database at all " * 500)
    if server.user:
        shutil.chown(path, server.user.pw_uid, server.user.pw_gid)
    server.start()
    after = server.submit("after@example.net")
    sink.wait("after@example.net")
    told = server.log.wait_for("history.damaged")
    assert told["moved_to"].endswith(".damaged") and told["mend"]
    assert "delivered" in server.admin("trace", after).out
    assert server.cli("trace", "before@example.net").code == 1
    assert server.admin("status")
    server.stop()
    assert [p.name for p in history.files(server.store)] == [path.name]


def test_a_folder_that_cannot_be_written(make, sink):
    server = make.posthaste(relay=sink, start=False)
    server.make_accounts()
    (server.store / "history").write_text("in the way")
    if server.user:
        shutil.chown(server.store / "history", server.user.pw_uid, server.user.pw_gid)
    server.start()
    identity = server.submit("x@example.net")
    sink.wait("x@example.net")
    told = server.log.wait_for("history.waits")
    assert "mail goes on" in told["what"]
    server.wait_empty()
    assert "delivered" in server.admin("trace", identity).out, "what waits is shown"
    server.submit("y@example.net")
    sink.wait("y@example.net")
