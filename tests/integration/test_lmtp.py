"""delivery.md O-26, RFC 2033: the last hop, which says of each recipient what became of their copy."""

import pytest

from harness.dovecot import DovecotLmtp
from harness.peers import Missing

TEXT = "From: <anna@example.test>\r\nSubject: hello\r\n\r\nwords\r\n"


def lmtp(make, sink, **more):
    via = f"lmtp:unix:{sink.host}" if sink.host.startswith("/") else f"lmtp:{sink.address}"
    return make.posthaste(config={"delivery": {"retry": ["1h"], "allow_private_addresses": True},
                                  "route": [{"name": "local", "to": ["here.test"], "via": via, **more}]})


@pytest.fixture
def sink(make):
    return make.sink(lmtp=True)


def test_each_recipient_has_an_outcome_of_its_own(make, sink):
    """One of three: the others are not sent again, and the retry carries that one alone."""
    server = lmtp(make, sink)
    server.submit(["a@here.test", "b.dot452x1@here.test", "c@here.test"])
    server.log.wait_for("delivered", to="a@here.test")
    server.log.wait_for("delivered", to="c@here.test")
    later = server.log.wait_for("deferred", to="b.dot452x1@here.test")
    assert later["code"] == 452
    assert sink.verbs().count("DATA") == 1 and "LHLO" in sink.verbs() and "EHLO" not in sink.verbs()
    server.admin("queue", "retry", "--all")
    server.log.wait_for("delivered", to="b.dot452x1@here.test")
    assert [len(sink.to(who)) for who in ("a@here.test", "b.dot452x1@here.test", "c@here.test")] == [1, 1, 1]
    assert sink.verbs().count("RCPT") == 4


def test_a_final_no_bounces_that_recipient_alone(make, sink):
    usual = make.sink()
    server = lmtp(make, sink)
    server.relay_to(usual.address)
    server.restart()
    server.submit(["a@here.test", "b.dot552@here.test"])
    server.log.wait_for("delivered", to="a@here.test")
    assert server.log.wait_for("failed", to="b.dot552@here.test")["code"] == 552
    report = usual.wait("anna@example.test")[0].data.decode()
    assert [line for line in report.splitlines() if line.startswith("Final-Recipient")] == ["Final-Recipient: rfc822; b.dot552@here.test"]


def test_one_refused_at_rcpt_gets_no_reply_after_the_dot(make, sink):
    """RFC 2033 4.2: replies are counted by the recipients that were taken."""
    server = lmtp(make, sink)
    server.submit(["x.rcpt550@here.test", "a@here.test", "y.rcpt451@here.test", "b.dot450@here.test"])
    server.log.wait_for("delivered", to="a@here.test")
    server.log.wait_for("failed", to="x.rcpt550@here.test")
    assert server.log.wait_for("deferred", to="y.rcpt451@here.test")["code"] == 451
    assert server.log.wait_for("deferred", to="b.dot450@here.test")["code"] == 450


def test_nobody_is_taken(make, sink):
    server = lmtp(make, sink)
    server.submit(["x.rcpt550@here.test", "y.rcpt550@here.test"])
    server.log.wait_for("failed", to="x.rcpt550@here.test")
    server.log.wait_for("failed", to="y.rcpt550@here.test")
    server.submit("a@here.test")
    server.log.wait_for("delivered", to="a@here.test")


def test_cut_between_the_replies(make, sink):
    """Who was answered is done; the others may have it, so they wait long."""
    sink.behaviour.lmtp_cut = 1
    server = lmtp(make, sink)
    identity = server.submit(["a@here.test", "b@here.test", "c@here.test"])
    server.log.wait_for("delivered", to="a@here.test")
    server.log.wait_for("deferred", to="b@here.test")
    server.log.wait_for("deferred", to="c@here.test")
    sink.behaviour.lmtp_cut = None
    server.admin("queue", "retry", identity)
    server.log.wait_for("delivered", to="b@here.test")
    server.log.wait_for("delivered", to="c@here.test")
    assert len(sink.to("a@here.test")) == 1


