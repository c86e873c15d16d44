"""What may come when (RFC 5321 4.1.4), and what each command forgets."""

import pytest

from harness.daemon import PASSWORD
from harness.dialogue import ANNA, begin, play
from harness.smtp_client import plain_token

MAIL = f"MAIL FROM:<{ANNA}>"
RCPT = "RCPT TO:<x@example.net>"
AUTH = "AUTH PLAIN " + plain_token(ANNA, PASSWORD)

ROWS = [
    ("MAIL before a greeting", "fresh", [(MAIL, "503|530")]),
    ("RCPT before a greeting", "fresh", [(RCPT, "503|530")]),
    ("DATA before a greeting", "fresh", [("DATA", "503|530")]),
    ("BDAT before a greeting", "fresh", [(b"BDAT 3\r\nabc", "503|530"), ("NOOP", "250")]),
    ("AUTH before a greeting", "fresh", [(AUTH, "503|538|530")]),
    ("MAIL in clear", "ehlo", [(MAIL, "530 5.7.0")]),
    ("AUTH in clear", "ehlo", [(AUTH, "538 5.7.11")]),
    ("AUTH LOGIN in clear", "ehlo", [("AUTH LOGIN", "538 5.7.11")]),
    ("RCPT in clear", "ehlo", [(RCPT, "503|530")]),
    ("DATA in clear", "ehlo", [("DATA", "503|530")]),
    ("MAIL without a login", "tls", [(MAIL, "530 5.7.0")]),
    ("MAIL <> without a login", "tls", [("MAIL FROM:<>", "530 5.7.0")]),
    ("MAIL with AUTH= but no login", "tls", [(MAIL + f" AUTH={ANNA}", "530 5.7.0")]),
    ("MAIL as postmaster without a login", "tls", [("MAIL FROM:<postmaster>", "530 5.7.0|501|553")]),
    ("RCPT without a login", "tls", [(RCPT, "503|530")]),
    ("RCPT of our own domain without a login", "tls", [(f"RCPT TO:<{ANNA}>", "503|530")]),
    ("RCPT to postmaster without a login", "tls", [("RCPT TO:<postmaster>", "503|530")]),
    ("DATA without a login", "tls", [("DATA", "503|530")]),
    ("BDAT without a login", "tls", [(b"BDAT 3 LAST\r\nabc", "503|530"), ("NOOP", "250")]),
    ("RCPT before MAIL", "login", [(RCPT, "503 5.5.1")]),
    ("DATA before MAIL", "login", [("DATA", "503 5.5.1")]),
    ("DATA before RCPT", "mail", [("DATA", "503 5.5.1|554 5.5.1")]),
    ("DATA after refused recipients alone", "mail", [("RCPT TO:<@@>", "5xx"), ("DATA", "503|554")]),
    ("MAIL twice", "mail", [(MAIL, "503 5.5.1")]),
    ("MAIL after RCPT", "rcpt", [(MAIL, "503 5.5.1")]),
    ("AUTH twice", "login", [(AUTH, "503 5.5.1")]),
    ("AUTH inside a transaction", "mail", [(AUTH, "503 5.5.1")]),
    ("STARTTLS inside a transaction", "mail", [("STARTTLS", "503|502|554")]),
    ("RSET forgets the sender", "mail", [("RSET", "250"), (RCPT, "503")]),
    ("RSET forgets the recipients", "rcpt", [("RSET", "250"), ("DATA", "503")]),
    ("RSET keeps the login", "rcpt", [("RSET", "250"), (MAIL, "250"), (RCPT, "250")]),
    ("EHLO forgets the envelope", "rcpt", [("EHLO again", "250"), ("DATA", "503"), (MAIL, "250")]),
    ("HELO forgets the envelope", "rcpt", [("HELO again", "250"), (RCPT, "503")]),
    ("NOOP keeps the envelope", "rcpt", [("NOOP", "250"), ("DATA", "354"), (b"From: <anna@example.test>\r\n\r\nx\r\n.\r\n", "250")]),
    ("VRFY keeps the envelope", "mail", [("VRFY x", "252|502"), (RCPT, "250")]),
    ("a wrong command keeps the envelope", "mail", [("BOGUS", "500|502"), (RCPT, "250")]),
    ("a refused sender leaves no transaction", "login", [("MAIL FROM:<bob@example.test>", "553|550"), (RCPT, "503"), (MAIL, "250")]),
    ("a refused recipient leaves the others", "mail", [("RCPT TO:<@>", "5xx"), (RCPT, "250"), ("RCPT TO:<b@example.net>", "250")]),
    ("a message, then another", "rcpt", [("DATA", "354"), (b"From: <anna@example.test>\r\n\r\nx\r\n.\r\n", "250"), (MAIL, "250"), (RCPT, "250"),
                                          ("DATA", "354"), (b"From: <anna@example.test>\r\n\r\ny\r\n.\r\n", "250")]),
    ("after a message the envelope is gone", "rcpt", [("DATA", "354"), (b"From: <anna@example.test>\r\n\r\nx\r\n.\r\n", "250"), ("DATA", "503"), (RCPT, "503")]),
    ("after a refused message the envelope is gone", "rcpt", [("DATA", "354"), (b"From: <bob@example.test>\r\n\r\nx\r\n.\r\n", "5xx"), ("DATA", "503"), (MAIL, "250")]),
    ("HELO, STARTTLS, AUTH as old devices do", "fresh", [("HELO printer", "250"), ("NOOP", "250")]),
    ("MAIL inside chunks", "rcpt", [(b"BDAT 3\r\nabc", "250"), (MAIL, "503")]),
    ("RCPT inside chunks", "rcpt", [(b"BDAT 3\r\nabc", "250"), (RCPT, "503")]),
    ("DATA inside chunks", "rcpt", [(b"BDAT 3\r\nabc", "250"), ("DATA", "503")]),
    ("NOOP inside chunks", "rcpt", [(b"BDAT 30\r\nFrom: <anna@example.test>\r\n\r\nx", "250|5xx"), ("NOOP", "250")]),
    ("RSET ends chunks", "rcpt", [(b"BDAT 3\r\nabc", "250"), ("RSET", "250"), (MAIL, "250")]),
    ("BDAT before RCPT is swallowed", "mail", [(b"BDAT 6\r\nQUIT\r\n", "503|554"), ("NOOP", "250")]),
    ("BDAT before MAIL is swallowed", "login", [(b"BDAT 6 LAST\r\nQUIT\r\n", "503|554"), ("NOOP", "250")]),
]


@pytest.mark.parametrize("state, steps", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_order(server, state, steps):
    with begin(server, state) as client:
        play(client, steps)


def test_helo_then_starttls_then_login(server, next_hop):
    with server.connect() as client:
        assert client.cmd("HELO printer").code == 250
        client.starttls()
        assert client.cmd("HELO printer").code == 250
        assert client.login(ANNA, PASSWORD).code == 235
        assert client.transaction(ANNA, "helo@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    next_hop.wait("helo@example.net")


def test_starttls_forgets_the_greeting(server):
    """RFC 3207 4.2: what was known from before is gone."""
    with begin(server, "ehlo") as client:
        client.starttls()
        reply = client.cmd(AUTH)
        assert reply.code in (503, 235), reply
        if reply.code == 503:
            client.ehlo()
            assert client.cmd(AUTH).code == 235


def test_a_login_lasts_for_the_connection_only(server):
    with begin(server, "login"):
        with begin(server, "tls") as other:
            assert other.cmd(MAIL).code == 530
