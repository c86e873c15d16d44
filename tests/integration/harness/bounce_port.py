"""What other servers bring to the port that takes bounces only."""

import smtplib

DOMAIN = "bounce.example.test"
CAROL = "carol@example.net"


def bounce(recipient=CAROL, status="5.1.1", action="failed", message_id="<x@example.test>", more=""):
    """A report of RFC 3464 about that recipient."""
    return f"""From: MAILER-DAEMON@mx.example.net
To: somebody@{DOMAIN}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

The message could not be delivered.

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; inner.example.net
Diagnostic-Code: smtp; 550 {status} no mailbox of that name here
{more}
--=_b
Content-Type: message/rfc822

Message-ID: {message_id}
Subject: a test

hello
--=_b--
"""


def complaint(return_path, recipient=CAROL, kind="abuse", reference=""):
    """A feedback report of RFC 5965."""
    return f"""From: fbl@provider.example
Subject: FW: a test
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

A complaint.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Provider/1
Version: 1
Original-Rcpt-To: {recipient}

--b
Content-Type: message/rfc822

Return-Path: <{return_path}>
{reference}Subject: a test
To: {recipient}

hello
--b--
"""


class Port:
    """The other end: a server that returns mail."""

    def __init__(self, number):
        self.number = number

    def give(self, recipient, text, sender=""):
        """The reply to the last command, as (code, text)."""
        with smtplib.SMTP("127.0.0.1", self.number, timeout=60) as client:
            client.ehlo("mx.example.net")
            code, said = client.mail(sender)
            if code == 250:
                code, said = client.rcpt(recipient)
            if code == 250:
                code, said = client.data(text.replace("\n", "\r\n").encode())
            return code, said.decode()
