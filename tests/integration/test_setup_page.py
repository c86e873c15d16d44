"""The set-up page as anybody may open it, and the one-use links to a person's own: who gets in, and who is told why not."""

import gzip
import html
import re
import statistics
import time
import urllib.parse

import pytest

from harness.fake_clock import fake, needs_fake_clock
from harness.http import Http, Https

KNOWN, UNKNOWN = "anna@example.test", "nobody@example.test"
PROGRAMS = ["outlook-classic", "outlook-new", "apple", "thunderbird", "thunderbird-android", "gmail", "device", "app"]
OPENS = 'method="post" action="/setup/'


@pytest.fixture(scope="module")
def server(make_shared):
    return make_shared.posthaste(relay="127.0.0.1:1", https=True, http=True, accounts=(KNOWN,),
                                 config={"incoming": {"imap": "imap.example.test:993"}})


@pytest.fixture(scope="module")
def https(server, authority):
    return Https(server.https_port, authority)


def page(https, target, language="en", status=200, **headers):
    """Text of a page."""
    got, fields, octets = https.request("GET", target, {"Accept-Language": language, **headers})
    assert got == status, (target, got, octets[:400])
    assert fields["Content-Type"] == "text/html; charset=utf-8"
    return octets.decode()


def words(text):
    """What a person reads of it."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def new_link(server, address=KNOWN, *more):
    """The path of a one-use link."""
    url = server.admin("account", "setup-link", address, *more).out.strip()
    base = f"https://mail.example.test:{server.https_port}"
    assert url.startswith(base + "/setup/"), url
    return url[len(base):]


def open_link(https, path):
    """Presses the button; gives the browser's cookie."""
    status, fields, _ = https.request("POST", path + "/open", {"Sec-Fetch-Site": "same-origin"})
    assert status == 303 and fields["Location"].startswith(path), (status, dict(fields))
    return fields["Set-Cookie"]


@pytest.mark.parametrize("language,wanted", [("en", "Which program do you use?"), ("de-AT,de;q=0.9", "Welches Programm benutzen Sie?"),
                                             ("fr", "Which program do you use?")])
def test_it_speaks_the_readers_language(https, language, wanted):
    text = page(https, "/setup", language)
    assert wanted in words(text)
    assert f'<html lang="{"de" if "de" in language else "en"}"' in text


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_gets_its_fields_without_a_script(https, server, program):
    text = page(https, f"/setup?program={program}&address={KNOWN}&lang=en")
    seen = words(text)
    assert "mail.example.test" in seen and KNOWN in seen
    assert str(server.port) in seen or str(server.tls_port) in seen
    assert "By hand" in seen
    assert PROGRAMS.index(program) >= 5 or seen.index("The automatic way") < seen.index("By hand")
    # Copy buttons wait for the script; nothing that cannot work is offered.
    assert all("hidden" in tag for tag in re.findall(r"<button[^>]*data-copy[^>]*>", text))


def test_links_keep_what_was_typed_and_picked(https):
    text = page(https, "/setup", "de")
    assert 'href="/setup?lang=en"' in text
    text = page(https, f"/setup?program=gmail&address={KNOWN}&lang=de")
    assert "/setup?lang=en&amp;program=gmail&amp;address=anna%40example.test" in text


@pytest.mark.parametrize("typed", ["0x800CCC0F", "800ccc0f", "Task 'smtp' reported error (0x800CCC0F): 'The connection to the server was interrupted.'"])
def test_the_error_number_is_answered_in_one_step(https, typed):
    """A GET form without a script: the answer is on the same page."""
    text = page(https, "/setup")
    assert re.search(r'<form action="/setup#broken"[^>]*>.*?<textarea id="error" name="error"', text, re.S)
    status, _, octets = https.request("GET", "/setup?" + urllib.parse.urlencode({"error": typed, "lang": "en"}))
    answer = words(octets.decode().partition('id="answer"')[2])
    assert status == 200 and "0x800CCC0F" in answer and "What to do" in answer and "STARTTLS" in answer


def test_the_answer_leads_to_a_help_page_that_is_there(https):
    text = page(https, "/setup?error=0x800CCC0F&lang=en")
    target = html.unescape(re.search(r'href="(/h/[^"]+)"', text.partition('id="answer"')[2])[1])
    assert "0x800CCC0F" in page(https, target)


@pytest.mark.parametrize("typed", ["\x00", "<script>alert(1)</script>", "x" * 1500, "ü" * 400, "%", "\r\nSet-Cookie: a=b"])
def test_strange_errors_and_addresses_are_text(https, typed):
    query = urllib.parse.urlencode({"error": typed, "address": typed})
    status, fields, octets = https.request("GET", "/setup?" + query)
    assert status in (200, 400) and b"<script>alert" not in octets and "Set-Cookie" not in fields


