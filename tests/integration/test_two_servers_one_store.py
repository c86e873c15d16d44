"""A store belongs to one process; the second is told whose it is. A format from the future is refused."""

import sqlite3

import pytest

from harness.daemon import Posthaste, StartFailed
from harness import ports


def _second(server, make):
    other = Posthaste(server.folder.parent / (server.folder.name + "-second"), server.binary, accounts=())
    make.made.append(other)
    other.configure({"store": {"path": str(server.store)}})
    return other


def test_the_second_is_refused_and_names_the_first(make, sink):
    server = make.posthaste(relay=sink)
    other = _second(server, make)
    with pytest.raises(StartFailed) as failed:
        other.start()
    assert failed.value.code in (75, 78)
    assert str(server.process.pid) in failed.value.output, failed.value.output
    server.submit("x@example.net")
    sink.wait("x@example.net")


def test_after_the_first_is_killed_the_second_starts(make, sink):
    server = make.posthaste(relay=sink)
    other = _second(server, make)
    server.kill()
    other.configure({"relay": {"host": sink.address, "tls": "none"}})
    other.start()
    assert other.stop() == 0


def test_commands_beside_a_running_server_go_to_it(make, sink):
    """No second process touches the store; the answer comes over the admin socket."""
    server = make.posthaste(relay=sink)
    server.admin("account", "add", "carol@example.test", "--password-stdin", input="another secret\n")
    with server.secure() as client:
        assert client.login("carol@example.test", "another secret").code == 235


def test_commands_without_a_server_work_on_the_store(make, sink):
    server = make.posthaste(relay=sink, start=False)
    server.make_accounts()
    assert {row["address"] for row in server.admin("account", "list", "--json").rows} == set(server.accounts)
    assert not server.queue()


def test_a_newer_format_is_refused(make, sink):
    server = make.posthaste(relay=sink)
    server.stop()
    changed = 0
    for path in server.store.glob("*.db"):
        with sqlite3.connect(path) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version:
                connection.execute(f"PRAGMA user_version = {version + 1000}")
                changed += 1
    assert changed
    with pytest.raises(StartFailed) as failed:
        server.start()
    assert failed.value.code == 78
    assert "newer" in failed.value.output or "format" in failed.value.output


def test_the_store_is_private(make, sink):
    server = make.posthaste(relay=sink)
    server.submit("x@example.net")
    assert server.store.stat().st_mode & 0o777 == 0o700
    for path in server.store.rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_store_that_others_may_read_is_mended_or_refused(make, sink):
    server = make.posthaste(relay=sink)
    server.stop()
    server.store.chmod(0o755)
    try:
        server.start()
    except StartFailed as failed:
        assert failed.code == 78 and "700" in failed.output
        return
    assert server.store.stat().st_mode & 0o077 == 0


def test_ports_are_not_shared_either(make, sink):
    """See test_port_in_use.py; here both refusals come at once and the store is not touched."""
    server = make.posthaste(relay=sink)
    twin = Posthaste(server.folder.parent / (server.folder.name + "-twin"), server.binary, accounts=())
    ports.release(twin.port, twin.tls_port)
    twin.configure({"store": {"path": str(server.store)}, "listen": {"submission": [f"127.0.0.1:{server.port}"]}})
    with pytest.raises(StartFailed):
        twin.start()
