"""queue list, show, hold, release, retry, cancel: for people, and with --json for programs; on a server and on a store."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.dialogue import ANNA


@pytest.fixture
def waiting_mail(make, sink):
    """A server with three messages that cannot go out; the sink's port is free for a later one."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    server.identities = [server.submit(f"rcpt451.{n}@d{n}.test", subject=f"subject {n}") for n in range(3)]
    server.log.wait_for("deferred", count=3)
    server.sink = sink
    return server


def test_list_groups_by_destination_and_says_why(waiting_mail):
    answer = waiting_mail.admin("queue", "list")
    for n in range(3):
        assert f"d{n}.test" in answer.out
    assert "451" in answer.out and "as you asked" in answer.out
    assert "3" in answer.out.splitlines()[-1] or "3 " in answer.out


def test_list_as_json_is_one_object_a_line(waiting_mail):
    rows = waiting_mail.admin("queue", "list", "--messages", "--json").rows
    assert {row["id"] for row in rows} == set(waiting_mail.identities)
    for row in rows:
        assert row["sender"] == ANNA and row["held"] is False
        assert row["recipients"][0]["address"].endswith(".test")


def test_list_of_one_domain(waiting_mail):
    rows = waiting_mail.admin("queue", "list", "d1.test", "--messages", "--json").rows
    assert [row["id"] for row in rows] == [waiting_mail.identities[1]]


def test_show(waiting_mail):
    answer = waiting_mail.admin("queue", "show", waiting_mail.identities[0])
    assert waiting_mail.identities[0] in answer.out and "rcpt451.0@d0.test" in answer.out and "451" in answer.out
    shown = waiting_mail.admin("queue", "show", waiting_mail.identities[0], "--json").rows[0]
    assert shown["recipients"][0]["attempts"] == 1


