"""Autodiscover: recorded requests of ten kinds are answered to the octet, on both ports, at every path in any letter case."""

import base64
import json
import pathlib
import re
from urllib.parse import quote

import pytest

from harness.http import Http, Https

DATA = pathlib.Path(__file__).resolve().parents[2] / "src" / "discovery" / "testdata"
XML = "application/xml; charset=utf-8"
STAMP = re.compile(rb'Time="\d\d:\d\d:\d\d\.\d{6}" Id="\d{1,10}"')

# method, request (None: no body), answer
RECORDED = {
    "outlook 2016": ("POST", "outlook_2016.xml", "pox_settings.xml"),
    "a browser": ("GET", None, "pox_600.xml"),
    "the analyzer's first, empty": ("POST", None, "pox_600.xml"),
    "the analyzer's second": ("POST", "connectivity_analyzer.xml", "pox_settings.xml"),
    "malformed": ("POST", "malformed.xml", "pox_600.xml"),
    "with a DTD": ("POST", "dtd.xml", "pox_600.xml"),
    "new Outlook's mobilesync": ("POST", "mobilesync.xml", "pox_601.xml"),
    "a legacy DN": ("POST", "legacy_dn.xml", "pox_500.xml"),
    "other letter case": ("POST", "other_letter_case.xml", "pox_settings.xml"),
    "an unknown schema": ("POST", "unknown_schema.xml", "pox_601.xml"),
}


@pytest.fixture(scope="module")
def server(make_shared, authority):
    certificate = authority.issue("smtp.example.com", names="DNS:smtp.example.com,DNS:autodiscover.example.com")
    return make_shared.posthaste(relay="127.0.0.1:1", https=True, http=True, certificates=[certificate], accounts=("anna@example.com",),
                                 config={"hostname": "smtp.example.com", "incoming": {"imap": "imap.example.com:993"}})


@pytest.fixture(scope="module", params=["https", "http"])
def ask(request, server, authority):
    """ask(method, path, headers, body), over TLS and in clear on loopback."""
    if request.param == "https":
        return Https(server.https_port, authority, name="autodiscover.example.com").request
    return Http(server.http_port).request


def golden(server, name):
    """The answer of the unit tests, whose server listens on 465."""
    return (DATA / name).read_bytes().replace(b"<Port>465</Port>", b"<Port>%d</Port>" % server.tls_port)


def same(answer, wanted):
    """To the octet, but for the time and id of an error."""
    return STAMP.sub(b"STAMP", answer) == STAMP.sub(b"STAMP", wanted)


@pytest.mark.parametrize("kind", RECORDED)
def test_recorded_requests(server, ask, kind):
    method, name, answer = RECORDED[kind]
    body = (DATA / "requests" / name).read_bytes() if name else (b"" if method == "POST" else None)
    status, headers, octets = ask(method, "/autodiscover/autodiscover.xml", {"Content-Type": "text/xml"}, body)
    assert status == 200, "errors too: a 4xx ends the set-up"
    assert headers["Content-Type"] == XML
    assert same(octets, golden(server, answer)), octets.decode()


@pytest.mark.parametrize("path", ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AutoDiscover.XML",
                                  "/AUTODISCOVER/AUTODISCOVER.XML", "/autodiscover.xml", "/Autodiscover.xml"])
def test_every_path_in_any_letter_case(server, ask, path):
    body = (DATA / "requests" / "outlook_2016.xml").read_bytes()
    status, _, octets = ask("POST", path, {"Content-Type": "application/xml"}, body)
    assert status == 200 and octets == golden(server, "pox_settings.xml")


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "text/xml; charset=utf-8", "application/octet-stream", None])
def test_the_content_type_is_none_of_our_business(server, ask, kind):
    body = (DATA / "requests" / "outlook_2016.xml").read_bytes()
    _, _, octets = ask("POST", "/autodiscover/autodiscover.xml", {"Content-Type": kind} if kind else {}, body)
    assert octets == golden(server, "pox_settings.xml")


def test_who_exists_is_not_told(server, ask):
    body = (DATA / "requests" / "outlook_2016.xml").read_bytes()
    there = ask("POST", "/autodiscover/autodiscover.xml", {}, body)[2]
    nobody = ask("POST", "/autodiscover/autodiscover.xml", {}, body.replace(b"anna@", b"nobody-at-all@"))[2]
    assert nobody.replace(b"nobody-at-all@", b"anna@") == there == golden(server, "pox_settings.xml")


def test_a_domain_that_is_not_ours(server, ask):
    body = (DATA / "requests" / "outlook_2016.xml").read_bytes().replace(b"@example.com", b"@example.net")
    status, _, octets = ask("POST", "/autodiscover/autodiscover.xml", {}, body)
    assert status == 200 and same(octets, golden(server, "pox_500.xml"))


def test_a_domain_added_while_the_server_runs(server, ask, request):
    domain = f"new-{request.node.callspec.params['ask']}.example.org"
    body = (DATA / "requests" / "outlook_2016.xml").read_bytes().replace(b"@example.com", f"@{domain}".encode())
    assert b"<ErrorCode>500</ErrorCode>" in ask("POST", "/autodiscover/autodiscover.xml", {}, body)[2]
    server.admin("domain", "add", domain)
    assert f"anna@{domain}</LoginName>".encode() in ask("POST", "/autodiscover/autodiscover.xml", {}, body)[2]
    server.admin("domain", "rm", domain)
    assert b"<ErrorCode>500</ErrorCode>" in ask("POST", "/autodiscover/autodiscover.xml", {}, body)[2]


