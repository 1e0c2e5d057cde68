"""The eyes: a picture of a unit in, observations out.

One graph gives dense maps, regions are cut out of them and looked at once more from closer up, and the region stage
names, refuses and measures each. A picture of any size is fitted to the graph's frame, padded and never stretched:
stretching turns a round spot oval.
"""

import math
import time
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from models.closer import Closer
from models.errors import PackageInvalid, ViewInvalid
from models.observation import Box, Observation, Size
from models.package import CLOSER_GRAPH, EYES_GRAPH, EYES_TENSORS, ModelPackage
from models.region_stage import RegionStage
from models.regions import (
    ESTIMATORS,
    MASK_STRIDE,
    Maps,
    Region,
    facts_width,
    find_regions,
    unit_area_px,
    units_alike,
)
from models.runtime import Device, open_session, require_numbers
from models.template import Laid, Template, moved

SMALLEST_EDGE = 32  # px of a picture
TABLET = "tablet"  # the zone that a unit's nominal area is measured on
OUTPUTS = ("mask", "classes", "zones", "features", "frame")


class Maker(Protocol):
    """What makes maps of a fitted picture: the graph, or a network that was not exported yet."""

    rows: int
    columns: int

    @property
    def provider(self) -> str: ...

    @property
    def run_s(self) -> float: ...

    def maps(self, pixels: NDArray[np.uint8]) -> Maps: ...


