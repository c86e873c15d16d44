"""Odd but legal messages leave octet for octet, or changed exactly as documented, and what leaves verifies."""

import pytest

from harness import dkim_verifiers as verifiers
from harness.dialogue import ANNA
from harness.odd_messages import CHANGED, REFUSED, SAME


class Relay:
    """A server with a key, and its next hop; a session is kept over many messages."""

    def __init__(self, make):
        self.sink = make.sink()
        self.server = make.posthaste(relay=self.sink, start=False, config={"limits": {"message_size": "8 MB"}})
        self.server.make_accounts()
        (row,) = self.server.admin("dkim", "new", "example.test", "--json").rows
        self.server.admin("dkim", "activate", "example.test", row["selector"], "--unchecked")
        self.selector, self.records = row["selector"], {row["name"]: row["record"]}
        self.server.start()
        self.count = 0
        self.client = None

    def hand_in(self, content):
        """(reply, recipient)."""
        self.count += 1
        recipient = f"odd{self.count}@example.net"
        if self.client is None:
            self.client = self.server.session(ANNA)
        return self.client.transaction(ANNA, recipient, content, "BODY=8BITMIME"), recipient

    def leaves(self, content):
        """The octets as the next hop got them."""
        reply, recipient = self.hand_in(content)
        assert reply.code == 250, reply
        return self.sink.wait(recipient)[0].data


@pytest.fixture(scope="module")
def relay(make_shared):
    return Relay(make_shared)


def without_ours(data):
    """Without the signature and the Received field that every message gets on top."""
    lines = data.split(b"\r\n")
    fields, at = [], 0
    while len(fields) < 2:
        end = at + 1
        while lines[end][:1] in (b" ", b"\t"):
            end += 1
        fields.append(lines[at])
        at = end
    assert fields[0].startswith(b"DKIM-Signature:") and fields[1].startswith(b"Received: from [authenticated]"), fields
    return b"\r\n".join(lines[at:])


def test_there_are_about_two_hundred():
    assert len(SAME) + len(CHANGED) >= 200 and len(REFUSED) >= 10


def verify(relay, data, folder):
    for name, check in (("dkimpy", lambda: verifiers.dkimpy(data, relay.records)), ("Mail::DKIM", lambda: verifiers.mail_dkim(data, relay.records, folder)),
                        ("OpenDKIM", lambda: verifiers.opendkim(data, relay.records, folder))):
        assert check().get(relay.selector) is True, name


def test_they_leave_as_they_came_and_verify(relay, folders):
    differ, folder = [], folders("dkim")
    for number, (name, content) in enumerate(SAME.items()):
        data = relay.leaves(content)
        if without_ours(data) != content:
            differ.append(name)
        elif number % 5 == 0 or name.startswith("mime"):
            verify(relay, data, folder)
    assert not differ


@pytest.mark.parametrize("name", CHANGED)
def test_they_are_changed_as_documented(relay, folders, name):
    before, after = CHANGED[name]
    data = relay.leaves(before)
    assert without_ours(data) == after
    verify(relay, data, folders("dkim"))
    assert without_ours(relay.leaves(after)) == after, "a second time there is nothing to do"


@pytest.mark.parametrize("name", REFUSED)
def test_they_are_refused_with_the_mend(relay, name):
    content, code, words = REFUSED[name]
    reply, _ = relay.hand_in(content)
    assert reply.code == code and words in reply.text, reply


