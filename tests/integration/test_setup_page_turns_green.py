"""The live line: a person sets a mail program up beside the page, and the page says what the server saw of it."""

import email
import html
import re
import select
import socket
import threading
import time

import pytest

from harness import waiting
from harness.browser import PHONE
from harness.daemon import PASSWORD
from harness.http import Https
from test_setup_page import new_link, open_link, page, words

ANNA = "anna@example.test"


@pytest.fixture
def server(make, sink):
    return make.posthaste(relay=sink, https=True, config={"incoming": {"imap": "imap.example.test:993"}})


@pytest.fixture
def https(server, authority):
    return Https(server.https_port, authority)


class Page:
    """A personal page, as a browser without scripts has it."""

    def __init__(self, server, https, program="outlook-classic"):
        self.https, self.path = https, new_link(server)
        self.cookie = open_link(https, self.path).partition(";")[0]
        self.query = f"?lang=en&program={program}"

    def text(self):
        """All of it, as HTML."""
        return page(self.https, self.path + self.query, Cookie=self.cookie)

    def line(self):
        """The live part, as read."""
        return words(re.search(r'<section class="live".*?</section>', self.text(), re.S)[0])

    def version(self):
        """What the script would know."""
        return re.search(r'data-version="([^"]+)"', self.text())[1]

    def live(self, seen, seconds=40):
        """(status, text) of what the script asks."""
        status, _, octets = self.https.request("GET", f"{self.path}/live{self.query}&seen={seen}", {"Cookie": self.cookie}, seconds=seconds)
        return status, octets.decode()

    def post(self, what):
        """A button; gives where it leads."""
        status, fields, _ = self.https.request("POST", f"{self.path}/{what}{self.query}", {"Cookie": self.cookie, "Sec-Fetch-Site": "same-origin"})
        assert status == 303, status
        return fields["Location"]


def refused(server, user=ANNA, password="wrong horse"):
    """A sign-in that fails."""
    with server.secure() as client:
        reply = client.login(user, password)
        assert reply.code == 535, reply


def test_a_sign_in_turns_it_green(server, https):
    mine = Page(server, https)
    assert "Waiting for your mail program to sign in" in mine.line() and "Send me a test" not in mine.line()
    server.submit("bob@example.net", begin=server.outlook)
    line = mine.line()
    assert 'class="good"' in mine.text() and re.search(r"We saw Outlook \(classic\) sign in (just now|\d+ seconds? ago) ?\.", line), line
    assert f"{server.port} with STARTTLS" in line and "TLSv1.3" in line and f"{ANNA}, as it should be" in line
    assert f"{ANNA}, allowed" in line and "the account’s own" in line and "127.0.0.1" in line


def test_the_script_is_told_at_once(server, https):
    mine = Page(server, https)
    seen, got = mine.version(), []
    waiter = threading.Thread(target=lambda: got.append((mine.live(seen), time.monotonic())))
    waiter.start()
    with server.session():
        signed_in = time.monotonic()
        waiter.join(20)
    (status, text), told = got[0]
    assert status == 200 and 'class="good"' in text and told - signed_in < 2
    assert mine.live(seen)[0] == 200  # what it has not seen it gets without waiting


def test_a_wrong_password_is_a_red_line_with_the_mend(server, https):
    mine = Page(server, https)
    refused(server)
    line = mine.line()
    assert 'class="bad"' in mine.text() and "A sign-in was refused" in line
    assert "User name or password is not right" in line and "What to do" in line and "Type the password anew" in line
    server.submit("bob@example.net", begin=server.outlook)
    line = mine.line()
    assert "We saw Outlook" in line and "Before that" in line and "Refused" in line


def test_a_phone_is_not_told_as_the_program_that_was_picked(server, https):
    mine = Page(server, https, "outlook-classic")
    with server.session():
        pass
    line = mine.line()
    assert "We saw your mail program sign in" in line and "Outlook" not in line, line


def test_what_was_refused_before_the_link_is_not_counted(server, https):
    for _ in range(3):
        refused(server)
    mine = Page(server, https)
    assert "Waiting" in mine.line()
    refused(server)
    line = mine.line()
    assert "A sign-in was refused" in line and "times" not in line, line
    refused(server)
    assert "(2 times)" in mine.line()


