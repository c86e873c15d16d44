"""The connection is cut when the message is in and its 250 is on the way. The program sends it again: it is accepted, and
goes out once. What is sent twice on purpose goes out twice."""

import types

import pytest

from harness.daemon import PASSWORD, queue_id

ANNA, TO = "anna@example.test", ["one@example.net", "two@example.net"]


def _letter(number=1, text="hello", message_id=True):
    identity = f"Message-ID: <{number}@client.example>\r\n" if message_id else ""
    return f"From: <{ANNA}>\r\nTo: <one@example.net>\r\nSubject: {number}\r\n{identity}\r\n{text}\r\n"


def _send_and_vanish(server, letter, to=None):
    """As a client that hears the 250 too late: nothing more is said; the reply is only read here to know the id."""
    client = server.session()
    reply = client.transaction(ANNA, to or TO, letter)
    assert reply.code == 250, reply
    client.close()
    return queue_id(reply)


def _send(server, letter, to=None):
    with server.session() as client:
        reply = client.transaction(ANNA, to or TO, letter)
        assert reply.code == 250, reply
        client.quit()
    return reply


def _again(server, letter, first):
    reply = _send(server, letter)
    assert "Already accepted as" in reply.text and queue_id(reply) == first, reply
    return reply


@pytest.mark.parametrize("restart", [False, True], ids=["at-once", "after-a-restart"])
def test_a_lost_250_is_not_sent_twice(make, sink, restart):
    server = make.posthaste(relay=sink)
    first = _send_and_vanish(server, _letter())
    sink.wait(TO[0])
    if restart:
        server.restart()
    again = _again(server, _letter(), first)
    assert (again.code, again.status) == (250, "2.0.0") and "not sent twice" in again.text
    server.log.wait_for("message.duplicate", id=first)
    server.wait_empty()
    assert [len(sink.to(address)) for address in TO] == [1, 1]
    # Now it has been heard (QUIT came), so one more is wanted.
    third = _send(server, _letter())
    assert "Accepted as" in third.text
    sink.wait(TO[0], count=2)


def test_only_the_same_is_a_duplicate(make, sink):
    server = make.posthaste(relay=sink)
    first = _send_and_vanish(server, _letter())
    sink.wait(TO[0])
    for letter, to in ((_letter(text="hello again"), TO), (_letter(number=2), TO), (_letter(), TO[:1])):
        assert "Accepted as" in _send(server, letter, to).text
    _again(server, _letter(), first)


def test_a_session_that_ended_well_leaves_the_next_alone(make, sink):
    server = make.posthaste(relay=sink)
    for _ in range(2):
        assert "Accepted as" in _send(server, _letter()).text
    assert len(sink.wait(TO[0], count=2)) >= 2


def test_without_a_message_id_nothing_is_held_back(make, sink):
    server = make.posthaste(relay=sink)
    for _ in range(2):
        _send_and_vanish(server, _letter(message_id=False))
    assert len(sink.wait(TO[0], count=2)) >= 2


def test_the_network_breaks_while_the_250_is_on_its_way(make, sink):
    server = make.posthaste(relay=sink)
    gate = make.gate(types.SimpleNamespace(host="127.0.0.1", port=server.port))
    client = server.secure(port=gate.port)
    assert client.login(ANNA, PASSWORD).code == 235
    for line in (f"MAIL FROM:<{ANNA}>", f"RCPT TO:<{TO[0]}>", f"RCPT TO:<{TO[1]}>"):
        assert client.cmd(line).code == 250
    assert client.cmd("DATA").code == 354
    client.send(_letter().encode() + b".\r\n")
    first = server.log.wait_for("accepted")["id"]
    gate.cut()
    assert client.closed(5)
    _again(server, _letter(), first)
    server.wait_empty()
    assert [len(sink.to(address)) for address in TO] == [1, 1]
