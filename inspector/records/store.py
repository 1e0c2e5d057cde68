"""The record store of a line: a folder with the database of records, its evidence pictures and the lock of its line.

Appending is the only way to write, one line process at a time, each call one transaction that is on disk when the call
returns. What a reader would question: the end of the chain is read again in every transaction instead of being kept in
memory, so that after a failed commit the next record is chained to what is really on the disk.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO

import sqlalchemy as sa
from pydantic import JsonValue

from inspector.errors import LineError
from inspector.records import appending, chain, database, queries
from inspector.records.batch import BatchSummary, Counts, Event, EventKind, Head, OpenBatch, Opening
from inspector.records.evidence import batches_in
from inspector.records.queries import Judged
from inspector.records.record import InspectionRecord, Outcome, State
from inspector.records.schema import REVISION

_STALLED_S = 10.0  # a write that takes longer does not come back


class RecordStore:
    """Open it with `open` (the line) or `open_readonly` (console and tools); close it or use it in a `with`."""

    def __init__(self, folder: Path, reader: sa.Engine, writer: sa.Engine | None, lock: IO[str] | None) -> None:
        self.folder = folder
        self.evidence = folder / "evidence"
        self.live = folder / "live"  # last annotated frames, for the console
        self._reader, self._writer, self._lock = reader, writer, lock
        self._one_writer = threading.Lock()  # threads of this process queue here, not in SQLite's half second

    @classmethod
    def open(cls, folder: Path) -> "RecordStore":
        """Own the store as its line, creating it or bringing its schema up to date.

        Raises:
            StoreBusy: another line process owns it.
            LineError: it cannot be created or written, or a newer software version wrote it.
        """
        try:
            for part in (folder, folder / "evidence", folder / "live"):
                part.mkdir(parents=True, exist_ok=True)
            lock = database.claim(folder / "lock")
        except OSError as error:
            raise LineError(
                f"{folder}: the record store cannot be opened for writing: {error.strerror}. "
                f"Nothing was started. Check the path, its rights and the space on its disk."
            ) from error
        path = _database(folder)
        writer = database.connect(path, writable=True)
        try:
            with database.plainly(path, "opening the store"):
                database.migrate(writer, path)
        except LineError:
            writer.dispose()
            lock.close()
            raise
        return cls(folder, database.connect(path, writable=False), writer, lock)

    @classmethod
    def open_readonly(cls, folder: Path) -> "RecordStore":
        """Read a store, also while its line writes.

        Raises:
            LineError: there is none, or its schema is not this software's.
        """
        path = _database(folder)
        if not path.is_file():
            raise LineError(f"{folder}: no record store here. Name the folder that a line's `store` setting names.")
        reader = database.connect(path, writable=False)
        try:
            with database.plainly(path, "opening the store"), reader.begin() as connection:
                revision = database.schema_of(connection)
            database.refuse_newer(revision, path)
            if revision < REVISION:
                raise LineError(
                    f"{path}: its schema is {revision or 'not there yet'}, this software reads {REVISION}. "
                    f"Start its line once: that brings it up to date."
                )
        except LineError:
            reader.dispose()
            raise
        return cls(folder, reader, None, None)

    def close(self) -> None:
        self._reader.dispose()
        if self._writer is not None:
            self._writer.dispose()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> "RecordStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open_batch(self, opening: Opening, *, at: datetime, by: str) -> OpenBatch:
        """Begin a batch under a number and an epoch never used before, not even by a batch whose records are lost.

        The epoch is at least the time in seconds, so that a store begun afresh beside the same PLC repeats none either.

        Raises:
            LineError: an earlier batch has not ended.
        """
        with self._writing("opening a batch") as connection:
            if waiting := queries.unfinished(connection):
                raise LineError(
                    f"{self.folder}: batch {waiting[0]} has no closing record. No batch was opened. "
                    f"Close it, or quarantine what came after its last record."
                )
            known = queries.batch_numbers(connection)
            batch = max((*known, *batches_in(self.evidence, but=known)), default=0) + 1
            epoch = max(queries.last_epoch(connection) + 1, int(at.timestamp()))
            data: dict[str, JsonValue] = {
                "epoch": epoch,
                "opening": opening.model_dump(mode="json"),
                "chain": queries.head(connection).units.model_dump(mode="json"),
            }
            text = f"batch {batch} of {opening.product} opened on {opening.line}"
            appending.add_event(connection, EventKind.BATCH_OPENED, text, batch=batch, at=at, by=by, data=data)
        return OpenBatch(batch=batch, epoch=epoch)

    def append(self, outcomes: Sequence[Outcome]) -> tuple[InspectionRecord, ...]:
        """Chain and commit a few outcomes of the open batch, all or none; they are on disk when this returns.

        Raises:
            LineError: the write failed, a unit has a record already, or the batch is not open.
        """
        if not outcomes:
            return ()
        batch, epoch = outcomes[0].batch, outcomes[0].epoch
        if any((outcome.batch, outcome.epoch) != (batch, epoch) for outcome in outcomes):
            raise LineError("outcomes of two batches cannot be appended together. Nothing was written.")
        with self._writing(f"appending units {outcomes[0].unit} to {outcomes[-1].unit} of batch {batch}") as connection:
            appending.check_open(connection, batch, epoch)
            return appending.add_units(connection, outcomes)

    def append_event(
        self,
        kind: EventKind,
        text: str,
        *,
        batch: int | None,
        at: datetime,
        by: str,
        data: dict[str, JsonValue] | None = None,
    ) -> Event:
        """Write down what happened around the units: an alarm, a hold, a recovery."""
        if kind in (EventKind.BATCH_OPENED, EventKind.BATCH_CLOSED, EventKind.QUARANTINE):
            raise LineError(f"{kind} is written by the call of that name, which checks it. Nothing was written.")
        with self._writing(f"appending an event of kind {kind}") as connection:
            return appending.add_event(connection, kind, text, batch=batch, at=at, by=by, data=data or {})

    def close_batch(self, batch: int, counts: Counts, *, at: datetime, by: str) -> BatchSummary:
        """End a batch; only this makes it releasable.

        Raises:
            LineError: counts and records do not reconcile: the batch stays open.
        """
        with self._writing(f"closing batch {batch}") as connection:
            appending.check_open(connection, batch, None)
            if differences := queries.tally(connection, batch).differences(counts):
                raise LineError(
                    f"batch {batch} does not reconcile: {'; '.join(differences)}. It was not closed and is not "
                    f"releasable. Find the units, or quarantine the batch."
                )
            data: dict[str, JsonValue] = {
                "counts": counts.model_dump(mode="json"),
                "chain": queries.head(connection).units.model_dump(mode="json"),
            }
            text = f"batch {batch} closed: {counts.triggers} units reconcile"
            appending.add_event(connection, EventKind.BATCH_CLOSED, text, batch=batch, at=at, by=by, data=data)
        return self.batch_summary(batch)

    def quarantine(self, batch: int, last_triggered_unit: int | None, *, at: datetime, by: str) -> BatchSummary:
        """End a batch that cannot be closed, after a crash for example, and list the units that have no record.

        Args:
            last_triggered_unit: by the PLC's retained counter, after a crash the last that can have been; None when
                it is not known, and every unit after the last record is quarantined.
        """
        with self._writing(f"quarantining batch {batch}") as connection:
            appending.check_open(connection, batch, None)
            summary = queries.summary(connection, batch)
            before = summary.opening.units_before if summary else 0
            gaps = queries.missing_units(connection, batch, before, last_triggered_unit)
            data: dict[str, JsonValue] = {
                "units": [gap.model_dump(mode="json") for gap in gaps],
                "last_triggered_unit": last_triggered_unit,
                "chain": queries.head(connection).units.model_dump(mode="json"),
            }
            said = ", ".join(map(str, gaps)) or "none"
            text = f"batch {batch} is not releasable; units without a record: {said}"
            appending.add_event(connection, EventKind.QUARANTINE, text, batch=batch, at=at, by=by, data=data)
        return self.batch_summary(batch)

    def batches(self, newest: int | None = None) -> tuple[BatchSummary, ...]:
        """The newest so many batches, or every one; oldest first."""
        numbers = self.batch_numbers()
        return tuple(self.batch_summary(number) for number in (numbers if newest is None else numbers[-newest:]))

    def batch_numbers(self) -> tuple[int, ...]:
        """Numbers of all batches, oldest first."""
        with self._reading("listing batches") as connection:
            return queries.batch_numbers(connection)

    def batch_summary(self, batch: int) -> BatchSummary:
        """One batch.

        Raises:
            LineError: there is no such batch.
        """
        with self._reading(f"reading batch {batch}") as connection:
            summary = queries.summary(connection, batch)
        if summary is None:
            numbers = self.batch_numbers()
            range_ = f"batches {numbers[0]} to {numbers[-1]}" if numbers else "no batch yet"
            raise LineError(f"{self.folder}: there is no batch {batch}; the store has {range_}.")
        return summary

    def unfinished(self) -> tuple[BatchSummary, ...]:
        """Batches without an end: the running one, or what a crash left."""
        with self._reading("looking for open batches") as connection:
            numbers = queries.unfinished(connection)
        return tuple(self.batch_summary(number) for number in numbers)

    def latest(
        self, count: int, batch: int | None = None, *, states: Collection[State] | None = None
    ) -> tuple[InspectionRecord, ...]:
        """The newest records, newest first; of some states, or of any."""
        with self._reading("reading the latest records") as connection:
            return queries.latest(connection, count, batch, states)

    def highest_unit(self) -> int:
        """The highest unit number that has a record; records are in order of their outcomes, not of their units."""
        with self._reading("looking for the highest unit") as connection:
            return queries.highest_unit(connection)

    def unit(self, batch: int, unit: int) -> InspectionRecord | None:
        """The record of one unit; None when it has none."""
        with self._reading(f"reading unit {unit} of batch {batch}") as connection:
            return queries.unit(connection, batch, unit)

    def records(self, batch: int | None = None) -> Iterator[InspectionRecord]:
        """All of them in order, read in chunks."""
        with database.plainly(_database(self.folder), "reading records"):
            yield from queries.records(self._reader, batch)

    def judged(self, batch: int) -> Iterator[Judged]:
        """Verdicts and observations of a batch in order of the units' records, nothing parsed."""
        with database.plainly(_database(self.folder), f"reading batch {batch}"):
            yield from queries.judged(self._reader, batch)

    def count(self, batch: int | None = None) -> int:
        """Records of a batch, or of the whole store."""
        with self._reading("counting records") as connection:
            return queries.count(connection, batch)

    def events(self, batch: int | None = None) -> tuple[Event, ...]:
        """Events in order, of one batch or of the whole store."""
        with self._reading("reading events") as connection:
            return queries.all_events(connection, batch)

    def head(self) -> Head:
        """The ends of both chains, to be kept outside the store as an anchor."""
        with self._reading("reading the ends of the chains") as connection:
            return queries.head(connection)

    def verify(
        self, *, anchor: Head | None = None, evidence: bool = False, progress: Callable[[int], None] | None = None
    ) -> chain.Verified:
        """Check every entry's hash and link, the counts of closed batches and, if asked, every picture.

        Args:
            anchor: an earlier `head`, kept elsewhere; it shows a tail that was cut off.
            progress: told the number of unit records checked, every thousand.

        Raises:
            StoreBroken: names the first entry that does not hold.
        """
        path = _database(self.folder)
        return chain.verify(path, evidence=self.evidence, pictures=evidence, anchor=anchor, progress=progress)

    @contextmanager
    def _writing(self, doing: str) -> Iterator[sa.Connection]:
        if self._writer is None:
            raise LineError(f"{self.folder}: {doing} needs the store's line; it was opened for reading only.")
        if not self._one_writer.acquire(timeout=_STALLED_S):
            raise LineError(
                f"{self.folder}: {doing}: the write before it has not come back for {_STALLED_S:g} s, the disk stands "
                "still. Nothing was written. Check the disk, then start a new batch."
            )
        try:
            with database.plainly(_database(self.folder), doing), self._writer.begin() as connection:
                yield connection
        finally:
            self._one_writer.release()

    @contextmanager
    def _reading(self, doing: str) -> Iterator[sa.Connection]:
        with database.plainly(_database(self.folder), doing), self._reader.begin() as connection:
            yield connection


def _database(folder: Path) -> Path:
    return folder / "records.sqlite"
