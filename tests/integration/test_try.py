"""posthaste try: what ./run starts. It says where to send and where to look, and both are true."""

import re
import shlex
import signal
import smtplib
import sqlite3
import ssl
import subprocess

import pytest

from harness import ports, waiting
from harness.http import Http
from harness.old_store import age


class Sandbox:
    def __init__(self, binary, folder, user):
        self.folder = folder / "try"
        self.folder.mkdir()
        if user:
            import shutil  # pylint: disable=import-outside-toplevel
            shutil.chown(self.folder, user.pw_uid, user.pw_gid)
        # --port-base N: N+25, N+465, N+587, N+7025; all of them have to be free.
        for base in range(3000, 24000, 1000):
            numbers = [base + 25, base + 587, base + 465, base + 7025]
            if all(ports._reserve(n) for n in numbers):  # pylint: disable=protected-access
                break
            ports.release(*numbers)
        self.base, self.numbers = base, numbers
        self.command = [binary, "try", "--folder", str(self.folder), "--port-base", str(base), "--log", "json"]
        self.process = None
        self.spawn = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}

    def start(self, *arguments):
        self.output = (self.folder.parent / "output").open("w+b")
        self.process = subprocess.Popen([*self.command, *arguments], stdout=self.output, stderr=subprocess.DEVNULL, cwd="/", **self.spawn)
        waiting.until(lambda: "Ctrl-C" in self.text() or self.process.poll() is not None, 30, "the sandbox")
        assert self.process.poll() is None, self.text()
        return self

    def run(self, *arguments):
        """Of one that is to say no: its end and what it said."""
        return subprocess.run([*self.command, *arguments], capture_output=True, text=True, timeout=60, check=False, cwd="/", **self.spawn)

    def text(self):
        return (self.folder.parent / "output").read_text()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(40) == 0
        ports.release(*self.numbers)


@pytest.fixture
def sandbox(binary, folders, make):
    probe = make.posthaste(start=False, accounts=())
    box = Sandbox(str(binary), folders("sandbox"), probe.user)
    yield box
    box.close()


def test_what_it_prints_is_true(sandbox):
    text = sandbox.start().text()
    inbox = re.search(r"http://127\.0\.0\.1:(\d+)/", text)
    trap = re.search(r"smtp://127\.0\.0\.1:(\d+)", text)
    login = re.search(r"(\S+@example\.test) / (\S+)", text)
    ca = re.search(r"own CA\s+(\S+)", text)
    assert inbox and trap and login and ca, text
    http = Http(int(inbox[1]))
    assert http.request("GET", "/")[0] == 200
    assert f"http://127.0.0.1:{inbox[1]}/setup" in text and http.request("GET", "/setup")[0] == 200
    with smtplib.SMTP("127.0.0.1", int(trap[1]), timeout=20) as client:
        client.sendmail("a@b.test", ["x@example.net"], "Subject: to the trap\r\n\r\nx\r\n")
    assert http.json("/api/v1/wait", to="x@example.net", timeout="10s")["Subject"] == "to the trap"
    context = ssl.create_default_context(cafile=ca[1])
    for port in re.findall(r"127\.0\.0\.1:(\d+)", next(line for line in text.splitlines() if "STARTTLS" in line)):
        with smtplib.SMTP("localhost", int(port), timeout=20) as client:
            client.starttls(context=context)
            client.login(login[1], login[2].rstrip(","))
            client.sendmail(login[1], [f"p{port}@example.net"], f"From: <{login[1]}>\r\nSubject: to {port}\r\n\r\nx\r\n")
        assert http.json("/api/v1/wait", to=f"p{port}@example.net", timeout="10s")["Subject"] == f"to {port}"


def test_the_commands_it_names_work(sandbox):
    text = sandbox.start().text()
    commands = [line.split("#")[0].split() for line in text.splitlines() if re.search(r"posthaste (send|queue) ", line)]
    assert len(commands) >= 3, text
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/", **sandbox.spawn)
        assert done.returncode == 0, done


