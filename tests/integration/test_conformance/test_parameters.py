"""Parameters of MAIL and RCPT (RFC 1870, 6152, 6531, 3461, 4954)."""

import pytest

from harness.dialogue import ANNA, begin, check_form, matches

MAIL = [
    ("SIZE=100", "250"), ("SIZE=0", "250"), ("size=100", "250"), ("SIZE=52428800", "250"),
    ("SIZE=52428801", "552 5.3.4"), ("SIZE=999999999999", "552 5.3.4"), ("SIZE=99999999999999999999999999", "552|501"),
    ("SIZE=-1", "501"), ("SIZE=", "501"), ("SIZE", "501"), ("SIZE=abc", "501"), ("SIZE=1e3", "501"), ("SIZE=0x10", "501"),
    ("SIZE=+5", "501"), ("SIZE=1 SIZE=1", "501"), ("SIZE=1 SIZE=2", "501"),
    ("BODY=7BIT", "250"), ("BODY=8BITMIME", "250"), ("body=8bitmime", "250"), ("BODY=BINARYMIME", "501|504|555"), ("BODY=", "501"),
    ("BODY=9BIT", "501"), ("BODY", "501"), ("BODY=7BIT BODY=8BITMIME", "501"),
    ("SMTPUTF8", "250"), ("smtputf8", "250"), ("SMTPUTF8=1", "501"), ("SMTPUTF8 SMTPUTF8", "501"),
    ("RET=HDRS", "250"), ("RET=FULL", "250"), ("ret=full", "250"), ("RET=", "501"), ("RET=SOME", "501"), ("RET=FULL RET=HDRS", "501"), ("RET", "501"),
    ("ENVID=abc123", "250"), ("ENVID=a+2Bb", "250"), ("ENVID=a+ZZ", "501"), ("ENVID=a+2", "501"), ("ENVID=a=b", "501"), ("ENVID=", "501|250"),
    ("ENVID=a+0D+0Ab", "501"), ("ENVID=" + "x" * 100, "250"), ("ENVID=" + "x" * 101, "501"), ("ENVID=" + "x" * 500, "501"),
    ("AUTH=<>", "250"), (f"AUTH={ANNA}", "250"), ("AUTH=a+3Db", "250|501"), ("AUTH=+ZZ", "501|250"),
    ("SIZE=100 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x", "250"),
    ("FOO", "555 5.5.4"), ("FOO=BAR", "555 5.5.4"), ("NOTIFY=NEVER", "555|501"), ("ORCPT=rfc822;x@y.test", "555|501"),
    ("HOLDFOR=60", "250"), ("HOLDFOR=0", "250|501"), ("HOLDFOR=x", "501"), ("HOLDFOR=60 HOLDUNTIL=2030-01-01T00:00:00Z", "501 5.5.4"), ("REQUIRETLS", "555 5.5.4"),
    ("MT-PRIORITY=3", "250 2.3.6"), ("MT-PRIORITY=10", "501"), ("MT-PRIORITY=-1", "250"),
    ("BY=120;R", "250"), ("BY=0;R", "501"), ("BY=120", "501"), ("BY=120;X", "501"), ("XFORWARD=1", "555 5.5.4"),
    ("=5", "501|555"), ("-X=5", "501|555"), ("SIZE=10  BODY=7BIT", "250|501"), ("SIZE=10\tBODY=7BIT", "501|250"),
    ("SIZE=" + "9" * 400, "501|552|500"), ("ÄÖ=1", "501|555"),
]

RCPT = [
    ("NOTIFY=NEVER", "250"), ("NOTIFY=SUCCESS", "250"), ("NOTIFY=FAILURE", "250"), ("NOTIFY=DELAY", "250"), ("notify=success,failure", "250"),
    ("NOTIFY=SUCCESS,FAILURE,DELAY", "250"), ("NOTIFY=NEVER,SUCCESS", "501"), ("NOTIFY=SUCCESS,NEVER", "501"), ("NOTIFY=", "501"),
    ("NOTIFY", "501"), ("NOTIFY=ALWAYS", "501"), ("NOTIFY=SUCCESS,", "501"), ("NOTIFY=,SUCCESS", "501"), ("NOTIFY=SUCCESS FAILURE", "501|555"),
    ("NOTIFY=NEVER NOTIFY=NEVER", "501"), ("NOTIFY=SUCCESS,SUCCESS", "250|501"),
    ("ORCPT=rfc822;x@example.net", "250"), ("ORCPT=rfc822;x+2By@example.net", "250"), ("orcpt=RFC822;x@example.net", "250"),
    ("ORCPT=rfc822", "501"), ("ORCPT=;x@y", "501"), ("ORCPT=rfc822;", "501"), ("ORCPT=", "501"), ("ORCPT=rfc822;x+ZZ", "501"),
    ("ORCPT=rfc822;x+0D+0Ay@example.net", "501"), ("ORCPT=rfc822;" + "x" * 600, "501"), ("ORCPT=rfc822;a@b.test ORCPT=rfc822;a@b.test", "501"),
    ("NOTIFY=NEVER ORCPT=rfc822;x@example.net", "250"),
    ("FOO=BAR", "555 5.5.4"), ("SIZE=5", "555|501"), ("RET=FULL", "555|501"), ("RRVS=2014-04-03T23:01:00Z", "555 5.5.4"),
]


@pytest.mark.parametrize("parameters, wanted", MAIL, ids=[row[0][:40] for row in MAIL])
def test_mail_parameters(server, parameters, wanted):
    with begin(server, "login") as client:
        reply = client.cmd(f"MAIL FROM:<{ANNA}> {parameters}".encode())
        assert matches(wanted, reply), reply
        check_form(reply, "MAIL")
        assert client.cmd("RCPT TO:<x@example.net>").code == (250 if reply.code == 250 else 503)


@pytest.mark.parametrize("parameters, wanted", RCPT, ids=[row[0][:40] for row in RCPT])
def test_rcpt_parameters(server, parameters, wanted):
    with begin(server, "mail") as client:
        reply = client.cmd(f"RCPT TO:<x@example.net> {parameters}".encode())
        assert matches(wanted, reply), reply
        check_form(reply, "RCPT")


def test_parameters_behind_the_null_sender(server):
    with begin(server, "login") as client:
        assert client.cmd("MAIL FROM:<> SIZE=500 BODY=8BITMIME RET=HDRS").code == 250


def test_parameters_without_brackets(server):
    """MAIL FROM:anna@example.test SIZE=5, as old devices write."""
    with begin(server, "login") as client:
        assert client.cmd(f"MAIL FROM:{ANNA} SIZE=5").code == 250
        assert client.cmd("RCPT TO:x@example.net NOTIFY=NEVER").code == 250


def test_dsn_parameters_reach_a_hop_that_knows_them(server, make):
    sink = make.sink(extensions=("PIPELINING", "SIZE 104857600", "8BITMIME", "DSN", "ENHANCEDSTATUSCODES"))
    other = make.posthaste(relay=sink)
    with other.session() as client:
        reply = client.cmd(f"MAIL FROM:<{ANNA}> RET=HDRS ENVID=a+2Bb")
        assert reply.code == 250
        assert client.cmd("RCPT TO:<dsn@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;first@example.net").code == 250
        assert client.cmd("DATA").code == 354
        assert client.content(f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    (message,) = sink.wait("dsn@example.net")
    assert "ENVID=a+2Bb" in message.mail_parameters and "RET=HDRS" in message.mail_parameters
    assert "NOTIFY=SUCCESS,DELAY" in message.rcpt_parameters[0] and "ORCPT=rfc822;first@example.net" in message.rcpt_parameters[0]
