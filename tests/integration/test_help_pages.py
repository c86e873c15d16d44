"""Help pages: every number that the server can say, and every one of Outlook, leads to a page that names the mend."""

import html
import pathlib
import re
import struct

import pytest

from harness.http import Http, Https

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"
NUMBERS = sorted({int(n) for n in re.findall(r"\{Say::\w+, (\d+), \d{3},", (SOURCE / "submission" / "replies.cc").read_text())})
STEPS = re.compile(r"<ol>(.*?)</ol>", re.S)


@pytest.fixture(scope="module")
def server(make_shared):
    return make_shared.posthaste(relay="127.0.0.1:1", https=True, http=True, accounts=("anna@example.test",),
                                 config={"incoming": {"imap": "imap.example.test:993"}, "limits": {"message_size": "1 MB"}})


@pytest.fixture(scope="module")
def https(server, authority):
    return Https(server.https_port, authority)


@pytest.fixture(scope="module")
def index(https):
    return https.get("/h/").decode()


def page(https, path, language="en"):
    """Text of a help page that names a mend."""
    status, headers, octets = https.request("GET", path, {"Accept-Language": language})
    assert status == 200, (path, status)
    text = octets.decode()
    assert headers["Content-Type"] == "text/html; charset=utf-8" and f'<html lang="{language}"' in text
    steps = STEPS.search(text)
    assert steps and "<li>" in steps[1], path
    assert "{" not in re.sub(r"<[^>]*>", "", text), "every mark is filled"
    return html.unescape(text)


def test_the_catalogue_was_found():
    assert len(NUMBERS) > 40 and 8 in NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_every_reply_of_ours(https, number):
    english, german = page(https, f"/h/{number}"), page(https, f"/h/{number}", "de")
    assert f"R{number}" in english and f"R{number}" in german
    assert english.split("<main")[1] != german.split("<main")[1]


def test_every_number_of_outlook(https, index):
    codes = re.findall(r'href="/h/(0x[0-9A-F]{8})"', index)
    assert len(codes) > 60 and "0x800CCC0F" in codes and "0x80042109" in codes
    kept = https.connection()
    for code in codes:
        for form in (code, code.lower(), code[2:].lower(), str(int(code, 16)), str(struct.unpack("i", struct.pack("I", int(code, 16)))[0])):
            kept.request("GET", f"/h/{form}")
            answer = kept.getresponse()
            text = answer.read().decode()
            assert answer.status == 200 and "<ol><li>" in text and code in text, form
    kept.close()


def test_every_link_of_the_index_leads_to_a_page(https, index):
    paths = re.findall(r'href="(/h/[^"?]+)"', index)
    assert len(paths) == len(set(paths)) > 130
    for path in paths:
        page(https, path)


@pytest.mark.parametrize("asked, words", [
    ("0x800CCC0F", "465"),
    ("Task 'anna@example.test - Sending' reported error (0x800CCC78) : 'Unable to send the message.", "0x800CCC78"),
    ("530 5.7.0 Log in first. Outlook: More Settings", "R2"),
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", "535"),
])
def test_the_box_answers_in_one_step(https, asked, words):
    status, _, octets = https.request("GET", "/h/?error=" + "".join(f"%{b:02X}" for b in asked.encode()))
    text = html.unescape(octets.decode())
    assert status == 200 and words in text and STEPS.search(text)


def test_a_code_that_nobody_knows(https):
    for path in ("/h/0x12345678", "/h/999", "/h/R999", "/h/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/h/" + "x" * 3000, "/h/%FF%FE"):
        status, _, octets = https.request("GET", path)
        assert status in (404, 400), path
        if status == 404:
            assert b"<form" in octets and b"<script>alert" not in octets
    status, _, octets = https.request("GET", "/h/?error=%3Cimg%20src=x%20onerror=1%3E&lang=de")
    assert status == 200 and b"<img src=x" not in octets and b'<html lang="de"' in octets


def test_languages(https):
    assert 'lang="de"' in https.request("GET", "/h/8", {"Accept-Language": "de-AT,en;q=0.5"})[2].decode()[:60]
    assert 'lang="en"' in https.request("GET", "/h/8", {"Accept-Language": "fr"})[2].decode()[:60]
    assert 'lang="en"' in https.request("GET", "/h/8?lang=en", {"Accept-Language": "de"})[2].decode()[:60]
    text = https.request("GET", "/h/8?lang=de")[2].decode()
    assert 'href="/h/8?lang=en"' in text and 'href="/h/?lang=de"' in text and 'href="/setup?lang=de"' in text


def test_no_script_from_elsewhere(https):
    _, headers, octets = https.request("GET", "/h/8")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.search(rb'(src|href)="https?:', octets), "nothing from elsewhere: it works offline"


@pytest.mark.parametrize("where", ["https", "http"])
def test_the_address_in_a_refusal_answers(server, https, where):
    asker = https if where == "https" else Http(server.http_port)
    printed = []
    with server.connect() as client:
        client.ehlo()
        printed.append(client.cmd("MAIL FROM:<anna@example.test>"))
        printed.append(client.cmd("AUTH PLAIN AGEAYg=="))
    with server.session() as client:
        printed.append(client.cmd("MAIL FROM:<boss@example.test>"))
        printed.append(client.cmd("MAIL FROM:<anna@example.test> SIZE=99999999"))
        printed.append(client.cmd("NONSENSE"))
    for reply in printed:
        found = re.search(r"(https://mail\.example\.test:(\d+))(/h/\d+)$", reply.text)
        assert found and int(found[2]) == server.https_port, reply
        assert all(len(line) <= 200 for line in reply.raw)
        status, _, octets = asker.request("GET", found[3])
        assert status == 200 and STEPS.search(octets.decode())


def test_without_https_a_refusal_names_its_number(make):
    server = make.posthaste(relay="127.0.0.1:1", accounts=())
    with server.connect() as client:
        client.ehlo()
        reply = client.cmd("MAIL FROM:<anna@example.test>")
        assert reply.text.endswith("[R1]") and "http" not in reply.text


def test_the_address_before_a_proxy(make):
    server = make.posthaste(relay="127.0.0.1:1", http=True, accounts=(), config={"listen": {"public_url": "https://mail.example.org"}})
    with server.connect() as client:
        client.ehlo()
        assert client.cmd("MAIL FROM:<anna@example.test>").text.endswith(" https://mail.example.org/h/1")


def test_redirects(https):
    assert https.request("GET", "/h")[1]["Location"] == "/h/"
    assert https.request("GET", "/")[1]["Location"] == "/setup"
    assert https.request("HEAD", "/h/8")[0] == 200
