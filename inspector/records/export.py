"""Records as CSV, for a spreadsheet, and as JSON lines, for anyone who wants to check the chain without this software.

A JSON line is the hashed content and its `hash`: taken out of the line, the rest as canonical JSON (sorted keys, no
spaces, UTF-8) has that SHA-256. Both forms hold every record or fail.
"""

import csv
from collections.abc import Iterator
from typing import TextIO

from inspector.errors import LineError
from inspector.records.record import InspectionRecord
from inspector.records.store import RecordStore
from models.digest import canonical

COLUMNS = (
    "sequence", "batch", "epoch", "unit", "taken_at", "disposition", "reason", "state", "gate", "text",
    "criteria", "severities", "sizes", "limits", "clauses", "n_observations", "evidence",
    "recipe", "package", "sheet", "reading", "previous", "hash",
)  # fmt: skip


def export_csv(store: RecordStore, batch: int | None, out: TextIO) -> int:
    """Write one row a record; several values in a cell are separated by a semicolon.

    A criterion that may only have been exceeded, within the uncertainty of size, class or score, has a question mark
    behind its id. Criteria, severities, sizes and limits stand in the same order, one a finding: a size or limit is
    empty where every occurrence counts.

    Args:
        batch: None for every batch.
        out: opened with newline="".

    Returns:
        The number of records written.

    Raises:
        LineError: it differs from the number of records in the database.
    """
    table = csv.writer(out)
    table.writerow(COLUMNS)
    return _write(store, batch, (table.writerow(_cells(record)) for record in store.records(batch)))


def export_json_lines(store: RecordStore, batch: int | None, out: TextIO) -> int:
    """Write one record a line, in full.

    Returns:
        The number of records written.

    Raises:
        LineError: it differs from the number of records in the database.
    """
    lines = (canonical({**record.content(), "hash": record.hash}) + "\n" for record in store.records(batch))
    return _write(store, batch, (out.write(line) for line in lines))


def _write(store: RecordStore, batch: int | None, writes: Iterator[int]) -> int:
    before = store.count(batch)
    written = sum(1 for _ in writes)
    if not before <= written <= store.count(batch):  # a running line may have added some meanwhile
        raise LineError(
            f"{store.folder}: {written} records exported, but the database counts {before}. "
            f"The export is not complete: delete it, verify the store, then export again."
        )
    return written


def _cells(record: InspectionRecord) -> tuple[str | int, ...]:
    found = record.findings
    return (
        record.sequence,
        record.batch,
        record.epoch,
        record.unit,
        record.taken_at.isoformat(),
        record.disposition,
        record.reason or "",
        record.state,
        record.gate,
        _harmless(record.text),
        _harmless("; ".join(finding.criterion + ("" if finding.sure else "?") for finding in found)),
        "; ".join(finding.severity for finding in found),
        "; ".join(_measure(finding.value, finding.unit) for finding in found),
        "; ".join(_measure(finding.limit, finding.unit) for finding in found),
        _harmless("; ".join(dict.fromkeys(clause for finding in found for clause in finding.clauses))),
        record.n_observations,
        "; ".join(evidence.file for evidence in record.evidence.values()),
        record.digests.recipe,
        record.digests.package,
        record.digests.sheet,
        record.digests.reading,
        record.previous,
        record.hash,
    )


def _measure(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:g} {unit}".strip()


def _harmless(text: str) -> str:
    """A leading sign would make a spreadsheet take the cell for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
