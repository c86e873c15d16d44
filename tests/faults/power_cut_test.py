#!/usr/bin/env python3
"""Cuts the power at many moments of a store under load, one of them its making: every message that was acknowledged
is there, whole, and no end that was acknowledged is undone. Everything that was not synced is lost, file by file and
name by name; then a random part of it survives.

    power_cut_test.py BUILD_FOLDER [cuts [seed]]
"""
import os
import random
import subprocess
import sys

from faults import REPLAY, check, expect, failures, finish, folder, ledger_tool, preloaded

CUTS = int(sys.argv[2]) if len(sys.argv) > 2 else 24
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)


def replay(log, *arguments):
    return subprocess.run([sys.executable, REPLAY, log, *map(str, arguments)], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


print(f"seed {SEED}")
choice = random.Random(SEED)
with folder() as base:
    store, ledger, log = base + "/store", base + "/ledger", base + "/log"
    watched = preloaded("power_cut", POWER_CUT_FOLDER=store, POWER_CUT_LOG=log)
    # Twice: the second time it opens what the first has left.
    for messages in (150, 250):
        code, said = ledger_tool("run", store, ledger, messages, environment=watched)
        expect(code == 0, f"the run ended with {code}: {said}")
    records = int(replay(log, "count"))
    # The making of the store is the first hundred or so records.
    moments = sorted([*(choice.randrange(120) for _ in range(CUTS // 4)),
                      *(choice.randrange(records) for _ in range(CUTS - CUTS // 4 - 1)), records])
    for number, moment in enumerate(moments):
        keep = ("none", "some", "none", "all")[number % 4]
        out, told = f"{base}/cut{number}", f"{base}/ledger{number}"
        replay(log, "cut", moment, out, "--keep", keep, "--seed", SEED + number, "--ledger", told)
        before = len(failures)
        said = check(out, told, f"cut at {moment} of {records}, keeping {keep}, seed {SEED}")
        if len(failures) == before:
            print(f"cut at {moment} of {records}, keeping {keep}: {said.strip().splitlines()[-1]}", flush=True)
        subprocess.run(["rm", "-rf", out], check=True)
    expect(os.path.getsize(ledger) > 0, "the ledger is empty")
finish()
