"""Standard streams that are closed, full or left by their reader: no crash, no socket under their number, no silent success."""

import os
import subprocess

import pytest

from harness.waiting import until


def _shell(server, command):
    """A shell line with {} for posthaste and its configuration in the environment, as the server's user."""
    spawn = {"user": server.user.pw_uid, "group": server.user.pw_gid, "extra_groups": []} if server.user else {}
    environment = {**server.environment(), "POSTHASTE_CONFIG": str(server.config_file)}
    return subprocess.run(["bash", "-c", command.format(server.binary)], check=False, capture_output=True, text=True, timeout=60, env=environment,
                          cwd=str(server.folder), **spawn)


@pytest.fixture
def idle(make, sink):
    server = make.posthaste(relay=sink, start=False)
    server.make_accounts()
    return server


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full"])
def test_a_mistake_without_a_place_to_tell_it(idle, streams):
    assert _shell(idle, "{} nonsense " + streams).returncode == 2


@pytest.mark.parametrize("command", ["version", "help", "account list", "account list --json", "check", "app-password new anna@example.test"])
@pytest.mark.parametrize("stream", [">/dev/full", ">&-"])
def test_output_that_goes_nowhere_is_no_success(idle, command, stream):
    answer = _shell(idle, "{} " + command + " " + stream)
    assert answer.returncode == 74, answer
    assert "standard output" in answer.stderr and "mend" in answer.stderr


def test_a_lot_of_output_to_a_full_disk(idle):
    answer = _shell(idle, "{} help config >/dev/full")
    assert answer.returncode == 74 and answer.stderr.count("error:") == 1, answer


def test_a_command_that_failed_keeps_its_code(idle):
    assert _shell(idle, "{} queue show 01ARZ3NDEKTSV4RRFFQ69G5FAV >&-").returncode == 1


def test_a_reader_that_has_seen_enough(idle):
    answer = _shell(idle, "{} help config | head -1")
    assert answer.stderr == ""


def test_no_password_on_a_closed_standard_input(idle):
    answer = _shell(idle, "{} account passwd anna@example.test --password-stdin <&-")
    assert answer.returncode == 2 and "password" in answer.stderr


def _links(process):
    return [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3)]


def test_a_server_started_without_streams(idle):
    """Its first sockets would get the numbers 0 to 2, and its log would be written into them."""
    idle.start(wrapper=("bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash"), stderr=subprocess.DEVNULL)
    until(lambda: idle.admin("status").out.startswith("server    running"), what="the server to run")
    assert _links(idle.process) == ["/dev/null"] * 3
    idle.submit("x@example.net")
    idle.wait_empty()
