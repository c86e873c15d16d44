"""Nobody sends as somebody else: not in the envelope, not in From, not in Sender, through no syntax that is or ever was."""

import pytest

from harness.dialogue import ANNA, check_form

# The header lines; Anna may send as anna@ and sales@example.test.
ALLOWED = [
    ("plain", "From: anna@example.test"),
    ("brackets", "From: <anna@example.test>"),
    ("a name", "From: Anna Lopes <anna@example.test>"),
    ("a quoted name", 'From: "Lopes, Anna" <anna@example.test>'),
    ("single quotes, as Outlook writes", "From: 'Anna' <anna@example.test>"),
    ("upper case", "From: <ANNA@EXAMPLE.TEST>"),
    ("an address of hers", "From: <sales@example.test>"),
    ("both of hers", "From: <anna@example.test>, <sales@example.test>\r\nSender: <anna@example.test>"),
    ("folded", "From:\r\n <anna@example.test>"),
    ("folded twice", "From: Anna\r\n\tLopes\r\n  <anna@example.test>"),
    ("a comment", "From: anna@example.test (Anna)"),
    ("a comment inside", "From: anna(x)@(y)example.test"),
    ("nested comments", "From: (a (b (c)) d) <anna@example.test>"),
    ("an encoded name", "From: =?utf-8?B?QW5uYQ==?= <anna@example.test>"),
    ("an address as a quoted name", 'From: "bob@example.test" <anna@example.test>'),
    ("no blank", "From:anna@example.test"),
    ("an obsolete blank before the colon", "From : <anna@example.test>"),
    ("lower case field", "from: <anna@example.test>"),
    ("a Sender of hers", "From: <anna@example.test>\r\nSender: <sales@example.test>"),
    ("Reply-To is free", "From: <anna@example.test>\r\nReply-To: <bob@elsewhere.test>"),
    ("Resent fields of hers", "Resent-From: <anna@example.test>\r\nFrom: <anna@example.test>"),
    ("an obsolete route to herself", "From: <@a.test,@b.test:anna@example.test>"),
    ("a group of hers", "From: us: anna@example.test, sales@example.test;\r\nSender: anna@example.test"),
    ("an empty list element", "From: , <anna@example.test>,,\r\nSender: <anna@example.test>"),
]

REFUSED = [
    ("somebody else", "From: <bob@example.test>"),
    ("another domain", "From: <ceo@example.com>"),
    ("hers and somebody else's", "From: <anna@example.test>, <bob@example.test>"),
    ("somebody else's and hers", "From: <bob@example.test>, <anna@example.test>\r\nSender: <anna@example.test>"),
    ("two From fields", "From: <anna@example.test>\r\nFrom: <bob@example.test>"),
    ("two From fields, hers last", "From: <bob@example.test>\r\nFrom: <anna@example.test>"),
    ("two From fields parted", "From: <anna@example.test>\r\nX: y\r\nTo: <z@example.net>\r\nfrom: <bob@example.test>"),
    ("the second with a blank before the colon", "From: <anna@example.test>\r\nFrom : <bob@example.test>"),
    ("the second with a tab before the colon", "From: <anna@example.test>\r\nFrom\t: <bob@example.test>"),
    ("only one with a blank before the colon", "From : <bob@example.test>"),
    ("somebody else as Sender", "From: <anna@example.test>\r\nSender: <bob@example.test>"),
    ("two Senders", "From: <anna@example.test>\r\nSender: <anna@example.test>\r\nSender: <bob@example.test>"),
    ("a Sender with a blank before the colon", "From: <anna@example.test>\r\nSender : <bob@example.test>"),
    ("a list of Senders", "From: <anna@example.test>\r\nSender: <anna@example.test>, <bob@example.test>"),
    ("folded", "From:\r\n <bob@example.test>"),
    ("folded into the address", "From: <bob\r\n @example.test>"),
    ("a group", "From: friends: bob@example.test;"),
    ("a group among hers", "From: anna@example.test, friends: bob@example.test;"),
    ("an empty group", "From: friends:;"),
    ("hers in a comment", "From: (anna@example.test) bob@example.test"),
    ("hers in a comment behind", "From: bob@example.test (anna@example.test)"),
    ("hers as a quoted name", 'From: "anna@example.test" <bob@example.test>'),
    ("hers as a bare name", "From: anna@example.test <bob@example.test>"),
    ("hers quoted, escaped", 'From: "\\"anna@example.test\\"" <bob@example.test>'),
    ("two bracketed addresses", "From: <anna@example.test> <bob@example.test>"),
    ("two bracketed, hers last", "From: <bob@example.test> <anna@example.test>"),
    ("a route", "From: <@anna.test:bob@example.test>"),
    ("an encoded word as the address", "From: =?utf-8?B?PGJvYkBleGFtcGxlLnRlc3Q+?="),
    ("an encoded name that looks like hers", "From: =?utf-8?B?YW5uYUBleGFtcGxlLnRlc3Q=?= <bob@example.test>"),
    ("a semicolon list", "From: anna@example.test; bob@example.test"),
    ("an unclosed comment", "From: (anna <bob@example.test>"),
    ("an unclosed quote", 'From: "anna <bob@example.test>'),
    ("an unclosed bracket", "From: <bob@example.test"),
    ("no address", "From: Anna"),
    ("an empty From", "From:"),
    ("a blank From", "From:  \r\n "),
    ("two at signs", "From: <anna@example.test@evil.test>"),
    ("a suffix", "From: <anna@example.test.evil.test>"),
    ("a tag of another domain", "From: <anna+x@example.com>"),
    ("a domain literal", "From: <anna@[127.0.0.1]>"),
    ("a control octet", "From: <anna@example.test>\x01<bob@example.test>"),
    ("a line before the header", " From: <anna@example.test>\r\nFrom: <bob@example.test>"),
    ("a broken line in between", "From: <anna@example.test>\r\nno colon here\r\nFrom: <bob@example.test>"),
    ("Resent-From of somebody else", "From: <anna@example.test>\r\nResent-From: <bob@example.test>"),
    ("an address of a hundred comments", "From: " + "(c)" * 100 + "bob@example.test"),
    ("deep comments", "From: " + "(" * 500 + ")" * 500 + " bob@example.test"),
]


