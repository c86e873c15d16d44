"""DANE (RFC 7672): what a signed zone says about a host's certificate is kept, or the host gets no mail."""

import pytest

from harness import dnssec
from harness.mx_network import SignedNetwork


@pytest.fixture
def network(make, folders):
    return SignedNetwork(make, folders("dane"))


def said_in_clear(sink):
    """Verbs of a host's connections that came outside of TLS or inside, in order."""
    return [line.split(" ")[0].upper() for _, line in sink.commands]


@pytest.mark.parametrize("data", [(3, 1, 1), (3, 0, 2), (3, 1, 0)], ids=lambda data: " ".join(map(str, data)))
def test_an_expired_certificate_for_another_name_is_good_when_the_records_say_so(network, data):
    certificate = network.certificate(days=-1)
    two = network.host(2, certificate=certificate)
    server = network.server({"secure.test": "@ MX 10 mx2\n" + network.HOSTS + network.tlsa("mx2", dnssec.tlsa(certificate[0], *data))})
    server.submit("x@secure.test")
    message = two.wait("x@secure.test")[0]
    assert message.tls.startswith("TLSv1.")
    delivered = server.log.wait_for("delivered", to="x@secure.test")
    assert delivered["policy"] == "dane" and delivered["verified"] is True


def test_a_wrong_digest_stops_the_mail_for_now(network):
    certificate = network.certificate(names="DNS:mx2.secure.test")
    two = network.host(2, certificate=certificate)
    records = network.tlsa("mx2", dnssec.tlsa(certificate[0], wrong=True))
    server = network.server({"secure.test": "@ MX 10 mx2\n" + network.HOSTS + records})
    server.submit("x@secure.test")
    # The second attempt would be the one that may leave in clear, were nothing promised.
    deferred = server.log.wait_for("deferred", to="x@secure.test", count=2, seconds=30)
    assert deferred["status"] == "4.7.5" and deferred["policy"] == "dane", deferred
    assert "TLSA" in deferred["text"]
    assert not two.messages and "MAIL" not in said_in_clear(two)
    assert set(said_in_clear(two)) <= {"EHLO", "STARTTLS", "QUIT"}


def test_the_next_host_takes_what_the_first_may_not_have(network):
    right, wrong = network.certificate("right"), network.certificate("wrong")
    two, three = network.host(2, certificate=wrong), network.host(3, certificate=right)
    records = network.tlsa("mx2", dnssec.tlsa(right[0])) + network.tlsa("mx3", dnssec.tlsa(right[0]))
    server = network.server({"secure.test": "@ MX 10 mx2\n@ MX 20 mx3\n" + network.HOSTS + records})
    server.submit("x@secure.test")
    three.wait("x@secure.test")
    assert two.connections and not two.messages
    assert server.log.wait_for("delivered", to="x@secure.test")["attempt"] <= 1


def test_a_host_that_dropped_starttls_is_not_mailed_in_clear(network):
    two = network.host(2)
    records = network.tlsa("mx2", "3 1 1 " + "ab" * 32)
    server = network.server({"secure.test": "@ MX 10 mx2\n" + network.HOSTS + records})
    server.submit("x@secure.test")
    deferred = server.log.wait_for("deferred", to="x@secure.test", count=2, seconds=30)
    assert deferred["status"] == "4.7.5" and "STARTTLS" in deferred["text"]
    assert not two.messages


def test_records_that_mail_cannot_use_promise_encryption_alone(network):
    certificate = network.certificate(days=-1)
    two, three = network.host(2), network.host(3, certificate=certificate)
    unusable = ("0 0 1 " + "ab" * 32, "1 1 1 " + "cd" * 32)
    records = network.tlsa("mx2", *unusable) + network.tlsa("mx3", *unusable)
    server = network.server({"secure.test": "@ MX 10 mx2\n@ MX 20 mx3\n" + network.HOSTS + records})
    server.submit("x@secure.test")
    assert three.wait("x@secure.test")[0].tls.startswith("TLSv1.")
    assert not two.messages, "the host without STARTTLS is passed over"
    assert server.log.wait_for("delivered", to="x@secure.test")["policy"] == "encrypt"


def test_an_answer_with_a_wrong_signature_leaves_the_host_alone(network):
    certificate = network.certificate()
    two = network.host(2, certificate=certificate)
    records = network.tlsa("mx2", dnssec.tlsa(certificate[0]))
    server = network.server({"secure.test": "@ MX 10 mx2\n" + network.HOSTS + records}, tamper={"secure.test": dnssec.other_digest})
    server.submit("x@secure.test")
    deferred = server.log.wait_for("deferred", to="x@secure.test", seconds=30)
    assert deferred["status"] == "4.7.5" and "DNSSEC" in deferred["text"], deferred
    assert not two.connections


def test_an_unsigned_mx_record_asks_for_no_tlsa(network):
    """The records would be wrong: whoever looked at them would not deliver."""
    certificate = network.certificate()
    two = network.host(2, certificate=certificate)
    records = network.tlsa("mx2", dnssec.tlsa(certificate[0], wrong=True))
    server = network.server({"secure.test": network.HOSTS + records, "plain.test": "@ MX 10 mx2.secure.test.\n"})
    server.submit("x@plain.test")
    two.wait("x@plain.test")
    delivered = server.log.wait_for("delivered", to="x@plain.test")
    assert delivered["policy"] == "may" and delivered["verified"] is False


@pytest.mark.parametrize("names, taken", [("DNS:mx2.secure.test", True), ("DNS:secure.test", True), ("DNS:*.secure.test", True),
                                          ("DNS:other.secure.example", False)])