def test_show_of_an_unknown_id(waiting_mail):
    answer = waiting_mail.cli("queue", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert answer.code == 1 and answer.err.startswith("error:") and "mend" in answer.err


def test_show_of_something_that_is_no_id(waiting_mail):
    answer = waiting_mail.cli("queue", "show", "nonsense")
    assert answer.code in (1, 2) and answer.err.startswith("error:")


def test_hold_and_release(waiting_mail):
    identity = waiting_mail.identities[0]
    waiting_mail.admin("queue", "hold", identity)
    waiting_mail.log.wait_for("held", id=identity)
    assert [row["id"] for row in waiting_mail.admin("queue", "list", "--held", "--messages", "--json").rows] == [identity]
    tried = waiting_mail.sink.rcpt_count("rcpt451.0@d0.test")
    waiting_mail.admin("queue", "retry", "--all")
    waiting_mail.log.wait_for("deferred", to="rcpt451.1@d1.test", attempt=2)
    waiting_mail.log.wait_for("deferred", to="rcpt451.2@d2.test", attempt=2)
    assert waiting_mail.sink.rcpt_count("rcpt451.0@d0.test") == tried, "held mail is not tried"
    waiting_mail.admin("queue", "release", identity)
    waiting_mail.log.wait_for("released", id=identity)


def test_retry_by_domain(waiting_mail):
    waiting_mail.admin("queue", "retry", "--to-domain", "d2.test")
    waiting_mail.log.wait_for("deferred", to="rcpt451.2@d2.test", attempt=2)
    assert waiting_mail.sink.rcpt_count("rcpt451.1@d1.test") == 1


def test_cancel_is_silent_unless_asked(waiting_mail):
    waiting_mail.admin("queue", "cancel", waiting_mail.identities[0])
    waiting_mail.log.wait_for("cancelled", id=waiting_mail.identities[0])
    assert len(waiting_mail.queue()) == 2
    assert not waiting_mail.sink.to(ANNA)


def test_cancel_with_a_bounce(waiting_mail):
    waiting_mail.admin("queue", "cancel", waiting_mail.identities[1], "--bounce")
    report = waiting_mail.sink.wait(ANNA)[0]
    assert b"rcpt451.1@d1.test" in report.data


def test_cancel_dry_run(waiting_mail):
    answer = waiting_mail.admin("queue", "cancel", "--to-domain", "d0.test", "--dry-run")
    assert "1" in answer.out
    assert len(waiting_mail.queue()) == 3


def test_cancel_without_a_selection_is_a_usage_error(waiting_mail):
    for verb in ("hold", "release", "retry", "cancel"):
        answer = waiting_mail.cli("queue", verb)
        assert answer.code == 2, answer
    assert len(waiting_mail.queue()) == 3


def test_an_unknown_id_is_a_no(waiting_mail):
    for verb in ("hold", "release", "retry", "cancel"):
        assert waiting_mail.cli("queue", verb, "01ARZ3NDEKTSV4RRFFQ69G5FAV").code == 1


def test_the_store_alone_answers_too(waiting_mail):
    waiting_mail.stop()
    assert len(waiting_mail.queue()) == 3
    waiting_mail.admin("queue", "hold", waiting_mail.identities[0])
    waiting_mail.admin("queue", "cancel", waiting_mail.identities[1])
    assert len(waiting_mail.queue()) == 2
    waiting_mail.start()
    assert {row["id"]: row["held"] for row in waiting_mail.queue()} == {waiting_mail.identities[0]: True, waiting_mail.identities[2]: False}


def test_an_empty_queue_says_so(make, sink):
    server = make.posthaste(relay=sink)
    answer = server.admin("queue", "list")
    assert answer.out.strip() or answer.err.strip()
    assert server.admin("queue", "list", "--json").rows == [] or all(isinstance(r, dict) for r in server.admin("queue", "list", "--json").rows)


def test_many_messages_are_paged(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    with server.session() as client:
        for n in range(150):
            assert client.transaction(ANNA, f"rcpt451.{n}@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    rows = server.admin("queue", "list", "--messages", "--json", "--limit", "1000").rows
    assert len({row["id"] for row in rows}) == 150
    assert len(server.admin("queue", "list", "--messages", "--json", "--limit", "10").rows) == 10


def test_errors_as_json(waiting_mail):
    answer = waiting_mail.cli("queue", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--json")
    assert answer.code == 1
    text = answer.out.strip() or answer.err.strip()
    assert "error" in json.loads(text.splitlines()[-1])


def test_terminal_escapes_in_a_reply_do_not_reach_the_terminal(make):
    sink = make.sink(replies={"RCPT": b"451 4.2.0 \x1b[2Jboo\x07\r\n"})
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    server.submit("x@example.net")
    server.log.wait_for("deferred")
    for command in (["queue", "list"], ["queue", "list", "--messages"], ["queue", "show", server.queue()[0]["id"]]):
        assert "\x1b" not in server.admin(*command).out


def test_send_follows_a_message_to_its_end(make, sink):
    server = make.posthaste(relay=sink)
    answer = server.admin("send", "--from", ANNA, "--to", "x@example.net", "--subject", "by hand", "--wait")
    assert "delivered" in answer.out
    assert sink.wait("x@example.net")[0].field("Subject") == ["by hand"]
    failed = server.cli("send", "--from", ANNA, "--to", "rcpt550@example.net", "--wait")
    assert failed.code == 1 and "550" in failed.out + failed.err
    late = server.cli("send", "--from", ANNA, "--to", "rcpt451@example.net", "--wait", "--timeout", "1")
    assert late.code == 5


def test_send_from_a_stranger_is_refused(make, sink):
    server = make.posthaste(relay=sink)
    answer = server.cli("send", "--from", "stranger@elsewhere.test", "--to", "x@example.net")
    assert answer.code in (1, 2, 4) and "stranger@elsewhere.test" in answer.err


def test_send_without_a_server(make, sink):
    server = make.posthaste(relay=sink)
    server.stop()
    answer = server.cli("send", "--from", ANNA, "--to", "x@example.net")
    assert answer.code == 3 and "serve" in answer.err


def test_send_by_smtp_like_a_mail_program(make, sink, authority):
    server = make.posthaste(relay=sink)
    for port in (server.port, server.tls_port):
        answer = server.cli("send", "--server", f"localhost:{port}", "--ca-file", str(authority.ca_file), "--user", ANNA, "--password-stdin",
                            "--from", ANNA, "--to", f"p{port}@example.net", input="correct horse battery\n")
        assert answer.code == 0, answer
        sink.wait(f"p{port}@example.net")
    wrong = server.cli("send", "--server", f"localhost:{server.port}", "--ca-file", str(authority.ca_file), "--user", ANNA, "--password-stdin",
                       "--from", ANNA, "--to", "x@example.net", input="wrong\n")
    assert wrong.code == 4 and "535" in wrong.err
    untrusted = server.cli("send", "--server", f"localhost:{server.port}", "--user", ANNA, "--password-stdin", "--from", ANNA, "--to", "x@example.net",
                           input="correct horse battery\n")
    assert untrusted.code in (3, 4) and "certificate" in untrusted.err.lower()


def test_retry_by_domain_leaves_the_other_recipients(make, sink):
    """Of one message: those of that domain go now, the others wait for their time, after a restart too."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    server.submit(["rcpt451.a@one.test", "rcpt451.b@two.test"])
    server.log.wait_for("deferred", count=2)
    server.admin("queue", "retry", "--to-domain", "one.test")
    server.log.wait_for("deferred", to="rcpt451.a@one.test", attempt=2)
    server.restart()
    rows = {row["address"]: row for row in server.queue()[0]["recipients"]}
    assert (rows["rcpt451.a@one.test"]["attempts"], rows["rcpt451.b@two.test"]["attempts"]) == (2, 1)


def test_commands_at_the_same_time_wait_for_each_other(make, sink):
    """Without a server each opens the store, which one process may at a time."""
    server = make.posthaste(relay=sink, start=False)
    server.make_accounts()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.cli("queue", "list"), range(8)))
    assert [answer.code for answer in answers] == [0] * 8, answers


def test_a_command_waits_for_a_server_that_starts(make, sink):
    server = make.posthaste(relay=sink, start=False)
    server.make_accounts()
    server.start(wait=False)
    assert server.cli("queue", "list").code == 0
    server.wait_ready()


@pytest.fixture
def two_domains(make, sink):
    """One message to two domains, that waits."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    server.identity = server.submit(["rcpt451.a@one.test", "rcpt451.b@two.test"])
    server.log.wait_for("deferred", count=2)
    return server


def test_cancel_of_everything_wants_the_count(waiting_mail):
    asked = waiting_mail.cli("queue", "cancel", "--all")
    assert asked.code == 2 and "3 messages" in asked.err and "--confirm=3" in asked.err, asked
    wrong = waiting_mail.cli("queue", "cancel", "--all", "--confirm", "2")
    assert wrong.code == 4 and "--confirm=3" in wrong.err, wrong
    assert waiting_mail.cli("queue", "cancel", "--all", "--confirm", "x").code == 4
    assert "--confirm=3" in waiting_mail.admin("queue", "cancel", "--all", "--dry-run").out
    assert len(waiting_mail.queue()) == 3
    assert "3 messages" in waiting_mail.admin("queue", "cancel", "--all", "--confirm=3").out
    assert not waiting_mail.queue()


def test_list_of_one_domain_leaves_the_others_out(two_domains):
    for name in ("one.test", "ONE.TEST"):
        groups = two_domains.admin("queue", "list", name).out
        assert "one.test" in groups and "two.test" not in groups and "1 waiting" in groups, groups
        rows = two_domains.admin("queue", "list", name, "--messages").out
        assert "rcpt451.a@one.test" in rows and "two.test" not in rows and "1 at other domains" in rows, rows
    assert "none.test" in two_domains.admin("queue", "list", "none.test").out


def test_cancel_by_domain_says_what_stays(two_domains):
    said = two_domains.admin("queue", "cancel", "--to-domain", "one.test").out
    assert "1 message " in said and "other domains are still tried" in said, said
    assert [row["address"] for row in two_domains.queue()[0]["recipients"]] == ["rcpt451.b@two.test"]


def test_an_order_that_changes_nothing_says_why(two_domains):
    identity, unknown = two_domains.identity, "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert "not on hold" in two_domains.cli("queue", "release", identity).out
    mixed = two_domains.admin("queue", "hold", identity, unknown).out
    assert unknown in mixed and "no such message" in mixed and identity not in mixed, mixed
    for arguments in ((identity,), ("--all",), ("--to-domain", "one.test")):
        again = two_domains.cli("queue", "hold", *arguments)
        assert again.code == 1 and "on hold already" in again.out, again
        retried = two_domains.cli("queue", "retry", *arguments)
        assert retried.code == 1 and "release" in retried.out, retried
    assert "nothing is waiting for none.test" in two_domains.cli("queue", "retry", "--to-domain", "none.test").out
    skipped = two_domains.cli("queue", "hold", identity, "--json").rows[0]["skipped"]
    assert [row["id"] for row in skipped] == [identity]


def test_show_of_a_held_message_tells_what_the_host_said(two_domains):
    two_domains.admin("queue", "hold", two_domains.identity)
    shown = two_domains.admin("queue", "show", two_domains.identity).out
    assert shown.splitlines()[0] == f"{two_domains.identity}   on hold: by a person", shown
    last = [line for line in shown.splitlines() if " last " in line]
    assert len(last) == 2 and all("451" in line and "on hold" not in line for line in last), shown