def test_it_keeps_its_data_and_begins_anew_when_asked(sandbox):
    sandbox.start()
    http = Http(sandbox.base + 7025)
    with smtplib.SMTP("127.0.0.1", sandbox.base + 25, timeout=20) as client:
        client.sendmail("a@b.test", ["keep@example.net"], "Subject: keep\r\n\r\nx\r\n")
    http.json("/api/v1/wait", to="keep@example.net", timeout="10s")
    sandbox.process.send_signal(signal.SIGINT)
    assert sandbox.process.wait(40) == 0
    sandbox.start()
    assert http.json("/api/v1/messages")["total"] == 1
    sandbox.process.send_signal(signal.SIGINT)
    assert sandbox.process.wait(40) == 0
    sandbox.start("--fresh")
    assert http.json("/api/v1/messages")["total"] == 0


def test_a_second_sandbox_says_what_is_in_the_way(sandbox):
    sandbox.start()
    done = sandbox.run()
    assert done.returncode in (4, 75, 78)
    assert "in use" in done.stderr + done.stdout


def _stop(sandbox):
    sandbox.process.send_signal(signal.SIGINT)
    assert sandbox.process.wait(40) == 0


def test_a_demo_of_an_older_posthaste_is_upgraded_by_itself(sandbox):
    sandbox.start()
    http = Http(sandbox.base + 7025)
    with smtplib.SMTP("127.0.0.1", sandbox.base + 25, timeout=20) as client:
        client.sendmail("a@b.test", ["keep@example.net"], "Subject: keep\r\n\r\nx\r\n")
    http.json("/api/v1/wait", to="keep@example.net", timeout="10s")
    _stop(sandbox)
    age(sandbox.folder / "store")
    text = sandbox.start().text()
    (copy,) = sandbox.folder.glob("store.before-*")
    (line,) = [line for line in text.splitlines() if "upgraded" in line]
    assert "format 1" in line and str(copy) in line
    assert (copy / "SNAPSHOT.txt").is_file()
    assert http.json("/api/v1/messages")["total"] == 1
    with smtplib.SMTP("127.0.0.1", sandbox.base + 25, timeout=20) as client:
        client.sendmail("a@b.test", ["new@example.net"], "Subject: new\r\n\r\nx\r\n")
    http.json("/api/v1/wait", to="new@example.net", timeout="10s")
    _stop(sandbox)
    assert "upgraded" not in sandbox.start().text()
    assert list(sandbox.folder.glob("store.before-*")) == [copy]


@pytest.mark.parametrize("harm", ["newer", "no database"])
def test_a_demo_that_cannot_be_opened_names_a_mend_that_works(sandbox, harm):
    sandbox.start()
    _stop(sandbox)
    if harm == "newer":
        with sqlite3.connect(sandbox.folder / "store" / "queue.db") as db:
            db.execute("PRAGMA user_version=9999")
        db.close()
    else:
        for file in (sandbox.folder / "store").glob("queue.db*"):
            file.write_bytes(b"this is no database, whatever its name says" * 200)
    done = sandbox.run()
    assert done.returncode == 4, done
    assert str(sandbox.folder / "store" / "queue.db") in done.stderr
    mend = re.search(r"mend\s+begin with an empty one; what is in it is lost: (.*--fresh.*)", done.stderr)
    assert mend and str(sandbox.folder) in mend[1], done.stderr
    words = shlex.split(mend[1])
    assert words[1:] == ["try", "--fresh", "--folder", str(sandbox.folder)]
    sandbox.start(*words[2:])
    assert Http(sandbox.base + 7025).json("/api/v1/messages")["total"] == 0


def test_fresh_leaves_a_running_sandbox_alone(sandbox):
    sandbox.start()
    http = Http(sandbox.base + 7025)
    with smtplib.SMTP("127.0.0.1", sandbox.base + 25, timeout=20) as client:
        client.sendmail("a@b.test", ["keep@example.net"], "Subject: keep\r\n\r\nx\r\n")
    http.json("/api/v1/wait", to="keep@example.net", timeout="10s")
    done = sandbox.run("--fresh")
    assert done.returncode == 4 and "a sandbox runs in" in done.stderr and "Ctrl-C" in done.stderr
    assert (sandbox.folder / "store" / "queue.db").is_file()
    assert http.json("/api/v1/messages")["total"] == 1
