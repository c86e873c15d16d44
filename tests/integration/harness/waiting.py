"""Waiting for something to become true, with a deadline; never a sleep for luck."""

import time


class Late(AssertionError):
    """What was waited for did not come in time."""


def until(condition, seconds=10.0, what=None, step=0.02):
    """Calls condition until it gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() >= end:
            raise Late(f"not within {seconds:g} s: {what or condition}")
        time.sleep(step)
