"""What a supervisor sees: readiness only when mail is taken, the end announced, and the unit file that ships."""

import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_ready_comes_when_the_ports_answer(make, sink, folders):
    path = folders("notify") / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(path))
        path.chmod(0o777)
        sock.settimeout(20)
        server = make.posthaste(relay=sink, start=False)
        server.start(env={"NOTIFY_SOCKET": str(path)}, wait=False)
        heard = sock.recv(4096).decode()
        while "READY=1" not in heard:
            heard = sock.recv(4096).decode()
        with server.connect() as client:
            assert client.banner.code == 220
        server.wait_ready()
        server.process.terminate()
        heard = sock.recv(4096).decode()
        while "STOPPING=1" not in heard:
            heard = sock.recv(4096).decode()
        assert server.process.wait(40) == 0


def test_an_abstract_notify_socket(make, sink):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        name = f"posthaste-test-{os.getpid()}"
        sock.bind("\0" + name)
        sock.settimeout(20)
        server = make.posthaste(relay=sink, start=False)
        server.start(env={"NOTIFY_SOCKET": "@" + name}, wait=False)
        assert "READY=1" in sock.recv(4096).decode()


def test_without_a_supervisor_nothing_is_missed(make, sink):
    server = make.posthaste(relay=sink, start=False)
    server.start(env={"NOTIFY_SOCKET": "/nowhere/at/all"})
    server.submit("x@example.net")
    sink.wait("x@example.net")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_unit_file_is_good(tmp_path, binary):
    text = (ROOT / "packaging" / "posthaste.service").read_text().replace("/usr/bin/posthaste", str(binary))
    text = "\n".join(line for line in text.splitlines() if not line.startswith("Documentation="))
    unit = tmp_path / "posthaste.service"
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert not [line for line in done.stderr.splitlines() if "posthaste" in line and "not found" not in line], done.stderr
    score = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)], capture_output=True, text=True, check=False)
    assert score.returncode == 0, score.stdout[-300:]


def test_the_sample_configuration_is_good_as_it_is(make):
    server = make.posthaste(start=False, accounts=())
    sample = (ROOT / "packaging" / "posthaste.toml").read_text()
    server.config_file.write_text(sample.replace("/var/lib/posthaste", str(server.store)))
    answer = server.cli("check")
    assert answer.code == 0, answer


def test_the_sample_configuration_names_every_key_and_no_other(make):
    """What is commented out is a key too, and `posthaste help config` is the list of them."""
    server = make.posthaste(start=False, accounts=())
    sample = (ROOT / "packaging" / "posthaste.toml").read_text()

    def keys(text):
        section, found = "", set()
        for line in text.splitlines():
            line = line.lstrip("# ")
            if head := re.match(r"\[+([\w.]+)\]+", line):
                section = head[1] + "."
            elif key := re.match(r"([a-z_]+)\s*= ", line):
                found.add(section + key[1])
        return found
    known = server.admin("help", "config").out
    spare = {"incoming.pop", "admin", "admin.address"}  # two ways to say one thing
    assert keys(sample) - spare == keys(known) - spare
