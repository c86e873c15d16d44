"""What happens to a message between the client's octets and the next hop's: almost nothing, and never something twofold."""

import email.header
import itertools
import quopri
import re

import pytest

from harness.dialogue import ANNA, begin, check_form, matches

_number = itertools.count(1)


def _send(server, content, expect="250", parameters="", sender=ANNA):
    """Sends as octets between 354 and the final dot, stuffed; gives the recipient and the reply."""
    recipient = f"content{next(_number)}@example.net"
    with begin(server, "login") as client:
        assert client.cmd(f"MAIL FROM:<{sender}> {parameters}".strip()).code == 250
        assert client.cmd(f"RCPT TO:<{recipient}>").code == 250
        assert client.cmd("DATA").code == 354
        reply = client.content(content)
        assert matches(expect, reply), reply
        check_form(reply, "DATA")
        if reply.code != 421:
            assert client.cmd("NOOP").code == 250
    return recipient, reply


def _arrives(server, next_hop, content, **options):
    recipient, _ = _send(server, content, **options)
    return next_hop.wait(recipient)[0]


HEAD = f"From: <{ANNA}>\r\nSubject: t\r\n\r\n".encode()

BODIES = [
    ("empty", b""),
    ("one line", b"hello\r\n"),
    ("no line end at the end", b"hello"),
    ("many empty lines", b"\r\n" * 50),
    ("empty lines at the end", b"x\r\n\r\n\r\n\r\n"),
    ("a lone dot", b".\r\n"),
    ("two dots", b"..\r\n"),
    ("dots at line starts", b".a\r\n..b\r\n...c\r\n.\r\n.\r\n"),
    ("a dot and a blank", b". \r\n"),
    ("blanks at line ends", b"a  \r\nb\t\r\n \r\n"),
    ("From_ lines", b"From me to you\r\n>From x\r\n"),
    ("a line of 998", b"x" * 998 + b"\r\n"),
    ("a line of 5,000", b"y" * 5000 + b"\r\n"),
    ("a line of 200,000", b"z" * 200_000 + b"\r\n"),
    ("8-bit octets", bytes(range(128, 256)) + b"\r\n"),
    ("controls but CR, LF, NUL", bytes(c for c in range(1, 32) if c not in (10, 13)) + b"\x7f\r\n"),
    ("form feed and vertical tab", b"\x0ca\x0bb\r\n"),
    ("UTF-8", "Grüße aus Köln, 你好\r\n".encode()),
    ("a fake header", b"Received: by evil\r\nFrom: <bob@example.test>\r\n\r\nx\r\n"),
    ("a fake dialogue", b"QUIT\r\nMAIL FROM:<x@y.test>\r\n"),
    ("300 KB", b"0123456789abcdef" * 4 * 300 + b"\r\n" + b"line\r\n" * 40_000),
    ("^Z", b"a\x1ab\r\n"),
    ("NEL and line separator", "a\u0085b\u2028c\r\n".encode()),
]


def _as_sent(message):
    """The body; lines over 998 octets came as quoted-printable, in lines that every server takes."""
    if b"Content-Transfer-Encoding: quoted-printable" not in message.header:
        return message.body
    assert max(map(len, message.body.split(b"\r\n"))) <= 76
    return quopri.decodestring(message.body)


@pytest.mark.parametrize("body", [row[1] for row in BODIES], ids=[row[0] for row in BODIES])
def test_the_body_arrives_octet_for_octet(server, next_hop, body):
    message = _arrives(server, next_hop, HEAD + body, parameters="BODY=8BITMIME")
    expected = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    assert _as_sent(message) == expected
    assert (message.body == expected) == (max(map(len, body.split(b"\r\n"))) <= 998)


@pytest.mark.parametrize("body", [row[1] for row in BODIES], ids=[row[0] for row in BODIES])
def test_the_body_arrives_by_chunks_too(server, next_hop, body):
    recipient = f"content{next(_number)}@example.net"
    whole = HEAD + (body if body.endswith(b"\r\n") or not body else body + b"\r\n")
    with begin(server, "login") as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}> BODY=8BITMIME").code == 250
        assert client.cmd(f"RCPT TO:<{recipient}>").code == 250
        for start in range(0, len(whole), 70_001):
            piece = whole[start:start + 70_001]
            last = " LAST" if start + 70_001 >= len(whole) else ""
            client.send(b"BDAT %d%s\r\n" % (len(piece), last.encode()) + piece)
            reply = client.reply()
            assert reply.code == 250, reply
    assert _as_sent(next_hop.wait(recipient)[0]) == whole[len(HEAD):]


