"""BDAT (RFC 3030): sizes that lie, orders that do not exist, and what must be swallowed when it is refused."""

import pytest

from harness.dialogue import ANNA, begin, check_form
from harness.smtp_client import Closed

MESSAGE = f"From: <{ANNA}>\r\nSubject: chunk\r\n\r\nx\r\n".encode()


def _bdat(client, octets, last=False, size=None):
    client.send(b"BDAT %d%s\r\n" % (len(octets) if size is None else size, b" LAST" if last else b"") + octets)
    return client.reply()


def test_one_chunk(server):
    with begin(server, "rcpt") as client:
        reply = _bdat(client, MESSAGE, last=True)
        assert reply.code == 250
        check_form(reply, "BDAT")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_small_chunks(server, next_hop, size):
    recipient = f"chunks{size}@example.net"
    with begin(server, "mail") as client:
        assert client.cmd(f"RCPT TO:<{recipient}>").code == 250
        for start in range(0, len(MESSAGE), size):
            assert _bdat(client, MESSAGE[start:start + size]).code == 250
        assert _bdat(client, b"", last=True).code == 250
    assert next_hop.wait(recipient)[0].field("Subject") == ["chunk"]


def test_lower_case(server):
    with begin(server, "rcpt") as client:
        client.send(b"bdat %d last\r\n" % len(MESSAGE) + MESSAGE)
        assert client.reply().code == 250


def test_all_in_one_segment(server):
    with begin(server, "login") as client:
        client.send(f"MAIL FROM:<{ANNA}>\r\nRCPT TO:<x@example.net>\r\n".encode() + b"BDAT %d LAST\r\n" % len(MESSAGE) + MESSAGE + b"NOOP\r\n")
        assert [client.reply().code for _ in range(4)] == [250, 250, 250, 250]


def test_an_empty_first_chunk(server):
    with begin(server, "rcpt") as client:
        assert _bdat(client, b"").code == 250
        assert _bdat(client, MESSAGE, last=True).code == 250


def test_a_last_chunk_ends_the_transaction(server):
    with begin(server, "rcpt") as client:
        assert _bdat(client, MESSAGE, last=True).code == 250
        assert _bdat(client, MESSAGE, last=True).code // 100 == 5
        assert client.cmd("NOOP").code == 250


WRONG_SIZES = ["abc", "-1", "1.5", "0x10", "", "+5", "99999999999999999999999", "18446744073709551616", "4294967296000", " ", "5 LATE", "5 LAST more", "5LAST"]


@pytest.mark.parametrize("size", WRONG_SIZES)
def test_a_wrong_size_never_lets_content_be_commands(server, next_hop, size):
    """Either the octets behind it are swallowed, or the connection ends; they are never commands."""
    before = len(next_hop.messages)
    evil = b"RSET\r\nMAIL FROM:<anna@example.test>\r\nRCPT TO:<smuggled@example.net>\r\nDATA\r\nFrom: <anna@example.test>\r\n\r\nevil\r\n.\r\n"
    with begin(server, "rcpt", timeout=5) as client:
        client.send(b"BDAT " + size.encode() + b"\r\n" + evil)
        try:
            reply = client.reply()
            assert reply.code // 100 in (4, 5), reply
            if client.closed(3):
                return
        except (Closed, OSError):
            return
    assert not [m for m in next_hop.messages[before:] if "smuggled@example.net" in m.recipients]
    raise AssertionError(f"after a BDAT whose size cannot be read the session went on: {reply}")


def test_more_than_the_limit_is_refused_and_swallowed(server):
    with begin(server, "rcpt") as client:
        piece = b"x" * 78 + b"\r\n"
        block = piece * 20_000  # 1.6 MB
        reply = None
        for _ in range(34):
            reply = _bdat(client, block)
            if reply.code != 250:
                break
        assert reply.code == 552, reply
        check_form(reply, "BDAT")
        # What is refused may be followed by chunks that were on their way already.
        late = _bdat(client, b"RSET\r\n", last=True)
        assert late.code // 100 == 5
        assert client.cmd("RSET").code == 250


def test_a_chunk_beyond_the_limit_at_once(server):
    with begin(server, "rcpt") as client:
        client.send(b"BDAT 60000000 LAST\r\n")
        try:
            for _ in range(60):
                client.send(b"y" * 1_000_000)
            reply = client.reply()
            assert reply.code == 552, reply
        except (Closed, OSError):
            pass  # ending the connection is allowed; taking the message is not


def test_data_and_bdat_do_not_mix(server):
    with begin(server, "rcpt") as client:
        assert _bdat(client, b"From: <anna@example.test>\r\n").code == 250
        assert client.cmd("DATA").code == 503
        assert client.cmd("RSET").code == 250


def test_binarymime_is_not_offered_and_refused(server):
    with begin(server, "login") as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}> BODY=BINARYMIME").code // 100 == 5


def test_a_connection_that_ends_inside_a_chunk_leaves_nothing(server, next_hop):
    recipient = "half-chunk@example.net"
    with begin(server, "mail") as client:
        client.cmd(f"RCPT TO:<{recipient}>")
        client.send(b"BDAT 1000 LAST\r\n" + MESSAGE)
        client.reset()
    with begin(server, "rcpt") as other:
        assert _bdat(other, MESSAGE, last=True).code == 250
    assert not next_hop.to(recipient)


def test_end_of_data_marks_mean_nothing_in_chunks(server, next_hop):
    recipient = "dots-in-chunks@example.net"
    body = b"a\r\n.\r\nMAIL FROM:<x@y.test>\r\n.\r\n..\r\n"
    with begin(server, "mail") as client:
        client.cmd(f"RCPT TO:<{recipient}>")
        assert _bdat(client, f"From: <{ANNA}>\r\n\r\n".encode() + body, last=True).code == 250
    assert next_hop.wait(recipient)[0].body == body
