"""Records: one a unit, chained by hashes, in a store that can only be added to."""

from inspector.records.batch import (
    BatchStatus,
    BatchSummary,
    Counts,
    Event,
    EventKind,
    Head,
    Link,
    OpenBatch,
    Opening,
    Tally,
    UnitRange,
)
from inspector.records.chain import Verified
from inspector.records.evidence import keep
from inspector.records.record import Digests, Evidence, InspectionRecord, Outcome
from inspector.records.store import RecordStore

__all__ = [
    "BatchStatus",
    "BatchSummary",
    "Counts",
    "Digests",
    "Event",
    "EventKind",
    "Evidence",
    "Head",
    "InspectionRecord",
    "Link",
    "OpenBatch",
    "Opening",
    "Outcome",
    "RecordStore",
    "Tally",
    "UnitRange",
    "Verified",
    "keep",
]
