"""A smarthost that wants a login, over STARTTLS and over TLS; and what happens when it does not like ours."""

import pytest

USER, SECRET = "example-relay", "relay secret / ü"


def _relay(make, sink, folder_hint="", password=SECRET, **more):
    server = make.posthaste(start=False)
    secret = server.folder / "relay-password"
    secret.write_text(password + "\n", encoding="utf-8")
    secret.chmod(0o644)
    server.relay_to(f"localhost:{sink.port}", tls="verify", username=USER, password_file="relay-password", **more)
    return server


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN", "PLAIN", "XOAUTH2 NTLM LOGIN"])
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS"])
def test_login_and_delivery(make, authority, certificates, mechanisms, implicit):
    sink = make.sink(certificate=certificates[0], implicit_tls=implicit, login=(USER, SECRET), mechanisms=mechanisms)
    server = _relay(make, sink, ca_file=str(authority.ca_file), implicit_tls=implicit).start()
    server.submit("x@example.net")
    message = sink.wait("x@example.net")[0]
    assert message.login == USER and message.tls.startswith("TLSv1.")
    assert SECRET not in server.log.text()


def test_the_login_is_never_sent_in_clear(make, authority):
    """The smarthost offers AUTH without STARTTLS: nothing of ours is said to it."""
    sink = make.sink(login=(USER, SECRET))
    server = _relay(make, sink, ca_file=str(authority.ca_file)).start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert "AUTH" not in sink.verbs() and "MAIL" not in sink.verbs()
    assert not sink.messages


def test_a_wrong_password_defers_and_never_bounces(make, authority, certificates):
    """It is our mistake, not the sender's: the mail waits until somebody mends the configuration."""
    sink = make.sink(certificate=certificates[0], login=(USER, SECRET))
    server = _relay(make, sink, password="wrong", ca_file=str(authority.ca_file)).start()
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net")
    assert deferred["status"] in ("4.7.8", "4.7.0")
    assert not server.log.find("failed")
    (server.folder / "relay-password").write_text(SECRET + "\n", encoding="utf-8")
    server.restart()
    server.admin("queue", "retry", "--all")
    sink.wait("x@example.net")


def test_a_mechanism_we_do_not_know_defers(make, authority, certificates):
    sink = make.sink(certificate=certificates[0], login=(USER, SECRET), mechanisms="GSSAPI NTLM")
    server = _relay(make, sink, ca_file=str(authority.ca_file)).start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert not server.log.find("failed")


def test_a_temporary_refusal_of_the_login(make, authority, certificates):
    sink = make.sink(certificate=certificates[0], login=(USER, SECRET), connection_replies=[{"AUTH": b"454 4.7.0 later\r\n"}])
    server = _relay(make, sink, ca_file=str(authority.ca_file)).start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert not server.log.find("failed")
    server.admin("queue", "retry", "--all")
    sink.wait("x@example.net", seconds=30)


def test_one_connection_carries_many_messages(make, authority, certificates):
    """A login costs: it is not paid for each message."""
    sink = make.sink(certificate=certificates[0], login=(USER, SECRET))
    server = _relay(make, sink, ca_file=str(authority.ca_file)).start()
    with server.session() as client:
        for n in range(20):
            assert client.transaction("anna@example.test", f"x{n}@example.net", "From: <anna@example.test>\r\n\r\nx\r\n").code == 250
    sink.wait(count=20)
    assert sink.connections <= 10, sink.connections


def test_a_relay_by_its_name_in_etc_hosts(make, sink):
    """Single-label names and /etc/hosts work for a relay; "localhost" is both."""
    server = make.posthaste(start=False)
    server.relay_to(f"localhost:{sink.port}")
    server.start()
    server.submit("x@example.net")
    sink.wait("x@example.net")


def test_a_username_in_clear_is_refused_at_start(make, sink):
    server = make.posthaste(start=False)
    (server.folder / "relay-password").write_text("x\n")
    server.relay_to(sink.address, tls="none", username=USER, password_file="relay-password")
    answer = server.cli("check")
    assert answer.code != 0 and "tls" in (answer.out + answer.err)
