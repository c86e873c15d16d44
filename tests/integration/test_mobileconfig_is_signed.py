"""Apple's profile: signed with the key of the server's own certificate, for every address of a domain of ours."""

import plistlib
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import waiting
from harness.http import Http, Https


@pytest.fixture(scope="module")
def server(make_shared):
    return make_shared.posthaste(relay="127.0.0.1:1", https=True, http=True, accounts=("anna@example.test",),
                                 config={"incoming": {"imap": "imap.example.test:993"}})


@pytest.fixture(scope="module")
def https(server, authority):
    return Https(server.https_port, authority)


def verified(octets, authority, folder):
    """(the profile, PEM of who signed it); `openssl cms -verify` is the judge."""
    signed, plain, signer = folder / "signed", folder / "plain", folder / "signer.pem"
    signed.write_bytes(octets)
    done = subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(signed), "-CAfile", str(authority.ca_file),
                           "-purpose", "any", "-out", str(plain), "-signer", str(signer)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return plistlib.loads(plain.read_bytes()), signer.read_text()


def test_signed_by_the_servers_certificate(server, https, authority, certificates, tmp_path):
    status, headers, octets = https.request("GET", "/m/anna%40example.test.mobileconfig")
    assert status == 200 and headers["Content-Type"] == "application/x-apple-aspen-config"
    assert headers["Content-Disposition"] == 'attachment; filename="anna@example.test.mobileconfig"'
    profile, signer = verified(octets, authority, tmp_path)
    mail = profile["PayloadContent"][0]
    assert mail["EmailAddress"] == mail["OutgoingMailServerUsername"] == "anna@example.test"
    assert mail["OutgoingMailServerHostName"] == "mail.example.test" and mail["OutgoingMailServerPortNumber"] == server.tls_port
    assert mail["OutgoingMailServerUseSSL"] is True and mail["IncomingMailServerHostName"] == "imap.example.test"
    assert not [key for key in mail if key.endswith("Password") and isinstance(mail[key], str)], "no password"
    assert signer.strip().split()[3:8] == certificates[1][0].read_text().strip().split()[3:8], "the RSA one: every device knows how"


def test_who_exists_is_not_told(https, authority, tmp_path):
    there, _ = verified(https.get("/m/anna%40example.test.mobileconfig"), authority, tmp_path)
    nobody, _ = verified(https.get("/m/nobody%40example.test.mobileconfig"), authority, tmp_path)
    assert there.keys() == nobody.keys() and there["PayloadContent"][0].keys() == nobody["PayloadContent"][0].keys()


def test_installed_again_it_replaces_the_former_one(https, authority, tmp_path):
    first, second = (verified(https.get("/m/anna%40example.test.mobileconfig"), authority, tmp_path)[0] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name, word", [
    ("anna%40example.net.mobileconfig", "domain"),
    ("anna.mobileconfig", "e-mail address"),
    ("anna%40example.test", "e-mail address"),
    ("%22%3Cscript%3E%22%40example.net.mobileconfig", "domain"),
    ("a" * 2000 + ".mobileconfig", "e-mail address"),
])
def test_a_link_that_leads_nowhere_says_so_on_a_page(https, name, word):
    status, headers, octets = https.request("GET", "/m/" + name, {"Accept-Language": "en"})
    assert status == 404 and headers["Content-Type"].startswith("text/html")
    assert word in octets.decode() and "<script>" not in octets.decode()


def test_in_german(https):
    assert "Domain" in https.request("GET", "/m/anna%40example.net.mobileconfig?lang=de")[2].decode()


def test_in_clear_on_loopback(server, authority, tmp_path):
    verified(Http(server.http_port).get("/m/anna%40example.test.mobileconfig"), authority, tmp_path)


def test_without_an_incoming_server_there_is_none_and_it_says_whom_to_ask(make, authority):
    server = make.posthaste(relay="127.0.0.1:1", https=True, accounts=("anna@example.test",))
    status, _, octets = Https(server.https_port, authority).request("GET", "/m/anna%40example.test.mobileconfig")
    assert status == 404 and b"[incoming]" in octets


def test_many_at_once_are_all_answered(https):
    """Signing is bounded: who comes in a crowd is told to come again, and mail goes on meanwhile."""
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda n: https.request("GET", f"/m/user{n}%40example.test.mobileconfig")[0], range(96)))
    assert set(answers) <= {200, 503} and answers.count(200) >= 24, answers


def test_a_new_certificate_signs_from_then_on(make, authority, tmp_path):
    server = make.posthaste(relay="127.0.0.1:1", https=True, start=False, accounts=("anna@example.test",),
                            config={"incoming": {"imap": "imap.example.test:993"}})
    chain, key = server.folder / "chain.pem", server.folder / "key.pem"

    def install(label):
        for source, target in zip(authority.issue(label), (chain, key)):
            fresh = target.with_suffix(".new")
            shutil.copy(source, fresh)
            fresh.chmod(0o644)
            fresh.rename(target)
    install("before")
    server.configure({"tls": {"cert_file": str(chain), "key_file": str(key)}})
    server.start()
    https = Https(server.https_port, authority)

    def signer():
        return verified(https.get("/m/anna%40example.test.mobileconfig"), authority, tmp_path)[1]
    first = signer()
    install("after")
    waiting.until(lambda: signer() != first, 30, "a profile signed with the new key")
