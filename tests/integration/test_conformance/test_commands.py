"""The lines themselves: verbs, arguments, line ends, lengths, and what clients really write."""

import pytest

from harness.dialogue import ANNA, begin, check_form, matches, play, still_speaks
from harness.smtp_client import Closed

GREETINGS = [
    ("a NetBIOS name", "EHLO DESKTOP3507CDS"),
    ("no name at all", "EHLO"),
    ("an IPv6 literal with a capital V", "EHLO [IPV6:fe80::1]"),
    ("an IPv6 literal without tag", "EHLO [2001:db8::1]"),
    ("an IPv4 literal", "EHLO [10.0.0.5]"),
    ("a name with an underscore", "EHLO my_pc"),
    ("HELO of a printer", "HELO printer"),
    ("a name in UTF-8", "EHLO Büro-PC"),
    ("a name in Latin-1", b"EHLO B\xfcro-PC\r\n"),
    ("lower case", "ehlo pc.example"),
    ("mixed case", "eHlO pc.example"),
    ("blanks behind", "EHLO pc.example   "),
    ("two words", "EHLO my pc"),
    ("a long name", "EHLO " + "x" * 400),
    ("a trailing dot", "EHLO pc.example."),
    ("an empty literal", "EHLO []"),
    ("angle brackets", "EHLO <pc>"),
]


@pytest.mark.parametrize("line", [row[1] for row in GREETINGS], ids=[row[0] for row in GREETINGS])
def test_any_name_may_greet(server, line):
    with begin(server, "fresh") as client:
        reply = client.cmd(line[:-2] if isinstance(line, bytes) else line.encode())
        assert reply.code == 250, reply
        assert "x" * 40 not in reply.text, "the client's name is not given back"
        still_speaks(client)