def test_a_short_user_name_is_shown_as_taken(server, https):
    mine = Page(server, https)
    with server.session(user="anna"):
        pass
    assert f"“anna”, taken for {ANNA}" in mine.line()


def test_a_misspelt_user_name_is_asked_about(server, https):
    """It is nobody's, so there is no account to show it to; it came from the network of the page and is nearly this one."""
    mine = Page(server, https)
    refused(server, "bob@example.test")  # somebody else's: nothing of it is shown
    refused(server, "completely@different.test")
    assert "Waiting" in mine.line()
    refused(server, "ana@example.test")
    assert "Somebody tried to sign in as “ana@example.test”" in mine.line()


def test_a_foreign_sender_is_a_red_line(server, https):
    mine = Page(server, https)
    with server.session() as client:
        reply = client.transaction("boss@example.test", "bob@example.net", "Subject: x\r\n\r\nx\r\n")
        assert reply.code >= 500, reply
        client.quit()
    line = mine.line()
    assert "boss@example.test, not allowed" in line and "What to do" in line


def test_what_was_before_the_link_is_not_shown(server, https):
    server.submit("bob@example.net")
    assert "Waiting" in Page(server, https).line()


def test_somebody_elses_sign_in_is_not_shown(server, https):
    mine = Page(server, https)
    with server.session(user="bob@example.test"):
        pass
    assert "Waiting" in mine.line()


def test_the_test_message_arrives(server, https, sink):
    mine = Page(server, https)
    mine.post("test")
    assert "Waiting" in mine.line()  # nothing is sent before somebody has signed in
    with server.session(user="anna"):
        pass
    assert "Send me a test message" in mine.line()
    mine.post("test")
    message = sink.wait(ANNA)[0]
    assert message.recipients == [ANNA] and message.sender == ANNA
    assert "Test: your mail goes out" in str(message.field("Subject"))
    body = email.message_from_bytes(message.data).get_payload(decode=True).decode()
    assert f"{server.port} with STARTTLS" in body and f"“anna”, taken for {ANNA}" in body
    line = waiting.until(lambda: (text := mine.line()) if "was delivered to" in (text := mine.line()) else None, 15, "delivered")
    assert "This link is used up" in line
    mine.post("test")
    server.wait_empty()
    assert len(sink.messages) == 1
    assert mine.live("old")[0] == 200 and "data-live" not in mine.live("old")[1]


def test_a_server_that_only_tries_things_out_claims_no_delivery(make, https_of):
    server = make.posthaste(https=True, config={"mode": "trap"})
    mine = Page(server, https_of(server))
    with server.session():
        pass
    assert "stays in its own inbox and is not delivered" in mine.line()
    mine.post("test")
    line = waiting.until(lambda: (text := mine.line()) if "own inbox" in (text := mine.line()) else None, 15, "the end of it")
    assert f"not delivered to {ANNA}" in line and "was delivered" not in line, line


