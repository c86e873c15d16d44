"""What the fault tests share. Each is run as `NAME_test.py BUILD_FOLDER`."""
import os
import subprocess
import sys
import tempfile

BUILD = sys.argv[1] if len(sys.argv) > 1 else "."
LEDGER_TOOL = os.path.join(BUILD, "store_ledger")
REPLAY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "power_cut_replay.py")

failures = []


def expect(condition, sentence):
    if not condition:
        failures.append(sentence)
        print("FAILED: " + sentence, flush=True)


def finish():
    if failures:
        sys.exit(f"{len(failures)} expectations failed")


def preloaded(library, **variables):
    environment = dict(os.environ, LD_PRELOAD=os.path.join(BUILD, library + ".so"), **variables)
    # A sanitizer's runtime wants to come first, and works behind these libraries all the same.
    environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return environment


def ledger_tool(*arguments, environment=None):
    """Runs store_ledger; gives its exit code and what it said."""
    done = subprocess.run([LEDGER_TOOL, *map(str, arguments)], env=environment, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def check(store, ledger, what):
    code, said = ledger_tool("check", store, ledger)
    expect(code == 0, f"{what}: the store does not keep what the ledger says:\n{said}")
    return said


def words(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [line.split() for line in file]


def folder():
    return tempfile.TemporaryDirectory(prefix="posthaste-faults-")


def rules(path, text):
    """Replaces the control file of failing_io at once, as it may be read at any moment."""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)
