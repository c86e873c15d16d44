"""An address on an account's suppression list gets nothing more: ended as it comes and reported, or refused at once."""

import email
import email.policy

import pytest

from harness import waiting
from harness.dialogue import ANNA, BOB

GONE = "gone@example.net"


def words(message):
    parsed = email.message_from_bytes(message.data, policy=email.policy.default)
    return " ".join(next(part for part in parsed.walk() if part.get_content_type() == "text/plain").get_content().split())


def story(server, ident):
    (row,) = server.admin("trace", ident, "--json").rows[:1]
    return row


def test_it_ends_at_once_and_the_sender_is_told(make, sink):
    server = make.posthaste(relay=sink)
    server.admin("suppression", "add", ANNA, GONE, "--note", "asked by phone")
    added = server.log.wait_for("suppression.added", address=GONE)
    assert added["account"] == ANNA and added["by"]
    ident = server.submit(["Gone@example.net", "ok@example.net"])
    event = server.log.wait_for("suppressed", to="Gone@example.net")
    assert event["id"] == ident and "asked by phone" in event["text"] and "posthaste suppression remove" in event["text"]
    (report,) = sink.wait(ANNA, seconds=25)
    assert "ok@example.net" not in words(report)
    assert "take it off the list" in words(report) and "asked by phone" in words(report)
    assert len(sink.wait("ok@example.net")) == 1
    server.wait_empty()
    assert sink.rcpt_count("Gone@example.net") == 0, "nobody asked the other server"
    text = server.admin("trace", ident).out
    assert "suppression list" in text and "posthaste suppression remove" in text
    # Another account's mail is another matter.
    server.submit(GONE, sender=BOB)
    assert sink.wait(GONE)


def test_it_survives_kill_and_ends_once(make, sink):
    server = make.posthaste(relay=sink)
    server.admin("suppression", "add", ANNA, GONE)
    ident = server.submit(GONE)
    server.kill()
    server.start()
    assert len(sink.wait(ANNA, seconds=25)) == 1
    server.wait_empty()
    server.restart()
    server.submit(GONE)
    assert len(sink.wait(ANNA, count=2, seconds=25)) == 2, "the list is still there, and nothing was told twice"
    assert ident in server.admin("trace", ident).out
    assert sink.rcpt_count(GONE) == 0


def test_nobody_is_told_who_does_not_want_it(make, sink):
    server = make.posthaste(relay=sink)
    server.admin("suppression", "add", ANNA, GONE)
    with server.session() as client:
        for notify in ("NEVER", "SUCCESS"):
            assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250
            assert client.cmd(f"RCPT TO:<{GONE}> NOTIFY={notify}").code == 250
            client.cmd("DATA")
            assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    server.log.wait_for("suppressed", count=2)
    server.wait_empty()
    assert not sink.to(ANNA)


def test_refused_at_once_where_that_is_configured(make, sink):
    server = make.posthaste(relay=sink, config={"suppression": {"answer": "refuse"}})
    long = "gone." + "x" * 50 + "@" + "y" * 60 + ".example.net"
    server.admin("suppression", "add", ANNA, GONE, long)
    with server.session() as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250
        for address in ("GONE@example.net", long):
            refused = client.cmd(f"RCPT TO:<{address}>")
            assert refused.code == 550 and "5.1.1" in refused.text and "suppression" in refused.text
            assert len(refused.text.encode()) <= 198
        assert client.cmd("RCPT TO:<ok@example.net>").code == 250
        client.cmd("DATA")
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    server.admin("suppression", "remove", ANNA, GONE)
    with server.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}>")
        assert client.cmd(f"RCPT TO:<{GONE}>").code == 250


def commands(server, folder):
    """What an administrator does with a list."""
    admin = server.admin
    assert server.cli("suppression", "show", GONE).code == 1
    assert '"added":1' in admin("suppression", "add", ANNA, "Gone@example.net", "--json").out
    assert "stood there already" in admin("suppression", "add", ANNA, GONE).out
    (row,) = admin("suppression", "show", GONE, "--json").rows
    assert row["account"] == ANNA and row["address"] == "Gone@example.net" and row["reason"] == "person" and row["expires"] == ""
    exported = folder / "list.txt"
    lines = [f"a{i}@example.org" for i in range(2500)] + ["# a remark", "", "b@example.org, complained",
                                                          "c@example.org\tinvalid_recipient\t2099-01-01\tno such user"]
    exported.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "2502 added" in admin("suppression", "import", ANNA, str(exported)).out
    assert "0 added" in admin("suppression", "import", ANNA, str(exported)).out
    assert len(admin("suppression", "list", "--json").rows) == 2503
    (row,) = admin("suppression", "show", "c@example.org", "--json").rows
    assert row["reason"] == "invalid_recipient" and row["expires"].startswith("2099-01-01") and row["text"] == "no such user"
    copy = folder / "copy.txt"
    copy.write_text(admin("suppression", "export", ANNA).out, encoding="utf-8")
    assert "2503 added" in admin("suppression", "import", BOB, str(copy)).out
    exported.write_text("\n".join(["fine@example.org"] * 1500 + ["not an address"]), encoding="utf-8")
    wrong = server.cli("suppression", "import", ANNA, str(exported))
    assert wrong.code != 0 and f"{exported}:1501" in wrong.err + wrong.out
    assert server.cli("suppression", "show", "fine@example.org").code == 1, "all or nothing"
    admin("suppression", "remove", ANNA, GONE)
    assert server.cli("suppression", "remove", ANNA, GONE).code != 0
    assert server.cli("suppression", "add", "nobody@example.test", GONE).code != 0
    admin("account", "rm", BOB)
    assert {row["account"] for row in admin("suppression", "list", "--json").rows} == {ANNA}, "a removed account has no list"


@pytest.mark.parametrize("running", [True, False])
def test_the_commands(make, sink, running):
    server = make.posthaste(relay=sink)
    if not running:
        server.stop()
    commands(server, server.folder)
    if running:
        server.stop()
    server.start()
    assert len(server.admin("suppression", "list", ANNA, "--json").rows) == 2502


def test_a_hundred_thousand_lines(make, sink):
    server = make.posthaste(relay=sink)
    file = server.folder / "many.txt"
    file.write_text("".join(f"user{i}@example.org\n" for i in range(100_000)), encoding="utf-8")
    before = server.memory()
    server.admin("suppression", "import", ANNA, str(file), seconds=300)
    waiting.until(lambda: server.memory() - before < 60 << 20, 20, "the list takes too much memory")
    server.submit("user99999@example.org")
    assert server.log.wait_for("suppressed", to="user99999@example.org")
