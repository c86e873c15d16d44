"""Thunderbird without a window, driven by Marionette: JSON over TCP, a length before each message."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from . import waiting


class Missing(Exception):
    """No Thunderbird here."""


class ScriptFailed(AssertionError):
    """What was to be done in Thunderbird failed there."""


# Nothing that would talk to its makers, ask questions, or look for mail anywhere but here.
_QUIET = {
    "app.update.enabled": False, "datareporting.healthreport.uploadEnabled": False, "toolkit.telemetry.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False, "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "mailnews.start_page.enabled": False, "mail.shell.checkDefaultClient": False, "mail.spotlight.firstRunDone": True,
    "mail.winsearch.firstRunDone": True, "mail.rights.version": 1, "browser.safebrowsing.enabled": False,
    "extensions.update.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "mail.chat.enabled": False, "app.donation.eoy.version": 999,
    "mail.accounthub.thundermail.enabled": False, "network.trr.mode": 5, "network.proxy.type": 0,
    "mail.openpgp.enable": False, "toolkit.startup.max_resumed_crashes": -1, "browser.dom.window.dump.enabled": True,
    "mailnews.auto_config_url": "", "mailnews.mx_service_url": "", "mailnews.auto_config.addons_url": "",
    "app.normandy.enabled": False, "services.settings.server": "data:,", "messaging-system.rsexperimentloader.enabled": False,
    "mail.inappnotifications.enabled": False,
}


class Thunderbird:
    """A new profile. `hosts`: names that are this machine; `ports`: {443: 12345} sends what goes to the one to the other."""

    def __init__(self, folder, hosts, ports=None):
        program = shutil.which("thunderbird")
        if not program:
            raise Missing("thunderbird is not installed (tools/packages/test.txt)")
        self.folder = pathlib.Path(folder)
        self.profile = self.folder / "profile"
        self.profile.mkdir(parents=True)
        preferences = dict(_QUIET)
        preferences["marionette.port"] = 0  # the kernel's choice, in a file of the profile
        preferences["network.dns.localDomains"] = ",".join(hosts)
        preferences["network.socket.forcePort"] = ";".join(f"{a}={b}" for a, b in (ports or {}).items())
        (self.profile / "user.js").write_text("".join(
            f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in preferences.items()))
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "http_proxy", "https_proxy")}
        environment.update(HOME=str(self.folder), MOZ_HEADLESS="1", MOZ_CRASHREPORTER_DISABLE="1", LANG="C.UTF-8", TZ="UTC")
        self._output = open(self.folder / "thunderbird.log", "wb")
        self._process = subprocess.Popen([program, "--marionette", "--remote-allow-system-access", "--headless", "--no-remote", "--profile", self.profile],
                                         env=environment, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output,
                                         start_new_session=True)
        self._socket = None
        self._id = 0
        try:
            port = waiting.until(self._port, 90, f"Thunderbird; {self.folder}/thunderbird.log", step=0.2)
            self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
            assert self._receive()["marionetteProtocol"] == 3
            self.call("WebDriver:NewSession", {"acceptInsecureCerts": False})
            self.call("Marionette:SetContext", {"value": "chrome"})
            self.call("WebDriver:SetTimeouts", {"script": 120000})
        except BaseException:
            self.close()
            raise

    def _port(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"Thunderbird ended: {self.log()}")
        path = self.profile / "MarionetteActivePort"
        return int(path.read_text()) if path.exists() and path.read_text().strip() else None

    def _receive(self):
        head = b""
        while not head.endswith(b":"):
            octet = self._socket.recv(1)
            if not octet:
                raise ScriptFailed(f"Thunderbird went away: {self.log()}")
            head += octet
        left, body = int(head[:-1]), b""
        while len(body) < left:
            piece = self._socket.recv(left - len(body))
            if not piece:
                raise ScriptFailed("Thunderbird went away")
            body += piece
        return json.loads(body)

    def call(self, command, parameters):
        """One command of the protocol."""
        self._id += 1
        message = json.dumps([0, self._id, command, parameters]).encode()
        self._socket.sendall(str(len(message)).encode() + b":" + message)
        kind, number, error, result = self._receive()
        assert (kind, number) == (1, self._id)
        if error:
            raise ScriptFailed(f"{error['error']}: {error['message']}\n{error.get('stacktrace', '')}")
        return result.get("value") if isinstance(result, dict) else result

    def run(self, script, *arguments):
        """The body of an async function with the program's own rights; `args` are the arguments, `win` its main window."""
        body = """
            const resolve = arguments[arguments.length - 1];
            const args = Array.from(arguments).slice(0, -1);
            (async () => {
                const win = Services.wm.getMostRecentWindow("mail:3pane");
                const until = async (what, find, seconds = 60) => {
                    for (let i = 0; i < seconds * 10; i++) {
                        const found = await find();
                        if (found) return found;
                        await new Promise(again => win.setTimeout(again, 100));
                    }
                    throw new Error("not within " + seconds + " s: " + what);
                };
                %s
            })().then(value => resolve({ value }), error => resolve({ error: String(error) + " " + (error && error.stack) }));
        """ % script
        answer = self.call("WebDriver:ExecuteAsyncScript", {"script": body, "args": list(arguments), "newSandbox": True,
                                                            "sandbox": "system", "scriptTimeout": 120000})
        if "error" in answer:
            raise ScriptFailed(f"{answer['error']}\n{self.log()[-2000:]}")
        return answer.get("value")

    def trust(self, ca_file):
        """As an administrator's policy does it: that authority may sign servers."""
        lines = pathlib.Path(ca_file).read_text().split("-----")[2].split()
        self.run("""
            Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(args[0], "C,,");
        """, "".join(lines))

    def log(self):
        """What it wrote."""
        return (self.folder / "thunderbird.log").read_text(errors="replace")

    def close(self):
        """Ends it with all its processes."""
        if self._socket is not None:
            self._socket.close()
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._output.close()
