"""delivery.md 9.2: a [[route]] logs in like [relay] does, with an identity of its own that nobody else's mail is sent by."""

import pytest

from harness import waiting
from harness.oauth_relay import USER, token_sink, write

ANNA, BOB = "anna@example.test", "bob@example.test"


def by_password(server, sink, name, password, **more):
    return {"name": name, "via": f"localhost:{sink.port}", "username": name,
            "password_file": write(server, f"{name}-password", password + "\n"), **more}


def as_bob(server):
    return {"sender": BOB, "begin": lambda sender: server.session(sender)}


def test_two_senders_with_two_identities_at_one_relay(make, authority, certificates):
    """Sender-dependent: each sender's mail by its own login, over connections that the other's never sees."""
    passwords = {"for-anna": "first secret", "for-bob": "second secret"}
    sink = make.sink(certificate=certificates[0], mechanisms="PLAIN", login=passwords)
    server = make.posthaste(start=False)
    ca = {"ca_file": str(authority.ca_file)}
    server.configure({"route": [by_password(server, sink, "for-anna", passwords["for-anna"], **{"from": [ANNA]}, **ca),
                                by_password(server, sink, "for-bob", passwords["for-bob"], **{"from": [BOB]}, **ca)]})
    server.start()
    for n in range(6):
        server.submit(f"a{n}@x.test")
        server.submit(f"b{n}@x.test", **as_bob(server))
    messages = sink.wait(count=12)
    assert {(m.sender, m.login) for m in messages} == {(ANNA, "for-anna"), (BOB, "for-bob")}
    logins = {}
    for message in messages:
        assert logins.setdefault(message.connection, message.login) == message.login, "one connection, two identities"
    rows = {row["route"]: row for row in server.cli("relay", "status", "--json").rows}
    assert rows["for-anna"]["user"] == "for-anna" and rows["for-bob"]["user"] == "for-bob"
    assert all(row["worked"] and row["mechanism"] == "PLAIN" for row in rows.values())
    assert not any(secret in server.log.text() for secret in passwords.values())


def test_a_refused_login_pauses_its_own_route_alone(make, authority, certificates):
    good = {"for-bob": "second secret"}
    sink = make.sink(certificate=certificates[0], mechanisms="PLAIN", login=good)
    server = make.posthaste(start=False)
    ca = {"ca_file": str(authority.ca_file)}
    server.configure({"route": [by_password(server, sink, "for-anna", "wrong", **{"from": [ANNA]}, **ca),
                                by_password(server, sink, "for-bob", good["for-bob"], **{"from": [BOB]}, **ca)]})
    server.start()
    server.submit("a@x.test")
    alarm = server.log.wait_for("smarthost.refused")
    assert alarm["route"] == "for-anna" and '[[route]] "for-anna"' in alarm["mend"], alarm
    server.submit("b@x.test", **as_bob(server))
    assert sink.wait("b@x.test")[0].login == "for-bob"
    assert not sink.to("a@x.test") and not server.log.find("failed")
    tried = sink.verbs().count("AUTH")
    server.submit("a2@x.test")
    server.submit("b2@x.test", **as_bob(server))
    sink.wait("b2@x.test")
    assert sink.verbs().count("AUTH") - tried <= 1, "the paused route asks nobody"
    answer = server.cli("relay", "status")
    assert answer.code == 1 and "route for-anna" in answer.out and "REFUSED" in answer.out, answer
    # Mended: it goes on by itself at a person's word.
    write(server, "for-anna-password", "third secret\n")
    sink.behaviour.login = {**good, "for-anna": "third secret"}
    server.restart()
    server.admin("queue", "retry", "--all")
    assert sink.wait("a@x.test")[0].login == "for-anna"


def by_token(sink, tokens, authority, name, user, **more):
    return {"name": name, "via": f"localhost:{sink.port}", "ca_file": str(authority.ca_file),
            "oauth": {"user": user, "client_id": "app-1", "token_url": tokens.url, "device_url": tokens.base + "/device",
                      "ca_file": str(authority.ca_file), **more}}


def test_a_route_by_token_beside_a_relay_by_password(make, authority, certificates):
    tokens = make.token_server(secret="app secret")
    usual = make.sink(certificate=certificates[0], mechanisms="PLAIN", login=("relay", "relay secret"))
    other = token_sink(make, certificates, tokens)
    server = make.posthaste(start=False)
    server.relay_to(f"localhost:{usual.port}", tls="verify", ca_file=str(authority.ca_file), username="relay",
                    password_file=write(server, "relay-password", "relay secret\n"))
    route = by_token(other, tokens, authority, "newsletters", USER,
                     client_secret_file=write(server, "client-secret", "app secret\n"))
    server.configure({"route": [{**route, "from": [BOB]}]})
    server.start()
    server.submit("a@x.test")
    assert usual.wait("a@x.test")[0].login == "relay"
    server.submit("b@x.test", **as_bob(server))
    assert other.wait("b@x.test")[0].login == USER
    rows = {row["route"]: row for row in server.cli("relay", "status", "--json").rows}
    assert set(rows) == {"default", "newsletters"}
    assert rows["newsletters"]["token"]["until"] and "token" not in rows["default"]


