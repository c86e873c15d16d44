"""About two hundred messages that are odd but legal, and what must leave of each: the same octets, or what the table says.

A message is octets with CR LF line ends that end in CR LF. Everything a submission server adds (delivery.md 8.1) is
there already, unless the case is about just that.
"""

FROM = "From: Anna <anna@example.test>"
DATE = "Date: Mon, 23 Nov 2026 10:00:00 +0000"
ID = "Message-ID: <odd@example.test>"
MIME = "MIME-Version: 1.0"


def _octets(text):
    return text.encode("utf-8") if isinstance(text, str) else text


def message(*fields, body="hello\r\n", start=(FROM, DATE, ID)):
    """With what every message has, then these fields."""
    return b"".join(_octets(field) + b"\r\n" for field in (*start, *fields)) + b"\r\n" + _octets(body)


def mime(content_type, body, *more):
    """A message of that type."""
    return message(MIME, f"Content-Type: {content_type}", *more, body=body)


def multipart(*parts, kind="mixed", boundary="b", quoted=True, preamble="", epilogue=""):
    """Parts are (fields, body)."""
    mark = f'"{boundary}"' if quoted else boundary
    lines = preamble + "".join(f"--{boundary}\r\n{fields}\r\n{body}\r\n" for fields, body in parts) + f"--{boundary}--\r\n" + epilogue
    return mime(f"multipart/{kind}; boundary={mark}", lines)


TEXT = "Content-Type: text/plain; charset=utf-8\r\n"
HTML = "Content-Type: text/html; charset=utf-8\r\n"
LONGEST = "x" * 998

ADDRESSES = [
    "a@example.net", "<a@example.net>", "A <a@example.net>", '"A, B" <a@example.net>', "A (a comment) <a@example.net>",
    "a@example.net (A)", "undisclosed-recipients:;", "Group: a@example.net, b@example.net;", "Group:a@example.net;,c@example.net",
    '"quoted local"@example.net', '"a\\"b"@example.net', "a.b.c@example.net", "a+tag@example.net", "a@[192.0.2.1]",
    "=?utf-8?Q?J=C3=BCrgen?= <a@example.net>", "=?iso-8859-1?B?SvxyZ2Vu?= <a@example.net>", "a@example.net,\r\n\tb@example.net",
    "a@example.net,,b@example.net", "A B C D <a@example.net>", "O'Brien <o'brien@example.net>", "a@xn--bcher-kva.example",
    "A.\r\n B. <a@example.net>", "(before) a@example.net", "A <a@example.net> , B <b@example.net>", "a!b%c@example.net",
    "@route.example:a@example.net", "'single' <a@example.net>",
]
DATES = [
    "23 Nov 2026 10:00:00 +0000", "Mon, 23 Nov 2026 10:00 +0000", "Mon, 23 Nov 26 10:00:00 GMT", "Mon, 23 Nov 2026 10:00:00 EST",
    "Mon, 23 Nov 2026 10:00:00 -0000", "Mon,  23  Nov  2026 10:00:00 +0100 (CET)", "Mon, 3 Nov 1996 10:00:00 +0000",
    "Mon, 23 Nov 2026\r\n 10:00:00 +0000", "Thu, 23 Nov 2056 10:00:00 +1345", "Mon, 23 Nov 2026 23:59:60 +0000",
]
IDS = ["<a@b>", "<1234$5678$9abc@host>", "<!&!AAAA==@example.com>", "<a.b.c+d@[192.0.2.1]>", "<\"a b\"@c>", "a@b", "<a@b> (comment)",
       "\r\n <folded@example.net>"]
