"""REQUIRETLS (RFC 8689): verified TLS all the way to the recipient, or the message comes back."""

import pytest

from harness import dnssec
from harness.mx_network import SignedNetwork
from harness.sink import DEFAULT_EXTENSIONS

OFFERED = {"delivery": {"requiretls": True}}


@pytest.fixture
def network(make, folders):
    return SignedNetwork(make, folders("requiretls"))


def zones(network, certificate, **more):
    records = network.tlsa("mx2", dnssec.tlsa(certificate[0]))
    return {"secure.test": "@ MX 10 mx2\n" + network.HOSTS + records, "example.test": "@ MX 10 mx4.secure.test.\n", **more}


def test_the_keyword_is_offered_within_tls_where_the_operator_says_so(network):
    certificate = network.certificate()
    server = network.server(zones(network, certificate), **OFFERED)
    with server.connect() as client:
        client.ehlo()
        assert "REQUIRETLS" not in client.extensions
        client.starttls()
        client.ehlo()
        assert "REQUIRETLS" in client.extensions


def test_it_is_not_taken_where_it_is_not_offered(network):
    certificate = network.certificate()
    server = network.server(zones(network, certificate))
    with server.session() as client:
        assert client.cmd("MAIL FROM:<anna@example.test> REQUIRETLS").code == 555
        assert client.cmd("MAIL FROM:<anna@example.test>").code == 250


def test_it_goes_on_to_a_host_that_knows_it(network):
    certificate = network.certificate()
    two = network.host(2, certificate=certificate, extensions=(*DEFAULT_EXTENSIONS, "REQUIRETLS"))
    server = network.server(zones(network, certificate), **OFFERED)
    server.submit("x@secure.test", parameters="REQUIRETLS")
    message = two.wait("x@secure.test")[0]
    assert "REQUIRETLS" in message.mail_parameters
    assert server.log.wait_for("delivered", to="x@secure.test")["policy"] == "dane"


def test_a_host_without_the_keyword_sends_it_back_and_the_report_holds_the_header_alone(network):
    certificate = network.certificate()
    two, four = network.host(2, certificate=certificate), network.host(4)
    server = network.server(zones(network, certificate), **OFFERED)
    server.submit("x@secure.test", subject="for you alone", body="a great secret\r\n", parameters="REQUIRETLS RET=FULL")
    failed = server.log.wait_for("failed", to="x@secure.test")
    assert failed["status"] == "5.7.30", failed
    assert not two.messages
    report = four.wait("anna@example.test")[0]
    assert b"a great secret" not in report.data and b"for you alone" in report.data
    assert "REQUIRETLS" not in report.mail_parameters


def test_a_host_that_nothing_proves_sends_it_back(network):
    certificate = network.certificate()
    two = network.host(2, certificate=certificate, extensions=(*DEFAULT_EXTENSIONS, "REQUIRETLS"))
    server = network.server(zones(network, certificate, **{"plain.test": "@ MX 10 mx2.secure.test.\n"}), **OFFERED)
    server.submit("x@plain.test", parameters="REQUIRETLS")
    deferred = server.log.wait_for("deferred", to="x@plain.test")
    assert "REQUIRETLS" in deferred["text"], deferred
    assert not two.connections


def test_the_wish_outlives_a_restart(network):
    certificate = network.certificate()
    two = network.host(2, certificate=certificate, extensions=(*DEFAULT_EXTENSIONS, "REQUIRETLS"), replies={"banner": b"421 4.3.2 later\r\n"})
    server = network.server(zones(network, certificate), **OFFERED)
    server.submit("x@secure.test", parameters="REQUIRETLS")
    server.log.wait_for("deferred", to="x@secure.test")
    server.stop()
    two.behaviour.replies.clear()
    server.start()
    assert "REQUIRETLS" in two.wait("x@secure.test", seconds=30)[0].mail_parameters
