"""Passwords in, OAuth out: every way to a token, both mechanisms, against a token server that checks all of it."""

import base64
import json
import pathlib

import pytest

from harness import oauth_relay
from harness.oauth_relay import USER

SECRET = "s3cret value~/ü&+"


def _secrets(server, *more):
    text = server.log.text()
    for secret in more:
        assert secret not in text, "a secret is in the log"


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_client_secret(make, authority, certificates, mechanism):
    tokens = make.token_server(secret=SECRET)
    sink = oauth_relay.token_sink(make, certificates, tokens, mechanisms=f"PLAIN LOGIN {mechanism}")
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET, scope="https://outlook.office365.com/.default").start()
    server.submit("x@example.net")
    message = sink.wait("x@example.net")[0]
    assert message.login == USER and message.tls
    form = tokens.forms()[0]
    assert form["grant_type"] == "client_credentials" and form["scope"] == "https://outlook.office365.com/.default"
    assert [line.split()[1] for _, line in sink.commands if line.startswith("AUTH")] == [mechanism]
    assert len(tokens.forms()) == 1, "one token for all"
    _secrets(server, SECRET, tokens.tokens[0])


@pytest.mark.parametrize("preset", [None, "microsoft365"])
def test_certificate_instead_of_a_secret(make, authority, certificates, preset):
    """The assertion's signature, times and names are checked by the token server, with openssl."""
    chain, key = certificates[1]  # RSA
    tokens = make.token_server(certificate=str(chain), algorithm="PS256" if preset else "RS256")
    sink = oauth_relay.token_sink(make, certificates, tokens)
    more = {"preset": preset, "tenant": "example.test"} if preset else {}
    server = oauth_relay.relay(make, sink, tokens, authority, certificate_file=str(chain), key_file=str(key), **more).start()
    server.submit("x@example.net")
    assert sink.wait("x@example.net")[0].login == USER
    form = tokens.forms()[0]
    assert "client_secret" not in form
    _secrets(server, form["client_assertion"], pathlib.Path(key).read_text(encoding="ascii").splitlines()[1])


def test_service_account(make, authority, certificates):
    chain, key = certificates[1]
    account = "post@project.iam.example.test"
    tokens = make.token_server(certificate=str(chain), service_account=account, user=USER, algorithm="RS256")
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, preset="google", client_id=None)
    server.configure({"relay.oauth": {"service_account_file": oauth_relay.service_account(server, key, tokens.url)}})
    server.start()
    server.submit("x@example.net")
    assert sink.wait("x@example.net")[0].login == USER
    assert "scope" not in tokens.forms()[0], "it is within the assertion"


def test_many_sessions_one_question(make, authority, certificates):
    """Single flight: however many connections wait for the slow token server, it is asked once."""
    tokens = make.token_server(secret=SECRET, slow=2.0)
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET).start()
    with server.session() as client:
        for n in range(8):
            assert client.transaction("anna@example.test", f"x{n}@example.net", "From: <anna@example.test>\r\n\r\nx\r\n").code == 250
    sink.wait(count=8)
    assert len(tokens.forms()) == 1


def test_no_token_goes_in_clear_or_to_a_stranger(make, authority, certificates):
    tokens = make.token_server(secret=SECRET)
    sink = make.sink(takes_token=lambda *_: True, mechanisms="XOAUTH2")
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET).start()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert "AUTH" not in sink.verbs() and not sink.messages
    for level in ("none", "may", "encrypt"):
        server.configure({"relay": {"tls": level}})
        answer = server.cli("check")
        assert answer.code != 0 and "token must not go to a server that is not verified" in answer.out + answer.err


def test_only_a_password_login_is_offered(make, authority, certificates):
    """The token never goes as a password."""
    tokens = make.token_server(secret=SECRET)
    sink = make.sink(certificate=certificates[0], login=("x", "y"), mechanisms="PLAIN LOGIN")
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET).start()
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net")
    assert "XOAUTH2" in deferred["text"], deferred
    assert "AUTH" not in sink.verbs()


