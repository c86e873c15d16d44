"""delivery.md, criterion 9: international domains are ASCII on the wire; international mailboxes need a host that says it takes them."""

import pytest

from harness.network import Network

PLAIN = ("8BITMIME", "SIZE 1000000")
HOSTS = "mx2 A 127.0.0.2\nmx3 A 127.0.0.3\n"
TEXT = "From: <anna@example.test>\r\n\r\nx\r\n"


@pytest.fixture
def network(make):
    return Network(make)


def wire(text):
    return text.encode().decode("latin-1")


def test_a_domain_needs_no_smtputf8(network):
    two = network.host(2, extensions=PLAIN)
    server = network.server({"xn--bcher-kva.test": "@ MX 10 mx2.example.net.\n", "example.net": HOSTS})
    with server.session() as client:
        assert client.transaction("anna@example.test", wire("user@bücher.test"), TEXT, "SMTPUTF8").code == 250
    message = two.wait("user@xn--bcher-kva.test")[0]
    assert "SMTPUTF8" not in message.mail_parameters


def test_a_mailbox_fails_after_every_host_was_asked(network):
    two, three = network.host(2, extensions=PLAIN), network.host(3, extensions=PLAIN)
    server = network.server({"example.net": "@ MX 10 mx2\n@ MX 20 mx3\n" + HOSTS})
    with server.session() as client:
        assert client.transaction("anna@example.test", wire("jürgen@example.net"), TEXT, "SMTPUTF8").code == 250
    failed = server.log.wait_for("failed")
    assert failed["status"] == "5.6.7"
    assert two.connections == 1 and three.connections == 1
    assert "MAIL" not in two.verbs() + three.verbs()


def test_the_host_that_takes_it_gets_it(network):
    two, three = network.host(2, extensions=PLAIN), network.host(3, extensions=("SMTPUTF8",))
    server = network.server({"example.net": "@ MX 10 mx2\n@ MX 20 mx3\n" + HOSTS})
    with server.session() as client:
        assert client.transaction("anna@example.test", wire("jürgen@example.net"), TEXT, "SMTPUTF8").code == 250
    message = three.wait("jürgen@example.net")[0]
    assert "SMTPUTF8" in message.mail_parameters
    assert not two.messages
