"""The generator and the sink: `posthaste bench`, as any user can run it."""

import json
import re
import subprocess
import threading
import time

from . import common
from .group import Group


def command(*arguments):
    """posthaste bench ARGUMENTS."""
    return [str(common.binary()), "bench", *(str(a) for a in arguments)]


def generate(port, messages, *more, user=common.USER, password=common.PASSWORD, timeout=900):
    """One run against 127.0.0.1:port; gives the generator's report. Nobody else's failures are hidden: see `require`."""
    arguments = ["--json", "--server", f"127.0.0.1:{port}", "--messages", messages, "--from", common.USER, *more]
    if user:
        arguments += ["--user", user, "--password-stdin"]
    done = subprocess.run(command(*arguments), input=password + "\n", capture_output=True, text=True, check=False, timeout=timeout,
                          env=common.environment())
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        common.die(f"the generator ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")


def require(report, messages, who):
    """All acknowledged, or the run counts for nothing."""
    if report["acknowledged"] != messages:
        reasons = "; ".join(f"{n} x {text}" for text, n in report["refusals"].items())
        common.die(f"{who} acknowledged {report['acknowledged']} of {messages}: {reasons}",
                   f"its logs are in {common.WORK.relative_to(common.ROOT)}")


class Sink:
    """The recipients' server: counts and throws away. With `sites`, that many servers which offer STARTTLS, 127.0.1.1 and on."""

    def __init__(self, port=None, sites=0):
        self.port = port or common.free_port()
        addresses = [f"127.0.1.{number}" for number in range(1, sites + 1)] or ["127.0.0.1"]
        listen = [word for address in addresses for word in ("--listen", f"{address}:{self.port}")]
        tls = ["--tls-folder", common.WORK / "sink-tls"] if sites else []
        self.messages = 0
        self.connections = 0
        self._group = Group("sink")
        log = common.WORK / "sink.log"
        self._process = self._group.start(command("--mode", "sink", *listen, *tls), log,
                                          stdout=subprocess.PIPE, env=common.environment())
        self._ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._ready.wait(10):
            self.close()
            common.die(f"the sink did not start: {log.read_text()}")

    def _read(self):
        for line in self._process.stdout:
            if line.startswith(b"sink ready"):
                self._ready.set()
                continue
            found = re.match(rb"(\d+) messages, \d+ octets, (\d+) connections", line)
            if found:
                self.messages, self.connections = int(found[1]), int(found[2])

    def wait_for(self, count, seconds, alive=lambda: True):
        """Until that many have come; gives the clock then, or None if they did not come in time."""
        end = time.monotonic() + seconds
        while self.messages < count:
            if time.monotonic() > end or not alive():
                return None
            time.sleep(0.01)
        return time.monotonic()

    def close(self):
        """Ends it."""
        self._group.end(3)
