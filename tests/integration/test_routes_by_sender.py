"""delivery.md 1.1: rules by sender, account and recipient, the first of the file that matches; a person's word before them."""

import pytest

from harness import waiting

ANNA, BOB = "anna@example.test", "bob@example.test"


def route(sink, **more):
    return {"via": sink.address, "tls": "none", **more}


@pytest.fixture
def three(make):
    return [make.sink() for _ in range(3)]


def test_the_first_rule_that_matches_wins(make, three):
    by_account, by_sender, usual = three
    server = make.posthaste(relay=usual, config={"route": [
        route(by_account, name="bank", to=["bank.test"], account=BOB),
        route(by_sender, name="news", **{"from": [ANNA]}),
    ]})
    server.submit("a@bank.test", sender=BOB, begin=lambda sender: server.session(sender))
    by_account.wait("a@bank.test")
    server.submit("b@elsewhere.test", sender=BOB, begin=lambda sender: server.session(sender))
    usual.wait("b@elsewhere.test")
    server.submit("c@bank.test")
    by_sender.wait("c@bank.test")
    # One message to both domains is parted.
    server.submit(["d@bank.test", "d@elsewhere.test"], sender=BOB, begin=lambda sender: server.session(sender))
    by_account.wait("d@bank.test")
    usual.wait("d@elsewhere.test")
    assert [len(sink.messages) for sink in three] == [2, 1, 2]


def test_a_rule_that_holds_mail_of_one_account(make, three):
    usual = three[2]
    server = make.posthaste(relay=usual, config={"route": [{"account": BOB, "via": "hold"}]})
    held = server.submit("a@x.test", sender=BOB, begin=lambda sender: server.session(sender))
    server.submit("b@x.test")
    usual.wait("b@x.test")
    server.log.wait_for("held")
    server.admin("queue", "release", held)
    usual.wait("a@x.test")


def test_a_person_sends_a_message_another_way_for_good(make, three):
    _, second, _ = three
    dead = make.sink()
    dead.close()
    server = make.posthaste(relay=dead, config={"delivery": {"retry": ["1h"]}, "route": [route(second, name="second")]})
    moved, other = server.submit("a@x.test"), server.submit("b@x.test")
    server.log.wait_for("deferred", count=2)
    answer = server.cli("queue", "retry", moved, "--route", "third")
    assert answer.code != 0 and "third" in answer.err
    second.behaviour.replies["RCPT"] = b"451 4.7.1 later\r\n"
    server.admin("queue", "retry", moved, "--route", "second")
    waiting.until(lambda: len(server.log.find("deferred", to="a@x.test")) >= 2, 15, "the second delay")
    del second.behaviour.replies["RCPT"]
    server.restart()
    server.admin("queue", "retry", moved)
    second.wait("a@x.test")
    assert not second.to("b@x.test") and [row["id"] for row in server.queue()] == [other]
    server.admin("queue", "retry", other, "--route", "second")
    second.wait("b@x.test")
