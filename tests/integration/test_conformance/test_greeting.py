"""What EHLO offers in each state; nothing more, nothing less."""

import pytest

from harness.dialogue import begin

BEFORE = {"SIZE", "STARTTLS", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING"}


def test_before_tls(server):
    with begin(server, "ehlo") as client:
        offered = set(client.extensions)
        assert offered - {"LIMITS"} == BEFORE
        assert client.extensions["SIZE"] == "52428800"


def test_behind_tls(server):
    with begin(server, "tls") as client:
        assert set(client.extensions) == BEFORE - {"STARTTLS"} | {"AUTH", "LIMITS", "FUTURERELEASE", "DELIVERBY", "MT-PRIORITY"}
        assert client.extensions["AUTH"] == "PLAIN LOGIN"
        assert "RCPTMAX=1000" in client.extensions["LIMITS"].split()


def test_on_the_tls_port(server):
    with server.connect(server.tls_port, tls="implicit") as client:
        client.ehlo()
        assert "STARTTLS" not in client.extensions and client.extensions["AUTH"] == "PLAIN LOGIN"


@pytest.mark.parametrize("word", ["BINARYMIME", "VRFY", "EXPN", "ETRN", "TURN", "XCLIENT", "XFORWARD", "CLIENTID", "ATRN", "HELP", "REQUIRETLS", "BURL"])
def test_never_offered(server, word):
    for state in ("ehlo", "tls", "login"):
        with begin(server, state) as client:
            client.ehlo()
            assert word not in client.extensions


@pytest.mark.parametrize("mechanism", ["CRAM-MD5", "DIGEST-MD5", "NTLM", "GSSAPI", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "ANONYMOUS"])
def test_mechanisms_that_break_outlook_are_not_offered(server, mechanism):
    with begin(server, "tls") as client:
        assert mechanism not in client.extensions["AUTH"].split()


def test_no_equals_form_of_auth(server):
    """"AUTH=PLAIN" is for programs of the last century, off by default."""
    with begin(server, "tls") as client:
        assert not [name for name in client.extensions if name.startswith("AUTH=")]


def test_the_first_line_is_the_host_alone(server):
    with begin(server, "fresh") as client:
        reply = client.ehlo("client.example")
        assert reply.lines[0].split()[0] == "mail.example.test"


def test_lines_are_short_and_separate(server):
    with begin(server, "tls") as client:
        reply = client.ehlo()
        assert all(line[3:4] == b"-" for line in reply.raw[:-1]) and reply.raw[-1][3:4] == b" "
        assert all(len(line) < 80 for line in reply.raw)


def test_helo_is_one_line(server):
    with begin(server, "fresh") as client:
        reply = client.cmd("HELO x")
        assert reply.code == 250 and len(reply.raw) == 1
