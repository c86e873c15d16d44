"""Commands in words of commands, not of the interface behind them; a server that hangs; help on a number; a bench without a server."""

import os
import signal
import time

import pytest

from harness import ports


@pytest.fixture
def idle(make, sink):
    server = make.posthaste(relay=sink, start=False)
    server.make_accounts()
    return server


@pytest.mark.parametrize("arguments", [("domain", "add", ""), ("backup", ""), ("account", "show", os.fsdecode(b"\xff\xfe")),
                                       ("app-password", "new", "anna@example.test", "--name", ""), ("queue", "show", ""), ("queue", "list", "-j")])
def test_words_that_are_none(idle, arguments):
    answer = idle.cli(*arguments)
    assert answer.code == 2 and "mend" in answer.err, answer
    for strange in ("{", "%HH", "path of the request", "filesystem error"):
        assert strange not in answer.err, answer


def test_flags_of_every_command_stand_anywhere(idle):
    for arguments in (("--json", "account", "list"), ("account", "--json", "list"), ("account", "list", "--json")):
        assert {row["address"] for row in idle.admin(*arguments).rows} >= {"anna@example.test"}


def test_a_server_that_is_stopped_is_told_at_once(make, sink):
    server = make.posthaste(relay=sink)
    server.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = server.cli("queue", "list")
        assert time.monotonic() - began < 30
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert answer.code == 5, answer
    assert "admin.sock" in answer.err and f"kill -CONT {server.process.pid}" in answer.err, answer
    assert server.admin("queue", "list").code == 0


@pytest.mark.parametrize("topic, word", [("R44", "R44"), ("0x800CCC0F", "0x800CCC0F"), ("800ccc0f", "0x800CCC0F"), ("550", "550")])
def test_help_explains_a_number(idle, topic, word):
    answer = idle.admin("help", topic)
    assert answer.out.startswith(word) and "1." in answer.out, answer
    assert idle.admin("help", topic, "--json").rows[0]["steps"]


def test_help_on_nonsense_is_none(idle):
    assert idle.cli("help", "nonsense").code == 2
    assert "posthaste queue cancel" in idle.admin("help", "queue", "cancel").out


@pytest.mark.parametrize("mode", ["accept", "logins", "idle", "pages"])
def test_a_bench_without_a_server(idle, mode):
    port = ports.free_port()
    answer = idle.cli("bench", "--mode", mode, "--server", f"127.0.0.1:{port}", "--messages", "100", "--sessions", "5")
    assert answer.code == 3 and str(port) in answer.err and "--server" in answer.err, answer
