"""Proof that a store is as it was written: every hash, every link, every count, and on request every picture.

Nothing is parsed that can be compared as bytes, and text is taken from SQLite as bytes: what was altered need not be
JSON, or UTF-8, any more. The entry named is the first that does not hold.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from inspector.errors import StoreBroken
from inspector.records import queries
from inspector.records.batch import Counts, EventKind, Head, Link, Tally
from inspector.records.database import connect, plainly
from inspector.records.evidence import batches_in
from inspector.records.schema import CHAIN_START, LARGEST, NESTED_OF_EVENTS, NESTED_OF_UNITS, events, hashed_text, units
from models.digest import canonical, digest_bytes, digest_file

_Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked and held."""

    records: int
    events: int
    pictures: int
    head: Head


@dataclass(slots=True)
class _Batch:
    opening: str  # hash of its opening event
    counts: Counts | None = None
    states: dict[str, int] = field(default_factory=dict)


def verify(
    path: Path, *, evidence: Path, pictures: bool, anchor: Head | None, progress: Callable[[int], None] | None
) -> Verified:
    """Check both chains as far as they reach now, and that no batch is lost of which pictures are kept.

    Args:
        evidence: folder of the pictures.
        pictures: compare each of them with its digest too.

    Raises:
        StoreBroken: names the first entry that does not hold.
    """
    kept = batches_in(evidence)  # before the chains' ends: a line may be running
    engine = connect(path, writable=False, text=bytes)
    try:
        with plainly(path, "reading the ends of the chains"), engine.begin() as connection:
            last_event, last_unit = (connection.scalar(sa.func.max(t.c.sequence)) or 0 for t in (events, units))
        check = _Check(path, evidence if pictures else None, anchor)
        for row in _rows(engine, path, events, last_event):
            check.event(row)
        for row in _rows(engine, path, units, last_unit):
            check.unit(row)
            if progress is not None and check.units % queries.CHUNK == 0:
                progress(check.units)
        check.ends(kept)
    finally:
        engine.dispose()
    return Verified(check.units, check.events, check.pictures, check.head)


def _rows(engine: sa.Engine, path: Path, table: sa.Table, last: int) -> Iterator[_Row]:
    """Every row up to the last, also one that was put in before the first."""
    first = -LARGEST - 1
    while first <= last:
        query = sa.select(table).where(table.c.sequence >= first, table.c.sequence <= last)
        with plainly(path, f"reading {table.name} from entry {max(first, 1)} on"), engine.begin() as connection:
            cursor = connection.execute(query.order_by(table.c.sequence).limit(queries.CHUNK))
            rows = [dict(row) for row in cursor.mappings()]
        if not rows:
            return
        yield from rows
        first = int(str(rows[-1]["sequence"])) + 1


