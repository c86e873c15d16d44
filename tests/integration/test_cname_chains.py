"""delivery.md, criterion 4: aliases of a mail domain are followed, and neither a long chain nor a ring hangs anything."""

import time

import pytest

from harness.network import Network


@pytest.fixture
def network(make):
    return Network(make)


def chain(length):
    return "".join(f"c{n} CNAME c{n + 1}\n" for n in range(length)) + f"c{length} MX 10 mx\nmx A 127.0.0.2\n"


def test_three_links_lead_there(network):
    two = network.host(2)
    server = network.server({"chain.test": chain(3)})
    server.submit("x@c0.chain.test")
    two.wait("x@c0.chain.test")


@pytest.mark.parametrize("records", [chain(20), "c0 CNAME c1\nc1 CNAME c2\nc2 CNAME c0\n"], ids=["twenty", "ring"])
def test_too_many_and_a_ring_are_deferred_at_once(network, records):
    two = network.host(2)
    server = network.server({"chain.test": records})
    begin = time.monotonic()
    server.submit("x@c0.chain.test")
    deferred = server.log.wait_for("deferred", to="x@c0.chain.test")
    assert time.monotonic() - begin < 5
    assert deferred["status"] == "4.4.3"
    assert not two.connections
