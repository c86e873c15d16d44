"""delivery.md, criterion 7: a host with two families of addresses, of which IPv6 is dead."""

import contextlib
import socket
import time

import pytest

from harness.network import Network


@pytest.fixture
def network(make):
    return Network(make)


@contextlib.contextmanager
def deaf(address, port):
    """Takes connections into a queue that is full, so that the kernel drops each further SYN."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_STREAM))
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(4):
            one = stack.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_STREAM))
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect((address, port))
        yield


def test_ipv4_takes_over_and_is_remembered(network):
    two = network.host(2)
    with deaf("::1", network.port):
        server = network.server({"example.net": "@ MX 10 both\nboth AAAA ::1\nboth A 127.0.0.2\n"})
        server.stop()
        server.configure({"route": [{"name": "six-first", "to": ["example.net"], "via": "mx", "family": "v6,v4"}]})
        server.start()
        begin = time.monotonic()
        server.submit("first@example.net")
        two.wait("first@example.net", seconds=20)
        assert 9 < time.monotonic() - begin < 15, "the first address of a family gets 10 s"
        # Not over the connection that is kept.
        server.restart()
        server.submit("again@example.net")
        two.wait("again@example.net", seconds=20)
        begin = time.monotonic()
        two.close()
        with network.host(2) as fresh:
            server.submit("second@example.net")
            fresh.wait("second@example.net")
            assert time.monotonic() - begin < 2


@pytest.mark.parametrize("family,tried", [("v4", "127.0.0.2"), ("v6", "::1")])
def test_a_route_may_want_one_family_alone(network, family, tried):
    from harness.sink import Sink
    two, six = network.host(2), Sink(port=network.port, host="::1")
    network.make.made.append(six)
    server = network.server({"example.net": "@ MX 10 both\nboth AAAA ::1\nboth A 127.0.0.2\n"})
    server.stop()
    server.configure({"route": [{"to": ["example.net"], "via": "mx", "family": family}]})
    server.start()
    server.submit("x@example.net")
    delivered = server.log.wait_for("delivered", to="x@example.net")
    assert tried in delivered["remote"]
    assert two.connections + six.connections == 1