def test_somebody_signs_in_for_the_route_that_is_named(make, authority, certificates):
    """Two mailboxes, two sign-ins: each keeps tokens of its own."""
    tokens = make.token_server()
    other = "second@example.test"
    sink = make.sink(certificate=certificates[0], mechanisms="XOAUTH2",
                     takes_token=lambda user, token: user in (USER, other) and tokens.is_good(token))
    server = make.posthaste(start=False)
    server.configure({"route": [
        {**by_token(sink, tokens, authority, "first", USER, flow="sign-in"), "from": [ANNA]},
        {**by_token(sink, tokens, authority, "second", other, flow="sign-in"), "from": [BOB]}]})
    server.start()
    server.submit("b@x.test", **as_bob(server))
    refused = server.log.wait_for("smarthost.refused", route="second")
    assert "posthaste relay login second" in refused["mend"]
    unnamed = server.cli("relay", "login")
    assert unnamed.code != 0 and "posthaste relay login first" in unnamed.err, unnamed
    unknown = server.cli("relay", "login", "third")
    assert unknown.code != 0 and "first, second" in unknown.err, unknown
    signed_in = server.cli("relay", "login", "second", "--json", seconds=60)
    assert signed_in.code == 0, signed_in
    server.admin("queue", "retry", "--all")
    assert sink.wait("b@x.test", seconds=30)[0].login == other
    rows = {row["route"]: row for row in server.cli("relay", "status", "--json").rows}
    assert rows["first"]["token"]["sign_in_needed"] and not rows["second"]["token"]["sign_in_needed"]


def test_a_client_certificate_of_a_route_is_its_login(make, authority, certificates):
    chain, key = authority.issue("relay-client", usage="clientAuth")
    sink = make.sink(certificate=certificates[0], mechanisms="EXTERNAL", client_authority=str(authority.ca_file),
                     external_users=("relay-client",))
    server = make.posthaste(start=False)
    server.configure({"route": [{"name": "by-card", "to": ["x.test"], "via": f"localhost:{sink.port}",
                                 "ca_file": str(authority.ca_file), "auth": "certificate",
                                 "client_certificate_file": str(chain), "client_key_file": str(key)}]})
    server.start()
    server.submit("a@x.test")
    assert sink.wait("a@x.test")[0].login == "relay-client"
    assert server.cli("relay", "status", "--json").rows[0]["route"] == "by-card"


def test_a_preset_names_the_host_and_its_limits(make):
    server = make.posthaste(start=False)
    server.configure({"route": [{"name": "tenant", "from": [ANNA], "preset": "microsoft365",
                                 "oauth": {"tenant": "example.com", "client_id": "app", "user": "relay@example.com",
                                           "client_secret_file": write(server, "s", "secret\n")}}]})
    answer = server.cli("check")
    assert "smtp.office365.com:587 as relay@example.com, by OAuth (client-credentials)" in answer.out, answer
    assert "route tenant" in answer.out


@pytest.mark.parametrize("route, where, words", [
    ({"oauth": {"tenant": "example.com", "client_id": "x", "user": "r@example.com"}, "preset": "microsoft365",
      "auth": "oauth", "password_file": "x"}, "password_file", "there is no password"),
    ({"via": "a.example:587", "auth": "certificate"}, "auth", "no certificate"),
    ({"via": "a.example:587", "username": "u", "password_file": "p", "tls": "may"}, "tls", "unencrypted"),
    ({"via": "mx", "username": "u", "password_file": "p"}, "", "only a relay"),
    ({"via": "a.example:587", "oauth": {"tennant": "x"}}, "", "did you mean"),
])
def test_a_mistake_in_a_login_is_told_at_its_place(make, route, where, words):
    server = make.posthaste(start=False)
    server.configure({"route": [{"to": ["x.test"], **route}]})
    answer = server.cli("check")
    said = answer.out + answer.err
    assert answer.code != 0 and words in said, said
    if where:
        line = 1 + server.config_file.read_text().splitlines().index(
            next(text for text in server.config_file.read_text().splitlines() if text.startswith(where + " =")))
        assert f":{line}:" in said, said


def test_no_connection_outlives_its_identity(make, authority, certificates):
    """A connection kept open for one login is never taken for another, even when only the password differs."""
    sink = make.sink(certificate=certificates[0], mechanisms="PLAIN", login=("shared", "one"))
    server = make.posthaste(start=False)
    ca = {"ca_file": str(authority.ca_file)}
    first = by_password(server, sink, "shared", "one", **{"from": [ANNA]}, **ca)
    second = {**by_password(server, sink, "shared", "one", **{"from": [BOB]}, **ca), "name": "other",
              "password_file": write(server, "other-password", "two\n")}
    server.configure({"route": [first, second]})
    server.start()
    server.submit("a@x.test")
    sink.wait("a@x.test")
    server.submit("b@x.test", **as_bob(server))
    server.log.wait_for("smarthost.refused", route="other")
    waiting.until(lambda: sink.verbs().count("AUTH") >= 2, 10, "a login of its own")
    assert not sink.to("b@x.test")
