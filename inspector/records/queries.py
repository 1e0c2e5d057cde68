"""What can be asked of a store: units, events, batches and counts, read over a connection that changes nothing.

Long readings go in chunks of their own transactions: one long transaction would keep SQLite from folding its log away
while the line writes.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa
from pydantic import JsonValue

from inspector.errors import StoreBroken
from inspector.records.batch import (
    BatchStatus,
    BatchSummary,
    Counts,
    Event,
    EventKind,
    Head,
    Link,
    Opening,
    Tally,
    UnitRange,
)
from inspector.records.record import InspectionRecord, State
from inspector.records.schema import CHAIN_START, LARGEST, NESTED_OF_EVENTS, NESTED_OF_UNITS, events, units
from models.verdict import Disposition, Reason

CHUNK = 1000


def to_record(row: Mapping[str, object]) -> InspectionRecord:
    with _as_written("unit record", row["sequence"]):
        return InspectionRecord.model_validate(_parsed(row, NESTED_OF_UNITS, leave_out="n_observations"))


def to_event(row: Mapping[str, object]) -> Event:
    with _as_written("event", row["sequence"]):
        return Event.model_validate(_parsed(row, NESTED_OF_EVENTS))


def records(engine: sa.Engine, batch: int | None) -> Iterator[InspectionRecord]:
    """Every record, in order."""
    query = sa.select(units)
    for row in _in_chunks(engine, query if batch is None else query.where(units.c.batch == batch)):
        yield to_record(dict(row))


class Judged(NamedTuple):
    """What a unit's verdict rests on; the nested fields as JSON text, to be parsed only where they matter."""

    unit: int
    disposition: Disposition
    reason: Reason | None
    state: State
    n_observations: int
    reasons: str
    observations: str


def judged(engine: sa.Engine, batch: int) -> Iterator[Judged]:
    """A batch's units in order of their records, without building a record of each."""
    query = sa.select(units.c.sequence, *(units.c[name] for name in Judged._fields)).where(units.c.batch == batch)
    for row in _in_chunks(engine, query):
        found = {name: row[name] for name in Judged._fields}
        reason = found["reason"]
        found |= {
            "disposition": Disposition(found["disposition"]),
            "reason": None if reason is None else Reason(reason),
        }
        yield Judged(**found)


def count(connection: sa.Connection, batch: int | None) -> int:
    query = sa.select(sa.func.count()).select_from(units)
    return connection.scalar(query if batch is None else query.where(units.c.batch == batch)) or 0


def latest(
    connection: sa.Connection, count: int, batch: int | None, states: Collection[State] | None
) -> tuple[InspectionRecord, ...]:
    """The newest records, newest first; of some states, or of any."""
    query = sa.select(units).order_by(units.c.sequence.desc()).limit(count)
    if states is not None:
        query = query.where(units.c.state.in_(states))
    if batch is not None:
        query = query.where(units.c.batch == batch)
    return tuple(to_record(dict(row)) for row in connection.execute(query).mappings())


def unit(connection: sa.Connection, batch: int, number: int) -> InspectionRecord | None:
    if max(abs(batch), abs(number)) > LARGEST:
        return None
    query = sa.select(units).where(units.c.batch == batch, units.c.unit == number)
    row = connection.execute(query).mappings().first()
    return to_record(dict(row)) if row else None


def tally(connection: sa.Connection, batch: int) -> Tally:
    """Records by state and reason, out of an index."""
    query = sa.select(units.c.state, units.c.reason, sa.func.count()).where(units.c.batch == batch)
    states: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for state, reason, count in connection.execute(query.group_by(units.c.state, units.c.reason)):
        states[state] = states.get(state, 0) + count
        if reason is not None:
            reasons[reason] = reasons.get(reason, 0) + count
    with _as_written("a record of batch", batch):
        return Tally.model_validate({"records": sum(states.values()), "reasons": reasons, **states})


def head(connection: sa.Connection) -> Head:
    return Head(units=_end(connection, units), events=_end(connection, events))


def all_events(connection: sa.Connection, batch: int | None) -> tuple[Event, ...]:
    query = sa.select(events).order_by(events.c.sequence)
    if batch is not None:
        query = query.where(events.c.batch == batch)
    return tuple(to_event(dict(row)) for row in connection.execute(query).mappings())


def chain_end(connection: sa.Connection, batch: int) -> str:
    """Hash that the batch's next record is chained to."""
    query = sa.select(units.c.hash).where(units.c.batch == batch).order_by(units.c.sequence.desc()).limit(1)
    opened = sa.select(events.c.hash).where(events.c.batch == batch, events.c.kind == EventKind.BATCH_OPENED)
    return str(connection.scalar(query) or connection.scalar(opened))


