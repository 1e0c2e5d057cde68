"""Sheets, openings, outcomes, findings and a line's status, for tests of what keeps and shows them.

Tests that run the store in a process of its own import them there too.
"""

from datetime import UTC, datetime

from inspector.line.status import Status
from inspector.records import Counts, Digests, OpenBatch, Opening, Outcome
from models.criteria import CriteriaSheet, Criterion, Limit
from models.digest import digest_bytes
from models.observation import Observation, Size
from models.reading import Reading, ReadLine
from models.verdict import Finding, OperatingPoint

WHEN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SOME = digest_bytes(b"some")
POINT = OperatingPoint(real_from=0.5, hold_from=0.2, doubt_from=0.2, sure_from=0.5)


def sheet(spot_mm: float = 0.5, *, chips: bool = True) -> CriteriaSheet:
    """Spots over a limit are major; chips, unless switched off, reject in any size."""
    limit = Limit(unit="mm", operator=">", value=spot_mm)
    return CriteriaSheet(
        id="blister",
        title="Blister",
        product="Tablets 10",
        version=1,
        criteria=(
            Criterion(id="spot", defect="spot", wording="Spots over {limit} are major.", limit=limit, severity="major"),
            Criterion(id="chip", defect="chip", wording="No chips.", severity="critical" if chips else "off"),
        ),
    )


def reading(of: CriteriaSheet) -> Reading:
    lines = tuple(ReadLine(id=c.id, sentence=c.sentence, words=c.note, score=0.99, fields=c.note) for c in of.criteria)
    return Reading(
        sheet_id=of.id, sheet_digest=of.digest, package_digest=SOME, glossary_digest=SOME, lines=lines, approval=None
    )


def digests(of: CriteriaSheet) -> Digests:
    return Digests(recipe=SOME, package=SOME, sheet=of.digest, reading=reading(of).digest)


def opening(units_before: int = 0) -> Opening:
    return Opening(
        line="line 1",
        product="Tablets 10",
        lot="L1",
        digests=digests(sheet()),
        units_before=units_before,
        sheet=sheet(),
        reading=reading(sheet()),
        operating_point=POINT,
        recipe={"gate_after_ms": 400},
    )


def seen(defect: str, mm: float, *, score: float = 0.95) -> Observation:
    return Observation(
        score=score,
        classes=((defect, 1.0),),
        zone="tablet",
        box_px=(10, 10, 20, 20),
        outline_px=((10, 10), (20, 10), (20, 20)),
        sizes={"mm": Size(value=mm, uncertainty=0.02), "mm2": Size(value=mm * mm, uncertainty=0.02)},
    )


def finding(**changes: object) -> Finding:
    """A spot over its limit where `seen` sees one, unless told otherwise."""
    content: dict[str, object] = {
        "criterion": "spot",
        "wording": "Spots over 0.5 mm are major.",
        "severity": "major",
        "clauses": (),
        "defect": "spot",
        "zone": "tablet",
        "view": "top",
        "box_px": (10, 10, 20, 20),
        "unit": "mm",
        "limit": 0.5,
        "value": 0.83,
        "uncertainty": 0.12,
        "score": 0.95,
        "sure": True,
    }
    return Finding.model_validate(content | changes)


def outcome(opened: OpenBatch, unit: int, **changes: object) -> Outcome:
    """A good unit, unless told otherwise."""
    content: dict[str, object] = {
        "batch": opened.batch,
        "epoch": opened.epoch,
        "unit": unit,
        "disposition": "ACCEPT",
        "gate": "PASS",
        "state": "accepted",
        "digests": digests(sheet()),
        "taken_at": WHEN,
        "times_ms": {"top.eyes": 15.25, "gate": 200.0},
        "sources": {"top": f"seed {unit}"},
        "observations": {"top": ()},
    }
    return Outcome.model_validate(content | changes)


def rejected(opened: OpenBatch, unit: int, *observations: Observation, reason: str = "DEFECT") -> Outcome:
    return outcome(
        opened,
        unit,
        disposition="REJECT",
        gate="REJECT",
        state="rejected",
        reason=reason,
        text="spot: over",
        observations={"top": observations},
    )


def accepted_counts(units: int) -> Counts:
    return Counts(triggers=units, accepted=units, rejected=0, held=0, sampled=0, lost=0)


def status(**changes: object) -> Status:
    """A line that has begun its first batch, unless told otherwise."""
    content: dict[str, object] = {
        "line": "line-1",
        "state": "running",
        "batch": 1,
        "product": "Tablets 10",
        "sheet_id": "blister",
        "sheet_title": "Blister",
        "sheet_version": 1,
        "sheet_path": "blister.yaml",
        "updated_at": WHEN,
    }
    return Status.model_validate(content | changes)
