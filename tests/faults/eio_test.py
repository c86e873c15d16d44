#!/usr/bin/env python3
"""A failed write or sync: it is answered with an error, nothing is accepted or synced afterwards, and after a restart
everything that was acknowledged is there."""
import os

from faults import check, expect, finish, folder, ledger_tool, preloaded, rules, words

# Which write or sync fails, and of how many messages.
CASES = [
    ("sync 12 EIO queue.db-wal", 400),
    ("sync 25 EIO queue.db-wal", 400),
    ("write 30 EIO queue.db-wal", 400),
    ("write 400 EIO queue.db-wal", 400),
    ("write 2 EIO content/", 400),
    ("sync 1 EIO content/", 400),
    ("sync 9 EIO", 400),
    # The checkpoint: by the store's end, and on its own thread once the log is long.
    ("write 3 EIO queue.db$", 400),
    ("sync 1 EIO queue.db$", 400),
    ("write 3 EIO queue.db$", 20000),
    ("sync 1 EIO queue.db$", 20000),
]


def run(rule, messages):
    what = f"{rule}, {messages} messages"
    with folder() as base:
        store, ledger = base + "/store", base + "/ledger"
        control, report = base + "/control", base + "/report"
        # A sound store first: what is tested is not its making.
        ledger_tool("run", store, ledger, 30)
        rules(control, rule + "\n")
        code, said = ledger_tool("run", store, ledger, messages, environment=preloaded(
            "failing_io", FAILING_IO_FOLDER=store, FAILING_IO_CONTROL=control, FAILING_IO_REPORT=report))
        expect(code == 0, f"{what}: the run ended with {code}: {said}")
        reported = words(report)
        expect(any(line[0].startswith("failed-") for line in reported), f"{what}: nothing failed")
        # Never the file that failed; what was under way for another file at that moment may end.
        hurt = [line[1] for line in reported if line[0].startswith("failed-")]
        after = [line[1] for line in reported if line[0] == "sync-after-failure"]
        expect(not set(hurt) & set(after) and len(after) <= 3, f"{what}: synced again: {after[:5]}")
        told = words(ledger)
        at_the_end = rule.endswith("queue.db$") and messages < 1000
        expect((["failed"] in told) != at_the_end, f"{what}: failure told: {['failed'] in told}")
        if ["failed"] in told:
            kinds = {line[2] for line in told if line[0] in ("refused", "unsettled")}
            expect(kinds == {"store_failed"}, f"{what}: refused with {kinds}")
            # Once one is refused, none is acknowledged any more.
            first = next(i for i, line in enumerate(told) if line[0] in ("refused", "unsettled"))
            late = [line for line in told[first + 20:] if line[0] in ("acked", "settled")]
            expect(not late, f"{what}: acknowledged after the failure: {late[:3]}")
        check(store, ledger, what)
        print(f"{what}: {sum(line[0] == 'acked' for line in told)} acknowledged, "
              f"{sum(line[0] == 'refused' for line in told)} refused", flush=True)


for case in CASES:
    run(*case)

# A new store that cannot be made is a sentence and no crash, and is made at the next start.
for case in ["sync 1 EIO", "sync 2 EIO", "write 1 EIO", "write 4 EIO", "create 2 EIO", "create 4 ENOSPC"]:
    with folder() as base:
        store, ledger, control = base + "/store", base + "/ledger", base + "/control"
        rules(control, case + "\n")
        code, said = ledger_tool("run", store, ledger, 5, environment=preloaded(
            "failing_io", FAILING_IO_FOLDER=store, FAILING_IO_CONTROL=control))
        expect(code in (0, 2), f"new store, {case}: ended with {code}: {said}")
        check(store, ledger if os.path.exists(ledger) else "/dev/null", f"new store, {case}")
finish()
