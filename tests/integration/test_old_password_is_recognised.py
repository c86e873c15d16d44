"""A password was changed, and one program still sends the old one: it is told so with the date, and nothing else is."""

import datetime

from harness.daemon import PASSWORD

ANNA = "anna@example.test"


def _try(server, user, password):
    with server.secure() as client:
        return client.login(user, password)


def _today():
    return {(datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=s)).strftime("%Y-%m-%d") for s in (0, 120)}


def test_old_password_is_recognised(relayed):
    assert _try(relayed, ANNA, PASSWORD).code == 235
    relayed.admin("account", "passwd", ANNA, "--password-stdin", input="a new and longer one\n")
    old = _try(relayed, ANNA, PASSWORD)
    assert (old.code, old.status) == (535, "5.7.8")
    assert any(f"old password; it was changed on {day}" in old.text for day in _today()), old
    assert old.text.endswith(("[R6]", "/h/6")), old
    assert _try(relayed, ANNA, "a new and longer one").code == 235

    # Only the right former secret: a wrong one gets what a wrong one of nobody's gets, octet for octet.
    wrong = _try(relayed, ANNA, "never was one")
    assert "old password" not in wrong.text
    assert str(wrong) == str(_try(relayed, "nobody@example.test", "never was one"))
    assert str(wrong) == str(_try(relayed, "bob@example.test", "a new and longer one"))

    relayed.restart()
    assert "old password" in _try(relayed, ANNA, PASSWORD).text

    # The one before the last is forgotten.
    relayed.admin("account", "passwd", ANNA, "--password-stdin", input="and one more of them\n")
    assert "old password" not in _try(relayed, ANNA, PASSWORD).text
    assert "old password" in _try(relayed, ANNA, "a new and longer one").text

    # Neither password stands in the log.
    for secret in (PASSWORD, "a new and longer one"):
        assert secret not in relayed.log.text()


def test_the_former_password_goes_with_the_account(relayed):
    relayed.admin("account", "passwd", ANNA, "--password-stdin", input="a new and longer one\n")
    relayed.admin("account", "rm", ANNA)
    relayed.admin("account", "add", ANNA, "--password-stdin", input="of somebody else now\n")
    assert "old password" not in _try(relayed, ANNA, PASSWORD).text
