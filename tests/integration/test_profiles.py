"""Who sends decides how often and how long is tried: people, programs, newsletters (delivery.md 3.2, criterion 32)."""

import pytest

from harness.dialogue import ANNA

BOB = "bob@example.test"
STEPS = {"retry": ["1h"], "application_retry": ["10m"], "bulk_retry": ["2h"]}


@pytest.mark.parametrize("profile, step", [("human", 3600), ("application", 600), ("bulk", 7200)])
def test_the_steps_of_the_profile(make, sink, profile, step):
    server = make.posthaste(relay=sink, config={"delivery": STEPS})
    server.admin("account", "set", ANNA, "--profile", profile)
    server.submit("rcpt451@example.net")
    deferred = server.log.wait_for("deferred", to="rcpt451@example.net")
    assert step <= deferred["next_s"] <= step * 1.15 + 1
    # As it was when the message came, over a restart too.
    server.admin("account", "set", ANNA, "--profile", "human" if profile != "human" else "bulk")
    server.restart()
    server.admin("queue", "retry", "--all")
    deferred = server.log.wait_for("deferred", to="rcpt451@example.net", attempt=2)
    assert step <= deferred["next_s"] <= step * 1.15 + 1


def test_a_programs_mail_expires_sooner(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"application_retry": ["1s"], "application_expire": "3s"}})
    server.admin("account", "set", ANNA, "--profile", "application")
    server.submit("rcpt451@example.net")
    expired = server.log.wait_for("expired", to="rcpt451@example.net", seconds=20)
    assert "451" in str(expired["code"]), "the last real answer"
    assert sink.wait(ANNA), "and the sender is told"


def test_the_profile_is_set_shown_and_checked(make, sink):
    server = make.posthaste(relay=sink)
    assert server.admin("account", "show", ANNA, "--json").rows[0]["profile"] == "human"
    server.admin("account", "set", ANNA, "--profile", "bulk")
    assert server.admin("account", "show", ANNA, "--json").rows[0]["profile"] == "bulk"
    server.admin("account", "add", "shop@example.test", "--profile", "application")
    assert "application" in server.admin("account", "show", "shop@example.test").out
    wrong = server.cli("account", "set", ANNA, "--profile", "aplication")
    assert wrong.code != 0 and "application" in wrong.out + wrong.err
    nothing = server.cli("account", "set", ANNA)
    assert nothing.code == 2


def test_a_newsletter_gives_way_to_people(make):
    """Four to one at the same site."""
    sink = make.sink(pause=0.05)
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"shaping_file": "shaping.toml"}})
    (server.folder / "shaping.toml").write_text("[default]\nconnection_limit = 1\n")
    (server.folder / "shaping.toml").chmod(0o644)
    server.start()
    server.admin("account", "set", ANNA, "--profile", "bulk")
    with server.session() as client:
        for n in range(60):
            assert client.transaction(ANNA, f"news{n}@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    with server.session(BOB) as client:
        for n in range(20):
            assert client.transaction(BOB, f"letter{n}@example.net", f"From: <{BOB}>\r\n\r\nx\r\n").code == 250
    sink.wait(count=80, seconds=40)
    order = [m.sender for m in sink.messages]
    last = max(i for i, sender in enumerate(order) if sender == BOB)
    first = min(i for i, sender in enumerate(order) if sender == BOB)
    between = order[first:last + 1].count(ANNA)
    assert between <= 8, f"{between} newsletters between 20 letters"
