"""Evaluation: a package is shown a challenge and every figure that its model card claims is counted, with exact bounds.

It runs on a line PC, so that a site can qualify a package again where it is used. What is shown comes in from
outside; nothing here draws, trains or tunes.
"""

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import PackageInvalid
from models.evaluate_covering import Covering
from models.evaluate_eyes import Looks, SeenUnit, eyes_figures, look_at
from models.evaluate_judging import Bench, Opens, counterpart_figures, judge_sheets, judging_figures
from models.evaluate_mind import OpenedMind
from models.evaluate_reading import ReadCriterion, Readings, read_all, reading_figures
from models.evaluate_tables import UnitTables, unit_tables
from models.evaluate_units import judge_units, repeated
from models.example import Challenge, ShownSheet, ShownUnit
from models.exhibits import Gallery
from models.eyes import Eyes
from models.metrics import Figure
from models.mind import Mind
from models.package import ModelPackage, PackageFacts
from models.reading import Reader, describe

REPETITIONS = 200

Progress = Callable[[str, int, int], None]


class WrongReading(BaseModel):
    """A sentence that was not read as it is meant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wording: str
    heading: str
    sentence: str
    meant: str
    read: str
    score: float


class Report(BaseModel):
    """Everything that one evaluation counted, and what it was counted on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package: str
    package_digest: str
    taken_at: datetime
    took_s: float
    machine: dict[str, str]
    challenge: dict[str, str]
    figures: tuple[Figure, ...]
    wrong_readings: tuple[WrongReading, ...]
    tables: UnitTables | None = None  # of the units, if any were shown
    remarks: tuple[str, ...] = ()  # what a person should look at

    def beside(self, other: "Report") -> "Report":
        """Units and language evaluated apart, on two cores at once, as one report.

        Raises:
            PackageInvalid: the other report is of another package.
        """
        if other.package_digest != self.package_digest:
            raise PackageInvalid(
                f"evaluation: figures of {other.package_digest[:19]} cannot stand beside those of "
                f"{self.package_digest[:19]}. Nothing was printed. Evaluate the same package twice."
            )
        return self.model_copy(
            update={
                "took_s": max(self.took_s, other.took_s),
                "challenge": {**self.challenge, **other.challenge},
                "figures": (*self.figures, *other.figures),
                "wrong_readings": (*self.wrong_readings, *other.wrong_readings),
                "tables": self.tables or other.tables,
                "remarks": tuple(dict.fromkeys((*self.remarks, *other.remarks))),
            }
        )

    @staticmethod
    def load(path: Path) -> "Report":
        """Raises PackageInvalid where there is no report."""
        try:
            return Report.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise PackageInvalid(
                f"{path}: no figures of an evaluation ({type(error).__name__}). Name a figures.json that "
                "`inspector evaluate` wrote."
            ) from error

    def save(self, path: Path) -> None:
        path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


class Sees(Looks, Protocol):
    """Eyes that say which scale they work with."""

    def scale_seen(self, pixels: NDArray[np.generic], mm_per_px: float) -> float: ...


class Minds(Reader, Opens, Protocol):
    """Both skills of the mind."""


def evaluate(
    package: ModelPackage,
    challenge: Challenge,
    *,
    threads: int,
    progress: Progress,
    repetitions: int = REPETITIONS,
    gallery: Gallery | None = None,
) -> Report:
    """Show a package the whole challenge on this machine's CPU.

    Args:
        threads: for each of eyes and mind.
        repetitions: of one unit, to see that every answer is the same.
        progress: called with what is being done, how much of it is done and how much there is.
        gallery: keeps the pictures of the worst mistakes.
    """
    start = time.monotonic()
    eyes, mind = Eyes(package, threads=threads), OpenedMind(Mind(package, threads=threads))
    counted = count(
        eyes, mind, package.manifest, challenge, progress=progress, repetitions=repetitions, gallery=gallery
    )
    return Report(
        package=f"{package.manifest.name} {package.manifest.version}",
        package_digest=package.digest,
        taken_at=datetime.now(UTC),
        took_s=round(time.monotonic() - start, 1),
        machine=machine(threads) | {"eyes on": eyes.provider},
        challenge=facts_of(challenge),
        figures=tuple(counted.figures),
        wrong_readings=tuple(counted.wrong),
        tables=counted.tables,
    )


def facts_of(challenge: Challenge) -> dict[str, str]:
    """Seeds and sources of a challenge, and the sheet that judges every unit of it."""
    facts = dict(challenge.facts)
    if challenge.unit_count and challenge.unit_sheets:
        sheet = challenge.unit_sheets[0]
        facts["sheet of the units"] = f"{sheet.id}, version {sheet.version}, {sheet.digest}"
    return facts