class _Check:
    """Walks both chains once, events first: they say how the unit chain begins, ends and adds up."""

    def __init__(self, path: Path, folder: Path | None, anchor: Head | None) -> None:
        self.path, self.folder, self.anchor = path, folder, anchor
        self.events = self.units = self.pictures = 0
        self.last_event = self.last_unit = CHAIN_START
        self.unit_batch = 0
        self.batches: dict[int, _Batch] = {}
        self.links: dict[int, tuple[str, int]] = {}  # unit sequence -> its hash, and the event that states it

    def event(self, row: _Row) -> None:
        self.events += 1
        here = f"event {self.events}"
        self.last_event = self._link(row, self.events, here, NESTED_OF_EVENTS, self.last_event)
        if self.anchor is not None and self.anchor.events.sequence == self.events:
            self._compare(self.anchor.events.hash, self.last_event, here, "the anchor")
        try:
            self._note(row)
        except (KeyError, ValueError) as error:
            raise self._broken(here, f"its content is not an event's: {error}") from error

    def unit(self, row: _Row) -> None:
        self.units += 1
        number = row["batch"]
        here = f"unit record {self.units} (batch {number}, unit {row['unit']})"
        batch = self.batches.get(number) if isinstance(number, int) else None
        if batch is None or not isinstance(number, int) or number < self.unit_batch:
            raise self._broken(here, "it stands in a batch that was not open at this place")
        first = number != self.unit_batch
        self.unit_batch = number
        self.last_unit = self._link(row, self.units, here, NESTED_OF_UNITS, batch.opening if first else self.last_unit)
        if link := self.links.get(self.units):
            self._compare(link[0], self.last_unit, here, f"event {link[1]}")
        if self.anchor is not None and self.anchor.units.sequence == self.units:
            self._compare(self.anchor.units.hash, self.last_unit, here, "the anchor")
        state = _text(row["state"])
        batch.states[state] = batch.states.get(state, 0) + 1
        if self.folder is not None and row["evidence"] != b"{}":
            self._check_pictures(self.folder, _text(row["evidence"]), here)

    @property
    def head(self) -> Head:
        return Head(
            units=Link(sequence=self.units, hash=self.last_unit),
            events=Link(sequence=self.events, hash=self.last_event),
        )

    def ends(self, kept: set[int]) -> None:
        """Nothing was cut off: events and anchor name entries that are there, and closed batches add up.

        Args:
            kept: numbers of the batches that there are pictures of.
        """
        stated = [(sequence, f"event {event}") for sequence, (_, event) in self.links.items()]
        if self.anchor is not None:
            stated.append((self.anchor.units.sequence, "the anchor"))
            if self.anchor.events.sequence > self.events:
                named = self.anchor.events.sequence
                raise self._broken(f"event {self.events + 1}", f"it is missing: the anchor names event {named}")
        for sequence, by in stated:
            if sequence > self.units:
                raise self._broken(f"unit record {self.units + 1}", f"it is missing: {by} names record {sequence}")
        for number, batch in self.batches.items():
            tally = Tally.model_validate({"records": sum(batch.states.values()), **batch.states})
            if batch.counts is not None and (wrong := tally.differences(batch.counts)):
                raise self._broken(f"batch {number}", f"its closing counts differ from its records: {'; '.join(wrong)}")
        if unknown := kept - set(self.batches):
            raise StoreBroken(
                f"{self.path}: pictures of batch {min(unknown)} are kept, which it knows nothing of: its newest "
                "records are lost. A backup has to take records.sqlite-wal along with records.sqlite. Release nothing "
                "of that batch and restore the store; where they are gone for good, keep the batch's folder elsewhere."
            )

    def _link(self, row: _Row, place: int, here: str, nested: tuple[str, ...], previous: str) -> str:
        """Check one entry's place, hash and link to the one before; return its hash."""
        number = int(str(row["sequence"]))
        if number < place:
            raise self._broken(f"{here.split()[0]} {number}", "it was put in: entries are numbered from 1 on")
        if number != place:
            raise self._broken(here, f"it is missing: the next entry is {number}")
        parts = {name: _json(cell, name in nested) for name, cell in row.items() if name != "hash"}
        if digest_bytes(hashed_text(parts)) != _text(row["hash"]):
            raise self._broken(here, "its content does not have its hash: it was altered")
        if _text(row["previous"]) != previous:
            raise self._broken(here, "it is not chained to the entry before it")
        return _text(row["hash"])

    def _note(self, row: _Row) -> None:
        """Keep what an event says about the unit chain."""
        batch, data = row["batch"], json.loads(_text(row["data"]))
        kind = _text(row["kind"])
        if kind == EventKind.BATCH_OPENED and isinstance(batch, int):
            self.batches[batch] = _Batch(self.last_event)
        if kind == EventKind.BATCH_CLOSED and isinstance(batch, int):
            self.batches[batch].counts = Counts.model_validate(data["counts"])
        if "chain" in data:
            link = Link.model_validate(data["chain"])
            if link.sequence:
                self.links[link.sequence] = (link.hash, self.events)

    def _check_pictures(self, folder: Path, evidence: str, here: str) -> None:
        for view, kept in json.loads(evidence).items():
            picture = f"its picture {kept['file']} ({view})"
            try:
                same = digest_file(folder / kept["file"]) == kept["sha256"]
            except OSError as error:
                raise self._broken(here, f"{picture} cannot be read: {error.strerror}") from error
            if not same:
                raise self._broken(here, f"{picture} was altered")
            self.pictures += 1

    def _compare(self, stated: str, found: str, here: str, by: str) -> None:
        if stated != found:
            raise self._broken(here, f"its hash is not the one that {by} states")

    def _broken(self, here: str, what: str) -> StoreBroken:
        return StoreBroken(
            f"{self.path}: {here}: {what}. Entries before it hold. Keep the store as it is, compare it with its "
            f"backup, and release nothing from it until the difference is explained."
        )


def _json(cell: object, nested: bool) -> bytes:
    """Canonical JSON of a cell as SQLite holds it; whatever cannot be one hashes to something else."""
    if isinstance(cell, bytes):
        return cell if nested else canonical(cell.decode("utf-8", "replace")).encode()
    return b"null" if cell is None else str(cell).encode()


def _text(cell: object) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
