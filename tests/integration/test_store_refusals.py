"""What the record store does not take, and an export that lost records on the way: refused, and said."""

import io
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from inspector.errors import LineError
from inspector.records import RecordStore, keep
from inspector.records.export import export_csv, export_json_lines
from inspector.records.queries import CHUNK
from tests.outcomes import WHEN, accepted_counts, opening, outcome


class Paper(io.StringIO):
    """Where an export goes while, at its first record, something happens to the store."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__(newline="")
        self.happens: Callable[[], None] | None = happens

    def write(self, text: str, /) -> int:
        if self.happens and "accepted" in text:
            self.happens()
            self.happens = None
        return super().write(text)


def test_outcomes_of_two_batches_are_not_appended_together(store: RecordStore):
    first = store.open_batch(opening(), at=WHEN, by="line 1")
    store.append([outcome(first, 1)])
    store.close_batch(first.batch, accepted_counts(1), at=WHEN, by="line 1")
    second = store.open_batch(opening(units_before=1), at=WHEN + timedelta(hours=1), by="line 1")

    with pytest.raises(LineError, match=r"outcomes of two batches cannot be appended together\. Nothing was written"):
        store.append([outcome(second, 2), outcome(first, 3)])

    assert store.count() == store.verify().records == 1


@pytest.mark.parametrize("export", [export_csv, export_json_lines])
def test_an_export_that_loses_records_on_the_way_says_that_it_is_not_complete(
    store: RecordStore, export: Callable[[RecordStore, int | None, io.StringIO], int]
):
    opened = store.open_batch(opening(), at=WHEN, by="line 1")
    store.append([outcome(opened, unit) for unit in range(1, CHUNK + 2)])

    def somebody_deletes_the_last() -> None:
        raw = sqlite3.connect(store.folder / "records.sqlite", isolation_level=None)
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {trigger}")
        raw.execute(f"DELETE FROM units WHERE unit > {CHUNK}")
        raw.close()

    with pytest.raises(LineError, match=rf"{CHUNK} records exported, but the database counts {CHUNK + 1}.*delete it"):
        export(store, None, Paper(somebody_deletes_the_last))


def test_records_that_a_running_line_adds_meanwhile_do_not_spoil_an_export(store: RecordStore):
    opened = store.open_batch(opening(), at=WHEN, by="line 1")
    store.append([outcome(opened, 1)])

    def the_line_goes_on() -> None:
        store.append([outcome(opened, 2)])

    paper = Paper(the_line_goes_on)

    written = export_json_lines(store, None, paper)

    assert written == len(paper.getvalue().splitlines()) == store.count() == 2


def test_a_picture_of_no_kind_that_a_camera_has_is_not_kept(tmp_path: Path):
    strange = np.array([[None, "a picture"]], dtype=object)

    with pytest.raises(LineError, match=r"a picture of object cannot be kept: check the camera's driver"):
        keep(tmp_path, 1, 1, {"top": strange})

    assert list(tmp_path.rglob("*.*")) == []
