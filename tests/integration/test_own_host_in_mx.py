"""delivery.md, criterion 5: where this server itself is in a list of MX hosts, by name, by address or by its answer."""

import pytest

from harness.network import Network

HOSTS = "mx2 A 127.0.0.2\nmx3 A 127.0.0.3\nus A 127.0.0.9\n"
BUSY = {"banner": b"421 4.3.2 not now\r\n"}


@pytest.fixture
def network(make):
    return Network(make)


@pytest.mark.parametrize("us", ["mail.example.test.", "us"], ids=["by name", "by address"])
def test_only_the_better_ones_are_tried(network, us):
    other, behind = network.host(2, replies=BUSY), network.host(3)
    server = network.server({"example.net": f"@ MX 10 mx2\n@ MX 20 {us}\n@ MX 20 mx3\n@ MX 30 mx3\n" + HOSTS},
                            own_addresses=["127.0.0.9"])
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert other.connections and not behind.connections


@pytest.mark.parametrize("us", ["mail.example.test.", "us"], ids=["by name", "by address"])
def test_the_best_is_us(network, us):
    itself, behind = network.host(9), network.host(3)
    server = network.server({"example.net": f"@ MX 10 {us}\n@ MX 20 mx3\n" + HOSTS}, own_addresses=["127.0.0.9"])
    server.submit("x@example.net")
    failed = server.log.wait_for("failed", to="x@example.net")
    assert failed["status"] == "5.4.6"
    assert not itself.connections and not behind.connections


def test_a_port_that_is_listened_on_is_known_without_being_told(network):
    behind = network.host(3)
    nsd = network.make.nsd({"example.net": "@ MX 10 here\n@ MX 20 mx3\nhere A 127.0.0.1\n" + HOSTS})
    server = network.make.posthaste(start=False)
    server.configure({"delivery": {"resolver": [nsd.address], "mx_port": server.port}})
    server.start()
    server.submit("x@example.net")
    assert server.log.wait_for("failed", to="x@example.net")["status"] == "5.4.6"
    assert not behind.connections


def test_an_answer_by_our_name(network):
    network.host(2, replies={"EHLO": b"250 mail.example.test\r\n"})
    server = network.server({"example.net": "@ MX 10 mx2\n" + HOSTS})
    server.submit("x@example.net")
    assert server.log.wait_for("failed", to="x@example.net")["status"] == "5.4.6"