BODIES = {
    "nothing": "", "one line end": "\r\n", "line ends": "\r\n" * 9, "blanks": " \t \r\n\t\r\n", "dots": ".\r\n..\r\n...\r\n.x\r\n",
    "trailing blanks": "a \r\nb\t\r\nc \t \r\n", "from lines": "From me\r\n>From you\r\nFrom: x\r\n", "looks like a header": "To: x\r\nBcc: y\r\n\r\nz\r\n",
    "longest line": LONGEST + "\r\n", "longest lines": (LONGEST + "\r\n") * 5, "utf-8": "Grüße, 你好, 😀\r\n", "latin-1": b"gr\xfc\xdfe\r\n",
    "utf-16": "ab".encode("utf-16-le").replace(b"\0", b"\x01") + b"\r\n", "control octets": b"\x01\x02\x07\x08\x0b\x0c\x1b\x7f\r\n",
    "every octet": bytes(c for c in range(1, 256) if c not in (10, 13)) + b"\r\n", "tabs": "\ta\tb\t\tc\r\n", "uuencode": "begin 644 f\r\n#0V%T\r\n`\r\nend\r\n",
    "yenc": b"=ybegin line=128 size=3 name=x\r\n\xab\xac\xad\r\n=yend size=3\r\n", "signature": "text\r\n-- \r\nme\r\n",
    "inline pgp": "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nx\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nAAAA\r\n-----END PGP SIGNATURE-----\r\n",
    "boundary without multipart": "--b\r\n\r\nx\r\n--b--\r\n", "many short lines": "a\r\n" * 3000, "equals signs": "=\r\n==3D=\r\n", "bom": "\ufeffx\r\n",
}
FIELDS = {
    "no blank behind the colon": "Subject:x", "many blanks": "Subject:    x   ", "tab": "Subject:\tx", "empty subject": "Subject:", "folded at once": "Subject:\r\n x",
    "folded thrice": "Subject: a\r\n b\r\n\tc\r\n d", "blank fold": "Subject: a\r\n \r\n b", "longest subject": "Subject: " + "s" * 989,
    "unknown charset": "Subject: =?x-unknown?Q?abc?=", "broken word": "Subject: =?utf-8?Q?abc", "long word": "Subject: =?utf-8?Q?" + "a" * 200 + "?=",
    "odd name": "X-A_b.c!#$%&'*+^`{|}~: 1", "digits": "123: 4", "empty field": "X-Empty:", "small letters": "subject: x", "capitals": "SUBJECT: x",
    "comments": "Comments: one\r\nComments: two\r\nKeywords: a, b", "list": "List-Id: <a.example.test>\r\nList-Unsubscribe: <mailto:x@example.test>, <https://example.test/u?a=b>",
    "priority": "X-Priority: 1 (Highest)\r\nX-MSMail-Priority: High\r\nImportance: High", "thread": "Thread-Index: AdxAAAA==\r\nThread-Topic: =?utf-8?B?w7w=?=",
    "references": "References: <1@a> <2@b>\r\n\t<3@c>\r\nIn-Reply-To: <3@c>", "receipt": "Disposition-Notification-To: <anna@example.test>\r\nReturn-Receipt-To: anna@example.test",
    "foreign signature": "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x; h=from; bh=AA==; b=AA==", "mailer": "X-Mailer: Microsoft Outlook 16.0\r\nMIME-Version: 1.0\r\nContent-Language: de",
    "foreign verdict": "Authentication-Results: mx.example.org; spf=pass", "received": "Received: from a\r\n\tby b; Mon, 23 Nov 2026 10:00:00 +0000\r\nReceived: from c by d; x",
    "reply to": 'Reply-To: "A" <a@example.net>, b@example.net', "sender": "Sender: anna@example.test", "organization": "Organization: A & B \\ C",
    "autocrypt": "Autocrypt: addr=anna@example.test; keydata=" + "\r\n ".join(["A" * 70] * 20), "face": "X-Face: !@#$%^&*()_+|~`<>,.?/:;\"'{}[]\\",
    "blank before the colon": "X-Odd  : x", "eight hundred fields": "\r\n".join(f"X-{n}: {n}" for n in range(800)), "many recipients": "Cc: " + ",\r\n ".join(f"r{n}@example.net" for n in range(900)),
    "two cc": "Cc: a@example.net\r\nCc: b@example.net", "auto": "Auto-Submitted: auto-generated\r\nPrecedence: bulk", "older resending": "Received: x\r\nResent-From: old@example.org\r\nResent-To: a@example.net",
}


def _same():
    for number, address in enumerate(ADDRESSES):
        for name in ("To", "Cc", "Reply-To"):
            yield f"{name} {number}", message(f"{name}: {address}")
    for number, date in enumerate(DATES):
        yield f"date {number}", message(start=(FROM, f"Date: {date}", ID))
    for number, name in enumerate(IDS):
        yield f"id {number}", message(start=(FROM, DATE, f"Message-ID: {name}"))
    for name, body in BODIES.items():
        yield f"body: {name}", message("Subject: x", body=body)
    for name, fields in FIELDS.items():
        if "Resent-From" not in fields:
            yield f"field: {name}", message(fields)
    yield from _same_mime()


