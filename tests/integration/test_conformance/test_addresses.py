"""One strict grammar for addresses (RFC 5321 4.1.2, 6531), with the few dialects that mail programs speak."""

import pytest

from harness.dialogue import ANNA, BOB, begin, check_form, matches

# name, what stands behind "MAIL FROM:", expectation
SENDERS = [
    ("plain", f"<{ANNA}>", "250"),
    ("a blank behind the colon, as Outlook writes", f" <{ANNA}>", "250"),
    ("blanks behind the colon", f"   <{ANNA}>", "250"),
    ("without brackets, as old devices write", ANNA, "250"),
    ("without brackets, behind a blank", " " + ANNA, "250"),
    ("upper case", f"<{ANNA.upper()}>", "250"),
    ("the null sender", "<>", "250"),
    ("the null sender behind a blank", " <>", "250"),
    ("a further address of the account", "<sales@example.test>", "250"),
    ("a source route is dropped", f"<@relay.test,@other.test:{ANNA}>", "250"),
    ("a quoted local part that says the same", '<"anna"@example.test>', "250|553"),
    ("somebody else", f"<{BOB}>", "553 5.7.1"),
    ("another domain", "<anna@example.com>", "553 5.7.1"),
    ("a subdomain", "<anna@sub.example.test>", "553 5.7.1"),
    ("a longer domain", "<anna@example.test.evil.test>", "553 5.7.1"),
    ("a tag", "<anna+tag@example.test>", "553 5.7.1|250"),
    ("a prefix", "<xanna@example.test>", "553 5.7.1"),
    ("the %-hack", "<anna%example.test@example.test>", "553 5.7.1"),
    ("a bang path", "<example.test!anna@example.test>", "553 5.7.1"),
    ("postmaster", "<postmaster@example.test>", "553 5.7.1"),
    ("a quoted address in front of another domain", '<"anna@example.test"@evil.test>', "553 5.7.1"),
    ("a source route to somebody else", f"<@example.test:{BOB}>", "553"),
    ("one trailing dot is dropped", "<anna@example.test.>", "250"),
    ("two trailing dots", "<anna@example.test..>", "501|553"),
    ("two at signs", "<anna@example.test@evil.test>", "501|553"),
    ("two at signs, ours last", "<anna@evil.test@example.test>", "501|553"),
    ("double brackets", f"<<{ANNA}>>", "501|553"),
    ("no closing bracket", f"<{ANNA}", "501|553"),
    ("no opening bracket", f"{ANNA}>", "501|553"),
    ("words behind", f"<{ANNA}> and more", "501|555"),
    ("a display name", f"Anna <{ANNA}>", "501|553|555"),
    ("a comment", f"<{ANNA}(comment)>", "501|553"),
    ("a comment in front", f"(comment)<{ANNA}>", "501|553|555"),
    ("no domain", "<anna>", "501|553"),
    ("an empty local part", "<@example.test>", "501|553"),
    ("an empty domain", "<anna@>", "501|553"),
    ("only an at sign", "<@>", "501|553"),
    ("two dots", "<an..na@example.test>", "501|553"),
    ("a dot in front", "<.anna@example.test>", "501|553"),
    ("a dot behind", "<anna.@example.test>", "501|553"),
    ("two dots in the domain", "<anna@example..test>", "501|553"),
    ("a hyphen in front of a label", "<anna@-example.test>", "501|553"),
    ("a hyphen behind a label", "<anna@example-.test>", "501|553"),
    ("an underscore in the domain", "<anna@ex_ample.test>", "501|553"),
    ("a blank in the local part", "<an na@example.test>", "501|553"),
    ("a blank in the domain", "<anna@exa mple.test>", "501|553"),
    ("a blank before the bracket closes", f"<{ANNA} >", "501|553|250"),
    ("a tab", b"<anna\t@example.test>", "501|553"),
    ("an unclosed quote", '<"anna@example.test>', "501|553"),
    ("a bad IPv4 literal", "<anna@[300.1.1.1]>", "501|553"),
    ("a bad IPv6 literal", "<anna@[IPv6:1::2::3]>", "501|553"),
    ("an unclosed literal", "<anna@[192.0.2.1>", "501|553"),
    ("a literal without at", "<[192.0.2.1]>", "501|553"),
    ("a local part of 65 octets", "<" + "a" * 65 + "@example.test>", "501|553"),
    ("a label of 64 octets", "<anna@" + "a" * 64 + ".test>", "501|553"),
    ("a domain of 260 octets", "<anna@" + "a." * 130 + "test>", "501|553"),
    ("8-bit without SMTPUTF8", "<ännä@example.test>", "553 5.6.7|501|550 5.6.7"),
    ("broken UTF-8", b"<\xff\xfe@example.test> SMTPUTF8", "501|553"),
    ("an overlong form", b"<\xc0\xaf@example.test> SMTPUTF8", "501|553"),
    ("a surrogate", b"<\xed\xa0\x80@example.test> SMTPUTF8", "501|553"),
    ("Latin-1 with SMTPUTF8", b"<\xe4nna@example.test> SMTPUTF8", "501|553"),
    ("a backslash outside quotes", "<an\\na@example.test>", "501|553"),
    ("a comma", "<anna,bob@example.test>", "501|553"),
    ("a list", f"<{ANNA}>,<{BOB}>", "501|553|555"),
    ("a semicolon", "<anna;@example.test>", "501|553"),
    ("a shell's dream", "<anna`id`@example.test>", "553 5.7.1"),
]