def test_an_authority_in_the_records_and_the_names_that_count(network, names, taken):
    certificate = network.certificate(names=names)
    two = network.host(2, certificate=certificate)
    records = network.tlsa("mx2", dnssec.tlsa(network.authority.ca_file, 2, 0, 1))
    server = network.server({"secure.test": "@ MX 10 mx2\n" + network.HOSTS + records})
    server.submit("x@secure.test")
    if taken:
        two.wait("x@secure.test")
        assert server.log.wait_for("delivered", to="x@secure.test")["verified"] is True
    else:
        deferred = server.log.wait_for("deferred", to="x@secure.test", seconds=30)
        assert deferred["status"] == "4.7.5" and "certificate is for" in deferred["text"], deferred
        assert not two.messages


def test_a_signed_alias_into_an_unsigned_zone_keeps_its_own_records(network):
    certificate = network.certificate()
    two = network.host(2, certificate=certificate)
    records = network.tlsa("mail", dnssec.tlsa(certificate[0], wrong=True))
    server = network.server({"secure.test": "@ MX 10 mail\nmail CNAME mx2.plain.test.\n" + records, "plain.test": network.HOSTS})
    server.submit("x@secure.test")
    deferred = server.log.wait_for("deferred", to="x@secure.test", seconds=30)
    assert deferred["status"] == "4.7.5" and deferred["policy"] == "dane", deferred
    assert not two.messages


def test_the_first_mail_after_a_start_is_no_exception(network):
    """The queue is full of it when the server starts, before the resolver's self-test has ended."""
    certificate = network.certificate()
    two = network.host(2, certificate=certificate)
    records = network.tlsa("mx2", dnssec.tlsa(certificate[0], wrong=True))
    server = network.server({"secure.test": "@ MX 10 mx2\n" + network.HOSTS + records})
    server.submit("x@secure.test")
    server.log.wait_for("deferred", to="x@secure.test", seconds=30)
    server.restart()
    deferred = server.log.wait_for("deferred", to="x@secure.test", seconds=30)
    assert deferred["policy"] == "dane" and not two.messages


def test_without_validation_mail_goes_on_and_the_log_says_so(network, folders):
    certificate = network.certificate()
    two = network.host(2, certificate=certificate)
    # An anchor for a zone that comes without signatures, as a resolver that strips them gives it.
    anchors = folders("anchors") / "anchors"
    anchors.write_text("plain.test. IN DS 12345 13 2 " + "ab" * 32 + "\n")
    anchors.chmod(0o644)
    records = network.tlsa("mx2", dnssec.tlsa(certificate[0], wrong=True))
    zones = {"secure.test": "@ MX 10 mx2\n" + network.HOSTS + records, "plain.test": network.HOSTS, "example.test": "mail A 127.0.0.9\n"}
    server = network.server(zones, anchors=anchors)
    warning = server.log.wait_for("dns.validation", seconds=30)
    assert warning["works"] is False and "DANE" in warning["effect"] and warning["mend"], warning
    server.submit("x@secure.test")
    two.wait("x@secure.test")
    assert server.log.wait_for("delivered", to="x@secure.test")["policy"] == "may"
    assert [row["status"] for row in server.cli("check", "--json").rows if row["check"] == "dnssec"] == ["warn"]
    assert "DANE is off" in server.cli("check").out and "DANE is off" in server.cli("status").out


def test_check_and_status_say_that_dane_is_kept_to(network):
    server = network.server({"secure.test": "@ MX 10 mx2\n" + network.HOSTS, "example.test": "mail A 127.0.0.9\n"})
    server.log.wait_for("dns.validation", works=True)
    assert [row["status"] for row in server.cli("check", "--json").rows if row["check"] == "dnssec"] == ["ok"]
    assert "DANE is kept to" in server.cli("status").out


def test_a_route_may_demand_dane(network):
    two = network.host(2, certificate=network.certificate())
    server = network.server({"secure.test": "@ MX 10 mx2\n" + network.HOSTS}, route=[{"to": ["*"], "via": "mx", "tls": "dane-only"}])
    server.submit("x@secure.test")
    deferred = server.log.wait_for("deferred", to="x@secure.test", seconds=30)
    assert deferred["status"] == "4.7.5" and "dane-only" in deferred["text"]
    assert not two.connections


def test_a_smarthost_may_be_known_by_its_records(network):
    """No authority vouches for it: `verify`, the default, would refuse."""
    certificate = network.certificate()
    good = network.host(3, certificate=certificate, login=("relay", "secret"))
    records = network.tlsa("mx3", dnssec.tlsa(certificate[0]))
    server = network.server({"secure.test": network.HOSTS + records}, start=False)
    (server.folder / "password").write_text("secret\n")
    (server.folder / "password").chmod(0o644)
    server.configure({"relay": {"host": f"mx3.secure.test:{network.port}", "tls": "dane", "username": "relay", "password_file": "password"}})
    server.start()
    server.submit("x@example.net")
    assert good.wait("x@example.net")[0].login == "relay"
    assert server.log.wait_for("delivered", to="x@example.net")["policy"] == "dane"


def test_a_smarthost_without_records_has_to_show_a_certificate(network):
    two = network.host(2, certificate=network.certificate(), login=("relay", "secret"))
    server = network.server({"secure.test": network.HOSTS}, start=False)
    (server.folder / "password").write_text("secret\n")
    (server.folder / "password").chmod(0o644)
    server.configure({"relay": {"host": f"mx2.secure.test:{network.port}", "tls": "dane", "username": "relay", "password_file": "password"}})
    server.start()
    server.submit("x@example.net")
    assert server.log.wait_for("deferred", to="x@example.net")["status"].startswith("4.7.")
    assert not any("AUTH" in line.upper() for _, line in two.commands)
