"""axe-core finds nothing that breaks WCAG 2.2 AA: in light and dark, on a desktop and on a phone."""

import itertools

import pytest

from harness import axe
from harness.browser import DESKTOP, PHONE
from test_setup_page import KNOWN, PROGRAMS, new_link

LOOKS = list(itertools.product((False, True), (DESKTOP, PHONE)))
NAMES = [f"{'dark' if dark else 'light'}-{'phone' if size == PHONE else 'desktop'}" for dark, size in LOOKS]


@pytest.fixture(scope="module")
def server(make_shared):
    axe.source()
    return make_shared.posthaste(https=True, http=True, accounts=(KNOWN,),
                                 config={"mode": "trap", "incoming": {"imap": "imap.example.test:993"}})


@pytest.fixture(scope="module", params=LOOKS, ids=NAMES)
def browser(request, make_shared, server):
    dark, size = request.param
    return make_shared.browser(dark=dark, size=size)


def check(browser, address):
    browser.go(address)
    assert not axe.violations(browser), address
    # Nothing is wider than the window: WCAG 1.4.10.
    assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address


@pytest.mark.parametrize("query", ["", "lang=de", "address=nonsense&error=my+cat", f"program=app&address={KNOWN}&error=0x800CCC0F&lang=de"]
                         + [f"program={program}&address={KNOWN}" for program in PROGRAMS])
def test_the_set_up_page(server, browser, query):
    check(browser, f"https://127.0.0.1:{server.https_port}/setup?{query}")


def test_a_personal_page(server, browser):
    address = f"https://127.0.0.1:{server.https_port}{new_link(server)}"
    check(browser, address)
    browser.click("main form button")
    browser.wait_text("#live-line", "Waiting")  # or the next address would overtake the form, and the link stay unopened
    check(browser, address + "?program=outlook-classic")
    with server.secure() as client:
        client.login(KNOWN, "wrong horse")
    browser.wait_text("#live-line", "refused")
    assert not axe.violations(browser)
    server.submit(KNOWN)
    browser.wait_text("#live-line", "We saw")
    assert not axe.violations(browser)
    browser.click("#live-test")
    browser.wait_text("#live-line", "own inbox")  # mode = trap: nothing is delivered
    assert not axe.violations(browser)
    check(browser, f"https://127.0.0.1:{server.https_port}/setup/{'0' * 32}")


@pytest.mark.parametrize("path", ["/h/", "/h/3", "/h/0x800CCC0F?lang=de", "/h/nothing", "/h/?error=550"])
def test_help_pages(server, browser, path):
    check(browser, f"https://127.0.0.1:{server.https_port}{path}")


def test_the_inbox(server, browser):
    server.submit("bob@example.net", subject="accessible")
    check(browser, f"http://127.0.0.1:{server.http_port}/")
    browser.click("a.subject")
    check(browser, browser.address)


def test_everything_is_reached_by_keyboard(server, browser):
    """Tab goes from the skip link through all that can be used, in order, and shows where it is."""
    browser.go(f"https://127.0.0.1:{server.https_port}/setup?lang=en")
    seen = []
    while len(seen) < 40:
        browser.cdp("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        browser.cdp("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        name, outlined = browser.run("const e = document.activeElement; return e === document.body ? ['', true] : [e.id || e.value || e.className || e.textContent, "
                                     "getComputedStyle(e).outlineStyle !== 'none'];")
        if not name:
            break  # round once
        seen.append(name)
        assert outlined or name == "skip", name
    assert "first" not in seen and seen[0] == "skip" and seen.index("address") < seen.index("outlook-classic") < seen.index("error")