RECIPIENTS = [
    ("plain", "<x@example.net>", "250"),
    ("a blank behind the colon", " <x@example.net>", "250"),
    ("without brackets", "x@example.net", "250"),
    ("upper case domain", "<x@EXAMPLE.NET>", "250"),
    ("postmaster alone", "<postmaster>", "250"),
    ("Postmaster in mixed case", "<PostMaster>", "250"),
    ("a source route is dropped", "<@a.test,@b.test:x@example.net>", "250"),
    ("every atom character", "<!#$%&'*+-/=?^_`{|}~@example.net>", "250"),
    ("a quoted local part", '<"x y"@example.net>', "250"),
    ("a quoted at sign", '<"x@y"@example.net>', "250"),
    ("a quoted quote", '<"x\\"y"@example.net>', "250"),
    ("64 octets", "<" + "x" * 64 + "@example.net>", "250"),
    ("a label of 63 octets", "<x@" + "y" * 63 + ".net>", "250"),
    ("digits", "<12@3com.example>", "250"),
    ("an IPv4 literal", "<x@[192.0.2.1]>", "250|550|553"),
    ("an IPv6 literal", "<x@[IPv6:2001:db8::1]>", "250|550|553"),
    ("the %-hack is a local part", "<x%a.test@example.net>", "250|550"),
    ("a bang path is a local part", "<a.test!x@example.net>", "250|550"),
    ("the null path", "<>", "501|550|553"),
    ("no domain", "<x>", "501|550|553"),
    ("an empty local part", "<@example.net>", "501|553"),
    ("an empty domain", "<x@>", "501|553"),
    ("two at signs", "<x@y@example.net>", "501|553"),
    ("double brackets", "<<x@example.net>>", "501|553"),
    ("no closing bracket", "<x@example.net", "501|553"),
    ("one trailing dot is dropped", "<x@example.net.>", "250"),
    ("two trailing dots", "<x@example.net..>", "501|553"),
    ("two dots", "<x..y@example.net>", "501|553"),
    ("a dot in front", "<.x@example.net>", "501|553"),
    ("an empty quoted string", '<""@example.net>', "501|553|250"),
    ("an unclosed quote", '<"x@example.net>', "501|553"),
    ("a control octet in quotes", b'<"x\x01y"@example.net>', "501|553"),
    ("a bad literal", "<x@[1.2.3]>", "501|553"),
    ("a literal with words", "<x@[example.net]>", "501|553"),
    ("a list", "<x@example.net>,<y@example.net>", "501|553|555"),
    ("8-bit without SMTPUTF8", "<jürgen@example.net>", "553 5.6.7|501|550 5.6.7"),
    ("an 8-bit domain without SMTPUTF8", "<x@bücher.example>", "553 5.6.7|501|550 5.6.7|250"),
    ("an A-label domain", "<x@xn--bcher-kva.example>", "250"),
    ("a pipe", "<|id@example.net>", "250|550|553"),
    ("a file", "</etc/passwd@example.net>", "250|550|553"),
    ("an option", "<-oX@example.net>", "250|550|553"),
]