def test_a_hop_without_8bitmime_gets_seven_bits_signed_anew(make, folders):
    sink = make.sink(extensions=("PIPELINING", "SIZE 104857600"))
    server = make.posthaste(relay=sink, start=False)
    server.make_accounts()
    (row,) = server.admin("dkim", "new", "example.test", "--json").rows
    server.admin("dkim", "activate", "example.test", row["selector"], "--unchecked")
    server.start()
    with server.session(ANNA) as client:
        content = SAME["mime: 8bit"]
        assert client.transaction(ANNA, "x@example.net", content, "BODY=8BITMIME").code == 250
        large = content.replace("ü\r\n".encode(), ("ü" * 40 + "\r\n").encode() * 20_000)
        assert client.transaction(ANNA, "y@example.net", large, "BODY=8BITMIME").code == 250
        assert client.transaction(ANNA, "z@example.net", SAME["mime: 8-bit within signed"], "BODY=8BITMIME").code == 250
    for recipient in ("x@example.net", "y@example.net"):
        received = sink.wait(recipient)[0]
        assert max(received.data) < 0x80 and "BODY" not in received.mail_parameters
        assert received.data.count(b"DKIM-Signature:") == 1
        assert verifiers.dkimpy(received.data, {row["name"]: row["record"]}) == {row["selector"]: True}
        assert verifiers.mail_dkim(received.data, {row["name"]: row["record"]}, folders("dkim")) == {row["selector"]: True}
    assert b"\r\n\r\n=C3=BC\r\n" in sink.wait("x@example.net")[0].data
    bounce = sink.wait(ANNA, seconds=25)[0]
    assert b"Status: 5.6.3" in bounce.data


def test_a_device_sends_as_itself(make, sink):
    server = make.posthaste(relay=sink)
    (row,) = server.admin("app-password", "new", ANNA, "--name", "scanner", "--device", "--json").rows
    assert row["device"] is True
    assert "of a device" in server.admin("app-password", "list", ANNA).out
    with server.session(ANNA, row["app_password"]) as client:
        content = b"From: Scanner <scan@localhost>\r\nSubject: page 1\r\n\r\nx\r\n"
        reply = client.transaction("scan@localhost.localdomain", "x@example.net", content)
        assert reply.code == 250, reply
    received = sink.wait("x@example.net")[0]
    assert received.sender == ANNA
    assert b'From: "Scanner" <anna@example.test>\r\n' in received.data and b"Reply-To: scan@localhost\r\n" in received.data
    with server.session(ANNA) as client:
        assert client.transaction("scan@localhost.localdomain", "x@example.net", content).code // 100 == 5


def test_a_bounce_speaks_the_language_of_the_account(make, sink):
    server = make.posthaste(relay=sink)
    server.admin("account", "language", ANNA, "de")
    assert "language       de" in server.admin("account", "show", ANNA).out
    wrong = server.cli("account", "language", ANNA, "xx")
    assert wrong.code == 2 and "en, de, fr or es" in wrong.err
    server.submit("rcpt550@example.net")
    bounce = sink.wait(ANNA, seconds=25)[0]
    assert b"Content-Language: de" in bounce.header and b"Nicht zugestellt" in bounce.header
    assert b"Warum: " in bounce.data


def test_they_verify_behind_postfix(make, postfix, folders):
    """A real server on the way, which takes them, keeps them and puts its own fields on top."""
    server = make.posthaste(relay=postfix.address, start=False, config={"limits": {"message_size": "8 MB"}})
    server.make_accounts()
    (row,) = server.admin("dkim", "new", "example.test", "--json").rows
    server.admin("dkim", "activate", "example.test", row["selector"], "--unchecked")
    server.start()
    records, folder = {row["name"]: row["record"]}, folders("dkim")
    wanted = {name: content for name, content in SAME.items() if name.startswith(("body", "mime"))}
    wanted.update({name: before for name, (before, _) in CHANGED.items()})
    with server.session(ANNA) as client:
        for number, content in enumerate(wanted.values()):
            marked = b"X-Mark: odd-%d-behind-postfix\r\n" % number + content
            assert client.transaction(ANNA, "x@example.net", marked, "BODY=8BITMIME").code == 250
    for number, name in enumerate(wanted):
        arrived = postfix.wait(b"X-Mark: odd-%d-behind-postfix\n" % number, seconds=60).replace(b"\n", b"\r\n")
        assert verifiers.dkimpy(arrived, records) == {row["selector"]: True}, name
        if number % 4 == 0:
            assert verifiers.mail_dkim(arrived, records, folder) == {row["selector"]: True}, name
            assert verifiers.opendkim(arrived, records, folder) == {row["selector"]: True}, name