def test_over_a_socket_of_this_machine(make, folders):
    path = folders("lmtp") / "here"
    sink = make.sink(path=path, lmtp=True)
    path.chmod(0o666)
    server = lmtp(make, sink)
    for n in range(3):
        server.submit(f"a{n}@here.test")
    for n in range(3):
        assert server.log.wait_for("delivered", to=f"a{n}@here.test")["remote"] == f"unix:{path}"
    plan = server.admin("queue", "show", "here.test", "--plan").out
    assert f"unix:{path}" in plan and "lmtp" in plan
    assert not any("TLS" in word for word in sink.verbs())
    # Its server is away: mail waits, and is not returned.
    sink.close()
    server.submit("late@here.test")
    assert server.log.wait_for("deferred", to="late@here.test")["status"].startswith("4.4.")


def test_success_reports_say_delivered(make, sink):
    """RFC 3461 5.2: the mailbox's own server has it; "relayed" would be less than is known."""
    usual = make.sink()
    server = lmtp(make, sink)
    server.relay_to(usual.address)
    server.restart()
    with server.session() as client:
        assert client.cmd("MAIL FROM:<anna@example.test>").code == 250
        assert client.cmd("RCPT TO:<a@here.test> NOTIFY=SUCCESS").code == 250
        assert client.cmd("DATA").code == 354
        assert client.content(TEXT).code == 250
    report = usual.wait("anna@example.test")[0].data.decode()
    assert "Action: delivered" in report and "Final-Recipient: rfc822; a@here.test" in report.replace(";a@", "; a@")


@pytest.mark.parametrize("route, words", [
    ({"via": ["lmtp:127.0.0.1:24", "127.0.0.1:25"]}, "hosts of both"),
    ({"via": "lmtp:unix:run/lmtp"}, "no path of a socket"),
    ({"via": "lmtp:unix:/" + "x" * 120}, "no path of a socket"),
    ({"via": "lmtp:unix:/run/lmtp", "tls": "verify"}, "no TLS over a socket"),
    ({"via": "lmtp:unix:/run/lmtp", "username": "u", "password_file": "p"}, "over a socket"),
    ({"via": "lmtp:here"}, "no port"),
])
def test_mistakes_are_named(make, route, words):
    server = make.posthaste(start=False)
    server.configure({"route": [{"to": ["here.test"], **route}]})
    answer = server.cli("check")
    assert answer.code != 0 and words in answer.out + answer.err, answer


@pytest.mark.parametrize("way", ["port", "socket"])
def test_dovecot_takes_it(make, folders, certificates, way):
    users = {"anna@here.test": "x", "bob@here.test": "y"}
    try:
        boxes = DovecotLmtp(folders("dovecot"), certificates[0], users)
    except Missing as missing:
        pytest.skip(str(missing))
    make.made.append(boxes)
    via = f"lmtp:127.0.0.1:{boxes.port}" if way == "port" else f"lmtp:unix:{boxes.path}"
    server = make.posthaste(config={"delivery": {"retry": ["1h"]}, "route": [{"to": ["here.test"], "via": via}]})
    with server.session() as client:
        assert client.transaction("anna@example.test", list(users), TEXT).code == 250
    for user in users:
        assert b"words" in boxes.wait(user)[0]
        server.log.wait_for("delivered", to=user)
    # Over its quota: told after the dot, for that mailbox alone, and as what it is.
    large = TEXT + ("x" * 76 + "\r\n") * 500
    server.submit("anna@here.test", content=large)
    boxes.wait("anna@here.test", 2)
    with server.session() as client:
        assert client.transaction("anna@example.test", list(users), large).code == 250
    assert server.log.wait_for(("failed", "deferred"), to="anna@here.test")["status"] == "5.2.2"
    server.log.wait_for("delivered", to="bob@here.test", count=2)
    boxes.wait("bob@here.test", 2)
