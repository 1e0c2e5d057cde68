"""The recipe of a line: nothing starts unless package, sheet, approved reading and views belong together.

Refusals come in the order in which a person would mend them. There is no other device, model or sheet to fall back on.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from inspector.config import LineConfig
from inspector.errors import LineError
from inspector.records.record import Digests
from models.criteria import CriteriaSheet
from models.digest import digest_json
from models.errors import SheetInvalid
from models.eyes import TABLET
from models.limits import too_fine
from models.operating import NEVER
from models.package import ModelPackage
from models.reading import Reading, reading_path


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a unit is judged by."""

    line: LineConfig
    package: ModelPackage
    sheet: CriteriaSheet
    reading: Reading
    digests: Digests

    @property
    def picture_px(self) -> tuple[int, int]:
        """Width and height of the largest pictures that a view delivers, as far as views say; else of the frame."""
        stated = [view.size_px for view in self.line.views.values() if view.size_px is not None]
        return max(stated, key=math.prod, default=self.package.manifest.frame)

    @staticmethod
    def load(path: Path) -> "Recipe":
        """Read a line's YAML and everything it names.

        Raises:
            LineError: the line's own file.
            PackageInvalid, SheetInvalid, ReadingInvalid: what it names.
        """
        line = LineConfig.load(path)
        package = ModelPackage.load(line.package)
        sheet, reading = approved(line.sheet, package)
        check_limits(sheet, package, {name: view.mm_per_px for name, view in line.views.items()})
        refuse_counts_over_views(sheet, tuple(line.views))
        settings = line.settings("store", "package", "sheet")
        recipe = digest_json(
            {"line": settings, "package": package.digest, "sheet": sheet.digest, "reading": reading.digest}
        )
        return Recipe(
            line,
            package,
            sheet,
            reading,
            Digests(recipe=recipe, package=package.digest, sheet=sheet.digest, reading=reading.digest),
        )


def approved(path: Path, package: ModelPackage) -> tuple[CriteriaSheet, Reading]:
    """A sheet that this package can judge by, and its approved reading.

    Raises:
        SheetInvalid, ReadingInvalid: with the command that mends it.
    """
    sheet = sheet_for(path, package)
    reading = Reading.load(reading_path(path))
    facts = package.manifest
    reading.check(sheet, package_digest=package.digest, sure_from=facts.operating_point.sure_from)
    reading.check_program(sheet, defects=facts.words.defects, glossary=facts.glossary_with(sheet.glossary))
    return sheet, reading


def sheet_for(path: Path, package: ModelPackage) -> CriteriaSheet:
    """A sheet whose defects and zones this package knows, and whose quantities it measures. Raises SheetInvalid."""
    sheet = CriteriaSheet.load(path)
    words = package.manifest.words
    sheet.check_against(package=package.manifest.name, defects=words.defects, zones=words.zones)
    measured = {defect.name: defect.quantities for defect in package.manifest.defects}
    for criterion in sheet.criteria:
        limit = criterion.limit
        if limit is None or limit.unit == "count" or criterion.severity == "off":
            continue
        if limit.unit not in measured[criterion.defect]:
            known = ", ".join(measured[criterion.defect]) or "no size"
            raise SheetInvalid(
                f"{sheet.id}: criteria.{criterion.id}.limit: {package.manifest.name} measures {known} of a "
                f"{criterion.defect}, not {limit.unit}. Nothing can be judged by this limit. Ask for what it measures, "
                "leave the limit out, or teach it on pictures in which enough defects are marked."
            )
    return sheet


def check_limits(
    sheet: CriteriaSheet, package: ModelPackage, scales: dict[str, float], unit_px2: float | None = None
) -> None:
    """Refuse a limit that lies below what the eyes reliably find at a view's scale.

    Args:
        scales: mm per px of every view.
        unit_px2: nominal area of a unit as the eyes see it, once a picture has shown one: limits in % need it.

    Raises:
        SheetInvalid: criterion, limit, smallest size and what to do.
    """
    for view, mm_per_px in scales.items():
        for one in too_fine(sheet, package.manifest.smallest_px, mm_per_px, unit_px2):
            said, defect = f"{sheet.id}: criteria.{one.criterion.id}.limit: {one.limit.text()}", one.criterion.defect
            if one.least_px >= NEVER:
                raise SheetInvalid(
                    f"{said} cannot be relied on, {package.manifest.name} does not find {defect} reliably at any size. "
                    "Leave the limit out, so that any that is seen counts, or teach a package with more pictures of it."
                )
            raise SheetInvalid(
                f"{said} is below the smallest {defect} that {package.manifest.name} can be trusted to find in view "
                f"{view}: {one.least_px:g} px at {mm_per_px:g} mm/px = {one.least_mm:.2f} mm. "
                "Raise the limit, move the camera closer, or teach a package that sees smaller ones."
            )


def hard_to_see(sheet: CriteriaSheet, package: ModelPackage) -> tuple[str, ...]:
    """What a person should know of a sheet that is fit to judge by: criteria on defects that the eyes find at no size.

    A limit in mm on one is refused; without a limit it counts wherever it is seen.
    """
    smallest = package.manifest.smallest_px
    return tuple(
        f"{c.id}: {package.manifest.name} does not find {c.defect} reliably at any size: units with it may pass "
        "unseen. Check it in another way too, or teach a package with more pictures of it"
        for c in sheet.criteria
        if c.severity != "off" and (smallest.get(c.defect) or 0.0) >= NEVER
    )


def refuse_counts_over_views(sheet: CriteriaSheet, views: tuple[str, ...]) -> None:
    """Refuse counts a unit where a unit is seen in several views: each view is counted by itself.

    Raises:
        SheetInvalid: the criterion, and what to do.
    """
    counted = [c.id for c in sheet.criteria if c.severity != "off" and c.limit and c.limit.unit == "count"]
    if counted and len(views) > 1:
        raise SheetInvalid(
            f"{sheet.id}: criteria.{counted[0]}.limit: a count holds for the whole unit, this line sees it in "
            f"{len(views)} views ({', '.join(views)}) and counts in each by itself. Nothing was started. Switch the "
            "criterion off, or run it on a line with one view."
        )


def partly_unseen(recipe: Recipe) -> list[str]:
    """Views of which nobody said how many tablets a whole pack shows."""
    if TABLET not in recipe.package.manifest.words.zones:
        return []
    return [
        f"view {name}: half a pack looks as good as a whole one. State how many tablets a whole one shows "
        "(`fitness: {tablets: 18}`), so that one which is partly out of the picture or hidden is held."
        for name, view in recipe.line.views.items()
        if view.fitness.tablets is None
    ]


def refuse_slow(slowest_look_ms: float, gate_after_ms: float) -> None:
    """Refuse a machine whose look alone takes longer than the way to the gate."""
    if slowest_look_ms >= gate_after_ms:
        raise LineError(
            f"a look takes up to {slowest_look_ms:.0f} ms on this machine, the gate is {gate_after_ms:g} ms behind the "
            "camera: every unit would be late. Nothing was started. Use a faster machine, fewer other programs, or a "
            "gate further downstream."
        )
