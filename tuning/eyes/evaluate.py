"""What the eyes are worth on frames in styles they were never taught, through `Eyes.look` as the line sees them."""

from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np
from pydantic import Field

from cameras.render import CLASSES
from models.eyes import Eyes, Look
from models.observation import Observation
from tuning.config import Strict
from tuning.eyes.matching import Found, match
from tuning.eyes.operating import EyesPoint
from tuning.eyes.pool import DefectTruth, Pool, PooledFrame

SIZED = ("chip", "break", "crack", "spot", "stain", "fragment")
BINS_PX = (0.0, 3.0, 4.0, 6.0, 8.0, 10.0, 14.0, 20.0, 40.0, 1e9)


class Share(Strict):
    """So many of so many."""

    hits: int = 0
    of: int = 0

    def __add__(self, hit: bool) -> "Share":
        return Share(hits=self.hits + hit, of=self.of + 1)

    def __str__(self) -> str:
        return f"{self.hits}/{self.of}" + (f" = {self.hits / self.of:.3f}" if self.of else "")


class SizeFigures(Strict):
    """Errors of a measured length as |log(measured / true)|, and how often the stated interval held the truth."""

    median: float
    p90: float
    mm_covered: Share
    mm2_covered: Share
    percent_covered: Share


class EyesReport(Strict):
    """Counts over one pool; only specified defects are asked for, none is wrong to be seen."""

    frames: int
    good_frames: int
    found: Share  # specified defects with a finding on them
    named: Share  # of those found, the first class is right
    placed: Share  # of those found, the zone is right
    false_regions_on_good: int
    good_with_false: Share
    good_held: Share  # good frames with a region that only holds
    escaped: Share  # frames with a specified defect and nothing that would stop the unit
    wholly_right: Share  # all specified found and named, nothing invented
    familiar: Share
    found_by_class: dict[str, Share]
    named_by_class: dict[str, Share]
    found_by_px: dict[str, dict[str, Share]]
    size: SizeFigures
    size_by_class: dict[str, SizeFigures]
    eyes_ms: dict[str, float] = Field(default_factory=dict)


class _Tally:
    """What has been counted so far."""

    def __init__(self) -> None:
        self.shares: dict[str, Share] = {}
        self.false = 0
        self.sizes: list[tuple[DefectTruth, Observation, float]] = []
        self.took_ms: list[float] = []

    def count(self, name: str, hit: bool) -> None:
        self.shares[name] = self.shares.get(name, Share()) + hit

    def share(self, name: str) -> Share:
        return self.shares.get(name, Share())


def evaluate_eyes(eyes: Eyes, pool: Pool, point: EyesPoint, *, progress: Callable[[int, int], None]) -> EyesReport:
    """Look at every frame and count."""
    tally = _Tally()
    for i, frame in enumerate(pool.frames):
        look = eyes.look(np.ascontiguousarray(frame.pixels), frame.truth.mm_per_px)
        tally.took_ms.append(look.eyes_ms)
        _count_frame(tally, frame, look, point)
        if (i + 1) % 100 == 0:
            progress(i + 1, len(pool.frames))
    good = sum(not frame.truth.defects for frame in pool.frames)
    groups = {name: tally.share(f"found {name}") for name in CLASSES}
    bins = Counter(name for name in tally.shares if name.startswith("px "))
    by_px: dict[str, dict[str, Share]] = {}
    for name in bins:
        _, defect, label = name.split("|")
        by_px.setdefault(defect, {})[label] = tally.shares[name]
    return EyesReport(
        frames=len(pool.frames),
        good_frames=good,
        found=tally.share("found"),
        named=tally.share("named"),
        placed=tally.share("placed"),
        false_regions_on_good=tally.false,
        good_with_false=tally.share("good_with_false"),
        good_held=tally.share("good_held"),
        escaped=tally.share("escaped"),
        wholly_right=tally.share("right"),
        familiar=tally.share("familiar"),
        found_by_class=groups,
        named_by_class={name: tally.share(f"named {name}") for name in CLASSES},
        found_by_px=by_px,
        size=_size_figures(tally.sizes),
        size_by_class={
            name: _size_figures([case for case in tally.sizes if case[0].defect == name])
            for name in SIZED
            if any(case[0].defect == name for case in tally.sizes)
        },
        eyes_ms={f"p{q:g}": float(np.percentile(tally.took_ms, q)) for q in (50, 99)},
    )


