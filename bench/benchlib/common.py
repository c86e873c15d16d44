"""Paths, words, ports, the machine."""

import datetime
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "build" / "peers"
WORK = ROOT / "build" / "bench"  # on the same disk for all servers
RESULTS = ROOT / "bench" / "results.md"

USER = "bench@example.test"
PASSWORD = "correct horse battery"
HOSTNAME = "localhost"


def die(what, mend=""):
    """Ends with what happened and what to do about it."""
    print(f"error: {what}", file=sys.stderr)
    if mend:
        print(f"  mend  {mend}", file=sys.stderr)
    sys.exit(1)


def say(text):
    """Progress, on stderr: the tables alone are on stdout."""
    print(text, file=sys.stderr, flush=True)


def need_root():
    """Postfix and Exim run as root only, and so does the accounting of their processes."""
    if os.geteuid() != 0:
        die("the benchmarks run as root: Postfix and Exim need it, and so does counting what their processes use.",
            f"sudo {' '.join(sys.argv)}")


_RUN = WORK / f"run-{os.getpid()}"


def fresh_folder(name):
    """A new folder, on the same disk for all servers.

    Nothing is removed before the end (`clean_up`): ext4 looks long for a free inode after many files have been removed, and
    the next server would pay for it.
    """
    number = 1
    while (_RUN / f"{name}-{number}").exists():
        number += 1
    folder = _RUN / f"{name}-{number}"
    folder.mkdir(parents=True)
    return folder


def clean_up():
    """When all went well: what this run and failed ones before it have left."""
    for folder in WORK.glob("run-*"):
        if folder == _RUN or not pathlib.Path(f"/proc/{folder.name.removeprefix('run-')}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def free_port():
    """A port on loopback that nobody listens on now, below those the kernel gives to clients: a server that was killed gets
    its own again."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def banner_on(port, timeout=5.0):
    """Whether a server greets there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sock:
            return sock.recv(4).startswith(b"220")
    except OSError:
        return False


def wait_until(condition, seconds, what):
    """Until condition() is true; it may raise to give up early."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            die(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)


def environment(**more):
    """Ours without POSTHASTE_*, which Posthaste would take for its configuration."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("POSTHASTE_")}, **more}


def run(*command, **more):
    """A program that must succeed; gives its output."""
    more.setdefault("env", environment())
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        die(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def binary():
    """The release build; POSTHASTE_BINARY names another one."""
    named = os.environ.get("POSTHASTE_BINARY")
    path = pathlib.Path(named).resolve() if named else ROOT / "build" / "release" / "src" / "app" / "posthaste"
    if not path.is_file():
        die(f"{path} is not there.", "./dev build release")
    return path


def certificate():
    """One ECDSA certificate for all servers: (chain file, key file)."""
    folder = WORK / "tls"
    chain, key = folder / "cert.pem", folder / "key.pem"
    if chain.exists() and key.exists() and time.time() - chain.stat().st_mtime < 20 * 86400:
        return chain, key
    folder.mkdir(parents=True, exist_ok=True)
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    run("openssl", "req", "-x509", "-new", "-key", key, "-out", chain, "-days", "30", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1")
    key.chmod(0o644)  # a throw-away key, read by servers that have become somebody else
    return chain, key


def commit():
    """The checkout measured; with + when the sources differ from it."""
    try:
        name = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        dirty = subprocess.run(["git", "-C", str(ROOT), "status", "--porcelain", "--", "src"], capture_output=True, text=True,
                               check=True)
        return name.stdout.strip() + ("+" if dirty.stdout.strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine():
    """One line: processor, cores, memory, file system, kernel."""
    model, memory = "unknown processor", 0
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemTotal"):
                memory = int(line.split()[1]) / (1 << 20)
    WORK.mkdir(parents=True, exist_ok=True)
    kind = subprocess.run(["stat", "-f", "-c", "%T", str(WORK)], capture_output=True, text=True, check=False).stdout.strip()
    return f"{os.cpu_count()} x {model}, {memory:.0f} GB, {kind}, Linux {os.uname().release}"


def today():
    """The date of a results row."""
    return datetime.date.today().isoformat()


def table(header, rows):
    """A markdown table, numbers to the right."""
    cells = [header] + [[str(c) for c in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    line = lambda row: "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))) + " |"
    rule = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    return "\n".join([line(cells[0]), rule] + [line(row) for row in cells[1:]])


def record(heading, text):
    """Appends to bench/results.md, under the date, the commit and the machine."""
    start = "" if RESULTS.exists() else "# Measured\n\nWritten by the benchmarks' --record; bench/README.md says how to read it.\n"
    with open(RESULTS, "a", encoding="utf-8") as out:
        out.write(f"{start}\n## {today()} {heading}, {commit()}\n\n{machine()}\n\n{text}\n")
    say(f"recorded in {RESULTS.relative_to(ROOT)}")
