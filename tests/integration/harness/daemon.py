"""The server under test: its configuration, its process, its log, its command line."""

import copy
import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import threading
import time

from . import ports, waiting
from .smtp_client import SmtpClient

ROOT = pathlib.Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery"
READY = "server.ready"


def find_binary():
    """build/PRESET/src/app/posthaste, or wherever the build put it. POSTHASTE_BINARY or POSTHASTE_PRESET choose."""
    named = os.environ.get("POSTHASTE_BINARY")
    if named:
        return pathlib.Path(named)
    presets = [os.environ["POSTHASTE_PRESET"]] if os.environ.get("POSTHASTE_PRESET") else ["dev", "asan", "release"]
    for preset in presets:
        likely = ROOT / "build" / preset / "src" / "app" / "posthaste"
        if likely.is_file():
            return likely
        found = [p for p in (ROOT / "build" / preset).rglob("posthaste") if p.is_file() and os.access(p, os.X_OK)]
        if found:
            return found[0]
    return None


def toml(settings):
    """A nested dict as TOML; a list of dicts becomes [[tables]]."""
    def value(v):
        if isinstance(v, bool):
            return "true" if v else "false"
        if isinstance(v, int):
            return str(v)
        if isinstance(v, dict):
            return "{" + ", ".join(f"{k} = {value(x)}" for k, x in v.items()) + "}"
        if isinstance(v, (list, tuple)):
            return "[" + ", ".join(value(x) for x in v) + "]"
        return json.dumps(str(v), ensure_ascii=False)

    top, tables = [], []
    for key, v in settings.items():
        if v is None:
            continue
        if isinstance(v, dict):
            rows = [f"{k} = {value(x)}" for k, x in v.items() if x is not None]
            tables.append("\n".join([f"[{key}]", *rows]))
        elif isinstance(v, list) and v and isinstance(v[0], dict):
            tables += ["\n".join([f"[[{key}]]", *(f"{k} = {value(x)}" for k, x in row.items())]) for row in v]
        else:
            top.append(f"{key} = {value(v)}")
    return "\n".join(top) + "\n\n" + "\n\n".join(tables) + "\n"


class StartFailed(AssertionError):
    """The server ended before it was ready."""

    def __init__(self, code, output):
        super().__init__(f"the server ended with {code} before it was ready:\n{output}")
        self.code, self.output = code, output


class EventLog:
    """Reads the server's JSON log as it is written."""

    def __init__(self):
        self.events = []    # dicts
        self.lines = []     # everything, text
        self._changed = threading.Condition()
        self.ended = False

    def follow(self, stream):
        """Reads until the end, on a thread."""
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            try:
                event = json.loads(line)
            except ValueError:
                event = None
            with self._changed:
                self.lines.append(line)
                if isinstance(event, dict):
                    self.events.append(event)
                self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def mark(self):
        """Where the log is now; pass it to wait_for as `after`."""
        with self._changed:
            return len(self.events)

    def find(self, event, /, after=0, **fields):
        """All events of that name (or of one in a tuple) with those fields; a field may be a value or a function of it."""
        def fits(row):
            if isinstance(event, str) and row.get("event") != event or isinstance(event, tuple) and row.get("event") not in event:
                return False
            return all(want(row.get(k)) if callable(want) else row.get(k) == want for k, want in fields.items())
        with self._changed:
            return [row for row in self.events[after:] if fits(row)]

    def wait_for(self, event, /, seconds=15.0, after=0, count=1, **fields):
        """The first (or count-th) such event, once it is there."""
        end = time.monotonic() + seconds
        while True:
            found = self.find(event, after, **fields)
            if len(found) >= count:
                return found[count - 1]
            with self._changed:
                left = end - time.monotonic()
                if left <= 0 or (self.ended and len(self.find(event, after, **fields)) < count):
                    wanted = {k: getattr(v, "__name__", v) for k, v in fields.items()}
                    raise waiting.Late(f"no {event} {wanted} in the log within {seconds:g} s; its end:\n" + self.tail())
                self._changed.wait(min(left, 0.5))

    def tail(self, count=25):
        """The last lines."""
        return "\n".join(self.lines[-count:])

    def text(self):
        """All of it."""
        with self._changed:
            return "\n".join(self.lines)