# name, state, steps
ROWS = [
    ("NOOP", "fresh", [("NOOP", "250")]),
    ("NOOP with an argument", "ehlo", [("NOOP hello", "250")]),
    ("verbs in lower case", "ehlo", [("noop", "250"), ("rset", "250"), ("quit", "221")]),
    ("verbs in mixed case", "ehlo", [("nOoP", "250"), ("RsEt", "250")]),
    ("blanks behind a verb", "ehlo", [("NOOP  ", "250"), ("RSET ", "250")]),
    ("RSET with an argument", "ehlo", [("RSET now", "501")]),
    ("QUIT with an argument", "ehlo", [("QUIT now", "501|221")]),
    ("QUIT before a greeting", "fresh", [("QUIT", "221")]),
    ("RSET before a greeting", "fresh", [("RSET", "250")]),
    ("VRFY tells nothing", "login", [(f"VRFY {ANNA}", "252|502"), ("VRFY nobody@example.test", "252|502")]),
    ("VRFY without a name", "login", [("VRFY", "501|252|502")]),
    ("EXPN tells nothing", "login", [("EXPN staff", "252|502|550")]),
    ("HELP", "ehlo", [("HELP", "214|502")]),
    ("HELP with a word", "ehlo", [("HELP MAIL", "214|502|504")]),
    ("an unknown verb", "ehlo", [("FROBNICATE", "500|502"), ("NOOP", "250")]),
    ("a verb and a tail", "ehlo", [("NOOPX", "500|502"), ("NOOP", "250")]),
    ("an empty line", "ehlo", [("", "500|501"), ("NOOP", "250")]),
    ("a blank line", "ehlo", [("   ", "500|501"), ("NOOP", "250")]),
    ("a blank in front", "ehlo", [(" NOOP", "500|501|502"), ("NOOP", "250")]),
    ("TURN", "login", [("TURN", "500|502")]),
    ("ETRN", "login", [("ETRN example.net", "500|502|458|459")]),
    ("SEND FROM", "login", [("SEND FROM:<anna@example.test>", "500|502")]),
    ("SOML FROM", "login", [("SOML FROM:<anna@example.test>", "500|502")]),
    ("XCLIENT", "login", [("XCLIENT ADDR=127.0.0.1", "500|502|550")]),
    ("XFORWARD", "login", [("XFORWARD ADDR=127.0.0.1", "500|502|550")]),
    ("CLIENTID of Thunderbird", "tls", [("CLIENTID UUID 1-2-3", "500|502")]),
    ("LHLO", "fresh", [("LHLO x", "500|502")]),
    ("POP verbs", "ehlo", [("USER anna", lambda r: r.code // 100 == 5 and "OUTGOING" in r.text.upper())]),
    ("POP capabilities", "ehlo", [("CAPA", lambda r: r.code // 100 == 5 and "OUTGOING" in r.text.upper())]),
    ("IMAP login", "ehlo", [("a1 LOGIN anna secret", lambda r: r.code // 100 == 5 and "secret" not in r.text)]),
    ("IMAP capabilities", "ehlo", [("a1 CAPABILITY", lambda r: r.code // 100 == 5 and "OUTGOING" in r.text.upper())]),
    ("8-bit octets in a verb", "ehlo", [(b"NO\xc3\xb6P\r\n", "500|501|502"), ("NOOP", "250")]),
    ("NUL in a command", "ehlo", [(b"NOOP\x00RSET\r\n", "500|501"), ("NOOP", "250")]),
    ("NUL in front", "ehlo", [(b"\x00NOOP\r\n", "500|501|502"), ("NOOP", "250")]),
    ("a bare CR inside", "ehlo", [(b"NOOP\rRSET\r\n", "500|501"), ("NOOP", "250")]),
    ("a bare CR in front of the end", "ehlo", [(b"NOOP\r\r\n", "500|501"), ("NOOP", "250")]),
    ("ESC in a command", "ehlo", [(b"NOOP \x1b[2J\r\n", "500|501"), ("NOOP", "250")]),
    ("DEL in a command", "ehlo", [(b"NOOP \x7f\r\n", "500|501|250"), ("NOOP", "250")]),
    ("BEL in MAIL", "login", [(b"MAIL FROM:<anna\x07@example.test>\r\n", "501|553"), ("NOOP", "250")]),
    ("CR in a quoted local part", "login", [(b'RCPT TO:<"a\rb"@example.net>\r\n', "5xx"), ("NOOP", "250")]),
    ("NUL in RCPT", "mail", [(b"RCPT TO:<x\x00y@example.net>\r\n", "501|553"), ("NOOP", "250")]),
    ("a long NOOP of 500 octets", "ehlo", [("NOOP " + "x" * 490, "250")]),
    ("MAIL without its colon", "login", [("MAIL FROM <anna@example.test>", "500|501")]),
    ("MAIL FROM without anything", "login", [("MAIL FROM:", "501|553")]),
    ("MAIL alone", "login", [("MAIL", "500|501")]),
    ("RCPT alone", "mail", [("RCPT", "500|501")]),
    ("MAIL TO", "login", [("MAIL TO:<anna@example.test>", "500|501")]),
    ("RCPT FROM", "mail", [("RCPT FROM:<x@example.net>", "500|501")]),
    ("MAIL in lower case", "login", [("mail from:<anna@example.test>", "250 2.1.0|250")]),
    ("RCPT in mixed case", "mail", [("rCpT tO:<x@example.net>", "250 2.1.5|250")]),
    ("DATA with an argument", "rcpt", [("DATA now", "501"), ("NOOP", "250")]),
    ("STARTTLS with an argument", "ehlo", [("STARTTLS now", "501"), ("NOOP", "250")]),
    ("STARTTLS within TLS", "tls", [("STARTTLS", "503|502|554"), ("NOOP", "250")]),
    ("a hundred X from a firewall", "ehlo", [("XXXXXXXX", "500|502"), ("NOOP", "250")]),
]


@pytest.mark.parametrize("state, steps", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_command(server, state, steps):
    with begin(server, state) as client:
        play(client, steps)


@pytest.mark.parametrize("verb", ["GET / HTTP/1.1", "POST /x HTTP/1.0", "HEAD / HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT a:1 HTTP/1.1"])
def test_http_ends_the_session(server, verb):
    with begin(server, "fresh") as client:
        client.send(verb + "\r\nHost: x\r\n\r\n")
        assert client.closed(10), "a browser is told and left"


def test_a_bare_lf_does_not_end_a_command(server):
    """Two commands parted by LF alone are one wrong line, never two commands."""
    with begin(server, "ehlo") as client:
        client.send(b"NOOP\nRSET\r\n")
        reply = client.reply()
        assert reply.code // 100 == 5, reply
        assert client.silent(0.3), "one line, one reply"
        still_speaks(client)


@pytest.mark.parametrize("length", [600, 2000, 12_300, 65_536, 1_000_000])
def test_an_overlong_command_is_answered_once(server, length):
    with begin(server, "ehlo") as client:
        try:
            client.send(b"NOOP " + b"x" * length + b"\r\n")
            reply = client.reply()
        except (Closed, OSError):
            assert length > 100_000, "a moderate line is answered"
            return
        assert matches("500|501|421|250" if length <= 2000 else "500|421", reply), reply
        check_form(reply, "NOOP")
        if reply.code != 421:
            assert client.silent(0.2)
            still_speaks(client)


def test_an_overlong_recipient_is_not_cut(server, next_hop):
    with begin(server, "mail") as client:
        reply = client.cmd("RCPT TO:<" + "x" * 70 + "@" + "y." * 1000 + "example.net>")
        assert reply.code // 100 == 5, reply
        assert client.cmd("DATA").code // 100 == 5


def test_pipelined_commands_are_answered_in_order(server):
    with begin(server, "login") as client:
        client.send(f"MAIL FROM:<{ANNA}>\r\nRCPT TO:<a@example.net>\r\nRCPT TO:<@bad>\r\nRCPT TO:<b@example.net>\r\nRSET\r\nNOOP\r\n")
        codes = [client.reply().code for _ in range(6)]
        assert codes[0] == 250 and codes[1] == 250 and codes[2] // 100 == 5 and codes[3:] == [250, 250, 250], codes


def test_a_pipelined_message_with_its_content(server, next_hop):
    with begin(server, "login") as client:
        client.send(f"MAIL FROM:<{ANNA}>\r\nRCPT TO:<piped@example.net>\r\nDATA\r\n")
        assert [client.reply().code for _ in range(3)] == [250, 250, 354]
        client.send(f"From: <{ANNA}>\r\nSubject: piped\r\n\r\nx\r\n.\r\nQUIT\r\n")
        assert [client.reply().code for _ in range(2)] == [250, 221]
        assert client.closed(5)
    next_hop.wait("piped@example.net")


def test_one_octet_at_a_time(server):
    with begin(server, "ehlo") as client:
        for octet in b"NOOP\r\n":
            client.send(bytes([octet]))
        assert client.reply().code == 250


def test_two_hundred_noops_in_one_segment(server):
    with begin(server, "login") as client:
        client.send(b"NOOP\r\n" * 200)
        codes = []
        try:
            for _ in range(200):
                codes.append(client.reply().code)
        except (Closed, OSError):
            assert codes[-1] == 421, "too many commands without a message end the session, with a word"
        assert codes[:10] == [250] * 10 and set(codes) <= {250, 421}


def test_quit_closes(server):
    with begin(server, "login") as client:
        assert client.cmd("QUIT").code == 221
        assert client.closed(5)


def test_talking_before_the_banner_is_borne(server):
    with server.connect(banner=False) as client:
        client.send("EHLO early.example\r\n")
        assert client.reply().code == 220
        assert client.reply().code == 250


def test_the_banner_names_the_server_and_what_it_is(server):
    with begin(server, "fresh") as client:
        assert client.banner.code == 220
        assert client.banner.lines[0].startswith("mail.example.test"), client.banner
        assert "ESMTP" in client.banner.text


def test_after_quit_a_reset_is_no_error(server):
    mark = server.log.mark()
    client = begin(server, "login")
    client.send("QUIT\r\n")
    client.reset()
    with begin(server, "ehlo") as other:
        still_speaks(other)
    assert not [e for e in server.log.events[mark:] if e.get("level") in ("warning", "error")]


def test_twenty_bad_commands_end_the_session(server):
    with begin(server, "ehlo") as client:
        codes = []
        try:
            for _ in range(40):
                codes.append(client.cmd("BOGUS").code)
        except (Closed, OSError):
            pass
        assert codes[-1] == 421, codes
        assert 15 <= len(codes) <= 25, f"the limit is 20, it came after {len(codes)}"
        assert client.closed(5)
