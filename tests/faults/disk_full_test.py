#!/usr/bin/env python3
"""A full disk: new mail is refused, what is under way goes on (from the reserve when nothing else is left), and the
store recovers by itself once there is space."""
import subprocess
import time

from faults import LEDGER_TOOL, check, expect, finish, folder, ledger_tool, preloaded, rules, words

MB = 1 << 20


def wait_for_word(process, ledger, word):
    give_up = time.monotonic() + 60
    while [word] not in words(ledger):
        if process.poll() is not None or time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def fill(name, full, floor, reserve, drains):
    with folder() as base:
        store, ledger, control = base + "/store", base + "/ledger", base + "/control"
        ledger_tool("run", store, ledger, 10)
        rules(control, full + "\n")
        process = subprocess.Popen([LEDGER_TOOL, "fill", store, ledger, str(floor), str(reserve)], env=preloaded(
            "failing_io", FAILING_IO_FOLDER=store, FAILING_IO_CONTROL=control))
        try:
            expect(wait_for_word(process, ledger, "drained"), f"{name}: it did not get full and drain")
            told = words(ledger)
            kinds = {line[2] for line in told if line[0] == "refused"}
            expect(kinds == {"store_full"}, f"{name}: refused with {kinds}")
            unsettled = [line for line in told if line[0] == "unsettled"]
            if drains:
                expect(not unsettled, f"{name}: {len(unsettled)} ends could not be written, first {unsettled[:1]}")
            expect(any(line[0] == "settled" for line in told) or not drains, f"{name}: nothing was settled")
            rules(control, "")
            code = process.wait(timeout=60)
            expect(code == 0, f"{name}: after space was freed it ended with {code}")
            expect(["recovered"] in words(ledger), f"{name}: it did not recover")
        finally:
            process.kill()
            process.wait()
        check(store, ledger, name)
        told = words(ledger)
        print(f"{name}: {sum(line[0] == 'acked' for line in told)} acknowledged, "
              f"{sum(line[0] == 'settled' for line in told)} settled", flush=True)


fill("below the floor", f"space {24 * MB}", 4 * MB, MB, drains=True)
fill("no floor, the reserve alone", f"space {16 * MB}", 0, 4 * MB, drains=True)
fill("every write fails with ENOSPC", "write 200+ ENOSPC", 0, 1 << 16, drains=False)
fill("quota", "write 300+ EDQUOT", 0, 1 << 16, drains=False)

# No file can be made: mail that needs one is refused, other mail goes on.
with folder() as base:
    store, ledger, control = base + "/store", base + "/ledger", base + "/control"
    ledger_tool("run", store, ledger, 10)
    rules(control, "create 2+ ENOSPC content/\n")
    code, said = ledger_tool("run", store, ledger, 200, environment=preloaded(
        "failing_io", FAILING_IO_FOLDER=store, FAILING_IO_CONTROL=control))
    told = words(ledger)
    expect(code == 0, f"no inodes: ended with {code}: {said}")
    expect({line[2] for line in told if line[0] == "refused"} == {"store_full"}, "no inodes: refused otherwise")
    expect(sum(line[0] == "acked" for line in told) > 200, "no inodes: small mail was refused too")
    check(store, ledger, "no inodes")
finish()
