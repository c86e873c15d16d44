"""A queue that was lost is no new server: the start says so, and what is left of the mail is not swept away."""

import shutil

import pytest

from harness.daemon import StartFailed

LARGE = "line of some length\r\n" * 20_000  # above what is kept inside the database


def _remove(path):
    path.unlink()


def _empty(path):
    path.write_bytes(b"")


def _folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("lose", [_remove, _empty, _folder], ids=["removed", "emptied", "a_folder"])
def test_the_start_is_refused_and_the_content_kept(make, sink, lose):
    port = sink.port
    sink.close()
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]}})
    for n in range(3):
        server.submit(f"x{n}@example.net", body=LARGE)
    server.stop()
    content = sorted((server.store / "content").iterdir())
    assert len(content) == 3
    kept = server.folder / "kept"
    kept.mkdir()
    for path in list(server.store.glob("queue.db*")):
        shutil.copy(path, kept / path.name)
        if path.name != "queue.db":
            path.unlink()
    lose(server.store / "queue.db")
    for _ in range(2):
        with pytest.raises(StartFailed) as failed:
            server.start()
        assert "queue.db" in failed.value.output and "backup" in failed.value.output, failed.value.output
    assert sorted((server.store / "content").iterdir()) == content

    # What the mend says: the file comes back from a backup, and the mail goes out.
    path = server.store / "queue.db"
    if path.is_dir():
        path.rmdir()
    for path in kept.iterdir():
        shutil.copy(path, server.store / path.name)
        if server.user:
            shutil.chown(server.store / path.name, server.user.pw_uid, server.user.pw_gid)
        (server.store / path.name).chmod(0o600)
    again = make.sink(port=port)
    server.start()
    again.wait(count=3, seconds=20)
    server.wait_empty()


def test_who_wants_an_empty_queue_gets_it_by_the_words_of_the_mend(make, sink):
    server = make.posthaste(relay=sink)
    server.stop()
    for path in list(server.store.glob("queue.db*")):
        path.unlink()
    with pytest.raises(StartFailed) as failed:
        server.start()
    assert f"move {server.store / 'content'} away" in failed.value.output, failed.value.output
    (server.store / "content").rename(server.folder / "content-of-before")
    server.start()
    server.submit("x@example.net")  # the accounts are still there
    sink.wait("x@example.net")