LINE_ENDS = [
    ("bare LF in the body", b"a\nb\r\n", b"a\r\nb\r\n"),
    ("only bare LF, but for the end", b"a\nb\nc\r\n", b"a\r\nb\r\nc\r\n"),
    ("LF LF", b"a\n\nb\r\n", b"a\r\n\r\nb\r\n"),
    ("a dot behind a bare LF", b"a\n.b\r\n", b"a\r\n.b\r\n"),
]


@pytest.mark.parametrize("sent, arrives", [row[1:] for row in LINE_ENDS], ids=[row[0] for row in LINE_ENDS])
def test_a_bare_lf_becomes_crlf(server, next_hop, sent, arrives):
    """Devices and scripts send it; the next hop must not."""
    message = _arrives(server, next_hop, HEAD + sent)
    assert message.body == arrives
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", message.wire)


def test_a_header_with_bare_lf_is_read_as_a_header(server, next_hop):
    message = _arrives(server, next_hop, f"From: <{ANNA}>\nSubject: lf\nX-A: b\n\nbody\r\n".encode())
    assert message.field("Subject") == ["lf"] and message.body == b"body\r\n"


REFUSED = [
    ("a bare CR in the body", HEAD + b"a\rb\r\n"),
    ("CR CR LF", HEAD + b"a\r\r\nb\r\n"),
    ("a bare CR in the header", b"From: <anna@example.test>\r\nSubject: a\rX-Evil: b\r\n\r\nx\r\n"),
    ("NUL in the body", HEAD + b"a\0b\r\n"),
    ("NUL in the header", b"From: <anna@example.test>\r\nSubject: a\0b\r\n\r\nx\r\n"),
    ("NUL in From", b"From: <anna@example.test>\0<bob@example.test>\r\n\r\nx\r\n"),
    ("two From fields", b"From: <anna@example.test>\r\nFrom: <anna@example.test>\r\n\r\nx\r\n"),
    ("two Sender fields", b"From: <anna@example.test>\r\nSender: <anna@example.test>\r\nSender: <anna@example.test>\r\n\r\nx\r\n"),
    ("a hundred and one Received fields", b"Received: by x; Mon, 23 Nov 2026 08:00:00 +0000\r\n" * 101 + HEAD + b"x\r\n"),
]


