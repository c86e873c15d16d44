"""Chromium without a window, by its driver (the WebDriver protocol is JSON over HTTP): pages as people see them."""

import base64
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from . import ports, waiting

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
DESKTOP = (1280, 900)
PHONE = (390, 844)


class Missing(Exception):
    """No browser here."""


class Browser:
    """One window. Loopback's certificates are taken as they are; nothing else is reachable from the tests anyway."""

    def __init__(self, dark=False, size=DESKTOP, language="en", scripts=True):
        program, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if not program or not driver:
            raise Missing("chromium and chromedriver are not installed (tools/packages/test.txt)")
        self._folder = tempfile.mkdtemp(prefix="posthaste-browser-")
        self._port = ports.free_port()
        self._driver = subprocess.Popen([driver, f"--port={self._port}", "--allowed-ips=127.0.0.1"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self._session = None
        try:
            waiting.until(self._ready, 30, "chromedriver", step=0.1)
            self._open(program, language, scripts)
            self.resize(size, mobile=size[0] < 600)
            self.prefer(dark)
        except BaseException:
            self.close()
            raise

    def _ready(self):
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _open(self, program, language, scripts):
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-lcd-text",
                     "--disable-background-networking", "--no-first-run", f"--user-data-dir={self._folder}"]
        preferences = {"intl.accept_languages": language}
        if not scripts:
            preferences["profile.managed_default_content_settings.javascript"] = 2
        options = {"binary": program, "args": arguments, "prefs": preferences}
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}, "timeouts": {"script": 60000, "pageLoad": 60000}}}})
        self._session = answer["sessionId"]

    def _call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode('utf-8', 'replace')[:600]}") from error

    def _ask(self, method, path, body=None):
        return self._call(method, f"/session/{self._session}{path}", body)

    def cdp(self, command, **parameters):
        """A command of the browser's own protocol."""
        return self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def resize(self, size, mobile=False):
        """The page's width and height."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=mobile)

    def prefer(self, dark):
        """Dark or light."""
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def go(self, address):
        """Opens a page and waits until it is there."""
        self._ask("POST", "/url", {"url": address})
        return self

    @property
    def address(self):
        return self._ask("GET", "/url")

    def run(self, script, *arguments):
        """What a script (the body of a function) returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script, *arguments):
        """The same for one that calls its last argument with the answer."""
        return self._ask("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def find(self, selector):
        """The first element, or AssertionError."""
        return self._ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def text(self, selector):
        """What a person reads there."""
        return self._ask("GET", f"/element/{self.find(selector)}/text")

    def click(self, selector):
        """A click on the first such element."""
        self._ask("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector, text):
        """Keys into a field."""
        self._ask("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def wait_text(self, selector, wanted, seconds=20):
        """Until the text there holds `wanted`; gives all of it."""
        end = time.monotonic() + seconds
        while True:
            try:
                seen = self.text(selector)
            except AssertionError as error:
                seen = str(error)
            if wanted in seen:
                return seen
            if time.monotonic() > end:
                raise waiting.Late(f"no “{wanted}” in {selector} within {seconds} s but: {seen}")
            time.sleep(0.1)

    def complaints(self):
        """What the browser wrote on its console: refused scripts and styles, errors."""
        return [row["message"] for row in self._ask("POST", "/se/log", {"type": "browser"}) if row["level"] == "SEVERE"]

    def picture(self, path, whole=True):
        """A PNG of the page, or of what is seen without scrolling."""
        options = {"format": "png", "optimizeForSpeed": False}
        if whole:
            size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
            options.update(captureBeyondViewport=True, clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        pathlib.Path(path).write_bytes(base64.b64decode(self.cdp("Page.captureScreenshot", **options)["data"]))

    def close(self):
        """The browser and its driver end."""
        try:
            if self._session:
                self._ask("DELETE", "")
        except (AssertionError, OSError):
            pass
        self._driver.terminate()
        try:
            self._driver.wait(10)
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait()
        ports.release(self._port)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
