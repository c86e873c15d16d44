"""Somebody guesses passwords. Their network is put off; the office, from which people sign in, is not, however much is
guessed there; a user whom several networks guess at is locked for new networks alone, and is written to once."""

import concurrent.futures

from harness import waiting
from harness.daemon import PASSWORD
from harness.smtp_client import Closed, SmtpClient

ANNA = "anna@example.test"
OFFICE, GUESSER, OTHER, ABROAD = "127.0.8.1", "127.0.8.2", "127.0.8.3", "127.0.8.4"


def _try(server, source, user, password):
    try:
        with server.secure(source=(source, 0)) as client:
            return client.login(user, password)
    except Closed:
        return None


def _guess(server, source, user, count, start=0):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda n: _try(server, source, user, f"guess number {n}"), range(start, start + count)))


def test_a_guesser_is_banned_and_the_office_is_not(make, sink):
    server = make.posthaste(relay=sink)
    assert _try(server, OFFICE, "bob@example.test", PASSWORD).code == 235
    _guess(server, OFFICE, "nobody@example.test", 60)
    assert _try(server, OFFICE, ANNA, PASSWORD).code == 235

    _guess(server, GUESSER, "nobody@example.test", 50)
    server.log.wait_for("login.network_banned")
    # Said in place of the banner, with whom to look for, but not the whole name.
    banned = SmtpClient("127.0.0.1", server.port, source=(GUESSER, 0))
    assert banned.banner.code == 421 and "127.0.8.2" in str(banned.banner), banned.banner
    assert "n***@example.test" in str(banned.banner) and "nobody" not in str(banned.banner)
    assert banned.closed(5)
    # Inside of TLS where the client speaks that at once, so that it can be read.
    implicit = SmtpClient("127.0.0.1", server.tls_port, tls="implicit", source=(GUESSER, 0))
    assert implicit.banner.code == 421 and "[R14]" in str(implicit.banner) or "/h/14" in str(implicit.banner)
    # Nobody else is concerned.
    assert _try(server, OTHER, "bob@example.test", PASSWORD).code == 235
    assert _try(server, OFFICE, "bob@example.test", PASSWORD).code == 235
    why = server.admin("why", GUESSER, "--json").rows[0]
    assert 0 < why["banned_s"] <= 600
    assert any(row.get("outcome") == "R14" for row in why["sign_ins"])
    assert server.admin("why", OFFICE, "--json").rows[0]["banned_s"] == 0

    # That people sign in from the office is known after a restart too.
    server.restart()
    _guess(server, OFFICE, "nobody@example.test", 60, start=1000)
    assert _try(server, OFFICE, "bob@example.test", PASSWORD).code == 235


def test_a_trusted_network_is_never_banned(make, sink):
    server = make.posthaste(relay=sink, config={"limits": {"trusted_networks": ["127.0.8.0/24"]}})
    _guess(server, GUESSER, "nobody@example.test", 60)
    assert _try(server, GUESSER, "bob@example.test", PASSWORD).code == 235


def test_a_network_that_is_none_stops_the_start(make):
    server = make.posthaste(start=False, config={"limits": {"trusted_networks": ["127.0.8.1/24"]}})
    answer = server.cli("check")
    assert answer.code != 0 and "127.0.8.1/24" in answer.err + answer.out and "203.0.113.0/24" in answer.err + answer.out, answer


def test_a_user_many_guess_at_is_locked_for_new_networks_alone(make, sink):
    server = make.posthaste(relay=sink)
    app_password = server.admin("app-password", "new", ANNA, "--name", "phone", "--json").rows[0]["app_password"]
    assert _try(server, OFFICE, ANNA, PASSWORD).code == 235
    _guess(server, GUESSER, ANNA, 6)
    _guess(server, OTHER, ANNA, 6, start=100)

    # Right or wrong, known or nobody: the same answer where the user never was.
    right = _try(server, ABROAD, ANNA, PASSWORD)
    assert right.code == 454 and "guessing" in right.text, right
    assert str(_try(server, ABROAD, ANNA, "no password")) == str(right)
    _guess(server, GUESSER, "nobody@example.test", 6)
    _guess(server, OTHER, "nobody@example.test", 6, start=100)
    assert str(_try(server, ABROAD, "nobody@example.test", "x")) == str(right)
    # Where they sign in usually, and with an app password, they go on working.
    assert _try(server, OFFICE, ANNA, PASSWORD).code == 235
    assert _try(server, ABROAD, ANNA, app_password).code == 235

    notice = sink.wait(ANNA)[0]
    assert notice.sender == ""
    assert b"guessing" in notice.header and b"15 minutes" in notice.body
    _guess(server, GUESSER, ANNA, 6, start=200)
    server.wait_empty()
    assert len(sink.to(ANNA)) == 1, "once a day"
    assert server.admin("why", ANNA, "--json").rows[0]["locked"]
    assert not sink.to("nobody@example.test")
    waiting.until(lambda: server.log.find("login.guessing", account=ANNA), 5, "a warning for the admin")
