"""Where nothing is promised, TLS that does not work must not keep mail back for ever, nor send it in clear at once."""

import ssl

import pytest

from harness import dnssec
from harness.mx_network import SignedNetwork

PLAIN = {"plain.test": "@ MX 10 mx2\n" + SignedNetwork.HOSTS, "secure.test": SignedNetwork.HOSTS}


@pytest.fixture
def network(make, folders):
    return SignedNetwork(make, folders("fallback"))


def verbs_of(sink, connection):
    return [line.split(" ")[0].upper() for number, line in sink.commands if number == connection]


@pytest.mark.parametrize("trouble", ["garbage", "dropped", "refused"])
def test_clear_text_only_from_the_second_attempt_on(network, trouble):
    two = network.host(2, certificate=network.certificate(), starttls=trouble)
    server = network.server(PLAIN, delivery={"retry": ["2s"]})
    server.submit("x@plain.test")
    deferred = server.log.wait_for("deferred", to="x@plain.test")
    assert deferred["status"].startswith("4.7.") and deferred["policy"] == "may"
    assert not two.messages
    message = two.wait("x@plain.test", seconds=30)[0]
    assert message.tls == ""
    delivered = server.log.wait_for("delivered", to="x@plain.test")
    assert delivered["policy"] == "may" and not delivered.get("verified")
    assert server.log.find("delivery.tls_does_not_work", host="mx2.plain.test")


def test_what_was_learned_is_kept_over_a_restart(network):
    two = network.host(2, certificate=network.certificate(), starttls="garbage")
    server = network.server(PLAIN)
    server.submit("x@plain.test")
    two.wait("x@plain.test", seconds=30)
    server.stop()
    server.start()
    before = two.connections
    server.submit("y@plain.test")
    two.wait("y@plain.test", seconds=30)
    # One that tries TLS, and one in clear: neither handshake is tried twice more.
    assert two.connections - before == 2, two.commands
    assert "STARTTLS" not in verbs_of(two, two.connections)


def test_another_host_comes_before_clear_text(network):
    certificate = network.certificate()
    two, three = network.host(2, certificate=certificate, starttls="garbage"), network.host(3, certificate=certificate)
    server = network.server({"plain.test": "@ MX 10 mx2\n@ MX 20 mx3\n" + network.HOSTS, "secure.test": network.HOSTS})
    server.submit("x@plain.test")
    assert three.wait("x@plain.test")[0].tls.startswith("TLSv1.")
    assert not two.messages


@pytest.mark.parametrize("taken", [True, False])
def test_old_tls_is_better_than_none_where_the_operator_says_so(network, taken):
    two = network.host(2, certificate=network.certificate())
    context = two.tls_context()
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    server = network.server(PLAIN, delivery={"retry": ["5m"], "old_tls": taken})
    server.submit("x@plain.test")
    if taken:
        assert two.wait("x@plain.test")[0].tls == "TLSv1.1"
    else:
        assert "1.2" in server.log.wait_for("deferred", to="x@plain.test")["text"]


def test_a_message_that_says_so_does_not_wait_for_tls(network):
    two = network.host(2, certificate=network.certificate(), starttls="garbage")
    server = network.server(PLAIN, delivery={"retry": ["5m"]})
    server.submit("x@plain.test", content="From: <anna@example.test>\r\nTLS-Required: No\r\nSubject: your TLS\r\n\r\nbroken\r\n")
    message = two.wait("x@plain.test")[0]
    assert message.tls == ""
    assert message.field("TLS-Required") == ["No"]


def test_nor_for_records_that_are_wrong(network):
    certificate = network.certificate()
    two = network.host(2, certificate=certificate)
    records = network.tlsa("mx2", dnssec.tlsa(certificate[0], wrong=True))
    server = network.server({"secure.test": "@ MX 10 mx2\n" + network.HOSTS + records}, delivery={"retry": ["5m"]})
    server.submit("x@secure.test", content="From: <anna@example.test>\r\nTLS-Required: no\r\nSubject: your TLSA\r\n\r\nwrong\r\n")
    assert two.wait("x@secure.test")[0].tls.startswith("TLSv1.")


def test_its_report_says_so_too(network):
    network.host(2, certificate=network.certificate(), replies={"RCPT": b"550 5.1.1 nobody here\r\n"})
    four = network.host(4, certificate=network.certificate(), starttls="garbage")
    zones = {**PLAIN, "example.test": "@ MX 10 mx4.secure.test.\n"}
    server = network.server(zones, delivery={"retry": ["5m"]})
    server.submit("x@plain.test", content="From: <anna@example.test>\r\nTLS-Required: No\r\nSubject: your TLS\r\n\r\nbroken\r\n")
    report = four.wait("anna@example.test")[0]
    assert report.field("TLS-Required") == ["No"] and report.tls == ""


def test_credentials_never_leave_in_clear(make):
    hop = make.sink(certificate=None, login=("relay", "secret"))
    server = make.posthaste(config={"relay": {"host": hop.address, "tls": "encrypt", "username": "relay", "password_file": "password"}}, start=False)
    (server.folder / "password").write_text("secret\n")
    (server.folder / "password").chmod(0o644)
    server.start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net", count=2, seconds=30)
    assert not any("AUTH" in line.upper() for _, line in hop.commands)
