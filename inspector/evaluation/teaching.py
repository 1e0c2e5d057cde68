"""What a teaching says about its package: the held-out pictures counted, in the form of an evaluation's report."""

from collections.abc import Sequence
from datetime import UTC, datetime

from models.evaluate import Report, machine
from models.evaluate_eyes import SeenUnit, eyes_figures
from models.evaluate_tables import unit_tables
from models.example import ShownUnit
from models.exhibits import Gallery
from models.metrics import Figure, share
from models.package import ModelPackage
from models.verdict import OperatingPoint

TOPIC = "pictures"


def teaching_report(
    package: ModelPackage,
    units: Sequence[ShownUnit],
    seen: Sequence[SeenUnit],
    at: OperatingPoint,
    *,
    auroc: float,
    facts: dict[str, str],
    remarks: Sequence[str],
    took_s: float,
    threads: int,
) -> tuple[Report, Gallery]:
    """Count the held-out pictures at the point that was set on them, and keep the worst of them.

    Args:
        units: the pictures, in the order of `seen`.
        at: in the scores of the networks that saw them; the package's own is of the network that ships.
        auroc: area under the curve of whole pictures.
        facts: what the pictures were, by name.
        remarks: what a person should look at.
        took_s: seconds of the whole teaching.
        threads: that it used.
    """
    smallest = package.manifest.smallest_px
    gallery = Gallery(at)
    for unit, look in zip(units, seen, strict=True):
        gallery.consider(unit, look)
    figures = [
        *picture_figures(seen, at, auroc),
        *(figure.model_copy(update={"aim": None}) for figure in eyes_figures(seen, at, smallest)),
    ]
    report = Report(
        package=f"{package.manifest.name} {package.manifest.version}",
        package_digest=package.digest,
        taken_at=datetime.now(UTC),
        took_s=round(took_s, 1),
        machine=machine(threads),
        challenge=facts,
        figures=tuple(figures),
        wrong_readings=(),
        tables=unit_tables(seen, at),
        remarks=tuple(remarks),
    )
    return report, gallery


def picture_figures(seen: Sequence[SeenUnit], at: OperatingPoint, auroc: float) -> list[Figure]:
    """What would become of whole pictures if every finding rejected."""
    figures = [Figure(topic=TOPIC, name="area under the curve of whole pictures", value=auroc, shown=len(seen))]
    highest = [(unit, unit.look.highest if unit.look.counts else at.hold_from) for unit in seen]
    bad, good = ([score for unit, score in highest if bool(unit.defects) is side] for side in (True, False))
    for name, scores, low, high in (
        ("bad pictures: nothing found or held (escapes)", bad, -1.0, at.hold_from),
        ("bad pictures: held", bad, at.hold_from, at.real_from),
        ("good pictures: a finding (false rejects)", good, at.real_from, 2.0),
        ("good pictures: held", good, at.hold_from, at.real_from),
    ):
        figures.append(share(TOPIC, name, sum(low <= score < high for score in scores), len(scores)))
    return figures
