"""A wall clock that is wrong, by libfaketime. The steady clock stays as it is."""

import glob

import pytest

LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
needs_fake_clock = pytest.mark.skipif(not LIBRARIES, reason="faketime is not installed")


def fake(offset, **more):
    """The environment of a process whose wall clock is off by "+10y", "-1d" and so on."""
    return {"LD_PRELOAD": LIBRARIES[0], "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1", **more}
