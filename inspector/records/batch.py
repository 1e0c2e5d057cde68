"""Batches and their events: opening, closing with counts that reconcile, alarms, quarantine after a crash.

Events form a chain of their own. Events that open or end a batch name the end of the unit chain at that moment, and a
batch's first unit record names its opening event: neither chain can be cut or exchanged without the other showing it.
"""

from enum import StrEnum

from pydantic import Field, JsonValue, model_validator

from inspector.records.record import Digests, Moment, Sha256, Strict
from models.criteria import CriteriaSheet
from models.reading import Reading
from models.verdict import OperatingPoint


class EventKind(StrEnum):
    BATCH_OPENED = "BATCH_OPENED"
    BATCH_CLOSED = "BATCH_CLOSED"
    ALARM = "ALARM"
    HELD = "HELD"
    QUARANTINE = "QUARANTINE"
    RECOVERED = "RECOVERED"


class Event(Strict):
    """A step, alarm or decision around the units, chained to the event before it."""

    sequence: int = Field(ge=1)
    batch: int | None
    kind: EventKind
    at: Moment
    by: str = Field(min_length=1)  # person, or the line's name
    text: str
    data: dict[str, JsonValue]
    previous: Sha256
    hash: Sha256


class Link(Strict):
    """One place in a chain: the sequence number of an entry and its hash. Sequence 0 is before the first."""

    sequence: int = Field(ge=0)
    hash: Sha256


class Head(Strict):
    """The ends of both chains: written down outside the store, it shows a tail that was cut off later."""

    units: Link
    events: Link


class Opening(Strict):
    """What a batch is opened with; the sheet and reading behind the digests are kept in full."""

    line: str
    product: str
    lot: str = ""
    digests: Digests
    units_before: int = Field(default=0, ge=0)  # the PLC's retained counter: the batch's first unit is the next number
    sheet: CriteriaSheet  # with reading and operating point: enough to judge a record again without the package
    reading: Reading
    operating_point: OperatingPoint
    recipe: dict[str, JsonValue] = Field(default_factory=dict)  # the line's configuration

    @property
    def scales(self) -> dict[str, float]:
        """mm per px of each view of the line; views without one are left out."""
        views = self.recipe.get("views")
        known = views.items() if isinstance(views, dict) else ()
        stated = {name: view.get("mm_per_px") for name, view in known if isinstance(view, dict)}
        return {name: float(scale) for name, scale in stated.items() if isinstance(scale, int | float)}

    @model_validator(mode="after")
    def digests_are_of_these(self) -> "Opening":
        if (self.sheet.digest, self.reading.digest) != (self.digests.sheet, self.digests.reading):
            raise ValueError("digests.sheet and digests.reading must be those of the sheet and reading given here")
        return self


class Counts(Strict):
    """The line's own count of a batch, from its gate and PLC; never taken from the records it is compared with."""

    triggers: int = Field(ge=0)
    accepted: int = Field(ge=0)
    rejected: int = Field(ge=0)
    held: int = Field(ge=0)
    sampled: int = Field(ge=0)
    lost: int = Field(ge=0)


class Tally(Strict):
    """Records of a batch by state, and the units that were not accepted by reason."""

    records: int
    accepted: int = 0
    rejected: int = 0
    held: int = 0
    sampled: int = 0
    lost: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)

    def differences(self, counts: Counts) -> tuple[str, ...]:
        """Where the line's counts and the records differ; empty when they reconcile.

        triggers = accepted + rejected + held + sampled + lost = records

        >>> counts = Counts(triggers=2, accepted=2, rejected=0, held=0, sampled=0, lost=0)
        >>> Tally(records=1, accepted=1).differences(counts)
        ('2 triggers but 1 records', '2 accepted by the line but 1 in the records')
        """
        states = ("accepted", "rejected", "held", "sampled", "lost")
        said = sum(getattr(counts, state) for state in states)
        wrong = [] if counts.triggers == self.records else [f"{counts.triggers} triggers but {self.records} records"]
        if counts.triggers != said:
            wrong.append(f"{counts.triggers} triggers but {said} outcomes counted")
        for state in states:
            line, kept = getattr(counts, state), getattr(self, state)
            if line != kept:
                wrong.append(f"{line} {state} by the line but {kept} in the records")
        return tuple(wrong)


class UnitRange(Strict):
    """Units from `first` to `last`, both included; `last` None: every unit from `first` on."""

    first: int
    last: int | None

    def __str__(self) -> str:
        if self.last is None:
            return f"{self.first} and every unit after it"
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


class BatchStatus(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"  # counts reconciled
    QUARANTINED = "QUARANTINED"  # ended without its closing record


class BatchSummary(Strict):
    """A batch as its events and records tell it."""

    batch: int
    epoch: int
    status: BatchStatus
    opening: Opening
    opened_at: Moment
    opened_by: str
    ended_at: Moment | None
    counts: Counts | None  # of the closing record
    tally: Tally
    quarantined: tuple[UnitRange, ...]

    @property
    def releasable(self) -> bool:
        """Only the closing record, whose counts reconciled, makes a batch releasable; no unit may have got away."""
        return not self.withheld

    @property
    def withheld(self) -> str:
        """Why the batch may not be released; empty where it may."""
        match self.status:
            case BatchStatus.OPEN:
                return "not closed yet"
            case BatchStatus.QUARANTINED:
                return f"units in quarantine: {', '.join(map(str, self.quarantined)) or 'none'}"
            case BatchStatus.CLOSED if self.counts and (wrong := self.tally.differences(self.counts)):
                return f"its records are not those that it was closed with: {'; '.join(wrong)}"
            case BatchStatus.CLOSED:
                return f"{self.tally.lost} units lost: search the belt behind the gate" if self.tally.lost else ""


class OpenBatch(Strict):
    """The numbers a batch runs under. The epoch goes to the PLC with every PASS and is never used again."""

    batch: int
    epoch: int
