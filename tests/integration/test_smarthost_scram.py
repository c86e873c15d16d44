"""SCRAM: the password is never said, and the smarthost has to prove that it knows it too."""

import pytest

from harness.dovecot import DovecotSubmission
from harness.peers import Missing

USER, SECRET = "relay,name=x@example.test", "pencil / I\u00adX \u00aa"
PREPARED = "pencil / IX a"  # by SASLprep


def _relay(make, authority, port, password=SECRET, user=USER, **more):
    server = make.posthaste(start=False)
    (server.folder / "relay-password").write_text(password + "\n", encoding="utf-8")
    (server.folder / "relay-password").chmod(0o644)
    return server.relay_to(f"localhost:{port}", tls="verify", ca_file=str(authority.ca_file), username=user, password_file="relay-password", **more)


def _mechanisms(sink):
    return [line.split()[1] for _, line in sink.commands if line.startswith("AUTH")]


@pytest.mark.parametrize("iterations", [4096, 100_000])
def test_the_strongest_login_is_chosen(make, authority, certificates, iterations):
    sink = make.sink(certificate=certificates[0], login=(USER, PREPARED), mechanisms="LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-256", scram_iterations=iterations)
    server = _relay(make, authority, sink.port).start()
    server.submit("x@example.net")
    assert sink.wait("x@example.net")[0].login == USER
    assert _mechanisms(sink) == ["SCRAM-SHA-256"]
    assert "pencil" not in server.log.text()


def test_scram_sha_1_only_when_the_operator_names_it(make, authority, certificates):
    sink = make.sink(certificate=certificates[0], login=(USER, PREPARED), mechanisms="SCRAM-SHA-1")
    server = _relay(make, authority, sink.port).start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert "AUTH" not in sink.verbs()
    server.stop()
    server.configure({"relay": {"mechanisms": ["scram-sha-1"]}})
    server.start()
    server.admin("queue", "retry", "--all")
    assert sink.wait("x@example.net")[0].login == USER


def test_a_wrong_password_pauses_and_never_bounces(make, authority, certificates):
    sink = make.sink(certificate=certificates[0], login=(USER, "another"), mechanisms="SCRAM-SHA-256 PLAIN")
    server = _relay(make, authority, sink.port).start()
    server.submit("x@example.net")
    assert server.log.wait_for("deferred", to="x@example.net")["status"].startswith("4.7.")
    assert _mechanisms(sink) == ["SCRAM-SHA-256"], "a refused proof is not tried again as a password"
    assert not server.log.find("failed")


def test_a_server_that_does_not_know_the_password_gets_no_mail(make, authority, certificates):
    """Mutual: a certificate alone does not make it our relay."""
    sink = make.sink(certificate=certificates[0], login=(USER, PREPARED), mechanisms="SCRAM-SHA-256 PLAIN", scram_lies=True)
    server = _relay(make, authority, sink.port).start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    refused = server.log.wait_for("smarthost.refused")
    assert "does not know the password" in refused["reply"], refused
    assert "another server" in refused["mend"]
    assert _mechanisms(sink) == ["SCRAM-SHA-256"] and "MAIL" not in sink.verbs()


@pytest.mark.parametrize("iterations", [1, 2_000_000_000])
def test_an_unreasonable_server_costs_no_time_and_gets_nothing_weaker_than_plain(make, authority, certificates, iterations):
    """One iteration would make the password cheap to find, two thousand million would keep us busy: given up with "*"."""
    sink = make.sink(certificate=certificates[0], login=(USER, PREPARED), mechanisms="SCRAM-SHA-256", scram_iterations=iterations)
    server = _relay(make, authority, sink.port).start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert "*" in [line for _, line in sink.commands] or sink.verbs().count("AUTH") == 1
    assert "iterations" in server.log.wait_for("smarthost.refused")["reply"]
    assert not sink.messages


def test_dovecot_as_the_smarthost(make, authority, certificates, folders):
    """A server that is not of this repository agrees about SCRAM."""
    sink = make.sink()
    user, secret = "relay@example.test", "pencil"
    try:
        relay = DovecotSubmission(folders("dovecot"), certificates[0], {user: secret}, sink, "scram-sha-256")
    except Missing as missing:
        pytest.skip(str(missing))
    make.made.append(relay)
    server = _relay(make, authority, relay.port, password=secret, user=user).start()
    server.submit("x@example.net")
    sink.wait("x@example.net")
    assert "scram-sha-256" in relay.log().lower(), relay.log()[-2000:]
    wrong = _relay(make, authority, relay.port, password="another", user=user).start()
    wrong.submit("y@example.net")
    assert wrong.log.wait_for("deferred", to="y@example.net")["status"].startswith("4.7.")
