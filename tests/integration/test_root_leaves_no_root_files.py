"""Started by root it binds, then becomes the store's owner; commands run by root leave nothing that the server cannot open."""

import os
import pwd
import subprocess

import pytest

pytestmark = pytest.mark.root
NOBODY = pwd.getpwnam("nobody")


def _owners(server):
    return {path: path.stat().st_uid for path in [server.store, *server.store.rglob("*")]}


def _rooted(make, sink, **options):
    server = make.posthaste(relay=sink, start=False, unprivileged=False, **options)
    os.chown(server.store, NOBODY.pw_uid, NOBODY.pw_gid)
    return server


def _status(server, field):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(line.split(None, 1)[1].split() for line in status if line.startswith(field + ":"))


def test_serve_as_root_becomes_the_owner_of_the_store(make, sink):
    server = _rooted(make, sink).start()
    assert _status(server, "Uid") == [str(NOBODY.pw_uid)] * 4
    assert _status(server, "Gid") == [str(NOBODY.pw_gid)] * 4
    assert [g for g in _status_groups(server) if g == "0"] == [], "root's groups are given up"
    assert _status(server, "NoNewPrivs") == ["1"]
    assert int(_status(server, "CapEff")[0], 16) == 0
    server.submit("x@example.net", body="y" * 70 + "\r\n" * 300_000)
    sink.wait("x@example.net")
    assert set(_owners(server).values()) == {NOBODY.pw_uid}
    server.restart()
    assert set(_owners(server).values()) == {NOBODY.pw_uid}


def _status_groups(server):
    try:
        return _status(server, "Groups")
    except (StopIteration, IndexError):
        return []


def test_the_configured_user_counts(make, sink):
    server = make.posthaste(relay=sink, start=False, unprivileged=False, accounts=(), config={"admin": "postmaster@example.test"})
    os.rmdir(server.store)
    daemon = pwd.getpwnam("daemon")
    server.settings.pop("admin")
    server.configure({})
    text = server.config_file.read_text() + f'\n[admin]\nuser = "daemon"\n'
    server.config_file.write_text(text)
    server.start()
    assert _status(server, "Uid")[0] == str(daemon.pw_uid)
    assert set(_owners(server).values()) == {daemon.pw_uid}


def test_an_unknown_user_is_refused(make, sink):
    server = make.posthaste(relay=sink, start=False, unprivileged=False, accounts=())
    server.settings.pop("admin")
    server.configure({})
    server.config_file.write_text(server.config_file.read_text() + '\n[admin]\nuser = "no-such-user"\n')
    from harness.daemon import StartFailed  # pylint: disable=import-outside-toplevel
    with pytest.raises(StartFailed) as failed:
        server.start()
    assert failed.value.code == 78 and "no-such-user" in failed.value.output


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_commands_of_root_leave_no_files_of_root(make, sink, running):
    server = _rooted(make, sink)
    server.make_accounts()
    if running:
        server.start()
    for command in (["domain", "add", "more.test"], ["account", "list"], ["queue", "list"], ["check"], ["app-password", "new", "anna@example.test", "--name", "x"]):
        server.admin(*command)
    assert set(_owners(server).values()) == {NOBODY.pw_uid}, _owners(server)
    if not running:
        server.start()
    server.submit("x@example.net")
    sink.wait("x@example.net")


def test_privileged_ports_are_bound_before_root_is_given_up(make, sink):
    server = _rooted(make, sink)
    free = [port for port in range(600, 1000) if _free(port)]
    server.configure({"listen": {"submission": [f"127.0.0.1:{free[0]}"]}})
    server.start()
    assert _status(server, "Uid")[0] == str(NOBODY.pw_uid)
    with server.connect(free[0]) as client:
        assert client.ehlo().code == 250


def _free(port):
    import socket  # pylint: disable=import-outside-toplevel
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_a_key_that_only_root_may_read(make, sink, authority):
    server = _rooted(make, sink)
    chain, key = authority.issue("root-key")
    secret = server.folder / "root.key"
    secret.write_bytes(key.read_bytes())
    secret.chmod(0o600)
    server.configure({"tls": {"cert_file": str(chain), "key_file": str(secret)}})
    server.start()
    with server.secure() as client:
        assert client.cmd("NOOP").code == 250
    # It cannot be read again once root is given up: said before it is renewed, not after.
    assert str(secret) in server.log.wait_for("tls.read_once")["mend"]
    row = next(row for row in server.cli("check", "--json", user="root").rows if row["check"] == "renewal")
    assert row["status"] == "warn" and str(secret) in row["text"] and "chgrp nobody" in row["mend"]
    os.chown(secret, 0, NOBODY.pw_gid)
    secret.chmod(0o640)
    assert not [row for row in server.cli("check", "--json", user="root").rows if row["check"] == "renewal"]


def test_the_admin_socket_is_not_for_everybody(make, sink):
    server = _rooted(make, sink).start()
    socket_file = server.store / "admin.sock"
    assert socket_file.exists()
    assert socket_file.stat().st_mode & 0o007 == 0
    done = subprocess.run([server.binary, "status", "--config", str(server.config_file)], capture_output=True, text=True, check=False,
                          user="daemon", group="daemon", extra_groups=[], timeout=30, cwd="/", env=server.environment())
    assert done.returncode in (3, 4)


def test_a_core_file_never_holds_mail(make, sink):
    server = _rooted(make, sink).start()
    with open(f"/proc/{server.process.pid}/limits", encoding="ascii") as limits:
        core = next(line.split()[4] for line in limits if line.startswith("Max core file size"))
    dumpable = os.stat(f"/proc/{server.process.pid}/mem").st_uid
    assert core == "0" or dumpable == 0