@dataclass(frozen=True, slots=True)
class Counted:
    """What one challenge gave."""

    figures: list[Figure]
    wrong: list[WrongReading]
    tables: UnitTables | None


def count(
    eyes: Sees,
    mind: Minds,
    facts: PackageFacts,
    challenge: Challenge,
    *,
    progress: Progress,
    repetitions: int = REPETITIONS,
    gallery: Gallery | None = None,
) -> Counted:
    """Figures of any eyes and mind that have the package's vocabulary, and every wrong reading."""
    at = facts.operating_point
    kept = _Kept(challenge)
    gallery, covering = gallery or Gallery(at, most=0), Covering(eyes, at)
    scales: list[float] = []

    def each(unit: ShownUnit, look: SeenUnit) -> None:
        scales.append(eyes.scale_seen(unit.pixels, unit.mm_per_px))
        gallery.consider(unit, look)
        covering.consider(unit, look)

    seen = look_at(kept, eyes, progress=lambda done: progress("look at units", done, challenge.unit_count), each=each)
    figures = [*eyes_figures(seen, at, facts.smallest_px), *covering.figures()] if seen else []
    if seen:
        figures += judge_units(
            seen,
            challenge.unit_sheets,
            mind,
            at,
            scales=scales,
            smallest_px=facts.smallest_px,
            progress=lambda done, of: progress("judge units", done, of),
        )
    if kept.unit is not None and challenge.unit_sheets:
        unit = kept.unit
        figures.append(
            repeated(
                lambda: look_at([unit], eyes, progress=lambda _: None)[0],
                challenge.unit_sheets[0],
                mind,
                at,
                times=repetitions,
                progress=lambda done, of: progress("repeat one unit", done, of),
            )
        )
    of_language, wrong = _count_language(mind, facts, challenge, progress)
    return Counted([*figures, *of_language], wrong, unit_tables(seen, at) if seen else None)


def _count_language(
    mind: Minds, facts: PackageFacts, challenge: Challenge, progress: Progress
) -> tuple[list[Figure], list[WrongReading]]:
    sheets = [*challenge.sheets, *(sheet for pair in challenge.counterparts for sheet in (pair.first, pair.second))]
    start = time.monotonic()
    readings = read_all(sheets, mind, facts, progress=lambda done, of: progress("read criteria", done, of))
    read_s = time.monotonic() - start
    bench = Bench(mind, readings)
    judged = judge_sheets(challenge.sheets, bench, progress=lambda done, of: progress("judge observations", done, of))
    pairs = counterpart_figures(
        challenge.counterparts, bench, progress=lambda done, of: progress("compare sheets", done, of)
    )
    lines = _lines(challenge.sheets, readings)
    figures = [
        *reading_figures(challenge.sheets, readings, sure_from=facts.operating_point.sure_from),
        *judging_figures(judged),
        *pairs,
    ]
    if lines:
        pace = read_s / readings.count
        figures.append(Figure(topic="time", name="mind, s to read a criterion", value=pace, shown=readings.count))
    return figures, [_wrong(line) for line in lines if not line.right]


class _Kept:
    """The challenge's units as they come, the first one with several defects kept for repeating."""

    def __init__(self, challenge: Challenge) -> None:
        self._units = challenge.units
        self.unit: ShownUnit | None = None

    def __iter__(self) -> Iterator[ShownUnit]:
        for unit in self._units:
            if self.unit is None or (len(self.unit.defects) < 2 and len(unit.defects) >= 2):
                self.unit = unit
            yield unit


def _lines(sheets: Sequence[ShownSheet], readings: Readings) -> list[ReadCriterion]:
    return [line for sheet in sheets for line in readings.of(sheet)]


def _wrong(line: ReadCriterion) -> WrongReading:
    return WrongReading(
        wording=line.wording,
        heading=line.shown.text.heading,
        sentence=line.shown.text.sentence,
        meant=describe(line.shown.note),
        read=describe(line.read),
        score=round(line.score, 4),
    )


def machine(threads: int) -> dict[str, str]:
    """What an evaluation ran on."""
    name = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        models = [
            line.partition(":")[2].strip() for line in cpu.read_text().splitlines() if line.startswith("model name")
        ]
        name = models[0] if models else name
    return {"processor": name, "cores": str(os.cpu_count()), "threads": str(threads), "system": platform.platform()}
