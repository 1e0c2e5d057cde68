"""From the eyes' dense maps to regions: what belongs together, how large it is, and what the features say there.

Hysteresis: a region needs one cell over the upper threshold and then takes in its neighbours over the lower one.
Every length is estimated in several ways; which of them to believe is calibrated a class each (region_stage.py).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.observation import Box

Floats = NDArray[np.float32]

MASK_STRIDE, MAP_STRIDE = 2, 4  # px of the graph's frame per cell
MARGIN = 4  # cells round a region that are looked at with it
MOSTLY = 0.7  # of the area that looks like tablets; 0.95 on all but 1 in 100 rendered packs
FAINT_EDGE = 0.8  # of the highest probability that a faint region has to reach: down to there it extends
FAINTEST = 0.5  # px or px2 at the least, so that a logarithm exists
ESTIMATORS = 9  # of a region's size
LEVELS = 5  # that a region is cut at, to see whether it falls apart: shallower valleys are within one defect


@dataclass(frozen=True, slots=True)
class Maps:
    """What the eyes' graph gives for one frame."""

    mask: Floats  # (H/2, W/2) logits: a defect covers this cell
    classes: Floats  # (classes, H/4, W/4) logits
    zones: Floats  # (zones, H/4, W/4) logits
    features: Floats  # (channels, H/4, W/4)
    frame: Floats  # (n,) statistics of the whole frame, for its familiarity


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities of the mask: a region reaches `peak` somewhere and extends down to `edge`."""

    edge: float
    peak: float
    most: int  # regions of one frame, the strongest first
    faint: float | None = None  # where nothing reaches `peak`, what reaches this is a region; its size is less sure


@dataclass(frozen=True, slots=True)
class Region:
    """One connected place that may be a defect; lengths in px of the graph's frame, areas in px2."""

    box: Box
    mask: NDArray[np.bool_]  # cells of MASK_STRIDE
    corner: tuple[int, int]  # x, y of the mask's first cell, in cells
    peak: float  # highest logit
    shape: Floats  # logarithms of the size estimators, in the order of `_shape`
    facts: Floats  # what names and refuses it: pooled features, class logits, shape
    zone: int  # where most of its mask is
    alike: tuple[int, int] = (0, 0)  # px right and down to the place it was compared with; (0, 0): none
    parts: int = 1  # separate peaks: it may be so many defects that lie beside each other


def find_regions(maps: Maps, at: Thresholds, px_per_mm: float) -> list[Region]:
    """All regions of a frame, the strongest first."""
    cut = _cut(maps.mask, _logit(at.edge), _logit(at.peak), at.most)
    if at.faint is not None and not cut:
        cut = _cut(maps.mask, _logit(FAINT_EDGE * at.faint), _logit(at.faint), at.most)
    if not cut:
        return []
    usual = maps.features[:, ::2, ::2].mean((1, 2))
    return [_region(maps, one, usual, px_per_mm) for one in cut]


@dataclass(frozen=True, slots=True)
class _Cut:
    """One connected place over a level."""

    labels: NDArray[np.int32]  # of the whole frame
    label: int
    box: tuple[int, int, int, int]  # x, y, width, height in cells
    low: float  # logit that it was cut at
    peak: float


def _cut(mask: Floats, low: float, high: float, most: int) -> list[_Cut]:
    """Places that reach `high` and extend down to `low`, the strongest first."""
    if float(mask.max()) < high:
        return []
    over = (mask > low).astype(np.uint8)
    joined = cv2.dilate(over, np.ones((3, 3), np.uint8))  # cells one apart are one region
    count, found, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    labels = np.asarray(found, np.int32)
    peaks = np.full(count, -np.inf, np.float32)
    hot = np.nonzero(mask >= high)
    np.maximum.at(peaks, labels[hot], mask[hot])
    peaks[0] = -np.inf
    strongest = [int(i) for i in np.argsort(-peaks)[:most] if peaks[i] >= high]
    placed = [(i, *(int(v) for v in boxes[i][:4])) for i in strongest]
    return [_Cut(labels, i, (x, y, w, h), low, float(peaks[i])) for i, x, y, w, h in placed]