def _line(verb, rest):
    return verb.encode() + (rest if isinstance(rest, bytes) else rest.encode())


@pytest.mark.parametrize("rest, wanted", [row[1:] for row in SENDERS], ids=[row[0] for row in SENDERS])
def test_sender(server, rest, wanted):
    with begin(server, "login") as client:
        reply = client.cmd(_line("MAIL FROM:", rest))
        assert matches(wanted, reply), reply
        check_form(reply, "MAIL")
        # Whatever was said, the session goes on and knows whether a transaction is open.
        following = client.cmd("RCPT TO:<x@example.net>").code
        assert following == (250 if reply.code == 250 else 503)


@pytest.mark.parametrize("rest, wanted", [row[1:] for row in RECIPIENTS], ids=[row[0] for row in RECIPIENTS])
def test_recipient(server, rest, wanted):
    with begin(server, "mail") as client:
        reply = client.cmd(_line("RCPT TO:", rest))
        assert matches(wanted, reply), reply
        check_form(reply, "RCPT")
        following = client.cmd("DATA").code
        assert following in ((354,) if reply.code == 250 else (503, 554))


UTF8 = [
    ("an umlaut in the local part", "<jürgen@example.net>", "250"),
    ("an umlaut in the domain", "<x@bücher.example>", "250"),
    ("Chinese", "<用户@例子.test>", "250"),
    ("a broken sequence", b"<\xe4\xb8@example.net>", "501|553"),
    ("an overlong form", b"<\xc1\x81@example.net>", "501|553"),
    ("a C1 control", b"<x\xc2\x85y@example.net>", "501|553|250"),
    ("beyond Unicode", b"<\xf4\x90\x80\x80@example.net>", "501|553"),
]


@pytest.mark.parametrize("rest, wanted", [row[1:] for row in UTF8], ids=[row[0] for row in UTF8])
def test_recipient_with_smtputf8(server, rest, wanted):
    with begin(server, "login") as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}> SMTPUTF8").code == 250
        reply = client.cmd(_line("RCPT TO:", rest))
        assert matches(wanted, reply), reply
        check_form(reply, "RCPT")


def test_the_longest_addresses_fit_their_reply(server):
    """Replies stay within 200 octets whatever the names in them."""
    longest = "x" * 64 + "@" + ".".join(["y" * 61] * 3) + ".net"
    with begin(server, "login") as client:
        check_form(client.cmd(f"MAIL FROM:<{longest}>"), "MAIL")
        client.cmd(f"MAIL FROM:<{ANNA}>")
        check_form(client.cmd(f"RCPT TO:<{longest}>"), "RCPT")
        check_form(client.cmd(f"RCPT TO:<{longest}x>"), "RCPT")


def test_postmaster_reaches_the_admin(server, next_hop):
    with begin(server, "mail") as client:
        assert client.cmd("RCPT TO:<postmaster>").code == 250
        assert client.cmd("DATA").code == 354
        assert client.content(f"From: <{ANNA}>\r\nSubject: to the admin\r\n\r\nx\r\n").code == 250
    assert next_hop.wait("postmaster@example.test")


def test_a_trailing_dot_is_gone_when_it_leaves(server, next_hop):
    with begin(server, "mail") as client:
        assert client.cmd("RCPT TO:<dotted@example.net.>").code == 250
        assert client.cmd("DATA").code == 354
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    assert next_hop.wait("dotted@example.net")


def test_a_source_route_is_gone_when_it_leaves(server, next_hop):
    with begin(server, "mail") as client:
        assert client.cmd("RCPT TO:<@a.test,@b.test:routed@example.net>").code == 250
        assert client.cmd("DATA").code == 354
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    assert next_hop.wait("routed@example.net")
