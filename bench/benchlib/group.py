"""A control group a server: what all its processes use, the short-lived and the orphaned ones included.

/proc alone cannot tell: Exim ignores SIGCHLD, so the CPU of a delivery process is added to nobody's children.
"""

import os
import pathlib
import re
import signal
import subprocess
import time

from . import common


def _mounts():
    """(cgroup2 mount points, cpuacct mount points)."""
    unified, accounting = [], []
    with open("/proc/self/mounts", encoding="utf-8") as lines:
        for line in lines:
            _, point, kind, options, *_ = line.split()
            if kind == "cgroup2":
                unified.append(pathlib.Path(point))
            elif kind == "cgroup" and "cpuacct" in options.split(","):
                accounting.append(pathlib.Path(point))
    return unified, accounting


def _own(controller):
    with open("/proc/self/cgroup", encoding="utf-8") as lines:
        for line in lines:
            number, names, path = line.rstrip("\n").split(":", 2)
            if (number == "0" and controller is None) or controller in names.split(","):
                return path.lstrip("/")
    return ""


class Group:
    """Processes started here, and all that descend from them."""

    def __init__(self, name):
        self._folder = None
        self._main = None
        unified, accounting = _mounts()
        tried = [(point / _own(None), "cpu.stat") for point in unified]
        tried += [(point / _own("cpuacct"), "cpuacct.usage") for point in accounting]
        for parent, clock in tried:
            folder = parent / f"posthaste-bench-{os.getpid()}-{name}"
            try:
                folder.mkdir()
            except OSError:
                continue
            if (folder / clock).exists():
                self._folder, self._clock = folder, folder / clock
                break
            folder.rmdir()
        if self._folder is None:
            common.die("no control group can be made here, and without one the CPU of short-lived processes is lost.",
                       "run as root on the machine itself, or in a container with --privileged --cgroupns=host")

    def start(self, command, log, **more):
        """The main process of the group; output goes to the file `log`. Gives the Popen."""
        procs = self._folder / "cgroup.procs"

        def join():
            procs.write_text("0")

        out = open(log, "ab")  # pylint: disable=consider-using-with
        try:
            self._main = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=more.pop("stdout", out),
                                          stderr=out, preexec_fn=join, start_new_session=True, **more)
        finally:
            out.close()
        return self._main

    def cpu(self):
        """Seconds, user and system, of everything that ever ran here."""
        text = self._clock.read_text()
        found = re.search(r"usage_usec (\d+)", text)
        return int(found[1]) / 1e6 if found else int(text) / 1e9

    def pids(self):
        """Who runs now."""
        return [int(p) for p in (self._folder / "cgroup.procs").read_text().split()]

    def memory(self):
        """{"Rss": octets, "Pss": octets}, summed over the processes."""
        total = {"Rss": 0, "Pss": 0}
        for pid in self.pids():
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            for key in total:
                total[key] += int(re.search(rf"^{key}:\s+(\d+) kB", text, re.M)[1]) * 1024
        return total

    def peak_rss(self):
        """The largest VmHWM among the processes, in octets."""
        peaks = [0]
        for pid in self.pids():
            try:
                found = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())
            except OSError:
                continue
            if found:
                peaks.append(int(found[1]) * 1024)
        return max(peaks)

    def kill(self):
        """SIGKILL to every process, by id, as a crash would."""
        self._signal(signal.SIGKILL)
        self._wait(10)

    def end(self, grace=15):
        """The processes, and the group."""
        self.end_processes(grace)
        for _ in range(50):  # busy until the last of them is reaped
            try:
                self._folder.rmdir()
                return
            except OSError:
                time.sleep(0.02)

    def end_processes(self, grace=15):
        """SIGTERM to the main process, then to what is left, then SIGKILL; by id. Others may be started here later."""
        if self._main is not None and self._main.poll() is None:
            self._main.terminate()
            self._wait(grace)
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self.pids():
                break
            self._signal(number)
            self._wait(3)
        if self._main is not None:
            self._main.wait()

    def _signal(self, number):
        for pid in self.pids():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def _wait(self, seconds):
        end = time.monotonic() + seconds
        while self.pids() and time.monotonic() < end:
            if self._main is not None:
                self._main.poll()  # reaps it
            time.sleep(0.02)