@pytest.mark.parametrize("how", ["500", "huge", "garbage", "429"])
def test_a_token_server_in_trouble_costs_no_mail(make, authority, certificates, how):
    """It is asked again, at a distance; mail waits, and goes once there is a token."""
    tokens = make.token_server(secret=SECRET)
    tokens.behaviour.huge = how == "huge"
    if how in ("500", "429"):
        tokens.behaviour.refusal = (int(how), "server_error", "trouble", {"Retry-After": "1"})
    if how == "garbage":
        tokens.behaviour.token = lambda n: "a\r\nMAIL FROM:<>" if n == 1 else f"good-{n}"
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET).start()
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net")
    assert deferred["status"] in ("4.7.0", "4.7.8") and "no token" in deferred["text"], deferred
    assert server.log.find("oauth.failed"), "told once, by itself"
    assert server.memory("Rss") < 300 << 20
    tokens.behaviour.huge, tokens.behaviour.refusal = False, None
    if how == "garbage":
        # What the operator's "try now" must find: a wrong answer is looked at again after half a minute.
        server.log.wait_for("oauth.failed")
        tokens.behaviour.token = None
        server.restart()
    else:
        server.log.wait_for("oauth.token", seconds=40)
    server.admin("queue", "retry", "--all")
    sink.wait("x@example.net", seconds=40)
    assert not server.log.find("failed", to="x@example.net")


def test_a_wrong_secret_is_told_with_the_mend(make, authority, certificates):
    tokens = make.token_server(secret="another")
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, preset="microsoft365", tenant="example.test", client_secret=SECRET).start()
    failed = server.log.wait_for("oauth.failed")
    assert "AADSTS7000215" in failed["why"] and "Trace" not in failed["why"]
    assert "client_secret_file" in failed["mend"]
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net")
    assert deferred["status"] == "4.7.8"
    refused = server.log.wait_for("smarthost.refused")
    assert "client_secret_file" in refused["mend"], refused
    _secrets(server, SECRET)


def test_login_by_client_certificate(make, authority, certificates):
    chain, key = authority.issue("relay-client", usage="clientAuth")
    sink = make.sink(certificate=certificates[0], mechanisms="EXTERNAL PLAIN", client_authority=str(authority.ca_file),
                     external_users=("relay-client",))
    server = make.posthaste(start=False)
    server.relay_to(f"localhost:{sink.port}", tls="verify", ca_file=str(authority.ca_file), auth="certificate",
                    client_certificate_file=str(chain), client_key_file=str(key)).start()
    server.submit("x@example.net")
    assert sink.wait("x@example.net")[0].login == "relay-client"
    assert "AUTH EXTERNAL =" in [line for _, line in sink.commands]


def test_mistakes_in_the_configuration_are_named(make, authority, certificates):
    """`posthaste check` says which key, where, and what to do."""
    tokens = make.token_server(secret=SECRET)
    sink = oauth_relay.token_sink(make, certificates, tokens)
    rows = [
        ({"tenant": "not a tenant"}, "this is no tenant", "Directory (tenant) ID"),
        ({"tenant": "common"}, "an app of its own belongs to one tenant", "Directory (tenant) ID"),
        ({"client_secret_file": "missing"}, "cannot be read", "client_secret_file"),
        ({"client_secret_file": None}, "sign-in", None),
        ({"token_url": "http://localhost/"}, "is no https address", "secrets go there"),
        ({"certificate_file": str(certificates[1][0])}, "belong together", "give both"),
        ({"client_secret_file": None, "certificate_file": str(certificates[0][0]), "key_file": str(certificates[0][1])}, "not RSA", "openssl req"),
        ({"client_secret_file": None, "certificate_file": str(certificates[1][0]), "key_file": str(authority.issue("other-rsa", kind="rsa")[1])},
         "does not belong to the certificate", "made together"),
    ]
    for change, says, mend in rows:
        server = oauth_relay.relay(make, sink, tokens, authority, preset="microsoft365", tenant="example.test", client_secret=SECRET)
        server.configure({"relay.oauth": change})
        answer = server.cli("check")
        said = answer.out + answer.err
        if mend is None:
            assert "relay login" in said, said
            continue
        assert answer.code != 0 and says in said and mend in said, (change, said)
        assert SECRET not in said


def test_a_token_for_something_else_is_doubted(make, authority, certificates):
    """The classic mistake: a token for Microsoft Graph. The relay decides; we say what we saw."""
    claims = base64.urlsafe_b64encode(json.dumps({"aud": "https://graph.microsoft.com", "roles": ["Mail.Send"]}).encode()).rstrip(b"=").decode()
    tokens = make.token_server(secret=SECRET, token=lambda n: f"eyJ0.{claims}.c2ln{n}")
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, preset="microsoft365", tenant="example.test", client_secret=SECRET).start()
    assert "https://outlook.office365.com/.default" in server.log.wait_for("oauth.doubt")["mend"]
    assert "DOUBT" in server.admin("relay", "status").out
    assert claims not in server.log.text()
