"""Nothing but CR LF . CR LF ends a message, and nothing that leaves can be read in two ways: every variant is sent in by
DATA and by BDAT, and whatever is taken goes out to a hop that believes far too much."""

import itertools

import pytest

from harness.dialogue import ANNA
from harness.sink import Sink

# What somebody, somewhere, has taken for the end of a message.
ENDS = {
    "LF . LF": b"\n.\n",
    "LF . CRLF": b"\n.\r\n",
    "CRLF . LF": b"\r\n.\n",
    "CR . CR": b"\r.\r",
    "CR . CRLF": b"\r.\r\n",
    "CRLF . CR": b"\r\n.\r",
    "CR . LF": b"\r.\n",
    "LF . CR": b"\n.\r",
    "CRLF . CR CRLF": b"\r\n.\r\r\n",
    "CRCRLF . CRCRLF": b"\r\r\n.\r\r\n",
    "CRLF NUL . CRLF": b"\r\n\0.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\0\r\n",
    "CRLF . blank CRLF": b"\r\n. \r\n",
    "CRLF . tab CRLF": b"\r\n.\t\r\n",
    "LFCR . LFCR": b"\n\r.\n\r",
    "NEL": b"\x85.\x85",
    "NEL in UTF-8": b"\xc2\x85.\xc2\x85",
    "line separator": b"\xe2\x80\xa8.\xe2\x80\xa8",
    "VT": b"\x0b.\x0b",
    "FF": b"\x0c.\x0c",
    "^Z": b"\r\n\x1a\r\n",
    "LF LF .": b"\n\n.\n\n",
    "CRLF .. CRLF": b"\r\n..\r\n",
    "CRLF . LF CRLF": b"\r\n.\n\r\n",
    "CRLF . CRLF in pieces of CR": b"\r\n.\r\r\n\n",
    "LF .. LF": b"\n..\n",
    "CR LF CR . LF": b"\r\n\r.\n",
}
# The lenient hop takes any of these. (VT, FF and the like are content: no server is known to end a message there.)
LENIENT = (b"\r\n.\r\n", b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r.\n", b"\n.\r", b"\r\r\n.\r\r\n", b"\r\n\0.\r\n", b"\r\n.\0\r\n",
           b"\n\r.\n\r")
SMUGGLED = (b"MAIL FROM:<admin@example.test>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\nFrom: <admin@example.test>\r\nSubject: smuggled\r\n\r\nevil\r\n")
_number = itertools.count(1)


@pytest.fixture(scope="module")
def lenient(make_shared):
    sink = Sink(end_of_data=LENIENT, extensions=("SIZE 104857600", "8BITMIME", "SMTPUTF8"))
    make_shared.made.append(sink)
    return sink


@pytest.fixture(scope="module")
def server(make_shared, lenient):
    return make_shared.posthaste(relay=lenient)