@dataclass(frozen=True, slots=True)
class EyesParts:
    """What the eyes are made of."""

    graph: bytes | Maker  # ONNX: (1, H, W, 3) uint8 in, the maps of `OUTPUTS` out
    closer: bytes | None  # ONNX: patches of regions in, names and sizes out; a taught product does without
    tensors: bytes  # safetensors of the region stage
    defects: tuple[str, ...]  # in the order of the maps
    zones: tuple[str, ...]
    doubt_from: float = 0.25  # a class of at least this probability is measured too

    @staticmethod
    def of(package: ModelPackage) -> "EyesParts":
        words = package.manifest.words
        graph, tensors = (package.path(name).read_bytes() for name in (EYES_GRAPH, EYES_TENSORS))
        closer = package.path(CLOSER_GRAPH).read_bytes() if CLOSER_GRAPH in package.manifest.files else None
        return EyesParts(
            graph, closer, tensors, words.defects, words.zones, package.manifest.operating_point.doubt_from
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a picture gave."""

    observations: tuple[Observation, ...]  # likeliest first; those below every threshold are among them
    familiarity: float  # distance from what the package was made for
    familiarity_limit: float  # beyond it nothing that the eyes say counts
    crowded: bool  # there may be more places than are looked at
    eyes_ms: float
    heat: NDArray[np.uint8] | None = None  # (h, w) of the picture at MASK_STRIDE px of the frame; 255: surely a defect
    lies_otherwise: bool = False  # it could not be laid over the product's template: nothing that the eyes say counts
    unit_px2: float | None = None  # nominal area of a unit in the frame; None: not seen, or nothing had to be compared
    tablets: tuple[Box, ...] | None = None  # of one size, on the picture; None where the product has none

    @property
    def counts(self) -> bool:
        """Whether the unit is judged by what was seen; else the line holds it whatever that is. False where NaN is."""
        return self.familiarity <= self.familiarity_limit and not self.crowded

    @property
    def highest(self) -> float:
        """Score of what is likeliest a defect; 0 where nothing was seen."""
        return max((one.score for one in self.observations), default=0.0)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A picture in the graph's frame."""

    pixels: NDArray[np.uint8]  # (H, W, 3)
    zoom: float  # px of the frame per px of the picture
    left: int  # px of padding
    top: int
    inner: tuple[int, int]  # width and height of the picture in the frame
    laid: Laid | None = None  # over the template, where the product has one

    @property
    def shown(self) -> NDArray[np.uint8]:
        """(H, W, 3) what the graph is shown."""
        return self.pixels if self.laid is None else self.laid.pixels

    @property
    def picture(self) -> NDArray[np.uint8]:
        """What is shown, without the padding."""
        width, height = self.inner
        return self.shown[self.top : self.top + height, self.left : self.left + width]


class Sight:
    """The graph alone: a fitted picture in, maps out. Calibration looks through it as the line does."""

    def __init__(self, graph: bytes, *, threads: int, device: Device = "cpu") -> None:
        opened = open_session(graph, threads=threads, device=device)
        self._session, self.provider = opened.session, opened.providers[0]
        ((self._input, shape),) = self._session.shapes.items()
        _, self.rows, self.columns, _ = shape

    @property
    def run_s(self) -> float:
        """Seconds in the graph so far."""
        return self._session.run_s

    def maps(self, pixels: NDArray[np.uint8]) -> Maps:
        """(H, W, 3) in the graph's size to maps."""
        outputs = self._session.run(list(OUTPUTS), {self._input: pixels[None]})
        require_numbers(*outputs)
        mask, classes, zones, features, frame = outputs
        return Maps(mask[0, 0], classes[0], zones[0], features[0], frame[0])


class Eyes:
    """One pair of eyes; may be called from one thread at a time."""

    def __init__(self, package: ModelPackage | EyesParts, *, threads: int, device: Device = "cpu") -> None:
        """Raises PackageInvalid where graph, tensors and vocabulary do not fit each other."""
        parts = package if isinstance(package, EyesParts) else EyesParts.of(package)
        graph = parts.graph
        self._sight: Maker = Sight(graph, threads=threads, device=device) if isinstance(graph, bytes) else graph
        try:
            tensors = load(parts.tensors)
        except SafetensorError as error:
            raise PackageInvalid(f"{EYES_TENSORS}: {error}. Nothing was loaded. Assemble the package again.") from error
        self._template = Template.taken_from(tensors, self._sight.rows, self._sight.columns)
        self._stage = RegionStage.of(tensors)
        self._closer = Closer(parts.closer, threads=threads, device=device) if parts.closer is not None else None
        self._defects, self._zones, self._doubt_from = parts.defects, parts.zones, parts.doubt_from
        self._tablet = parts.zones.index(TABLET) if TABLET in parts.zones else None
        blank = self._sight.maps(np.zeros((self._sight.rows, self._sight.columns, 3), np.uint8))
        facts = facts_width(blank) + (self._closer.adds_facts if self._closer else 0)
        shown = (facts, ESTIMATORS + (self._closer.adds_estimators if self._closer else 0), facts)
        taken = (len(self._stage.centre), self._stage.length.shape[1] - 1, len(self._stage.zone) - 1)
        if shown != taken:
            raise PackageInvalid(
                f"eyes: the graphs give {shown[0]} facts and {shown[1]} sizes of a region, the region stage was taught "
                f"on {taken[0]} and {taken[1]}, its zones on {taken[2]} facts. Nothing was loaded. "
                "Assemble the package again."
            )
        stage = self._stage
        seen = (len(blank.classes), len(blank.zones), stage.out.shape[2] - 1, stage.zone.shape[1], len(stage.usual))
        stated = (len(parts.defects), len(parts.zones), len(parts.defects), len(parts.zones), len(blank.frame))
        if seen != stated:
            raise PackageInvalid(
                f"eyes: the maps show {seen[0]} classes and {seen[1]} zones, the region stage names {seen[2]} and "
                f"{seen[3]} over {seen[4]} statistics; the package states {', '.join(parts.defects)} and "
                f"{', '.join(parts.zones)}. "
                "Nothing was loaded. Assemble the package again."
            )

    @property
    def provider(self) -> str:
        """Where the graph really runs, for example CPUExecutionProvider."""
        return self._sight.provider

    @property
    def run_s(self) -> float:
        """Seconds in the graphs so far."""
        return self._sight.run_s + (self._closer.run_s if self._closer else 0.0)

    def scale_seen(self, pixels: NDArray[np.generic], mm_per_px: float) -> float:
        """mm per px that the eyes work with: a picture larger than the graph's frame is shrunk into it."""
        rows, columns = pixels.shape[:2]
        shrunk = max(1.0, rows / self._sight.rows, columns / self._sight.columns)
        return mm_per_px * float(shrunk)

    def zone_under(self, pixels: NDArray[np.uint8], box: Box, mask: NDArray[np.uint8]) -> str:
        """The zone of most of a marked place.

        Args:
            pixels: (H, W, 3) as for `look`.
            box: x0, y0, x1, y1 in the picture.
            mask: (h, w) of the box, not 0 where it lies.

        Raises:
            ViewInvalid: as `look` does.
        """
        fitted, (x0, y0, x1, y1) = self._fitted(pixels), box
        marked = np.zeros(pixels.shape[:2], np.bool_)
        marked[y0:y1, x0:x1] = mask > 0
        placed = fit_mask(marked, self._sight.rows, self._sight.columns)
        if fitted.laid:
            placed = moved(placed, fitted.laid.back)
        zones = self._sight.maps(fitted.shown).zones
        weight = cv2.resize(placed, zones.shape[:0:-1], interpolation=cv2.INTER_AREA)
        likely = np.exp(zones - zones.max(0))
        votes = (likely / likely.sum(0) * weight).sum((1, 2))
        return self._zones[int(votes.argmax()) if votes.any() else -1]  # it is not in what is shown: of the rest

    def _fitted(self, pixels: NDArray[np.uint8]) -> Fitted:
        """A picture as the graph is shown it."""
        fitted = fit(pixels, self._sight.rows, self._sight.columns)
        return replace(fitted, laid=self._template.lay(fitted.pixels)) if self._template else fitted

    def look(self, pixels: NDArray[np.uint8], mm_per_px: float) -> Look:
        """Everything that may be a defect in one picture.

        Args:
            pixels: (H, W, 3) uint8, RGB, top row first, any size.
            mm_per_px: scale at the unit's surface, from the view's calibration.

        Raises:
            ViewInvalid: wrong dtype or rank, or an edge below 32 px.
        """
        start = time.perf_counter()
        fitted = self._fitted(pixels)
        maps = self._sight.maps(fitted.shown)
        px_per_mm = fitted.zoom / mm_per_px
        found = find_regions(maps, self._stage.at, px_per_mm)
        regions = places = [one for one in found if _was_taken(one, fitted)]
        if self._closer:
            regions = self._closer.look(fitted.picture, places, corner=(fitted.left, fitted.top))
        seen_px2 = unit_area_px(maps, self._tablet) if regions and self._tablet is not None else None
        unit_px2 = None if seen_px2 is None else seen_px2 * float(self._stage.unit_area[0])
        height, width = pixels.shape[:2]
        seen = [self._observation(region, fitted, px_per_mm, unit_px2, (width, height)) for region in regions]
        seen.sort(key=lambda one: -one.score)
        alike = None if self._tablet is None else units_alike(maps, self._tablet)
        tablets = None if alike is None else tuple(_box(one, fitted, (width, height)) for one in alike)
        distance = self._stage.familiarity(maps, None if alike is None else len(alike))
        otherwise = fitted.laid is not None and not fitted.laid.is_like
        if otherwise:
            distance = math.inf
        heat = _heat(maps, fitted)
        took_ms = (time.perf_counter() - start) * 1000
        limit, crowded = float(self._stage.familiarity_limit[0]), len(found) >= self._stage.at.most
        return Look(tuple(seen), distance, limit, crowded, took_ms, heat, otherwise, unit_px2, tablets)

    def _observation(
        self, region: Region, fitted: Fitted, px_per_mm: float, unit_px2: float | None, size: tuple[int, int]
    ) -> Observation:
        named = self._stage.name(region)
        order = [int(defect) for defect in np.argsort(-named.classes)]
        places = [int(zone) for zone in np.argsort(-named.zones)]
        sizes = self._sizes(region, order[0], px_per_mm, unit_px2)
        for other in order[1:]:
            if named.classes[other] >= self._doubt_from:
                measured = self._sizes(region, other, px_per_mm, unit_px2)
                sizes = {unit: _up_to(size, measured[unit]) for unit, size in sizes.items()}
        return Observation(
            score=named.score,
            classes=tuple((self._defects[i], float(named.classes[i])) for i in order),
            zone=self._zones[places[0]],
            perhaps_on=tuple(self._zones[i] for i in places[1:] if self._is_doubted(named.zones, i)),
            box_px=_box(region.box, fitted, size),
            outline_px=_outline(region, fitted, size),
            sizes=sizes,
            alike_px=_alike(region, fitted, size),
            parts=region.parts,
        )

    def _is_doubted(self, zones: NDArray[np.float32], other: int) -> bool:
        """Whether it may as well be in that zone as in the likeliest, whatever others there are."""
        return bool(zones[other] >= self._doubt_from * (zones[other] + zones.max()))

    def _sizes(self, region: Region, defect: int, px_per_mm: float, unit_px2: float | None) -> dict[str, Size]:
        """Its sizes as a defect of that class: each class's are measured and doubted in their own way."""
        measured = self._stage.measure(region, defect)
        length_mm, area_mm2 = measured.length_px / px_per_mm, measured.area_px2 / px_per_mm**2
        if unit_px2 is None:  # no whole tablet to compare with: the share may be anything, which holds
            share = Size(value=0.0, uncertainty=100.0)
        else:
            percent = 100 * measured.area_px2 / unit_px2
            share = Size(value=percent, uncertainty=percent * measured.share_spread)
        return {
            "mm": Size(value=length_mm, uncertainty=length_mm * measured.length_spread),
            "mm2": Size(value=area_mm2, uncertainty=area_mm2 * measured.area_spread),
            "%": share,
        }


def _up_to(size: Size, other: Size) -> Size:
    """The same size, as unsure as that it may be all that the other may be."""
    return Size(value=size.value, uncertainty=max(size.uncertainty, other.value + other.uncertainty - size.value))


def fit(pixels: NDArray[np.uint8], rows: int, columns: int) -> Fitted:
    """Scale a picture into the frame and pad what is left with the picture's edge colour."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or min(pixels.shape[:2]) < SMALLEST_EDGE:
        raise ViewInvalid(
            f"picture: {pixels.dtype} {'x'.join(map(str, pixels.shape))}, the eyes take uint8 height x width x 3 of at "
            f"least {SMALLEST_EDGE} px. It was not examined. Check the camera's pixel format."
        )
    height, width = pixels.shape[:2]
    if (height, width) == (rows, columns):
        return Fitted(np.ascontiguousarray(pixels), 1.0, 0, 0, (width, height))
    zoom = min(columns / width, rows / height)
    inner, left, top = placed_in((height, width), rows, columns)
    scaled = cv2.resize(pixels, inner, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    edge = np.concatenate([scaled[0], scaled[-1], scaled[:, 0], scaled[:, -1]])
    frame = np.empty((rows, columns, 3), np.uint8)
    frame[:] = np.median(edge, axis=0).astype(np.uint8)
    frame[top : top + inner[1], left : left + inner[0]] = scaled
    return Fitted(frame, zoom, left, top, inner)


def fit_mask(mask: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.float32]:
    """(rows, columns) share of each pixel of the frame that an (H, W) mask of the picture marks."""
    (width, height), left, top = placed_in(mask.shape, rows, columns)
    frame = np.zeros((rows, columns), np.float32)
    scaled = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    frame[top : top + height, left : left + width] = scaled
    return frame


def placed_in(shape: tuple[int, ...], rows: int, columns: int) -> tuple[tuple[int, int], int, int]:
    """Width and height of a picture of (height, width) in the frame, and its left and top edge there."""
    height, width = shape
    zoom = min(columns / width, rows / height)
    inner = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    return inner, (columns - inner[0]) // 2, (rows - inner[1]) // 2


def _heat(maps: Maps, fitted: Fitted) -> NDArray[np.uint8]:
    """The map that the regions were cut from, without the padding: where the eyes suspect a defect, and how much."""
    (width, height), stride = fitted.inner, MASK_STRIDE
    mask = maps.mask
    if fitted.laid:
        back = fitted.laid.back.copy()
        back[:, 2] /= stride
        mask = np.asarray(cv2.warpAffine(mask, back, mask.shape[::-1], borderMode=cv2.BORDER_REPLICATE), np.float32)
    x, y = fitted.left // stride, fitted.top // stride
    own = mask[y : y + max(1, height // stride), x : x + max(1, width // stride)]
    return np.asarray(255 / (1 + np.exp(-np.clip(own, -30, 30))), np.uint8)


def _box(box: Box, fitted: Fitted, size: tuple[int, int]) -> Box:
    x0, y0, x1, y1 = box
    corners = [_on_picture(x, y, fitted, size) for x in (x0, x1) for y in (y0, y1)]
    across, down = ([corner[axis] for corner in corners] for axis in (0, 1))
    return min(across), min(down), max(across), max(down)


def _alike(region: Region, fitted: Fitted, size: tuple[int, int]) -> tuple[int, int] | None:
    """Middle of the place that the region was compared with."""
    if region.alike == (0, 0):
        return None
    x0, y0, x1, y1 = region.box
    return _on_picture((x0 + x1) / 2 + region.alike[0], (y0 + y1) / 2 + region.alike[1], fitted, size)


def _outline(region: Region, fitted: Fitted, size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    contours, _ = cv2.findContours(region.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    points = cv2.approxPolyDP(max(contours, key=len), 0.7, closed=True)[:, 0]
    half = MASK_STRIDE / 2  # a cell's centre
    return tuple(
        _on_picture(
            (x + region.corner[0]) * MASK_STRIDE + half, (y + region.corner[1]) * MASK_STRIDE + half, fitted, size
        )
        for x, y in points
    )


def _was_taken(region: Region, fitted: Fitted) -> bool:
    """Whether half of the region lies in the picture as it was taken: laying fills what the camera did not see."""
    if not fitted.laid:
        return True
    y, x = np.nonzero(region.mask)
    cells = np.stack([x + region.corner[0], y + region.corner[1]], 1) * MASK_STRIDE + MASK_STRIDE / 2
    at = np.column_stack([cells, np.ones(len(cells))]) @ fitted.laid.back.T - (fitted.left, fitted.top)
    return bool(((at >= 0) & (at < fitted.inner)).all(1).mean() >= 0.5)


def _on_picture(x: float, y: float, fitted: Fitted, size: tuple[int, int]) -> tuple[int, int]:
    """From what the graph is shown to the picture as taken, inside it."""
    if fitted.laid:
        x, y = fitted.laid.back @ (x, y, 1.0)
    across = round((float(x) - fitted.left) / fitted.zoom), round((float(y) - fitted.top) / fitted.zoom)
    return min(max(across[0], 0), size[0]), min(max(across[1], 0), size[1])
