"""The writes of the store, each inside a transaction that its caller opened and that holds the write lock."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from pydantic import JsonValue

from inspector.errors import LineError
from inspector.records import queries
from inspector.records.batch import Event, EventKind
from inspector.records.record import InspectionRecord, Outcome
from inspector.records.schema import NESTED_OF_EVENTS, NESTED_OF_UNITS, events, to_row, units


def add_units(connection: sa.Connection, outcomes: Sequence[Outcome]) -> tuple[InspectionRecord, ...]:
    """Chain outcomes of one batch to what is on the disk."""
    last = queries.head(connection).units.sequence
    previous = queries.chain_end(connection, outcomes[0].batch)
    rows, records = [], []
    for sequence, outcome in enumerate(outcomes, start=last + 1):
        place: dict[str, object] = {"sequence": sequence, "previous": previous}
        content = {**outcome.model_dump(mode="json"), "n_observations": outcome.n_observations, **place}
        row = to_row(content, NESTED_OF_UNITS)
        rows.append(row)
        previous = str(row["hash"])
        records.append(InspectionRecord.model_validate({**dict(outcome), **place, "hash": previous}))
    connection.execute(sa.insert(units), rows)
    return tuple(records)


def add_event(
    connection: sa.Connection,
    kind: EventKind,
    text: str,
    *,
    batch: int | None,
    at: datetime,
    by: str,
    data: dict[str, JsonValue],
) -> Event:
    end = queries.head(connection).events
    place = {"sequence": end.sequence + 1, "previous": end.hash, "hash": end.hash}
    event = Event.model_validate(
        {"batch": batch, "kind": kind, "at": at.astimezone(UTC), "by": by, "text": text, "data": data, **place}
    )
    row = to_row(event.model_dump(mode="json", exclude={"hash"}), NESTED_OF_EVENTS)
    connection.execute(sa.insert(events), [row])
    return event.model_copy(update={"hash": row["hash"]})


def check_open(connection: sa.Connection, batch: int, epoch: int | None) -> None:
    """Refuse to write to a batch that has ended, was never opened, or runs under another epoch."""
    if batch not in queries.unfinished(connection):
        raise LineError(f"batch {batch} is not open: it was never opened or has ended. Nothing was written.")
    if epoch not in (None, queries.last_epoch(connection)):
        raise LineError(
            f"batch {batch} runs under epoch {queries.last_epoch(connection)}, not {epoch}. Nothing was written: "
            f"these outcomes belong to another batch."
        )