def batch_numbers(connection: sa.Connection) -> tuple[int, ...]:
    opened = sa.select(events.c.batch).where(events.c.kind == EventKind.BATCH_OPENED).order_by(events.c.batch)
    return tuple(connection.scalars(opened))


def unfinished(connection: sa.Connection) -> tuple[int, ...]:
    """Batches that have neither a closing event nor a quarantine."""
    ends = (EventKind.BATCH_CLOSED, EventKind.QUARANTINE)
    ended = set(connection.scalars(sa.select(events.c.batch).where(events.c.kind.in_(ends))))
    return tuple(number for number in batch_numbers(connection) if number not in ended)


def summary(connection: sa.Connection, batch: int) -> BatchSummary | None:
    """None when no such batch was opened."""
    if abs(batch) > LARGEST:
        return None
    query = sa.select(events).where(events.c.batch == batch).order_by(events.c.sequence)
    found = {}
    for row in connection.execute(query).mappings():
        if row["kind"] in (EventKind.BATCH_OPENED, EventKind.BATCH_CLOSED, EventKind.QUARANTINE):
            found[row["kind"]] = to_event(dict(row))
    opened = found.get(EventKind.BATCH_OPENED)
    if opened is None:
        return None
    closed, quarantine = found.get(EventKind.BATCH_CLOSED), found.get(EventKind.QUARANTINE)
    with _as_written("event", opened.sequence):
        opening = Opening.model_validate(opened.data["opening"])
    end = quarantine or closed
    status = BatchStatus.QUARANTINED if quarantine else BatchStatus.CLOSED if closed else BatchStatus.OPEN
    ranges = quarantine.data["units"] if quarantine else []
    return BatchSummary(
        batch=batch,
        epoch=int(str(opened.data["epoch"])),
        status=status,
        opening=opening,
        opened_at=opened.at,
        opened_by=opened.by,
        ended_at=end.at if end else None,
        counts=Counts.model_validate(closed.data["counts"]) if closed else None,
        tally=tally(connection, batch),
        quarantined=tuple(UnitRange.model_validate(r) for r in ranges) if isinstance(ranges, list) else (),
    )


def missing_units(connection: sa.Connection, batch: int, units_before: int, last: int | None) -> tuple[UnitRange, ...]:
    """Numbers that the PLC gave and that have no record; with `last` None, also every number after the last record."""
    kept = connection.scalars(sa.select(units.c.unit).where(units.c.batch == batch).order_by(units.c.unit))
    gaps, expected = [], units_before + 1
    for number in kept:
        if number > expected:
            gaps.append(UnitRange(first=expected, last=number - 1))
        expected = max(expected, number + 1)
    if last is None or last >= expected:
        gaps.append(UnitRange(first=expected, last=last))
    return tuple(gaps)


def highest_unit(connection: sa.Connection) -> int:
    """0 for a new store."""
    return connection.scalar(sa.select(sa.func.max(units.c.unit))) or 0


def last_epoch(connection: sa.Connection) -> int:
    """0 for a new store."""
    query = sa.select(events.c.data).where(events.c.kind == EventKind.BATCH_OPENED).order_by(events.c.sequence.desc())
    text = connection.scalar(query.limit(1))
    return int(json.loads(text)["epoch"]) if text else 0


def _in_chunks(engine: sa.Engine, query: sa.Select[tuple[object, ...]]) -> Iterator[sa.RowMapping]:
    """Rows of the unit table in order, a transaction each `CHUNK` rows."""
    after = 0
    while True:
        part = query.where(units.c.sequence > after).order_by(units.c.sequence).limit(CHUNK)
        with engine.begin() as connection:
            rows = connection.execute(part).mappings().all()
        if not rows:
            return
        yield from rows
        after = rows[-1]["sequence"]


def _end(connection: sa.Connection, table: sa.Table) -> Link:
    query = sa.select(table.c.sequence, table.c.hash).order_by(table.c.sequence.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    if row is None:
        return Link(sequence=0, hash=CHAIN_START)
    with _as_written(f"entry of {table.name}", row["sequence"]):
        return Link.model_validate(dict(row))


@contextmanager
def _as_written(entry: str, sequence: object) -> Iterator[None]:
    """An entry that is not what this software writes was altered, or the file is damaged."""
    try:
        yield
    except ValueError as error:
        raise StoreBroken(
            f"{entry} {sequence} cannot be understood: it was altered or the file is damaged. Type "
            f"`inspector records verify` to see from where on the store does not hold."
        ) from error


def _parsed(row: Mapping[str, object], nested: tuple[str, ...], leave_out: str = "") -> dict[str, JsonValue | object]:
    return {k: json.loads(str(v)) if k in nested else v for k, v in row.items() if k != leave_out}