def test_a_test_message_that_fails_says_why(make, https_of, sink):
    server = make.posthaste(relay=sink, https=True, accounts=("rcpt550@example.test",))
    https = https_of(server)
    path = new_link(server, "rcpt550@example.test")
    cookie = open_link(https, path).partition(";")[0]
    with server.session(user="rcpt550@example.test"):
        pass
    https.request("POST", path + "/test", {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
    text = waiting.until(lambda: (t := page(https, path, Cookie=cookie)) if "could not be delivered" in (t := page(https, path, Cookie=cookie)) else None, 15, "the failure")
    assert "The other server said" in words(text) and "550" in words(text)


@pytest.fixture
def https_of(authority):
    return lambda server: Https(server.https_port, authority)


def test_done_ends_it(server, https):
    mine = Page(server, https)
    server.submit("bob@example.net")
    mine.post("done")
    line = mine.line()
    assert "All is set up" in line and "Send me" not in line and "TLSv1.3" not in line
    assert ANNA in mine.text()


def test_a_stranger_presses_no_button(server, https):
    mine = Page(server, https)
    server.submit("bob@example.net")
    for headers in ({"Cookie": mine.cookie, "Sec-Fetch-Site": "cross-site"}, {"Cookie": mine.cookie, "Origin": "https://evil.example"},
                    {"Sec-Fetch-Site": "same-origin"}):
        for what in ("test", "done"):
            status, _, _ = https.request("POST", f"{mine.path}/{what}", headers)
            assert status in (303, 403)
    assert "We saw" in mine.line()


def test_waiting_pages_are_bounded(server, https):
    """The fifth page of one person is told to look again; the others still wait."""
    mine = Page(server, https)
    seen = mine.version()
    target = f"{mine.path}/live{mine.query}&seen={seen}"
    connections = [https.connection() for _ in range(5)]
    for connection in connections:
        connection.request("GET", target, headers={"Cookie": mine.cookie})
    # Whichever comes last is answered at once.
    answered, _, _ = select.select([connection.sock for connection in connections], [], [], 20)
    (fifth,) = [connection for connection in connections if connection.sock in answered]
    answer = fifth.getresponse()
    assert answer.status == 503 and answer.headers["Retry-After"]
    with server.session():
        pass
    for connection in connections:
        if connection is not fifth:
            assert connection.getresponse().status == 200
        connection.close()


def test_a_page_that_went_away_waits_for_nobody(server, https):
    mine = Page(server, https)
    connection = https.connection()
    connection.request("GET", f"{mine.path}/live?seen={mine.version()}", headers={"Cookie": mine.cookie})
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    with server.session():
        pass
    assert "We saw" in mine.line()
    assert server.stop() == 0


# in a browser

def _open(browser, server, path):
    browser.go(f"https://127.0.0.1:{server.https_port}{path}?lang=en&program=outlook-classic")
    browser.click("main form button")
    browser.wait_text("#live-line", "Waiting")
    return browser


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_in_a_browser_it_turns_green_by_itself(make, server, sink, size):
    browser = _open(make.browser(**({"size": size} if size else {})), server, new_link(server))
    refused(server)
    browser.wait_text("#live-line", "A sign-in was refused")
    server.submit("bob@example.net", begin=server.outlook)
    browser.wait_text("#live-line", "We saw Outlook (classic) sign in")
    browser.wait_text("#live-line", "seconds ago")  # it counts
    browser.click("#live-test")
    browser.wait_text("#live-line", "was delivered to " + ANNA)
    assert [m.recipients for m in waiting.until(lambda: len(sink.messages) == 2 and sink.messages, 10)][1] == [ANNA]
    assert not browser.complaints()


def test_in_a_browser_a_lost_server_is_told_and_found_again(make, server):
    browser = _open(make.browser(), server, new_link(server))
    server.stop()
    browser.wait_text(".lost", "The server does not answer", 40)
    server.start()
    with server.session():
        pass
    browser.wait_text("#live-line", "We saw", 60)
    assert browser.text(".lost") == ""


def test_in_a_browser_errors_are_answered_in_place(make, server):
    browser = make.browser().go(f"https://127.0.0.1:{server.https_port}/setup?lang=en")
    browser.type("#error", "0x800CCC0F")
    browser.click(".trouble .go")
    assert "What to do" in browser.wait_text("#answer", "0x800CCC0F")
    assert browser.address.endswith("/setup?lang=en")  # it did not leave the page
    assert not browser.complaints()


def test_in_a_browser_values_are_copied(make, server):
    browser = make.browser().go(f"https://127.0.0.1:{server.https_port}/setup?lang=en&program=thunderbird")
    browser.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    browser.click("button[data-copy='mail.example.test']")
    browser.wait_text("button[data-copy='mail.example.test']", "Copied")
    assert browser.run_async("const d = arguments[0]; navigator.clipboard.readText().then(d, (e) => d('' + e));") == "mail.example.test"


def test_in_a_browser_without_scripts_it_goes_too(make, server):
    browser = make.browser(scripts=False)
    browser.go(f"https://127.0.0.1:{server.https_port}{new_link(server)}?lang=en")
    browser.click("main form button")
    browser.wait_text("#live-line", "Waiting")
    server.submit("bob@example.net")
    browser.click("#live-again")
    browser.wait_text("#live-line", "We saw your mail program sign in")
    browser.click("button[value=thunderbird]")
    browser.wait_text("h1", "Thunderbird")
    assert ANNA in html.unescape(browser.text("main"))
