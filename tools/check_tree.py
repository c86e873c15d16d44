#!/usr/bin/env python3
"""Refuses in tracked files: paths of somebody's machine, unfinished marks, odd line ends, files grown too long."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Written so that this file does not refuse itself.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:wor[k]|hom[e]/(?!\.\.\.|\$|USER|user\b)\w+|roo[t]/\w|User[s]/\w|mn[t]/\w|op[t]/wheels)/?")
PACKAGE_HOST = re.compile(r"\b(?:snapsho[t]\.debian\.org|deb\.debia[n]\.org/|pkgs?\.[a-z-]+\.(?:interna[l]|corp)|artifactor[y]|\w+\.pypi\.[a-z]+)\b")
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b")
CONFLICT = re.compile(r"^(?:<{7} |>{7} )", re.M)

TEXT = {".cc", ".h", ".py", ".sh", ".md", ".txt", ".cmake", ".toml", ".json", ".service", ".sql", ".html", ".css", ".yml", ".yaml", ""}
MOST_LINES = 1000  # at 600 one looks for the seam


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, check=False)
    if listed.returncode != 0:  # an unpacked archive
        return [p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*")
                if p.is_file() and not {"build", ".git"} & set(p.relative_to(ROOT).parts)]
    return [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def faults_of(name):
    path = ROOT / name
    if path.suffix not in TEXT or path.is_symlink():
        return
    octets = path.read_bytes()
    # Corpora are hostile on purpose.
    if "/corpus/" in f"/{name}" or b"\0" in octets:
        return
    text = octets.decode("utf-8", "replace")
    for pattern, what, mend in (
        (MACHINE_PATH, "a path of one machine", "find it from the file's own place, or take it as an argument"),
        (PACKAGE_HOST, "a package host", "apt's own configuration says where packages come from"),
        (CONFLICT, "a merge conflict", "resolve it"),
    ):
        for match in pattern.finditer(text):
            yield f"{name}:{line_of(text, match.start())}: {what}: {match.group(0)}\n  mend  {mend}"
    source = path.suffix in (".cc", ".h", ".py", ".sh", ".cmake")
    if source:
        for match in UNFINISHED.finditer(text):
            yield f"{name}:{line_of(text, match.start())}: unfinished: {match.group(0)}\n  mend  finish it, or open an issue and leave the mark out"
        if text.count("\n") > MOST_LINES:
            yield f"{name}: {text.count(chr(10))} lines\n  mend  split it along a seam"
        if "\r" in text:
            yield f"{name}: a bare carriage return or CR LF line ends\n  mend  sed -i 's/\\r$//' {name}"
        if text and not text.endswith("\n"):
            yield f"{name}: no newline at the end\n  mend  add one"
    if path.suffix == ".h" and name.startswith("src/") and "#pragma once" not in text:
        yield f"{name}: no #pragma once\n  mend  add it behind the comment that says what the file is"


def main():
    names = tracked()
    faults = [fault for name in names for fault in faults_of(name)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        print(f"tree: {len(faults)} faults in {len(names)} files", file=sys.stderr)
        return 1
    print(f"tree: {len(names)} files name no machine and carry no unfinished marks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
