"""The history's files, read by the back door: what is in them, without asking the server."""

import contextlib
import sqlite3

ACCEPTED, OUTCOME = 1, 2
DELIVERED, FAILED, EXPIRED, CANCELLED = 2, 4, 5, 8
ENDS = {DELIVERED, FAILED, EXPIRED, CANCELLED}
KIND, RECIPIENT, RESULT, INDEX, ADDRESS, WHAT = 1, 4, 16, 35, 36, 37


def _varint(octets, at):
    value = shift = 0
    while True:
        octet = octets[at]
        at += 1
        value |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            return value, at


def fields(octets):
    """The (tag, value) pairs of a record."""
    at = 0
    while at < len(octets):
        head, at = _varint(octets, at)
        value, at = _varint(octets, at)
        if head & 1:
            yield head >> 1, bytes(octets[at:at + value])
            at += value
        else:
            yield head >> 1, value


def files(store):
    """The day files, oldest first."""
    return sorted((store / "history").glob("????-??-??*.db"))


def rows(store):
    """All records as (number, message, type, data), those that still wait for a file too; by number."""
    found = {}
    for path, table in [*((f, "records") for f in files(store)), (store / "queue.db", "outbox")]:
        with contextlib.closing(sqlite3.connect(path)) as db:
            for row in db.execute(f"SELECT number, message, type, data FROM {table}"):
                known = found.setdefault(row[0], row)
                assert known == row, f"record {row[0]} is there twice and differs"
    return [found[number] for number in sorted(found)]


def ledger(records):
    """Of each accepted message of a client: {message: {address: how often it ended}}."""
    accepted, ends = {}, {}
    for _, message, kind, data in records:
        if kind == ACCEPTED:
            told = list(fields(data))
            if dict(told).get(KIND, 0) == 0:
                accepted[message] = [value.decode() for tag, value in told if tag == RECIPIENT]
        elif kind == OUTCOME:
            for tag, value in fields(data):
                if tag != RESULT:
                    continue
                result = dict(fields(value))
                if result.get(WHAT) in ENDS:
                    key = (message, result[ADDRESS].decode())
                    ends[key] = ends.get(key, 0) + 1
    return {message: {address: ends.get((message, address), 0) for address in recipients} for message, recipients in accepted.items()}
