"""tls = "verify" means it: a smarthost whose certificate is wrong gets no mail, no login, and no second chance in clear."""

import pytest

from harness.certs import Authority

CASES = {
    "another name": dict(names="DNS:other.example.test"),
    "expired": dict(days=-1),
    "a wildcard two levels up": dict(names="DNS:*.localhost"),
}


def _wrong(authority, base, case):
    if case == "an unknown authority":
        return Authority(base / "stranger", "Stranger CA").issue("stranger")
    return authority.issue("wrong-" + case.replace(" ", "-"), **CASES[case])


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS"])
@pytest.mark.parametrize("case", [*CASES, "an unknown authority"])
def test_nothing_is_sent(make, authority, base, certificates, case, implicit, tmp_path):
    stranger = base / f"stranger-{case.replace(' ', '-')}-{implicit}"
    chain = Authority(stranger, "Stranger CA").issue("stranger") if case == "an unknown authority" else _wrong(authority, base, case)
    sink = make.sink(certificate=chain, implicit_tls=implicit, login=("relay", "secret"))
    server = make.posthaste(start=False)
    (server.folder / "secret").write_text("secret\n")
    server.relay_to(f"localhost:{sink.port}", tls="verify", implicit_tls=implicit, ca_file=str(authority.ca_file), username="relay", password_file="secret")
    server.start()
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net")
    assert deferred["status"] in ("4.7.5", "4.7.4", "4.7.0"), deferred
    assert len(deferred["text"]) > 15 and "certificate" in deferred["text"].lower(), "the log says what is wrong with it"
    assert not {"AUTH", "MAIL"} & set(sink.verbs())
    assert not server.log.find("failed")
    # Mended, the mail goes out by itself.
    sink.reset_certificate(certificates[0])
    server.admin("queue", "retry", "--all")
    assert sink.wait("x@example.net", seconds=30)[0].tls


@pytest.mark.parametrize("trouble", ["refused", "garbage", "dropped"])
def test_broken_starttls_is_no_reason_for_clear_text(make, authority, certificates, trouble):
    sink = make.sink(certificate=certificates[0], starttls=trouble)
    server = make.posthaste(start=False)
    server.relay_to(f"localhost:{sink.port}", tls="verify", ca_file=str(authority.ca_file)).start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert "MAIL" not in sink.verbs() and not sink.messages


def test_starttls_not_offered_is_no_reason_for_clear_text(make, authority, sink):
    server = make.posthaste(start=False)
    server.relay_to(f"localhost:{sink.port}", tls="verify", ca_file=str(authority.ca_file)).start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert "MAIL" not in sink.verbs()


def test_encrypt_takes_any_certificate_but_never_clear_text(make, authority, base):
    chain = Authority(base / "encrypt-stranger", "Stranger CA").issue("stranger-encrypt")
    encrypted = make.sink(certificate=chain)
    server = make.posthaste(start=False)
    server.relay_to(f"localhost:{encrypted.port}", tls="encrypt").start()
    server.submit("x@example.net")
    assert encrypted.wait("x@example.net")[0].tls


def test_injected_replies_behind_starttls_end_it(make, authority, certificates):
    sink = make.sink(certificate=certificates[0], starttls="injected", login=("relay", "secret"))
    server = make.posthaste(start=False)
    (server.folder / "secret").write_text("secret\n")
    server.relay_to(f"localhost:{sink.port}", tls="verify", ca_file=str(authority.ca_file), username="relay", password_file="secret").start()
    server.submit("x@example.net")
    outcome = server.log.wait_for(("deferred", "delivered"), to="x@example.net")
    if outcome["event"] == "delivered":
        assert sink.messages[0].tls and sink.messages[0].login == "relay"