@pytest.mark.parametrize("content", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_content(server, content):
    _, reply = _send(server, content, expect="5xx")
    assert len(reply.text) > 20, "the refusal says why"


@pytest.mark.parametrize("content", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_content_by_chunks(server, content):
    with begin(server, "rcpt") as client:
        client.send(b"BDAT %d LAST\r\n" % len(content) + content)
        assert client.reply().code // 100 == 5
        assert client.cmd("NOOP").code == 250


def test_the_same_words_for_a_bare_cr_name_it(server):
    _, reply = _send(server, HEAD + b"a\rb\r\n", expect="5xx")
    assert "CR" in reply.text


# fix-ups

def test_missing_fields_are_added(server, next_hop):
    message = _arrives(server, next_hop, f"From: <{ANNA}>\r\nContent-Type: text/plain\r\n\r\nx\r\n")
    assert len(message.field("Date")) == 1 and len(message.field("Message-ID")) == 1
    assert message.field("Message-ID")[0].endswith("@mail.example.test>") or "@" in message.field("Message-ID")[0]
    assert message.field("MIME-Version") == ["1.0"]


def test_fields_that_are_there_stay(server, next_hop):
    date, identity = "Mon, 01 Jan 2001 00:00:00 +0000", "<001301d66a3a$75ac6c90$610545b0$@example.com>"
    message = _arrives(server, next_hop, f"From: <{ANNA}>\r\nDate: {date}\r\nMessage-ID: {identity}\r\nMIME-Version: 1.0\r\n\r\nx\r\n")
    assert message.field("Date") == [date] and message.field("Message-ID") == [identity] and message.field("MIME-Version") == ["1.0"]


def test_received_says_how_it_came_and_not_from_where(server, next_hop):
    message = _arrives(server, next_hop, HEAD + b"x\r\n")
    received = message.field("Received")
    assert len(received) == 1
    assert "ESMTPSA" in received[0] and "mail.example.test" in received[0]
    assert "127.0.0.1" not in received[0], "the client's address is its own affair"
    assert message.header.startswith(b"Received:"), "trace fields stand on top"


def test_an_odd_greeting_does_not_get_into_received(server, next_hop):
    recipient = "odd-greeting@example.net"
    with begin(server, "tls") as client:
        client.cmd("EHLO x) evil\tname; (y")
        client.login(ANNA, "correct horse battery")
        assert client.transaction(ANNA, recipient, HEAD + b"x\r\n").code == 250
    received = next_hop.wait(recipient)[0].field("Received")[0]
    assert "evil" not in received or "x) evil" not in received


@pytest.mark.parametrize("name", ["Bcc", "bcc", "BCC ", "Resent-Bcc", "resent-BCC"])
def test_bcc_is_removed(server, next_hop, name):
    content = f"From: <{ANNA}>\r\n{name}: hidden@example.net,\r\n also-hidden@example.net\r\nTo: <x@example.net>\r\n\r\nx\r\n"
    message = _arrives(server, next_hop, content)
    assert b"hidden" not in message.data
    assert message.field("To") == ["<x@example.net>"]


def test_bcc_recipients_are_named_nowhere(server, next_hop):
    with begin(server, "login") as client:
        reply = client.transaction(ANNA, ["seen@example.net", "unseen@example.net"], f"From: <{ANNA}>\r\nTo: <seen@example.net>\r\n\r\nx\r\n")
        assert reply.code == 250
    message = next_hop.wait("unseen@example.net")[0]
    assert b"unseen" not in message.data


def test_header_order_case_and_folding_stay(server, next_hop):
    header = ("X-Second: b\r\nsUbJeCt:no blank\r\nX-Folded: one\r\n\ttwo\r\n  three\r\nFROM: \"Lopes, Anna\"\r\n <anna@example.test>\r\n"
              "X-Empty:\r\nX-8bit: gr\u00fc\u00dfe\r\n")
    message = _arrives(server, next_hop, header.encode() + b"\r\nx\r\n", parameters="BODY=8BITMIME")
    # Raw UTF-8 in a field is written as RFC 2047 has it; all else is as it came.
    before, _, field = header.partition("X-8bit: ")
    assert before.encode() in message.header
    encoded = re.search(rb"^X-8bit: (=\?[^\r\n]*\?=)\r$", message.header, re.MULTILINE)
    assert encoded and str(email.header.make_header(email.header.decode_header(encoded[1].decode()))) == field.strip()


def test_a_message_without_a_header(server, next_hop):
    """Some devices begin with text; it becomes the body, or is refused with a word about From."""
    recipient, reply = _send(server, b"just text, no header\r\nmore\r\n", expect="250|5xx")
    if reply.code == 250:
        message = next_hop.wait(recipient)[0]
        assert b"just text, no header\r\nmore\r\n" in message.body


def test_an_empty_message(server):
    _send(server, b"", expect="250|5xx")


def test_a_header_of_half_a_megabyte(server, next_hop):
    lines = b"".join(b"X-%d: %s\r\n" % (i, b"v" * 600) for i in range(900))
    message = _arrives(server, next_hop, lines + HEAD + b"x\r\n")
    assert lines in message.data


@pytest.mark.parametrize("lines", [b"X: " + b"v" * (2 << 20) + b"\r\n", b"X:y\r\n" * 20_000], ids=["2 MB in one field", "20,000 fields"])
def test_a_header_beyond_bounds_is_refused_whole(server, lines):
    """Never cut: a cut header loses recipients or signatures without a word."""
    _send(server, lines + HEAD + b"x\r\n", expect="552|554|550")


def test_dots_of_all_kinds_do_not_end_it_early(server, next_hop):
    body = b"a\r\n.\tb\r\n. .\r\n.\x0c\r\n..\r\n"
    assert _arrives(server, next_hop, HEAD + body).body == body


def test_a_null_sender_from_a_logged_in_user(server, next_hop):
    """Read receipts: refused ones make Outlook try for ever."""
    recipient, _ = _send(server, HEAD + b"x\r\n", sender="")
    assert next_hop.wait(recipient)[0].sender == ""