def test_nobody_learns_who_has_an_account(https):
    """Known and unknown: one page but for what was typed. Which domains are served is no secret."""
    pages = [page(https, f"/setup?program=thunderbird&lang=en&address={a}").replace(a, "A").replace(a.replace("@", "%40"), "A")
             for a in (KNOWN, UNKNOWN)]
    assert pages[0] == pages[1]


def test_a_profile_that_cannot_be_had_is_not_offered(https):
    text = page(https, "/setup?program=apple&lang=en&address=foo@other.test")
    assert "Addresses of other.test are not served here" in words(text) and ".mobileconfig" not in text
    text = page(https, f"/setup?program=apple&lang=en&address={KNOWN}")
    assert "not served" not in text
    status, _, _ = https.request("GET", urllib.parse.urlsplit(html.unescape(re.search(r'href="([^"]+\.mobileconfig)"', text)[1])).path)
    assert status == 200


@pytest.mark.parametrize("typed,meant", [("/setup/", "/setup"), ("/Setup?lang=de", "/setup?lang=de"), ("/help", "/h/"), ("/Help/550/", "/h/550")])
def test_a_slip_in_the_address_leads_to_the_page(https, typed, meant):
    status, fields, _ = https.request("GET", typed, {"Accept": "text/html"})
    assert status == 303 and fields["Location"] == meant


