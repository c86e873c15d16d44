"""The power is cut at many moments under load: all that was not synced is gone, names and data alike. What the server
had acknowledged by then is there after a restart, whole; and the store opens."""

import importlib.util
import os
import random
import shutil
import subprocess
import sys
import time

import pytest

from harness import load as loads
from harness import waiting
from harness.daemon import ROOT, Posthaste
from harness.dialogue import ANNA

SEED = int(os.environ.get("POSTHASTE_SEED") or random.SystemRandom().randrange(1 << 32))
CUTS = int(os.environ.get("POSTHASTE_CUTS") or 6)
REPLAY = ROOT / "tests" / "faults" / "power_cut_replay.py"


def _times(log):
    """When each record was written, in seconds of the wall clock; and how many of them tell what was there before."""
    spec = importlib.util.spec_from_file_location("power_cut_replay", REPLAY)
    replay = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(replay)
    times, before = [], 0
    with open(log, "rb") as file:
        while len(fixed := file.read(replay.RECORD.size)) == replay.RECORD.size:
            _, operation, _, _, stamp, path_length, second_length, data_length = replay.RECORD.unpack(fixed)
            times.append(stamp / 1e9)
            if operation == replay.EXISTS:
                before = len(times)
            file.seek(path_length + second_length + data_length, os.SEEK_CUR)
    return times, before


@pytest.mark.parametrize("body", [b"x" * 70 + b"\r\n", (b"y" * 78 + b"\r\n") * 4000], ids=["small", "in files"])
def test_what_was_acknowledged_survives(make, sink, fault_library, body, capsys):
    with capsys.disabled():
        print(f"\n[seed {SEED}] ", end="")
    chance = random.Random(SEED)
    hop_port = sink.port
    sink.close()  # nothing leaves while the log is written: what was acknowledged has to be in the store
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"retry": ["1h"]}})
    server.make_accounts()
    log = server.folder / "power.log"
    log.touch()
    log.chmod(0o666)
    server.start(env={"LD_PRELOAD": fault_library("power_cut"), "POWER_CUT_FOLDER": str(server.store), "POWER_CUT_LOG": str(log),
                      "ASAN_OPTIONS": "verify_asan_link_order=0:abort_on_error=1:detect_leaks=0"})
    load = loads.Load(server, threads=5, body=body, per_connection=10)
    try:
        load.wait_count(150 if len(body) < 1000 else 40)
    finally:
        load.stop()
    server.kill()
    times, before = _times(log)
    moments = sorted(chance.randrange(before, len(times)) for _ in range(CUTS - 1)) + [len(times)]
    again = make.sink(port=hop_port)
    for number, moment in enumerate(moments):
        keep = ("none", "some", "none", "all")[number % 4]
        cut = server.folder / f"cut{number}"
        subprocess.run([sys.executable, "-B", REPLAY, log, "cut", str(moment), str(cut), "--keep", keep, "--seed", str(SEED + number)], check=True,
                       stdout=subprocess.DEVNULL)
        due = load.before(times[moment] if moment < len(times) else time.time() + 1)
        other = Posthaste(server.folder.parent / f"{server.folder.name}-cut{number}", server.binary, [], accounts=())
        make.made.append(other)
        shutil.rmtree(other.store)
        shutil.copytree(cut, other.store)
        other.store.chmod(0o700)
        if other.user:
            for path in [other.store, *other.store.rglob("*")]:
                shutil.chown(path, other.user.pw_uid, other.user.pw_gid)
        other.relay_to(again.address)
        again.messages.clear()
        other.start()
        queued = {r["address"] for row in other.queue() for r in row["recipients"]}
        lost = due - queued - set(loads.arrivals(again))
        assert not lost, f"seed {SEED}, cut at {moment} of {len(times)} keeping {keep}: {len(lost)} of {len(due)} lost: {sorted(lost)[:3]}"
        other.cli("queue", "retry", "--all")
        waiting.until(lambda: due <= set(loads.arrivals(again)), 60, f"all {len(due)} messages that are in the store, delivered")
        for message in again.messages:
            if message.sender == ANNA:
                assert message.body == body, f"seed {SEED}, cut at {moment}: a message is not whole"
        assert other.stop() == 0
        with capsys.disabled():
            print(f"{len(due)} ", end="", flush=True)