def facts_width(maps: Maps) -> int:
    """How many facts a region of these maps has."""
    return 4 * len(maps.features) + len(maps.classes) + len(maps.zones) + 5 + ESTIMATORS


def unit_area_px(maps: Maps, tablet: int) -> float | None:
    """Area of the frame's usual tablet in px2 of the graph's frame; None where no whole tablet is seen.

    The median over the tablets: one that is broken, missing or of another product does not move it.
    """
    others = np.delete(maps.zones, tablet, 0).max(0)
    lead = cv2.resize(maps.zones[tablet] - others, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    count, _, boxes, _ = cv2.connectedComponentsWithStats((lead > 0).astype(np.uint8), connectivity=4)
    rows, columns = lead.shape
    areas = [
        float(area)
        for x, y, w, h, area in boxes[1:count]
        if x > 0 and y > 0 and x + w < columns and y + h < rows and area >= 9
    ]
    if not areas:
        return None
    large = [area for area in areas if area > 0.3 * max(areas)]
    return float(np.median(large)) * MASK_STRIDE**2


def units_alike(maps: Maps, tablet: int) -> list[Box]:
    """Boxes of the tablets of about the same size; none where they are not most of what looks like one."""
    seen = (maps.zones.argmax(0) == tablet).astype(np.uint8)
    count, _, boxes, _ = cv2.connectedComponentsWithStats(seen, connectivity=4)
    boxes = boxes[1:count][boxes[1:count, 4] >= 6]
    if not len(boxes):
        return []
    areas = boxes[:, 4].astype(np.float64)
    usual = float(np.median(areas[areas > 0.3 * areas.max()]))
    alike = (areas > usual / 2) & (areas < usual * 2)
    if areas[alike].sum() <= MOSTLY * areas.sum():
        return []
    s = MAP_STRIDE
    return [(int(x) * s, int(y) * s, int(x + w) * s, int(y + h) * s) for x, y, w, h, _ in boxes[alike]]


def _region(maps: Maps, cut: _Cut, usual: Floats, px_per_mm: float) -> Region:
    labels, label, low, peak = cut.labels, cut.label, cut.low, cut.peak
    x, y, w, h = cut.box
    rows, columns = maps.mask.shape
    x0, y0, x1, y1 = max(0, x - MARGIN), max(0, y - MARGIN), min(columns, x + w + MARGIN), min(rows, y + h + MARGIN)
    near = labels[y0:y1, x0:x1]
    logits = np.where((near == label) | (near == 0), maps.mask[y0:y1, x0:x1], -12.0).astype(np.float32)
    share = _sigmoid(logits)
    own = (near == label) & (logits > low)
    shape = _shape(logits, share, peak)
    pooled, zone = _pooled(maps, np.where(near == label, share, 0).astype(np.float32), (x0, y0), usual)
    strength = float(share[own].mean()) if own.any() else 0.0
    scale = float(np.log(px_per_mm))
    facts = [
        pooled,
        np.array([peak * 0.3, strength * 3]),
        shape,
        np.array([scale, shape[0] - scale, shape[2] - scale]),
    ]
    cells, lines = np.nonzero(own.any(0))[0], np.nonzero(own.any(1))[0]
    s = MASK_STRIDE
    spanned = (
        (x0 + int(cells[0])) * s,
        (y0 + int(lines[0])) * s,
        (x0 + int(cells[-1]) + 1) * s,
        (y0 + int(lines[-1]) + 1) * s,
    )
    told = np.concatenate(facts).astype(np.float32)
    return Region(spanned, own, (x0, y0), peak, shape, told, zone, parts=_parts(np.where(own, logits, low), low, peak))


def _parts(logits: Floats, low: float, peak: float) -> int:
    """Into how many a region falls at some level between its edge and its highest place."""
    levels = np.linspace(low, peak, LEVELS + 2)[1:-1]
    apart = (cv2.connectedComponents((logits > level).astype(np.uint8), connectivity=8)[0] - 1 for level in levels)
    return int(max(apart))


def _shape(logits: Floats, share: Floats, peak: float) -> Floats:
    """Logarithms of nine estimates of a region's size: lengths in px, areas as their square roots."""
    half = _sigmoid(peak) * 0.5
    level = min(0.0, _logit(float(half)))
    hard = logits > level
    zoom = 4 if max(logits.shape) < 60 + 2 * MARGIN else 2
    method = cv2.INTER_CUBIC if zoom == 4 else cv2.INTER_LINEAR
    fine = np.asarray(cv2.resize(logits, None, fx=zoom, fy=zoom, interpolation=method)) > level
    s = MASK_STRIDE
    moments = cv2.moments(share)
    whole = moments["m00"]
    xx, yy, xy = moments["mu20"] / whole, moments["mu02"] / whole, moments["mu11"] / whole
    spread = np.hypot((xx - yy) / 2, xy)
    axes = [np.sqrt(max((xx + yy) / 2 + sign * spread, 0.02)) for sign in (1, -1)]
    fine_points, hard_points = _points(fine), _points(hard)
    long = short = 0.0
    if fine_points is not None:
        _, edges, _ = cv2.minAreaRect(fine_points)
        long, short = max(edges), min(edges)
    lengths = [
        (_feret(fine_points) + 1) / zoom * s,
        (_feret(hard_points) + 1) * s,
        float(np.sqrt(max(float(share.sum()) * s * s, FAINTEST))),
        float(np.sqrt(max(float(hard.sum()) * s * s, FAINTEST))),
        float(np.sqrt(max(float(fine.sum()) / zoom**2 * s * s, FAINTEST))),
        4 * float(axes[0]) * s,
        4 * float(axes[1]) * s,
        (long + 1) / zoom * s,
        (short + 1) / zoom * s,
    ]
    return np.log(np.maximum(lengths, FAINTEST)).astype(np.float32)


def _pooled(maps: Maps, share: Floats, corner: tuple[int, int], usual: Floats) -> tuple[Floats, int]:
    """Features and logits under a region and round it, and the zone of most of it."""
    ratio = MAP_STRIDE // MASK_STRIDE
    rows, columns = share.shape
    x0, y0 = corner[0] // ratio, corner[1] // ratio
    x1, y1 = -(-(corner[0] + columns) // ratio), -(-(corner[1] + rows) // ratio)
    weight = np.asarray(cv2.resize(share, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)) + 1e-6
    ring = cv2.dilate(weight, np.ones((5, 5), np.uint8)) - weight + 1e-6
    place = (slice(None), slice(y0, y1), slice(x0, x1))
    features, classes, zones = (one[place].reshape(len(one), -1) for one in (maps.features, maps.classes, maps.zones))
    inner, outer = weight.ravel() / weight.sum(), ring.ravel() / ring.sum()
    inside, around, named = features @ inner, features @ outer, classes @ inner
    likely = np.exp(zones - zones.max(0))
    zone = (likely / likely.sum(0)) @ inner
    highest = features.max(1)
    facts = np.concatenate([inside, around, inside - usual, highest, named * 0.5, zone * 2])
    return facts.astype(np.float32), int(zone.argmax())


def _points(mask: NDArray[np.bool_]) -> NDArray[np.int32] | None:
    found = cv2.findNonZero(mask.astype(np.uint8))
    return None if found is None else np.asarray(found, np.int32)


def _feret(points: NDArray[np.int32] | None) -> float:
    """Longest distance between two of the points."""
    if points is None:
        return 0.0
    hull = cv2.convexHull(points)[:, 0].astype(np.float32)
    return float(np.sqrt(((hull[:, None] - hull[None]) ** 2).sum(-1).max()))


def _sigmoid(x: Floats | float) -> Floats:
    return (1 / (1 + np.exp(-np.asarray(x, np.float32)))).astype(np.float32)


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))
