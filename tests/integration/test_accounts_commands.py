"""domain, account and app-password: every command, each mistake with its mend, on a running server and on a store."""

import pytest

from harness.dialogue import ANNA
from harness.smtp_client import Closed


@pytest.fixture(params=["running", "stopped"])
def server(request, make, sink):
    made = make.posthaste(relay=sink, start=False)
    made.make_accounts()
    if request.param == "running":
        made.start()
    return made


def _rows(server, *command):
    return server.admin(*command, "--json").rows


@pytest.mark.parametrize("command", ["add", "passwd"])
def test_a_password_that_is_no_utf8_lets_people_log_in(make, sink, command):
    """A file written on Windows: the letters are what counts, as at the login (clients.md 3.3)."""
    server = make.posthaste(relay=sink)
    if command == "passwd":
        server.admin("account", "add", "lola@example.test", "--password-stdin", input="something else 1\n")
    server.admin("account", command, "lola@example.test", "--password-stdin", input="latin\xe4\xf6 pw1\n".encode("latin-1"))
    for password in ("latin\xe4\xf6 pw1".encode(), "latin\xe4\xf6 pw1".encode("latin-1")):
        with server.session("lola@example.test", password) as client:
            assert client.cmd("MAIL FROM:<lola@example.test>").code == 250


def test_domains(server):
    assert [row["name"] for row in _rows(server, "domain", "list")] == ["example.test"]
    server.admin("domain", "add", "second.test")
    server.admin("domain", "add", "bücher.test")
    assert {row["name"] for row in _rows(server, "domain", "list")} == {"example.test", "second.test", "xn--bcher-kva.test"}
    server.admin("domain", "rm", "second.test")
    assert "second.test" not in server.admin("domain", "list").out


@pytest.mark.parametrize("command, code, words", [
    (["domain", "add", "example.test"], 4, "example.test"),
    (["domain", "add", "not a domain"], (2, 4), "domain"),
    (["domain", "add", "-x.test"], (2, 4), ""),
    (["domain", "add", "a" * 64 + ".test"], (2, 4), ""),
    (["domain", "rm", "nowhere.test"], 1, "nowhere.test"),
    (["domain", "rm", "example.test"], 4, "account"),
    (["domain", "add"], 2, "DOMAIN"),
    (["domain"], 2, "domain"),
    (["account", "show", "nobody@example.test"], 1, "nobody@example.test"),
    (["account", "rm", "nobody@example.test"], 1, "nobody@example.test"),
    (["account", "disable", "nobody@example.test"], 1, "nobody@example.test"),
    (["account", "add", "x@unknown.test"], 4, "domain add"),
    (["account", "add", "no-address"], (2, 4), "address"),
    (["account", "allow", ANNA, "no-address"], (2, 4), ""),
    (["account", "allow", ANNA, "x@unknown.test"], 4, "unknown.test"),
    (["account", "shwo", ANNA], 2, "show"),
    (["acount", "list"], 2, "account"),
    (["account", "list", "--jsno"], 2, "--json"),
    (["app-password", "revoke", ANNA, "nothing"], 1, "nothing"),
    (["app-password", "new", "nobody@example.test", "--name", "x"], 1, "nobody@example.test"),
])
def test_mistakes_name_their_mend(server, command, code, words):
    answer = server.cli(*command)
    assert answer.code in (code if isinstance(code, tuple) else (code,)), answer
    assert answer.err.startswith("error:"), answer
    assert words in answer.err, answer
    assert not answer.out.strip()


def test_an_account_twice(server):
    answer = server.cli("account", "add", ANNA, "--password-stdin", input="another password\n")
    assert answer.code == 4 and ANNA in answer.err


def test_a_short_password(server):
    answer = server.cli("account", "add", "short@example.test", "--password-stdin", input="short\n")
    assert answer.code in (2, 4) and "8" in answer.err
    assert "short@example.test" not in server.admin("account", "list").out


def test_an_empty_password(server):
    assert server.cli("account", "add", "empty@example.test", "--password-stdin", input="\n").code in (2, 4)


def test_no_password_makes_an_app_password_that_is_shown_once(server):
    answer = server.admin("account", "add", "carol@example.test", "--name", "Carol Danvers", "--json").rows[0]
    assert len(answer["app_password"].replace("-", "")) >= 17
    shown = server.admin("account", "show", "carol@example.test")
    assert answer["app_password"] not in shown.out and "Carol Danvers" in shown.out


def test_show_tells_addresses_and_app_passwords_and_no_secret(server):
    server.admin("account", "allow", ANNA, "sales@example.test")
    made = server.admin("app-password", "new", ANNA, "--name", "scanner", "--json").rows[0]
    shown = server.admin("account", "show", ANNA)
    assert "sales@example.test" in shown.out and "scanner" in shown.out
    assert made["app_password"] not in shown.out and "argon2" not in shown.out
    row = _rows(server, "account", "show", ANNA)[0]
    assert row["address"] == ANNA and row["disabled"] is False
    assert [p["name"] for p in _rows(server, "app-password", "list", ANNA)] == ["scanner"]
    server.admin("app-password", "revoke", ANNA, made["id"])
    assert _rows(server, "app-password", "list", ANNA) == []


def test_disable_and_enable(server):
    server.admin("account", "disable", ANNA)
    assert _rows(server, "account", "show", ANNA)[0]["disabled"] is True
    server.admin("account", "enable", ANNA)
    assert _rows(server, "account", "show", ANNA)[0]["disabled"] is False


def test_rm_leaves_queued_mail_alone(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    server.submit("rcpt451x1@example.net")
    server.log.wait_for("deferred")
    server.admin("account", "rm", ANNA)
    server.admin("queue", "retry", "--all")
    sink.wait("rcpt451x1@example.net")
    with server.secure() as client:
        assert client.login(ANNA, "correct horse battery").code == 535


@pytest.mark.parametrize("change", [("account", "disable"), ("account", "rm")])
def test_a_session_ends_with_its_account(make, sink, change):
    """It was logged in; the next message is refused."""
    server = make.posthaste(relay=sink)
    with server.session() as client:
        assert client.transaction(ANNA, "x@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
        server.admin(*change, ANNA)
        try:
            assert client.cmd(f"MAIL FROM:<{ANNA}>").code // 100 in (4, 5)
        except Closed:
            pass


def test_a_change_that_is_nothing_to_the_session_leaves_it_alone(make, sink):
    server = make.posthaste(relay=sink)
    with server.session() as client:
        server.admin("domain", "add", "another.example")
        assert client.transaction(ANNA, "x@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
