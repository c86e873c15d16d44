"""Thunderbird's autoconfig at all its addresses, and PACC: by e-mail address, by host name, for the domains that are ours."""

import base64
import hashlib
import json
import os
import re

import pytest

from harness.http import Http, Https

PATHS = ("/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml")
PACC = "/.well-known/user-agent-configuration.json"


@pytest.fixture(scope="module")
def server(make_shared):
    return make_shared.posthaste(relay="127.0.0.1:1", https=True, http=True, accounts=("anna@example.test", "uwe@xn--bcher-kva.test"),
                                 config={"incoming": {"imap": "imap.example.test:993", "pop": "pop.example.test:110"}})


@pytest.fixture(scope="module")
def https(server, authority):
    return Https(server.https_port, authority)


def expected(server, domain="example.test", name=None):
    base = f"https://mail.example.test:{server.https_port}"
    name = name or domain
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="{domain}">
    <domain>{domain}</domain>
    <displayName>{name}</displayName>
    <displayShortName>{name}</displayShortName>
    <incomingServer type="imap">
      <hostname>imap.example.test</hostname><port>993</port><socketType>SSL</socketType>
      <authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username>
    </incomingServer>
    <incomingServer type="pop3">
      <hostname>pop.example.test</hostname><port>110</port><socketType>STARTTLS</socketType>
      <authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>mail.example.test</hostname><port>{server.tls_port}</port><socketType>SSL</socketType>
      <authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username>
    </outgoingServer>
    <outgoingServer type="smtp">
      <hostname>mail.example.test</hostname><port>{server.port}</port><socketType>STARTTLS</socketType>
      <authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username>
    </outgoingServer>
    <documentation url="{base}/setup"><descr lang="en">Settings</descr><descr lang="de">Einstellungen</descr></documentation>
  </emailProvider>
</clientConfig>
""".encode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host, query", [
    ("autoconfig.example.test", ""),
    ("autoconfig.example.test", "?emailaddress=anna%40example.test"),
    ("autoconfig.example.test", "?emailaddress="),
    ("example.test", ""),
    ("EXAMPLE.test.", ""),
    ("mail.example.test", ""),
    ("mail.example.test", "?emailaddress=anna%40example.test"),
    ("mail.example.test", "?emailaddress=nobody-at-all%40example.test"),
    ("mail.example.test", "?EmailAddress=ANNA%40EXAMPLE.TEST"),
    ("autoconfig.provider.test", "?emailaddress=anna%40example.test"),
    ("127.0.0.1", "?emailaddress=anna%40example.test"),
])
def test_the_settings_of_our_domain(server, https, path, host, query):
    status, headers, octets = https.request("GET", path + query, host=host)
    assert status == 200 and headers["Content-Type"] == "text/xml; charset=utf-8"
    assert octets == expected(server)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host, query", [
    ("autoconfig.example.net", ""),
    ("mail.example.test", "?emailaddress=anna%40example.net"),
    ("autoconfig.example.test", "?emailaddress=anna%40example.net"),
    ("sub.example.test", ""),
    ("autoconfig.autoconfig.example.test", ""),
    ("127.0.0.1", ""),
    ("mail.example.test", "?emailaddress=anna"),
    ("xexample.test", ""),
])
def test_a_domain_that_is_not_ours_has_none(https, path, host, query):
    status, _, octets = https.request("GET", path + query, host=host)
    assert status == 404 and b"clientConfig" not in octets and json.loads(octets)["mend"]


def test_letters_beyond_ascii(server, https):
    octets = https.get(PATHS[0], emailaddress="uwe@bücher.test")
    assert octets == expected(server, "xn--bcher-kva.test", "bücher.test")
    assert https.get(PATHS[0], host="autoconfig.xn--bcher-kva.test") == octets


def test_in_clear_on_loopback(server):
    assert Http(server.http_port).get(PATHS[0], emailaddress="anna@example.test") == expected(server)


def test_without_an_incoming_server_the_outgoing_one_is_told(make, authority):
    server = make.posthaste(relay="127.0.0.1:1", https=True, accounts=("anna@example.test",))
    octets = Https(server.https_port, authority).get(PATHS[0], emailaddress="anna@example.test")
    assert b"incomingServer" not in octets and octets.count(b"<outgoingServer") == 2


@pytest.fixture(scope="module")
def usual(make_shared):
    """With SMTP on 465, as PACC needs it: on an address of its own."""
    if os.geteuid() != 0:
        pytest.skip("port 465 needs root")
    made = make_shared.posthaste(relay="127.0.0.1:1", https=True, start=False, unprivileged=False, accounts=("anna@example.test",),
                                 config={"incoming": {"imap": "imap.example.test:993"}})
    made.configure({"listen": {"submission": [f"127.0.0.1:{made.port}", "127.0.9.46:465"]}})
    return made.start()


def test_without_the_usual_port_there_is_no_half_pacc(https):
    assert https.request("GET", PACC, host="example.test")[0] == 404


@pytest.mark.parametrize("host", ["ua-auto-config.example.test", "example.test"])
def test_pacc_is_what_the_dns_vouches_for(usual, authority, host):
    status, headers, octets = Https(usual.https_port, authority).request("GET", PACC, host=host)
    assert status == 200 and headers["Content-Type"] == "application/json"
    told = json.loads(octets)
    assert told["authentication"] == {"password": True} and told["protocols"] == {"imap": {"host": "imap.example.test"}, "smtp": {"host": "mail.example.test"}}
    digest = base64.b64encode(hashlib.sha256(octets).digest()).decode()
    text = usual.admin("dns", "show", "example.test").out
    assert re.search(r"_ua-auto-config\.example\.test\. +TXT +\"v=UAAC1; a=sha256; d=" + re.escape(digest) + '"', text), text


@pytest.mark.parametrize("host", ["ua-auto-config.example.net", "autoconfig.example.test", "mail.example.test"])
def test_pacc_goes_by_the_host(usual, authority, host):
    assert Https(usual.https_port, authority).request("GET", PACC, host=host)[0] == 404