def test_a_password_that_is_sent_along_is_neither_wanted_nor_kept(server, ask):
    secret = "Sommer2026!geheim"
    token = base64.b64encode(f"anna@example.com:{secret}".encode()).decode()
    body = (DATA / "requests" / "outlook_2016.xml").read_bytes()
    status, headers, octets = ask("POST", "/autodiscover/autodiscover.xml", {"Authorization": f"Basic {token}"}, body)
    assert status == 200 and "WWW-Authenticate" not in headers and octets == golden(server, "pox_settings.xml")
    assert secret not in server.log.text() and token not in server.log.text()


@pytest.mark.parametrize("path", ["/autodiscover/autodiscover.json?Email=anna%40example.com&Protocol=AutodiscoverV1&RedirectCount=1",
                                  "/Autodiscover/Autodiscover.json?email=anna%40example.com&protocol=autodiscoverv1",
                                  "/autodiscover/autodiscover.json/v1.0/anna@example.com?Protocol=AutodiscoverV1"])
def test_the_json_look_up(server, ask, path):
    status, headers, octets = ask("GET", path)
    assert status == 200 and headers["Content-Type"].startswith("application/json")
    assert json.loads(octets) == {"Protocol": "AutodiscoverV1", "Url": f"https://smtp.example.com:{server.https_port}/autodiscover/autodiscover.xml"}


@pytest.mark.parametrize("protocol", ["ActiveSync", "Ews", "Rest", "<script>"])
def test_the_json_look_up_of_something_else(ask, protocol):
    status, _, octets = ask("GET", f"/autodiscover/autodiscover.json?Email=anna%40example.com&Protocol={quote(protocol)}")
    assert status == 400 and json.loads(octets)["ErrorCode"] == "InvalidProtocol" and b"<" not in octets


def test_a_method_that_does_not_go_there(ask):
    status, headers, _ = ask("DELETE", "/autodiscover/autodiscover.xml")
    assert status == 405 and "POST" in headers["Allow"]


def test_a_proxy_may_hand_on_any_name(server):
    """On loopback too: the public pages are for everybody, the rest is not."""
    http = Http(server.http_port)
    body = (DATA / "requests" / "outlook_2016.xml").read_bytes()
    status, _, octets = http.request("POST", "/autodiscover/autodiscover.xml", {"Host": "autodiscover.example.com"}, body)
    assert status == 200 and octets == golden(server, "pox_settings.xml")
    assert http.request("GET", "/api/v1/messages", {"Host": "autodiscover.example.com"})[0] == 421


# hostile


def bomb(depth=12):
    """Entities of entities."""
    lines = ['<!ENTITY a0 "aaaaaaaaaa">'] + [f'<!ENTITY a{n} "{"&a%d;" % (n - 1) * 10}">' for n in range(1, depth)]
    return f'<?xml version="1.0"?><!DOCTYPE x [{"".join(lines)}]><Autodiscover><Request><EMailAddress>&a{depth - 1};</EMailAddress></Request></Autodiscover>'.encode()


def test_entities_are_not_opened(server, ask):
    status, _, octets = ask("POST", "/autodiscover/autodiscover.xml", {}, bomb())
    assert status == 200 and same(octets, golden(server, "pox_600.xml"))
    outside = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Autodiscover><Request><EMailAddress>&f;</EMailAddress></Request></Autodiscover>'
    assert same(ask("POST", "/autodiscover/autodiscover.xml", {}, outside)[2], golden(server, "pox_600.xml"))


def test_a_deep_document(server, ask):
    deep = b"<a>" * 20000
    assert same(ask("POST", "/autodiscover/autodiscover.xml", {}, deep)[2], golden(server, "pox_600.xml"))


def test_a_body_without_end(server, authority):
    https = Https(server.https_port, authority, name="smtp.example.com")
    status, headers, _ = https.request("POST", "/autodiscover/autodiscover.xml", {"Content-Length": str(1 << 40)}, b"")
    assert status == 413 and headers["Connection"] == "close"


def test_a_header_that_never_ends(server, authority):
    https = Https(server.https_port, authority, name="smtp.example.com")
    connection = https.connection()
    connection.connect()
    connection.sock.sendall(b"GET /h/ HTTP/1.1\r\nHost: x\r\n")
    piece = b"X-More: " + b"y" * 1000 + b"\r\n"
    answer = b""
    try:
        for _ in range(40):
            connection.sock.sendall(piece)
        answer = connection.sock.recv(4096)
    except OSError:
        pass
    assert not answer or answer.startswith(b"HTTP/1.1 431 ")
    connection.close()


def test_a_header_that_comes_too_slowly(server, authority):
    connection = Https(server.https_port, authority, name="smtp.example.com").connection(seconds=25)
    connection.connect()
    connection.sock.sendall(b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: smtp.example.com\r\n")
    answer = connection.sock.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 "), answer
    connection.close()


def test_a_request_in_two_readings(server, authority):
    connection = Https(server.https_port, authority, name="smtp.example.com").connection()
    connection.connect()
    connection.sock.sendall(b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert connection.sock.recv(4096).startswith(b"HTTP/1.1 400 ")
    connection.close()
