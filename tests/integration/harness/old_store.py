"""A store as an older posthaste wrote it."""

import sqlite3

TO_ONE = {
    "queue.db": [f"ALTER TABLE messages DROP COLUMN {c}" for c in ("tls_wish", "priority", "profile", "route", "verp", "release",
                                                                       "by_time", "by_mode", "by_trace")]
                + [f"ALTER TABLE recipients DROP COLUMN {c}" for c in ("tls_policy", "source_ip", "rule")],
    "directory.db": ["ALTER TABLE accounts DROP COLUMN profile", "ALTER TABLE accounts DROP COLUMN language",
                     "ALTER TABLE accounts DROP COLUMN verp", "ALTER TABLE accounts DROP COLUMN priority",
                     "ALTER TABLE accounts DROP COLUMN reports",
                     "ALTER TABLE app_passwords DROP COLUMN device"],
}


def age(store):
    """What format 1 was: today's without what came since. Nobody else has it open."""
    for name, steps in TO_ONE.items():
        with sqlite3.connect(store / name) as db:
            for step in [*steps, "PRAGMA user_version=1"]:
                db.execute(step)
        db.close()


def formats(store):
    found = set()
    for name in TO_ONE:
        db = sqlite3.connect(store / name)
        found.add(db.execute("PRAGMA user_version").fetchone()[0])
        db.close()
    return found
