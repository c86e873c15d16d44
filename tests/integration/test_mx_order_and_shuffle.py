"""delivery.md, criterion 1: equals share the first connections, the worse wait until none of the better takes mail."""

import pytest

from harness.network import Network

HOSTS = "mx2 A 127.0.0.2\nmx3 A 127.0.0.3\nmx4 A 127.0.0.4\n"
SESSIONS = 300
BUSY = {"banner": b"421 4.3.2 not now\r\n"}


@pytest.fixture
def network(make):
    return Network(make)


def zones(count):
    records = "@ MX 10 mx2.mx.test.\n@ MX 10 mx3.mx.test.\n@ MX 20 mx4.mx.test.\n"
    return {"mx.test": HOSTS, **{f"d{n}.test": records for n in range(count)}}


def test_equals_get_their_half_and_the_third_gets_nothing(network):
    # A message a connection, so that each has to choose.
    alone = {"extensions": ("8BITMIME", "LIMITS MAILMAX=1")}
    two, three, four = network.host(2, **alone), network.host(3, **alone), network.host(4)
    server = network.server(zones(20))
    with server.session() as client:
        for n in range(SESSIONS):
            reply = client.transaction("anna@example.test", f"x{n}@d{n % 20}.test", "From: <anna@example.test>\r\n\r\nx\r\n")
            assert reply.code == 250
    server.log.wait_for("delivered", seconds=60, count=SESSIONS)
    assert two.connections + three.connections == SESSIONS
    # Six standard deviations of a fair coin.
    assert abs(two.connections - SESSIONS / 2) < 6 * (SESSIONS / 4) ** 0.5
    assert not four.connections


def test_the_third_takes_it_in_the_same_attempt_when_both_refuse(network):
    network.host(2, replies=BUSY)
    network.host(3, replies=BUSY)
    four = network.host(4)
    server = network.server(zones(1))
    server.submit("x@d0.test")
    four.wait("x@d0.test")
    assert server.log.wait_for("delivered", to="x@d0.test")["attempt"] <= 1