def test_an_address_that_is_nothing_gets_a_page(https):
    text = page(https, "/nothing", "de", 404, Accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
    assert "/nothing" in words(text) and 'href="/setup"' in text
    status, fields, _ = https.request("GET", "/nothing", {"Accept": "*/*"})
    assert status == 404 and "json" in fields["Content-Type"]


def test_policy_and_sizes(https):
    status, fields, octets = https.request("GET", "/setup?program=app")
    policy = dict(part.strip().split(" ", 1) for part in fields["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'" and "unsafe" not in fields["Content-Security-Policy"]
    text = octets.decode()
    assert status == 200 and " style=" not in text and not re.search(r"\son\w+=", text)
    scripts, styles = re.findall(r'<script src="([^"]+)" defer></script>', text), re.findall(r'rel="stylesheet" href="([^"]+)"', text)
    assert len(scripts) == 1 == text.count("<script") and len(styles) == 1 and "<style" not in text
    assert len(gzip.compress(https.get(scripts[0]))) < 40 << 10 and len(gzip.compress(https.get(styles[0]))) < 12 << 10
    _, fields, _ = https.request("GET", styles[0])
    assert "immutable" in fields["Cache-Control"]


def test_the_first_octet_comes_within_20_ms(https):
    connection = https.connection()
    times = []
    for _ in range(30):
        begun = time.perf_counter()
        connection.request("GET", "/setup?program=outlook-classic&error=0x800CCC0F")
        answer = connection.getresponse()
        times.append(time.perf_counter() - begun)
        answer.read()
    connection.close()
    assert statistics.median(times) < 0.020, times


def test_it_is_on_loopback_too(server):
    assert "Which program" in Http(server.http_port).get("/setup", lang="en").decode()


# one-use links

def test_looking_at_a_link_does_not_use_it_up(server, https):
    """Mail scanners and previews follow links; the person comes after them."""
    path = new_link(server)
    for method in ("HEAD", "GET", "GET"):
        status, fields, octets = https.request(method, path)
        assert status == 200 and "Set-Cookie" not in fields
    assert OPENS in octets.decode() and KNOWN not in octets.decode()


def test_the_first_browser_keeps_it(server, https):
    path = new_link(server)
    cookie = open_link(https, path)
    assert cookie.startswith("__Host-setup=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    mine = {"Cookie": "other=1; " + cookie.partition(";")[0]}
    text = page(https, path + "?program=thunderbird", **mine)
    assert KNOWN in text and 'id="live"' in text and 'name="address"' not in text
    text = words(page(https, path + "?again=1", status=403))
    assert "belongs to another browser" in text and "ask postmaster@example.test for a new link" in text and KNOWN not in text
    text = words(page(https, path, status=403, **{"Cookie": "__Host-setup=" + "0" * 32}))
    assert "belongs to another browser" in text
    status, fields, _ = https.request("POST", path + "/open", {"Sec-Fetch-Site": "same-origin"})
    assert status == 403 and "Set-Cookie" not in fields


def test_a_click_in_web_mail_finds_back(server, https):
    """It comes without the cookie (SameSite=Strict): the page asks once more by itself."""
    path = new_link(server)
    cookie = open_link(https, path).partition(";")[0]
    text = page(https, path + "?lang=de")
    assert f'<meta http-equiv="refresh" content="0;url={path}?lang=de&amp;again=1">' in text and KNOWN not in text
    assert KNOWN in page(https, path + "?lang=de&again=1", Cookie=cookie)


def test_a_newer_link_ends_the_former(server, https):
    former = new_link(server)
    cookie = open_link(https, former).partition(";")[0]
    newer = new_link(server)
    assert "a newer one has taken its place" in words(page(https, former, status=404, Cookie=cookie))
    assert OPENS in page(https, newer, Cookie=cookie)


@pytest.mark.parametrize("path", ["/setup/abc", "/setup/" + "z" * 32, "/setup/%3Cscript%3E", "/setup/" + "0" * 3000])
def test_an_unknown_link(https, path):
    text = page(https, path, status=404)
    assert "This link is not valid" in words(text) and "<script>" not in text
    status, _, _ = https.request("GET", path + "/live")
    assert status == 404
    status, fields, _ = https.request("POST", path + "/open", {"Sec-Fetch-Site": "same-origin"})
    assert status == 404 and "Set-Cookie" not in fields


def test_a_restart_keeps_it(server, https):
    path = new_link(server)
    cookie = open_link(https, path).partition(";")[0]
    server.restart()
    assert KNOWN in page(https, path, Cookie=cookie)


@needs_fake_clock
def test_an_expired_link(make, authority):
    """Two hours of downtime end a link that was valid for one."""
    server = make.posthaste(relay="127.0.0.1:1", https=True, accounts=(KNOWN,))
    https = Https(server.https_port, authority)
    path = new_link(server, KNOWN, "--valid", "1h")
    cookie = open_link(https, path).partition(";")[0]
    server.restart(env=fake("+2h"))
    for headers in ({}, {"Cookie": cookie}):
        text = words(page(https, path, status=410, **headers))
        assert "This link has run out" in text and "ask postmaster@example.test" in text.replace("Ask", "ask")
    assert "abgelaufen" in words(page(https, path, "de", status=410))


def test_an_account_that_goes_takes_its_link_along(server, https):
    server.admin("account", "add", "gone@example.test")
    path = new_link(server, "gone@example.test")
    assert OPENS in page(https, path)
    server.admin("account", "disable", "gone@example.test")
    page(https, path, status=404)
    server.admin("account", "rm", "gone@example.test")
    page(https, path, status=404)


def test_a_page_of_a_stranger_opens_nothing(server, https):
    path = new_link(server)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        status, _, _ = https.request("POST", path + "/open", headers)
        assert status == 403
    assert OPENS in page(https, path)


def test_the_store_and_the_log_do_not_hold_the_token(server, https):
    path = new_link(server)
    token = path.rpartition("/")[2]
    key = open_link(https, path).partition(";")[0].partition("=")[2]
    server.stop()
    try:
        kept = b"".join(file.read_bytes() for file in server.store.rglob("*") if file.is_file())
        assert token.encode() not in kept and key.encode() not in kept
        assert token not in server.log.text() and key not in server.log.text()
    finally:
        server.start()


# the command

def test_the_command_says_whose_until_when(server):
    answer = server.admin("account", "setup-link", KNOWN, "--valid", "2h", "--json").rows[0]
    assert answer["address"] == KNOWN and "/setup/" in answer["url"]
    left = time.mktime(time.strptime(answer["until"][:19], "%Y-%m-%dT%H:%M:%S")) - time.mktime(time.gmtime())
    assert 7100 < left <= 7205
    assert len(answer["url"].rpartition("/")[2]) * 5 >= 128  # letters of five random bits


@pytest.mark.parametrize("arguments,code,said", [
    (["nobody@example.test"], 1, "no account"), ([KNOWN, "--valid", "soon"], 2, "24h"), ([KNOWN, "--valid", "60d"], 2, "30 days"),
    ([KNOWN, "--valid", "1s"], 2, "30 days"), ([], 2, "ADDRESS")])
def test_the_command_names_the_mistake(server, arguments, code, said):
    answer = server.cli("account", "setup-link", *arguments)
    assert answer.code == code and said in answer.err, answer


def test_without_https_there_is_no_link(make):
    server = make.posthaste(relay="127.0.0.1:1", start=False, accounts=(KNOWN,))
    server.make_accounts()
    answer = server.cli("account", "setup-link", KNOWN)
    assert answer.code == 4 and "listen.https" in answer.err, answer


def test_a_link_made_while_no_server_runs_opens_later(make, authority):
    server = make.posthaste(relay="127.0.0.1:1", start=False, https=True, accounts=(KNOWN,))
    server.make_accounts()
    path = new_link(server)
    server.start()
    assert OPENS in page(Https(server.https_port, authority), path)