class Answer:
    """What a command said."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    @property
    def rows(self):
        """Its --json lines."""
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


class Posthaste:
    """A server with a folder, ports and accounts of its own. `start` starts it; the folder outlives a `stop`."""

    def __init__(self, folder, binary, certificates=None, config=None, accounts=("anna@example.test", "bob@example.test"),
                 unprivileged=True):
        self.folder = pathlib.Path(folder)
        self.binary = str(binary)
        self.store = self.folder / "store"
        self.config_file = self.folder / "posthaste.toml"
        self.port = ports.free_port()
        self.tls_port = ports.free_tls_port()
        self.http_port = None
        self.https_port = None
        self.trap_port = None
        self.process = None
        self.log = EventLog()
        self.user = None
        if os.geteuid() == 0 and unprivileged:
            self.user = pwd.getpwnam("nobody")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)
        self.store.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            os.chown(self.store, self.user.pw_uid, self.user.pw_gid)
        self.settings = {
            "hostname": "mail.example.test",
            "admin": "postmaster@example.test",
            "store": {"path": str(self.store)},
            "listen": {"submission": [f"127.0.0.1:{self.port}", f"127.0.0.1:{self.tls_port}"]},
            "delivery": {"retry": ["1s"], "allow_private_addresses": True},
            "log": {"format": "json"},
        }
        if certificates:
            self.settings["tls"] = {"cert_file": [str(c) for c, _ in certificates], "key_file": [str(k) for _, k in certificates]}
        self.configure(config or {})
        self.accounts = accounts
        self._accounts_made = False

    # configuration

    def configure(self, changes):
        """Merges settings one table deep and writes the file. None removes a key."""
        for key, value in changes.items():
            if isinstance(value, dict) and isinstance(self.settings.get(key), dict):
                self.settings[key].update(value)
            else:
                self.settings[key] = copy.deepcopy(value)
        self.config_file.write_text(toml(self.settings), encoding="utf-8")

    def listen_http(self):
        """Adds listen.http."""
        self.http_port = ports.free_port()
        self.configure({"listen": {"http": f"127.0.0.1:{self.http_port}"}})
        return self

    def listen_https(self):
        """Adds listen.https."""
        self.https_port = ports.free_port()
        self.configure({"listen": {"https": f"127.0.0.1:{self.https_port}"}})
        return self

    def relay_to(self, address, **more):
        """All mail to that host:port; in clear unless told otherwise."""
        relay = {"host": address, "tls": "none"}
        relay.update(more)
        self.configure({"relay": relay})
        return self

    # the process

    def _spawn_as(self):
        if self.user:
            return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return {}

    def make_accounts(self):
        """Domains and accounts, on the store itself. Once."""
        if self._accounts_made:
            return
        self._accounts_made = True
        for domain in dict.fromkeys(address.rpartition("@")[2] for address in self.accounts):
            self.admin("domain", "add", domain)
        for address in self.accounts:
            self.admin("account", "add", address, "--password-stdin", input=PASSWORD + "\n")

    def start(self, wrapper=(), env=None, arguments=(), seconds=30.0, stderr=None, wait=True, **popen):
        """Starts, and waits until it is ready."""
        if not self._accounts_made and self.accounts:
            self.make_accounts()
        self.log = EventLog()
        command = [*wrapper, self.binary, "serve", "--config", str(self.config_file), *arguments]
        options = {**self._spawn_as(), **popen}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=stderr or subprocess.PIPE, env={**self.environment(), **(env or {})},
                                        cwd=str(self.folder), **options)
        if stderr is not None:
            return self
        self.log.follow(self.process.stderr)
        if wait:
            self.wait_ready(seconds)
        return self

    def wait_ready(self, seconds=30.0):
        """Until the log says so; StartFailed if it ends before."""
        def ready_or_ended():
            if self.log.find(READY):
                return True
            if self.process.poll() is not None:
                waiting.until(lambda: self.log.ended, 5)
                if self.log.find(READY):
                    return True
                raise StartFailed(self.process.returncode, self.log.text())
            return False
        waiting.until(ready_or_ended, seconds, f"{READY}; log:\n{self.log.tail()}")
        return self

    @staticmethod
    def environment():
        """Without what would change the server's settings."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("POSTHASTE_") and k != "NOTIFY_SOCKET"}
        clean.setdefault("ASAN_OPTIONS", "abort_on_error=1:detect_leaks=0")
        return clean

    def stop(self, seconds=45.0, sig=signal.SIGTERM):
        """Ends it and gives the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired as error:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"did not end within {seconds:g} s of a signal:\n{self.log.tail()}") from error
        return self.process.returncode

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def running(self):
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def restart(self, **options):
        """Stops and starts."""
        self.stop()
        return self.start(**options)

    def close(self):
        """For the end of a test: everything goes."""
        if self.running():
            self.process.kill()
            self.process.wait()
        ports.release(self.port, self.tls_port, *(p for p in (self.http_port, self.https_port, self.trap_port) if p))

    def memory(self, kind="Rss"):
        """Octets; kind Rss or Pss."""
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="ascii") as rollup:
            return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith(kind + ":"))

    def cpu_seconds(self):
        """User and system time so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # talking to it

    def connect(self, port=None, **options):
        """A raw client on the STARTTLS port."""
        return SmtpClient("127.0.0.1", port or self.port, **options)

    def secure(self, port=None, **options):
        """A client behind EHLO, STARTTLS, EHLO."""
        client = self.connect(port, **options)
        client.ehlo()
        client.starttls()
        client.ehlo()
        return client

    def session(self, user="anna@example.test", password=PASSWORD, **options):
        """A client that is logged in."""
        client = self.secure(**options)
        reply = client.login(user, password)
        assert reply.code == 235, f"{reply}\n{self.log.tail()}"
        return client

    def outlook(self, user="anna@example.test", password=PASSWORD):
        """A session as classic Outlook begins it: the computer's name, and AUTH LOGIN."""
        computer = "DESKTOP3507CDS"
        client = self.connect()
        client.ehlo(computer)
        client.starttls()
        client.ehlo(computer)
        reply = client.login_login(user, password)
        assert reply.code == 235, f"{reply}\n{self.log.tail()}"
        return client

    def submit(self, recipients, subject="a test", body="hello\r\n", sender="anna@example.test", parameters="", content=None, begin=None):
        """One message over a connection of its own; gives its queue id. `begin`: another session than the usual."""
        with (begin or self.session)(sender or "anna@example.test") as client:
            first = recipients if isinstance(recipients, str) else recipients[0]
            text = content or (f"From: <{sender or 'anna@example.test'}>\r\nTo: <{first}>\r\nSubject: {subject}\r\n\r\n{body}")
            reply = client.transaction(sender, recipients, text, parameters)
            assert reply.code == 250, f"{reply}\n{self.log.tail()}"
            client.quit()
        return queue_id(reply)

    # the command line

    def cli(self, *arguments, input=None, seconds=60.0, user="same", env=None):  # pylint: disable=redefined-builtin
        """posthaste ARGUMENTS --config FILE, as the server's user."""
        spawn = self._spawn_as() if user == "same" else {}
        done = subprocess.run([self.binary, *arguments, "--config", str(self.config_file)], check=False, capture_output=True,
                              input=input.encode() if isinstance(input, str) else input, timeout=seconds, cwd=str(self.folder),
                              env={**self.environment(), **(env or {})}, **spawn)
        return Answer(done)

    def admin(self, *arguments, **options):
        """A command that has to work."""
        answer = self.cli(*arguments, **options)
        assert answer.code == 0, f"posthaste {' '.join(arguments)}: {answer!r}"
        return answer

    def queue(self):
        """What is queued, a dict for each message."""
        return self.admin("queue", "list", "--messages", "--json", "--limit", "1000").rows

    def wait_empty(self, seconds=20.0):
        """Until nothing is queued."""
        return waiting.until(lambda: not self.queue(), seconds, "an empty queue", step=0.1)

    def copy_store(self, target):
        """A copy of the store's folder, for looking at."""
        shutil.copytree(self.store, target)


def queue_id(reply):
    """The id in "250 2.0.0 Accepted as ID"."""
    words = reply.text.split()
    assert "as" in words, reply
    return words[words.index("as") + 1].rstrip(",.")
