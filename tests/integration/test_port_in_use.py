"""A port that somebody else has: said with the place in the configuration, the holder and the mend; never half a server."""

import os
import socket

import pytest

from harness.daemon import StartFailed


@pytest.mark.parametrize("which", ["submission", "http", "trap", "metrics"])
def test_the_refusal_names_the_port_and_its_holder(make, sink, which):
    server = make.posthaste(relay=sink, start=False)
    with socket.create_server(("127.0.0.1", 0)) as holder:
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        if which == "submission":
            server.configure({"listen": {"submission": [f"127.0.0.1:{server.port}", address]}})
        elif which == "trap":
            server.configure({"mode": "trap", "relay": None, "listen": {"trap": address}})
        else:
            server.configure({"listen": {which: address}})
        with pytest.raises(StartFailed) as failed:
            server.start()
    assert failed.value.code in (75, 78)
    assert address.rpartition(":")[2] in failed.value.output
    assert "in use" in failed.value.output
    assert "mend" in failed.value.output
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


@pytest.mark.root
def test_root_is_told_who_holds_the_port(make, sink):
    """Started by root, as most servers are, it can look whose socket that is."""
    server = make.posthaste(relay=sink, start=False, unprivileged=False, accounts=())
    with socket.create_server(("127.0.0.1", 0)) as holder:
        server.configure({"listen": {"submission": [f"127.0.0.1:{holder.getsockname()[1]}"]}})
        with pytest.raises(StartFailed) as failed:
            server.start()
    assert str(os.getpid()) in failed.value.output, failed.value.output


def test_two_servers_on_one_port(make, sink):
    first = make.posthaste(relay=sink)
    second = make.posthaste(relay=sink, start=False)
    second.configure({"listen": {"submission": [f"127.0.0.1:{first.port}"]}})
    with pytest.raises(StartFailed) as failed:
        second.start()
    assert "in use" in failed.value.output
    first.submit("x@example.net")
    sink.wait("x@example.net")


def test_a_port_is_free_again_right_after_a_stop(make, sink):
    """SO_REUSEADDR: connections in TIME_WAIT do not keep a restart from binding."""
    server = make.posthaste(relay=sink)
    for _ in range(3):
        client = server.session()
        server.stop()
        client.close()
        server.start()


def test_both_families_on_a_wildcard(make, sink):
    server = make.posthaste(relay=sink, start=False)
    server.configure({"listen": {"submission": [f":{server.port}"]}})
    server.start()
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as sock:
            sock.settimeout(5)
            try:
                sock.connect((host, server.port))
            except OSError as error:
                if family == socket.AF_INET6 and error.errno in (97, 99):
                    continue
                raise
            assert sock.recv(3) == b"220"


def test_addresses_of_ipv4_are_shown_as_ipv4(make, sink):
    server = make.posthaste(relay=sink, start=False)
    server.configure({"listen": {"submission": [f":{server.port}"]}})
    server.start()
    with server.secure() as client:
        client.login("anna@example.test", "a wrong password")
        client.cmd("MAIL FROM:<anna@example.test>")
    server.submit("x@example.net")
    server.log.wait_for("delivered")
    assert "::ffff:" not in server.log.text()
