"""delivery.md, criterion 8: MX hosts that lead into this machine or its network are never connected to."""

import pytest

from harness.network import Network


@pytest.fixture
def network(make):
    return Network(make)


@pytest.mark.parametrize("record", ["A 127.0.0.2", "A 10.0.0.1", "AAAA ::1", "A 0.0.0.0", "A 169.254.1.1", "AAAA ::ffff:127.0.0.2"])
def test_such_a_host_is_no_way_in(network, record):
    two = network.host(2)
    server = network.server({"example.net": f"@ MX 10 mx\nmx {record}\n"}, allow_private_addresses=False)
    server.submit("x@example.net")
    failed = server.log.wait_for("failed", to="x@example.net")
    assert failed["status"] == "5.4.4"
    assert not two.connections


@pytest.mark.parametrize("literal", ["[127.0.0.2]", "[10.0.0.1]", "[IPv6:::1]", "[224.0.0.1]", "[0.0.0.0]"])
def test_a_literal_that_leads_inside_is_refused_even_where_literals_are_taken(network, literal):
    two = network.host(2)
    server = network.server({"example.net": "mx2 A 127.0.0.2\n"}, address_literals=True)
    with server.session() as client:
        client.cmd("MAIL FROM:<anna@example.test>")
        reply = client.cmd(f"RCPT TO:<x@{literal}>")
    assert reply.code == 550
    assert not two.connections


def test_a_literal_is_taken_only_where_that_was_asked_for(network):
    for asked in (False, True):
        server = network.server({"example.net": "mx2 A 127.0.0.2\n"}, address_literals=asked)
        with server.session() as client:
            client.cmd("MAIL FROM:<anna@example.test>")
            assert client.cmd("RCPT TO:<x@[203.0.113.9]>").code == (250 if asked else 550)
