"""README.md and docs/*.md: what they have people write is good configuration, and what they have people type exists."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BEGIN = 'hostname = "mail.example.com"\n'
STORE = '[store]\npath = "{store}"\n'


def _blocks():
    """Each piece of a configuration file that a page shows, with where it stands."""
    for page in PAGES:
        text = page.read_text()
        for number, block in enumerate(re.findall(r"```toml\n(.*?)```", text, re.S), 1):
            yield pytest.param(block, id=f"{page.name}-{number}")
        for number, found in enumerate(re.finditer(r"(?m)^    \[(?:listen|bounces|delivery|tls)\]\n(?:    .*\n)+", text), 1):
            yield pytest.param(re.sub("(?m)^    ", "", found[0]), id=f"{page.name}-indented-{number}")


def _commands():
    """(page, command line) of all that starts with the program's name: lines of a terminal, and words between backticks."""
    for page in PAGES:
        text = page.read_text()
        lines = re.findall(r"(?m)^ *(?:\$ )?(posthaste [a-z].*)$", text)
        lines += [re.sub(r"\s+", " ", words) for words in re.findall(r"`(posthaste\s[a-z][^`]*)`", text)]
        for line in lines:
            yield page.name, line.split("#")[0].strip()


@pytest.mark.parametrize("block", _blocks())
def test_configuration_that_is_shown_is_good(binary, tmp_path, block):
    # Keys of the file's head stand before any table, and a table stands once.
    head, table = (block, "") if not re.match(r"\s*\[", block) else ("", block)
    file = tmp_path / "posthaste.toml"
    (tmp_path / "store").mkdir()
    file.write_text(BEGIN + head + STORE.format(store=tmp_path / "store") + table)
    checked = subprocess.run([binary, "check", "--config", file], capture_output=True, text=True, timeout=120, check=False)
    assert re.match(r"ok +config ", checked.stdout), checked.stdout + checked.stderr


def test_commands_that_are_named_exist(binary):
    helps = {}

    def help_of(words):
        if words not in helps:
            asked = subprocess.run([binary, "help", *words], capture_output=True, text=True, timeout=20, check=False)
            helps[words] = asked.stdout if asked.returncode == 0 else None
        return helps[words]

    seen, wrong = 0, []
    for page, line in _commands():
        seen += 1
        words = re.match(r"posthaste ([a-z-]+)(?: ([a-z-]+)\b)?", line)
        two = words[2] and help_of((words[1], words[2]))
        shown = two or help_of((words[1],))
        # Of a family of commands the first word alone may be named.
        family = not shown and re.fullmatch(r"posthaste [a-z-]+", line) and re.search(rf"(?m)^  {words[1]} ", help_of(()))
        if not shown and not family:
            wrong.append(f"{page}: {line}")
        for flag in re.findall(r" (--[a-z-]+)", line) if shown else ():
            if not re.search(rf"{flag}\b", shown):
                wrong.append(f"{page}: {line}: {flag}")
    assert not wrong
    assert seen > 40
