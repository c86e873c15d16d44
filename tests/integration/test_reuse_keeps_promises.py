"""A connection that was opened without asking who answers never carries mail that wants to know; the reverse is welcome."""

import os

import pytest

from harness import dnssec
from harness.mx_network import SignedNetwork

# Connections stay with their worker, one for each core, and sites are spread over them in turn: with so many
# sites each worker has at least one.
SITES = (os.cpu_count() or 1) + 1


@pytest.fixture
def network(make, folders):
    return SignedNetwork(make, folders("reuse"))


def start(network, wrong=False):
    certificate = network.certificate(names="DNS:mx2.secure.test")
    sink = network.host(2, certificate=certificate)
    zones = {"secure.test": "@ MX 10 mx2\n" + network.HOSTS + network.tlsa("mx2", dnssec.tlsa(certificate[0], wrong=wrong)),
             "plain.test": "@ MX 10 mx2.secure.test.\n", "other.test": "@ MX 10 mx2.secure.test.\n"}
    for n in range(SITES):  # the same best host, another list: a site of its own
        zones[f"plain{n}.test"] = f"@ MX 10 mx2.secure.test.\n@ MX 20 x{n}.secure.test.\n"
    return sink, network.server(zones)


def deliver(server, sink, recipient):
    """The connection that it came by."""
    server.submit(recipient)
    message = sink.wait(recipient)[0]
    delivered = server.log.wait_for("delivered", to=recipient)
    return message.connection, delivered


def test_an_unverified_connection_is_not_used_for_dane(network):
    sink, server = start(network)
    unverified = [deliver(server, sink, f"x@plain{n}.test") for n in range(SITES)]
    connection, dane = deliver(server, sink, "x@secure.test")
    assert connection not in {one for one, _ in unverified}, "DANE asks for a connection that has shown its certificate"
    assert all((one["policy"], one["verified"]) == ("may", False) for _, one in unverified)
    assert (dane["policy"], dane["verified"]) == ("dane", True)


def test_a_verified_one_carries_mail_that_asks_for_nothing(network):
    sink, server = start(network)
    verified, dane = deliver(server, sink, "x@secure.test")
    others = [deliver(server, sink, f"x@plain{n}.test") for n in range(SITES)]
    assert verified in {one for one, _ in others}, "what has shown more than was asked is good enough"
    assert dane["policy"] == "dane" and {one["policy"] for _, one in others} == {"may"}
    assert deliver(server, sink, "y@secure.test")[0] == verified


def test_two_that_ask_for_nothing_share(network):
    sink, server = start(network)
    assert deliver(server, sink, "x@plain.test")[0] == deliver(server, sink, "x@other.test")[0]


def test_a_domain_whose_policy_is_not_kept_does_not_touch_its_neighbour(network):
    """Criterion 17, with DANE in the place of MTA-STS."""
    sink, server = start(network, wrong=True)
    for n in range(5):
        server.submit(f"x{n}@secure.test")
    server.log.wait_for("deferred", to="x4@secure.test", seconds=30)
    connections = {deliver(server, sink, f"y{n}@plain.test")[0] for n in range(10)}
    assert len(connections) == 1, "delivered at once, by one connection"
