"""The history is kept for days, or for octets, and goes whole; a clock that is wrong takes nothing away."""

import datetime

import pytest

from harness import history
from harness.fake_clock import fake, needs_fake_clock


def _days(server):
    return [path.name[:10] for path in history.files(server.store)]


def _day(offset):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=offset)).strftime("%Y-%m-%d")


@needs_fake_clock
def test_after_so_many_days(make, sink):
    server = make.posthaste(relay=sink, config={"history": {"days": 10}})
    first = server.submit("first@example.net", subject="the first")
    sink.wait("first@example.net")
    server.stop()
    for offset in (5, 9):
        server.start(env=fake(f"+{offset}d"))
        server.submit(f"day{offset}@example.net")
        sink.wait(f"day{offset}@example.net")
        assert server.admin("trace", first, "--json").rows[0]["subject"] == "the first"
        server.stop()
    assert _days(server) == [_day(0), _day(5), _day(9)]
    server.start(env=fake("+12d"))
    server.log.wait_for("history.dropped")
    assert server.cli("trace", first).code == 1, "it is forgotten"
    assert server.admin("trace", "day5@example.net").out
    server.stop()
    assert _days(server)[0] == _day(5)


@needs_fake_clock
def test_a_clock_ten_years_ahead_drops_nothing(make, sink):
    server = make.posthaste(relay=sink, config={"history": {"days": 3}})
    first = server.submit("first@example.net")
    sink.wait("first@example.net")
    server.stop()
    server.start(env=fake("+10y"))
    server.submit("future@example.net")
    sink.wait("future@example.net")
    server.stop()
    server.start()
    assert server.admin("trace", first, "--json").rows[0]["id"] == first
    assert server.admin("trace", "future@example.net", "--json").rows


@pytest.mark.parametrize("setting, mend", [({"days": 0}, "between 1"), ({"days": 40_000}, "days = 30"), ({"size": "1 MB"}, "size ="), ({"size": 5}, "MB")])
def test_a_wrong_setting_is_told(make, setting, mend):
    server = make.posthaste(start=False, config={"history": setting})
    answer = server.cli("check")
    assert answer.code == 78 and "posthaste.toml:" in answer.err and mend in answer.err, answer
