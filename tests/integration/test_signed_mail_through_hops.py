"""Signed mail still verifies behind a server of somebody else's: a real Postfix, Exim and Haraka hand it on."""

import pytest

from harness import dkim_verifiers as verifiers
from harness import hops, peers
from harness.dialogue import ANNA
from test_mail_is_signed import ODD, Signed, head

UTF8 = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
MAILS = {
    **{name: ODD[name] for name in ODD if name != "5 MB"},
    "lines over 998 octets": head(*UTF8) + ("ü" * 3000 + "\r\nx\r\n").encode(),
    "a long line of HTML": head("MIME-Version: 1.0", "Content-Type: text/html") + b"<p>" + b"word " * 2000 + b"</p>\r\n",
    "raw letters in the header": f"From: Jürgen Müller <{ANNA}>\r\nTo: Zoë <r@example.net>\r\nSubject: Grüße aus Köln\r\n\r\nx\r\n".encode(),
    "a long subject": head().replace(b"a test", b"word " * 300) + b"x\r\n",
    "an attachment and nothing else": head("MIME-Version: 1.0", "Content-Type: application/pdf; name=a.pdf", "Content-Disposition: attachment",
                                           "Content-Transfer-Encoding: base64") + b"JVBERi0xLjQK\r\n" * 50,
    "blank lines at the end": head() + b"x\r\n" + b"\r\n" * 40,
    "a boundary at the end without a line end": head("MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b") + b"--b\r\n\r\nx\r\n--b--",
    # Haraka breaks lines over 992 octets, though 998 are allowed: such a body it spoils, whoever has signed it.
    "lines of 990 octets": head() + (b"x" * 990 + b"\r\n") * 3,
    "no To": f"From: {ANNA}\r\nSubject: x\r\n\r\nx\r\n".encode(),
}


class SignedThrough(Signed):
    """Its next hop hands everything on to the sink."""

    def __init__(self, make, hop):
        super().__init__(make)
        self.server.stop()
        self.server.relay_to(hop(self.sink).address)
        self.server.start()


@pytest.fixture(scope="module", params=hops.KINDS)
def through(request, make_shared, folders):
    """One for each kind of hop."""
    def hop(sink):
        try:
            made = hops.KINDS[request.param](folders(request.param), sink)
        except peers.Missing as missing:
            pytest.skip(str(missing))
        make_shared.made.append(made)
        return made
    return SignedThrough(make_shared, hop)


@pytest.mark.root
@pytest.mark.parametrize("name", MAILS)
def test_it_still_verifies(through, folders, name):
    message = through.send(MAILS[name], parameters="BODY=8BITMIME")
    assert b"hop.example.test" in message or b"recipients.example.test" in message, "it came through the hop"
    assert {through.rsa, through.ed25519} <= set(verifiers.selectors(message))
    through.assert_verifies(message, folders("dkim"))


@pytest.mark.root
def test_a_change_on_the_way_would_have_been_seen(through, folders):
    message = through.send(head() + b"ten euros\r\n")
    through.assert_broken(message.replace(b"ten euros", b"two euros"), folders("dkim"))
