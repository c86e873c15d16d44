"""Certificates are read anew by SIGHUP and when their files change; a broken one never takes the old one away."""

import shutil
import signal
import socket
import ssl

import pytest

from harness import waiting
from harness.smtp_client import permissive_context


@pytest.fixture
def server(make, sink, authority):
    made = make.posthaste(relay=sink, start=False)
    made.pair = (made.folder / "chain.pem", made.folder / "key.pem")
    _install(made, authority.issue("first"))
    made.configure({"tls": {"cert_file": str(made.pair[0]), "key_file": str(made.pair[1])}})
    return made.start()


def _install(server, pair):
    for source, target in zip(pair, server.pair):
        fresh = target.with_suffix(".new")
        shutil.copy(source, fresh)
        fresh.chmod(0o644)
        fresh.rename(target)


def _served(server):
    with socket.create_connection(("127.0.0.1", server.tls_port), timeout=10) as sock:
        with permissive_context().wrap_socket(sock, server_hostname="mail.example.test") as tls:
            der = tls.getpeercert(binary_form=True)
    return ssl.DER_cert_to_PEM_cert(der)


def _first_block(path):
    return path.read_text().split("-----END")[0].strip()


def _serves(server, pair):
    return _first_block(pair[0]) in _served(server).replace("\r", "") or _served(server).split("-----END")[0].strip() == _first_block(pair[0])


def test_sighup(server, authority):
    second = authority.issue("second")
    old = server.session()
    _install(server, second)
    server.process.send_signal(signal.SIGHUP)
    server.log.wait_for("tls.reloaded")
    assert _serves(server, second)
    assert old.cmd("NOOP").code == 250, "who was connected stays"


def test_a_changed_file_is_noticed(server, authority):
    third = authority.issue("third")
    _install(server, third)
    server.log.wait_for("tls.reloaded", seconds=30)
    assert _serves(server, third)


@pytest.mark.parametrize("damage", ["garbage", "empty", "gone", "another key", "half"])
def test_a_broken_change_keeps_the_old_one_and_says_so(server, authority, damage):
    before = _served(server)
    chain, key = server.pair
    if damage == "garbage":
        chain.write_bytes(bytes(range(256)))
    elif damage == "empty":
        chain.write_text("")
    elif damage == "gone":
        chain.unlink()
    elif damage == "another key":
        shutil.copy(authority.issue("stranger-key")[1], key)
    else:
        text = chain.read_text()
        chain.write_text(text[: len(text) // 3])
    server.process.send_signal(signal.SIGHUP)
    failed = server.log.wait_for("tls.reload_failed", seconds=20)
    assert failed["why"] and "PRIVATE" not in str(failed)
    assert _served(server) == before
    server.submit("x@example.net")


def test_mended_afterwards(server, authority):
    server.pair[0].write_text("broken")
    server.process.send_signal(signal.SIGHUP)
    server.log.wait_for("tls.reload_failed")
    good = authority.issue("mended")
    _install(server, good)
    server.process.send_signal(signal.SIGHUP)
    waiting.until(lambda: _serves(server, good), 20, "the mended certificate")


def test_a_sighup_without_a_change(server):
    server.process.send_signal(signal.SIGHUP)
    server.process.send_signal(signal.SIGHUP)
    server.submit("x@example.net")
    assert server.running()


def test_its_own_certificate_stays_the_same_over_restarts(make, sink):
    """Without [tls] one is made, by a CA of its own that a client may install once."""
    server = make.posthaste(relay=sink, certificates=None)
    first = _served(server)
    server.restart()
    assert _served(server) == first
    pem = [p for p in server.store.rglob("*.pem")]
    assert pem, "the CA can be found and installed"
    for path in server.store.rglob("*"):
        if path.is_file() and "PRIVATE KEY" in path.read_bytes()[:4000].decode("latin-1"):
            assert path.stat().st_mode & 0o077 == 0