def _check(lenient, recipient, taken):
    """The hop has got one message, or none; and never the one that was hidden in it."""
    if taken:
        lenient.wait(recipient)
    assert not lenient.to("victim@example.net"), "smuggled"
    assert not [line for _, line in lenient.commands if "victim" in line]
    for message in lenient.to(recipient):
        assert b"\0" not in message.wire
        stripped = message.wire.replace(b"\r\n", b"")
        assert b"\r" not in stripped and b"\n" not in stripped, "no bare CR or LF leaves"


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_by_data(server, lenient, end):
    recipient = f"smuggle{next(_number)}@example.net"
    with server.session() as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}> BODY=8BITMIME").code == 250
        assert client.cmd(f"RCPT TO:<{recipient}>").code == 250
        assert client.cmd("DATA").code == 354
        client.send(f"From: <{ANNA}>\r\nSubject: outer\r\n\r\nfirst".encode() + end + SMUGGLED)
        assert client.silent(0.3), "the message has not ended yet"
        client.send(b"\r\n.\r\n")
        reply = client.reply()
        assert client.silent(0.2), "one message, one reply"
        assert reply.code == 250 or reply.code // 100 == 5, reply
        if reply.code != 421:
            assert client.cmd("NOOP").code == 250
    _check(lenient, recipient, reply.code == 250)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_by_chunks(server, lenient, end):
    recipient = f"smuggle{next(_number)}@example.net"
    content = f"From: <{ANNA}>\r\nSubject: outer\r\n\r\nfirst".encode() + end + SMUGGLED
    with server.session() as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}> BODY=8BITMIME").code == 250
        assert client.cmd(f"RCPT TO:<{recipient}>").code == 250
        half = len(content) - len(SMUGGLED) - 2
        client.send(b"BDAT %d\r\n" % half + content[:half])
        first = client.reply()
        client.send(b"BDAT %d LAST\r\n" % (len(content) - half) + content[half:])
        reply = client.reply()
        assert first.code == 250 or first.code // 100 == 5, first
        assert reply.code == 250 if first.code == 250 and reply.code == 250 else reply.code // 100 == 5, (first, reply)
    _check(lenient, recipient, reply.code == 250)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_in_the_header(server, lenient, end):
    recipient = f"smuggle{next(_number)}@example.net"
    with server.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}> BODY=8BITMIME")
        client.cmd(f"RCPT TO:<{recipient}>")
        client.cmd("DATA")
        client.send(f"From: <{ANNA}>\r\nSubject: outer".encode() + end + SMUGGLED + b"\r\n.\r\n")
        reply = client.reply()
        assert reply.code == 250 or reply.code // 100 == 5, reply
    _check(lenient, recipient, reply.code == 250)


@pytest.mark.parametrize("parts", [(b"\r\n", b".\r\n"), (b"\r", b"\n.\r\n"), (b"\r\n.", b"\r\n"), (b"\r\n.\r", b"\n"), (b"\r", b"\n", b".", b"\r", b"\n")],
                         ids=["after CRLF", "inside CRLF", "after the dot", "before the last LF", "single octets"])
def test_the_true_end_may_come_in_pieces(server, lenient, parts):
    recipient = f"pieces{next(_number)}@example.net"
    with server.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}>")
        client.cmd(f"RCPT TO:<{recipient}>")
        client.cmd("DATA")
        client.send(f"From: <{ANNA}>\r\n\r\nx")
        for part in parts:
            client.send(part)
        assert client.reply().code == 250
        assert client.cmd("NOOP").code == 250
    assert lenient.wait(recipient)[0].body == b"x\r\n"


def test_a_device_that_ends_with_lf_dot_lf_is_told(make, sink):
    """It would wait for ever; after a while it is told what is wrong instead (clients.md 3.10)."""
    server = make.posthaste(relay=sink, config={"limits": {"data_timeout": "2s"}})
    with server.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}>")
        client.cmd("RCPT TO:<x@example.net>")
        client.cmd("DATA")
        client.send(f"From: <{ANNA}>\n\nx\n.\n")
        reply = client.reply(45)
        assert reply.code // 100 in (4, 5), reply
    assert not sink.messages


def test_bounces_are_stuffed_too(make, make_shared):
    """The text that a hop said comes back in a report; it cannot smuggle either."""
    hop = make.sink(replies={"RCPT": b"550-5.1.1 no\r\n550-.\r\n550 5.1.1 MAIL FROM:<evil@x.test>\r\n"})
    own = Sink(end_of_data=LENIENT)
    make.made.append(own)
    server = make.posthaste(relay=own, config={"route": [{"to": ["bad.test"], "via": hop.address, "tls": "none"}]})
    server.submit("x@bad.test")
    report = own.wait(ANNA, seconds=20)[0]
    assert b"550" in report.data
    assert len(own.messages) == 1 and not [line for _, line in own.commands if "evil" in line and line.startswith("MAIL")]
