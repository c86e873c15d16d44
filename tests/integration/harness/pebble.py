"""Pebble, the ACME server for tests of Debian: a certificate authority of its own, with ports of its own."""

import json
import os
import pathlib
import ssl
import subprocess
import urllib.request

from . import waiting
from .peers import stop, unpacked
from .ports import free_port


class Pebble:
    """Issues for whatever name it can prove at the given ports, looking names up at `dns` (host:port).

    lifetime: of its certificates, in seconds. bad_nonces: how many of a hundred good nonces it refuses.
    """

    def __init__(self, folder, authority, dns, http_port=1, tls_port=1, lifetime=90 * 86400, bad_nonces=0, start=True):
        self._binary = unpacked("pebble") / "usr/bin/pebble"
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca_file = authority.ca_file  # who signs the directory's own certificate
        self.port, self._management = free_port(), free_port()
        self._dns, self._bad_nonces = dns, bad_nonces
        self._process = self._output = None
        certificate, key = authority.issue(f"pebble-{self.port}", "DNS:localhost,IP:127.0.0.1")
        self._settings = {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self._management}",
            "certificate": str(certificate), "privateKey": str(key), "httpPort": http_port, "tlsPort": tls_port,
            "ocspResponderURL": "", "externalAccountBindingRequired": False, "certificateValidityPeriod": lifetime}
        if start:
            self.start()

    @property
    def directory(self):
        """What goes into tls.acme_directory."""
        return f"https://localhost:{self.port}/dir"

    def start(self):
        """Starts with an empty memory: accounts and orders are gone."""
        config = self.folder / "pebble.json"
        config.write_text(json.dumps({"pebble": self._settings}))
        environment = dict(os.environ, PEBBLE_VA_NOSLEEP="1", PEBBLE_WFE_NONCEREJECT=str(self._bad_nonces), PEBBLE_AUTHZREUSE="0")
        self._output = open(self.folder / "pebble.log", "ab")
        self._process = subprocess.Popen([self._binary, "-config", config, "-dnsserver", self._dns, "-strict"], env=environment,
                                         stdout=self._output, stderr=self._output, start_new_session=True, cwd=self.folder)
        waiting.until(self._up, 15, f"Pebble; {self.folder}/pebble.log")
        return self

    def _up(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"Pebble ended: {self.log()}")
        try:
            return self._get(f"https://localhost:{self._management}/roots/0")
        except OSError:
            return None

    def _get(self, url):
        context = ssl.create_default_context(cafile=str(self.ca_file))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        with opener.open(url, timeout=5) as answer:
            return answer.read()

    def root(self):
        """Who has signed what it issues, as a file that clients may trust. Another one after each start."""
        path = self.folder / "root.pem"
        path.write_bytes(self._get(f"https://localhost:{self._management}/roots/0"))
        return path

    def log(self):
        """What it has to say."""
        return (self.folder / "pebble.log").read_text(errors="replace")

    def count(self, words):
        """How often it said that."""
        return self.log().count(words)

    def stop(self):
        """Nobody answers from here on."""
        if self._process is not None:
            stop(self._process)
            self._output.close()
            self._process = None

    def close(self):
        """Stops it."""
        self.stop()