@pytest.fixture(scope="module")
def server(make_shared):
    next_hop = make_shared.sink()
    made = make_shared.posthaste(relay=next_hop)
    made.admin("account", "allow", ANNA, "sales@example.test")
    made.next_hop = next_hop
    return made


def _submit(server, header, sender=ANNA):
    with server.session() as client:
        reply = client.transaction(sender, "x@example.net", f"{header}\r\nSubject: rights\r\n\r\nx\r\n".encode())
        check_form(reply, "DATA")
        return reply


@pytest.mark.parametrize("header", [row[1] for row in ALLOWED], ids=[row[0] for row in ALLOWED])
def test_allowed(server, header):
    assert _submit(server, header).code == 250


@pytest.mark.parametrize("header", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(server, header):
    reply = _submit(server, header)
    if header.startswith(("From: <anna@example.test>\r\nno colon", " From:")) and reply.code == 250:
        # The header ended there: the second From is body and says nothing.
        return
    if header.startswith("From: <anna@example.test>\r\nResent-From") and reply.code == 250:
        return  # Resent fields are trace, not authorship
    assert reply.code // 100 == 5, reply
    assert reply.status in ("5.7.1", "5.6.0", "5.5.2", "5.1.7", "5.6.7"), reply


def test_the_refusal_names_both_addresses(server):
    reply = _submit(server, "From: <bob@example.test>")
    assert "bob@example.test" in reply.text and "anna@example.test" in reply.text


def test_the_envelope_refusal_names_both_addresses(server):
    with server.session() as client:
        reply = client.cmd("MAIL FROM:<bob@example.test>")
    assert (reply.code, reply.status) == (553, "5.7.1")
    assert "bob@example.test" in reply.text and "anna@example.test" in reply.text


@pytest.mark.parametrize("domain", ["exa\u00admple.test", "exam\u200bple.test", "\uff45xample.test", "example\u3002test"])
def test_her_domain_in_letters_that_only_look_so_is_refused(server, domain):
    reply = _submit(server, f"From: <anna@{domain}>")
    assert reply.code == 550 and reply.text.split()[-1].endswith(("[R45]", "/45")), reply


def test_an_accent_is_the_same_in_both_its_spellings(server):
    composed, decomposed = "\u00fcn\u00ef@example.test", "u\u0308ni\u0308@example.test"
    server.admin("account", "add", composed, "--password-stdin", input="some password 1\n")
    for address in (composed, decomposed):
        with server.session(address, "some password 1") as client:
            assert client.cmd(f"MAIL FROM:<{address}> SMTPUTF8".encode()).code == 250, address


def test_the_null_sender_is_free_but_the_header_is_not(server):
    assert _submit(server, "From: <anna@example.test>", sender="").code == 250
    assert _submit(server, "From: <bob@example.test>", sender="").code // 100 == 5


def test_an_allowed_address_taken_back_counts_at_once(server):
    server.admin("account", "allow", ANNA, "temp@example.test")
    assert _submit(server, "From: <temp@example.test>", sender="temp@example.test").code == 250
    server.admin("account", "disallow", ANNA, "temp@example.test")
    with server.session() as client:
        assert client.cmd("MAIL FROM:<temp@example.test>").code == 553


def test_a_missing_from_is_refused_or_filled_with_ones_own(server):
    reply = _submit(server, "X-Device: scanner")
    if reply.code == 250:
        message = server.next_hop.wait()[-1]
        assert message.field("From") == [] or all("anna@example.test" in value for value in message.field("From"))


def test_refused_messages_went_nowhere(server):
    from harness.waiting import until  # pylint: disable=import-outside-toplevel
    until(lambda: not server.queue(), 20, "an empty queue")
    for message in server.next_hop.messages:
        for value in message.field("From"):
            assert "bob@example.test>" not in value or '"bob@example.test"' in value, value