def _count_frame(tally: _Tally, frame: PooledFrame, look: Look, point: EyesPoint) -> None:
    matched = match([_found(one, frame.pixels.shape[:2]) for one in look.observations], frame)
    findings = {k for k, one in enumerate(look.observations) if one.score >= point.real_from}
    stopping = {k for k, one in enumerate(look.observations) if one.score >= point.hold_from}
    false = [k for k in findings if matched.defect_of[k] is None]
    right = not false
    specified = [j for j, defect in enumerate(frame.truth.defects) if defect.specified]
    for j in specified:
        defect = frame.truth.defects[j]
        hits = [k for k in matched.regions_of[j] if k in findings]
        tally.count("found", bool(hits))
        tally.count(f"found {defect.defect}", bool(hits))
        tally.count(f"px |{defect.defect}|{_bin(defect.length_px)}", bool(hits))
        if not hits:
            right = False
            continue
        best = max((look.observations[k] for k in hits), key=lambda one: one.sizes["mm2"].value)
        named = best.defect == defect.defect
        tally.count("named", named)
        tally.count(f"named {defect.defect}", named)
        tally.count("placed", best.zone == defect.zone)
        right = right and named
        if defect.defect in SIZED:
            tally.sizes.append((defect, best, frame.truth.unit_area_mm2))
    if not frame.truth.defects:
        tally.false += len(false)
        tally.count("good_with_false", bool(false))
        tally.count("good_held", bool(stopping) and not findings)
    if specified:
        tally.count("escaped", not stopping)
    tally.count("right", right)
    tally.count("familiar", look.familiarity <= look.familiarity_limit)


def _size_figures(cases: list[tuple[DefectTruth, Observation, float]]) -> SizeFigures:
    off = [abs(np.log(max(seen.sizes["mm"].value, 1e-6) / truth.length_mm)) for truth, seen, _ in cases]
    covered = {unit: Share() for unit in ("mm", "mm2", "%")}
    for truth, seen, unit_mm2 in cases:
        true = {"mm": truth.length_mm, "mm2": truth.area_mm2, "%": 100 * truth.area_mm2 / unit_mm2}
        for unit, value in true.items():
            size = seen.sizes[unit]
            covered[unit] += abs(value - size.value) <= size.uncertainty
    return SizeFigures(
        median=float(np.median(off)) if off else 0.0,
        p90=float(np.quantile(off, 0.9)) if off else 0.0,
        mm_covered=covered["mm"],
        mm2_covered=covered["mm2"],
        percent_covered=covered["%"],
    )


def _found(one: Observation, frame_px: tuple[int, int]) -> Found:
    """An observation's outline as a mask."""
    points = np.array(one.outline_px, np.int32)
    x0, y0 = (max(0, int(v) - 1) for v in points.min(0))
    x1, y1 = min(frame_px[1], int(points[:, 0].max()) + 2), min(frame_px[0], int(points[:, 1].max()) + 2)
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(mask, [points - (x0, y0)], 1)
    return Found((x0, y0), mask > 0)


def _bin(length_px: float) -> str:
    at = int(np.searchsorted(BINS_PX, length_px, side="right")) - 1
    upper = BINS_PX[at + 1]
    return f"{BINS_PX[at]:g}-{upper:g}" if upper < 1e6 else f"{BINS_PX[at]:g}-"
