"""A store that ran, and somebody who has its file."""

import sqlite3
from pathlib import Path

from inspector.records import OpenBatch, RecordStore
from tests.outcomes import WHEN, accepted_counts, opening, outcome, seen


def change(folder: Path, statement: str) -> None:
    """Change the database as somebody would who has the file: past the triggers."""
    raw = sqlite3.connect(folder / "records.sqlite", isolation_level=None)
    for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {trigger}")
    raw.execute(statement)
    raw.close()


def run_batch(store: RecordStore, units: int, *, first: int = 1, close: bool = True) -> OpenBatch:
    opened = store.open_batch(opening(units_before=first - 1), at=WHEN, by="line 1")
    store.append([outcome(opened, first + n, observations={"top": (seen("spot", 0.3),)}) for n in range(units)])
    if close:
        store.close_batch(opened.batch, accepted_counts(units), at=WHEN, by="line 1")
    return opened