def _same_mime():
    signed = f"--s\r\n{TEXT}\r\nx \r\n--s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--s--\r\n"
    nested = f'Content-Type: multipart/alternative; boundary="bb"\r\n'
    inner = f"--bb\r\n{TEXT}\r\na\r\n--bb\r\n{HTML}\r\n<p>a\r\n--bb--\r\n"
    yield "mime: plain", mime("text/plain; charset=us-ascii", "x\r\n", "Content-Transfer-Encoding: 7bit")
    yield "mime: 8bit", mime("text/plain; charset=utf-8", "ü\r\n", "Content-Transfer-Encoding: 8bit")
    yield "mime: base64", mime("text/plain; charset=utf-8", "w7w=\r\n", "Content-Transfer-Encoding: BASE64")
    yield "mime: quoted", mime("text/plain; charset=utf-8", "=C3=BC=\r\n x=20\r\n", "Content-Transfer-Encoding: Quoted-Printable")
    yield "mime: flowed", mime("text/plain; format=flowed; delsp=yes", "a \r\nb\r\n")
    yield "mime: odd type", mime("TEXT/X-Odd+xml ; charset = \"utf-8\" (a comment)", "x\r\n")
    yield "mime: no slash", mime("text", "x\r\n")
    yield "mime: no boundary", mime("multipart/mixed", "--b\r\n\r\nx\r\n")
    yield "mime: rfc 2231", mime("text/plain; name*0*=utf-8''%C3; name*1*=%BC.txt", "x\r\n")
    yield "mime: encoded word in a name", mime('text/plain; name="=?utf-8?Q?=C3=BC?="', "x\r\n")
    yield "mime: mixed", multipart((TEXT, "a"), (HTML, "<p>a"))
    yield "mime: preamble", multipart((TEXT, "a"), preamble="This is a message in MIME.\r\n", epilogue="the end\r\n")
    yield "mime: empty parts", multipart(("", ""), ("", ""))
    yield "mime: not closed", mime("multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n")
    yield "mime: no part", mime("multipart/mixed; boundary=b", "nothing\r\n")
    yield "mime: part without a header", mime("multipart/mixed; boundary=b", "--b\r\nno header\r\n--b--\r\n")
    yield "mime: blanks behind a boundary", mime("multipart/mixed; boundary=b", "--b  \r\n\r\nx\r\n--b-- \t\r\n")
    yield "mime: odd boundary", multipart((TEXT, "a"), boundary="'()+_,-./:=? x")
    yield "mime: longest boundary", multipart((TEXT, "a"), boundary="b" * 70)
    yield "mime: boundary within a boundary", multipart((nested.replace('"bb"', "bb"), inner))
    yield "mime: nested", multipart((nested, inner), ("Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <i@x>\r\n", "AAAA"), kind="related")
    yield "mime: message", multipart(("Content-Type: message/rfc822\r\n", "Subject: in\r\n\r\nx"), kind="mixed")
    yield "mime: digest", multipart(("", "Subject: a\r\n\r\nx"), ("", "Subject: b\r\n\r\ny"), kind="digest")
    yield "mime: partial", mime('message/partial; id="a@b"; number=1; total=2', "Subject: x\r\n\r\nhalf\r\n")
    yield "mime: external", mime("message/external-body; access-type=URL; URL=\"https://example.net/\"", "Content-Type: text/plain\r\n\r\n")
    yield "mime: signed", mime('multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s', signed)
    yield "mime: 8-bit within signed", mime("multipart/signed; boundary=s", signed.replace("x \r\n", "ü \r\n"))
    yield "mime: encrypted", mime('multipart/encrypted; protocol="application/pgp-encrypted"; boundary=s', "--s\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--s--\r\n")
    yield "mime: s/mime", mime("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "AAAA\r\n", "Content-Transfer-Encoding: base64")
    yield "mime: winmail.dat", multipart(("Content-Type: application/ms-tnef; name=\"winmail.dat\"\r\nContent-Transfer-Encoding: base64\r\n", "eJ8+"))
    yield "mime: calendar", multipart((TEXT, "a"), ("Content-Type: text/calendar; method=REQUEST\r\n", "BEGIN:VCALENDAR\r\nEND:VCALENDAR"), kind="alternative")
    yield "mime: report", multipart((TEXT, "read"), ("Content-Type: message/disposition-notification\r\n", "Disposition: x/y; displayed"), kind="report")
    yield "mime: ten deep", mime("multipart/mixed; boundary=b0", "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(10)) + f"--b10\r\n\r\nx\r\n")
    yield "mime: five hundred parts", multipart(*[(TEXT, str(n)) for n in range(500)])
    yield "mime: binary", mime("application/octet-stream", b"\x01\xff\xfe\r\n", "Content-Transfer-Encoding: binary")
    yield "mime: uuencode", mime("application/octet-stream", "begin 644 x\r\nend\r\n", "Content-Transfer-Encoding: x-uuencode")
    yield "mime: version with a comment", message("MIME-Version: 1.0 (made by hand)", "Content-Type: text/plain")


def _changed():
    """name, what is handed in, what leaves."""
    long_line = "y" * 1200
    quoted = "=\r\n".join(["y" * 75] * 16) + "\r\n"
    yield ("Bcc goes", message("Bcc: secret@example.net,\r\n b@example.net", "Subject: x"), message("Subject: x"))
    yield ("Resent-Bcc, Return-Path, Delivered-To go", message("Return-Path: <a@b>", "Delivered-To: a@b", "Resent-Bcc: x@y", "X-Posthaste-Hold: yes"), message())
    yield ("a verdict in our name goes", message("Authentication-Results: mail.example.test; dkim=pass"), message())
    yield ("MIME-Version comes", message("Content-Type: text/plain"), message("Content-Type: text/plain", MIME))
    yield ("the gap in From closes", message(start=("From : anna@example.test", DATE, ID)), message(start=("From: anna@example.test", DATE, ID)))
    yield ("a bare LF becomes CR LF", message("Subject: x", body=b"a\nb\r\n"), message("Subject: x", body="a\r\nb\r\n"))
    yield ("raw UTF-8 in Subject", message("Subject: Grüße"), message("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?="))
    yield ("raw Latin-1 in Subject", message(b"Subject: Gr\xfc\xdfe"), message("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?="))
    yield ("a raw name in To", message("To: Jürgen Müller <a@example.net>"), message("To: =?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <a@example.net>"))
    yield ("a raw name in quotes", message('To: "Müller, J." <a@example.net>'), message("To: =?utf-8?Q?M=C3=BCller=2C_J=2E?= <a@example.net>"))
    yield ("a raw domain", message("To: a@müller.example"), message("To: a@xn--mller-kva.example"))
    yield ("a raw comment", message("To: a@example.net (Büro)"), message("To: a@example.net (=?utf-8?Q?B=C3=BCro?=)"))
    yield ("a raw file name", message(MIME, 'Content-Type: text/plain; name="ü.txt"'), message(MIME, "Content-Type: text/plain; name*=utf-8''%C3%BC.txt"))
    yield ("a raw link of a list", message("List-Unsubscribe: <https://example.test/ü>"), message("List-Unsubscribe: <https://example.test/%C3%BC>"))
    yield ("a raw file name of a part", multipart(('Content-Disposition: attachment; filename="ü.txt"\r\n', "x")),
           multipart(("Content-Disposition: attachment; filename*=utf-8''%C3%BC.txt\r\n", "x")))
    yield ("a long line of text", message("Subject: x", body=long_line + "\r\n"),
           message("Subject: x", "Content-Transfer-Encoding: quoted-printable", MIME, body=quoted))
    yield ("a long line in a part", multipart((TEXT, long_line), (HTML, "<p>")),
           multipart((TEXT + "Content-Transfer-Encoding: quoted-printable\r\n", quoted[:-2]), (HTML, "<p>")))
    yield ("base64 in one line", mime("text/plain", "Q" * 2000 + "\r\n", "Content-Transfer-Encoding: base64"),
           mime("text/plain", "\r\n".join(["Q" * 76] * 26 + ["Q" * 24]) + "\r\n", "Content-Transfer-Encoding: base64"))
    yield ("a field too long", message("References: " + " ".join(["<" + "r" * 98 + "@a>"] * 12)),
           message("References: " + " ".join(["<" + "r" * 98 + "@a>"] * 8) + "\r\n " + " ".join(["<" + "r" * 98 + "@a>"] * 4)))


def _refused():
    """name, message, code, a word of the reply."""
    yield ("two From", message(FROM), 550, "several From")
    yield ("two Subject", message("Subject: a", "Subject: b"), 550, "several Subject")
    yield ("two Date", message(DATE), 550, "several Date")
    yield ("two To", message("To: a@b.example", "To: c@d.example"), 550, "several To")
    yield ("two types", message("Content-Type: text/plain", "Content-Type: text/html"), 550, "several Content-Type")
    yield ("a long line within signed", mime("multipart/signed; boundary=s", "--s\r\n\r\n" + "x" * 1200 + "\r\n--s--\r\n"), 554, "signed or encrypted")
    yield ("a long line in uuencode", mime("text/plain", "x" * 1200 + "\r\n", "Content-Transfer-Encoding: x-uuencode"), 554, "cannot be wrapped")
    yield ("sixty deep", mime("multipart/mixed; boundary=b0", "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(60))), 554, "50 deep")
    yield ("1,001 fields", message(*[f"X-{n}: 1" for n in range(1001)]), 552, "1,000 fields")
    yield ("sent on by somebody else", message(start=("Resent-From: mallory@example.org", FROM, DATE, ID)), 550, "may not send as")
    yield ("a NUL", message(body=b"a\0b\r\n"), 550, "NUL")
    yield ("a bare CR", message(body=b"a\rb\r\n"), 550, "CR alone")


SAME = dict(_same())
CHANGED = {name: (before, after) for name, before, after in _changed()}
REFUSED = {name: (content, code, words) for name, content, code, words in _refused()}
