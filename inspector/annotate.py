"""The annotated picture: what was found, where, against which limit, and what became of the unit.

It shows a decision and takes none. Whatever arrives is shown as well as possible, because a picture that could not be
judged is the one that somebody has to look at: grey, 16-bit and broken pixels are stretched to be seen, and where there
is nothing to show the reason stands in the empty frame. Colour never speaks alone, the word always stands beside it.
"""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.closer import cut, window_of
from models.observation import Box, Observation
from models.verdict import Disposition, Finding, Verdict

Colour = tuple[int, int, int]

GREEN: Colour = (31, 122, 68)
RED: Colour = (190, 42, 34)
AMBER: Colour = (176, 104, 0)
BLUE: Colour = (44, 84, 140)
GREY: Colour = (150, 156, 163)
INK: Colour = (24, 30, 38)
WHITE: Colour = (255, 255, 255)

BANNER_PX = 62
STRIP_PX = 138
_MORE_PX = 30  # for the number of places that do not fit
_TILE_PX = 104  # of a place in the strip
MOST_LABELS = 10  # more would hide the unit; the banner says how many are not written out
_NARROWEST_PX, _WIDEST_PX, _HIGHEST_PX = 640, 1280, 1280
_LEAST_PX = (64, 320)  # rows and columns of the shown picture, padding included
_CLEAR_PX = 6  # between a defect and the line round it
_GAP_PX = 8  # round the strip's places
_GRID_PX = 10  # step of the places tried for a label
_EMPTY = (400, 640, 3)
_PADDING = 64  # grey level, as of an empty picture
_SPELT_OUT = str.maketrans({"≥": ">=", "≤": "<=", "–": "-", "—": "-", "…": "...", "\n": " "})


@dataclass(frozen=True, slots=True)
class _Mark:
    """One region with everything that is said about it; coordinates of the shown picture."""

    seen: Box  # in the frame as taken
    alike: tuple[int, int] | None  # and the place that it was compared with
    box: Box
    outline: NDArray[np.int32]
    lines: tuple[str, ...]
    colour: Colour


def annotate(
    pixels: NDArray[np.generic],
    verdict: Verdict,
    observations: Sequence[Observation],
    *,
    unit: int | None,
    mm_per_px: float | None,
) -> NDArray[np.uint8]:
    """Draw one view of a unit with its verdict.

    Args:
        pixels: as the camera delivered them; of any shape and type.
        verdict: of this view; findings of other views must be left out.
        observations: all that the eyes saw; those without a finding are outlined thinly in grey.
        unit: its number on the line; None for a picture of no line.
        mm_per_px: scale of `pixels`; None when it is not known, the picture then has no scale bar.

    Returns:
        (H, W, 3) uint8 RGB, at least 320 and at most 1280 px wide: the banner, the picture and, where there are
        findings, a strip with each of their places enlarged beside the place that the eyes compared it with.
    """
    taken = as_picture(pixels)
    picture, scale = _fitted(taken)
    marks = _marks(verdict, observations, scale)
    recorded = [o for o in observations if o.box_px not in {f.box_px for f in verdict.findings}]
    for seen in recorded:
        cv2.polylines(picture, [_outline(seen.outline_px, seen.box_px, scale)], True, GREY, 1, cv2.LINE_AA)
    for mark in marks:
        cv2.polylines(picture, [mark.outline], True, WHITE, 4, cv2.LINE_AA)
        cv2.polylines(picture, [mark.outline], True, mark.colour, 2, cv2.LINE_AA)
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    bar = _scale_bar(draw, image.size, None if mm_per_px is None else mm_per_px / scale)
    _write_labels(draw, marks[:MOST_LABELS], image.size, bar)
    compared = [mark for mark in marks if mark.alike is not None]
    whole = Image.new("RGB", (image.width, BANNER_PX + image.height + (STRIP_PX if compared else 0)), INK)
    whole.paste(image, (0, BANNER_PX))
    _show_places(whole, taken, compared, BANNER_PX + image.height)
    _write_banner(ImageDraw.Draw(whole), verdict, unit, whole.width, unwritten=len(marks) - MOST_LABELS)
    return np.asarray(whole, np.uint8)


def as_picture(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Anything as (H, W, 3) uint8 that a person can look at; deeper than 8 bits is stretched dark to bright."""
    values = np.asarray(pixels)
    if values.ndim == 3 and values.shape[2] in (2, 4):
        values = values[..., : values.shape[2] - 1]  # without its alpha channel
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    readable = values.ndim == 2 or (values.ndim == 3 and values.shape[2] == 3)
    if not readable or values.size == 0 or values.dtype.kind not in "buif":
        return np.full(_EMPTY, _PADDING, np.uint8)
    if values.dtype != np.uint8:
        values = _stretched(values)
    colour = values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=2)
    return np.ascontiguousarray(colour, np.uint8)


def label_of(finding: Finding) -> str:
    """What is written beside a finding: criterion, defect, size against limit, severity.

    >>> spot = Finding(
    ...     criterion="C1", wording="", severity="critical", clauses=(), defect="spot", zone="tablet", view="top",
    ...     box_px=(0, 0, 9, 9), unit="mm", limit=0.5, value=0.83, uncertainty=0.12, score=0.9, sure=True,
    ... )
    >>> label_of(spot)
    'C1 spot 0.83 ± 0.12 mm > 0.5 CRITICAL'
    >>> label_of(spot.model_copy(update={"value": 0.45, "sure": False}))
    'C1 spot 0.45 ± 0.12 mm < 0.5 CRITICAL? unsure'
    """
    parts = (finding.criterion, finding.defect, size_against_limit(finding), finding.severity.upper())
    return " ".join(filter(None, parts)) + ("" if finding.sure else "? unsure")


def size_against_limit(finding: Finding) -> str:
    """`0.83 ± 0.12 mm > 0.5`, or empty where every occurrence counts."""
    if finding.value is None or finding.limit is None:
        return ""
    sign = ">" if finding.value > finding.limit else "<" if finding.value < finding.limit else "="
    if finding.unit == "count":
        return f"{finding.value:g} {sign} {finding.limit:g} a unit"
    spread = f" ± {finding.uncertainty:.2f}" if finding.uncertainty is not None else ""
    return f"{finding.value:.2f}{spread} {finding.unit} {sign} {finding.limit:g}"


def colour_of(verdict: Verdict) -> Colour:
    return {Disposition.ACCEPT: GREEN, Disposition.REJECT: RED, Disposition.HOLD: AMBER}[verdict.disposition]


def _stretched(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return np.full(numbers.shape, 128, np.uint8)
    return ((numbers - low) * (255.0 / span)).astype(np.uint8)


def _fitted(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Small enough for the page, large enough for its labels; returned with the factor.

    What one factor leaves too narrow or too low is padded to the right and below: marks stay in their places.
    """
    height, width = picture.shape[:2]
    scale = max(1.0, _NARROWEST_PX / width)
    scale = min(scale, _WIDEST_PX / width, _HIGHEST_PX / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        resized, scale = picture.copy(), 1.0
    else:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
    rows, columns = (max(0, least - edge) for least, edge in zip(_LEAST_PX, resized.shape, strict=False))
    return np.pad(resized, ((0, rows), (0, columns), (0, 0)), constant_values=_PADDING), scale


def _marks(verdict: Verdict, observations: Sequence[Observation], scale: float) -> list[_Mark]:
    """Findings region by region; several criteria may have been exceeded by one region."""
    known = {seen.box_px: seen for seen in observations}
    regions: dict[Box, list[Finding]] = {}
    for finding in verdict.findings:
        if finding.box_px is not None:
            regions.setdefault(finding.box_px, []).append(finding)
    marks = []
    for box, findings in regions.items():
        lines = tuple(dict.fromkeys(plain(label_of(f)) for f in findings))[:4]
        scaled = tuple(round(edge * scale) for edge in box)
        serious = [f for f in findings if f.severity != "minor"]
        colour = RED if any(f.sure for f in serious) else AMBER if serious else BLUE
        seen = known.get(box)
        outline = _around(_outline(seen.outline_px if seen else (), box, scale))
        alike = seen.alike_px if seen else None
        marks.append(_Mark(box, alike, (scaled[0], scaled[1], scaled[2], scaled[3]), outline, lines, colour))
    return sorted(marks, key=lambda mark: (RED, AMBER, BLUE).index(mark.colour))


def _outline(points: Sequence[tuple[int, int]], box: Box, scale: float) -> NDArray[np.int32]:
    x0, y0, x1, y1 = box
    corners = points if len(points) > 2 else ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return np.rint(np.asarray(corners, np.float64) * scale).astype(np.int32).reshape(-1, 1, 2)


def _around(outline: NDArray[np.int32]) -> NDArray[np.int32]:
    """The same outline some pixels further out, so that the line does not hide what it points at."""
    x, y, wide, high = cv2.boundingRect(outline)
    if wide * high > 4_000_000:
        return outline
    own = np.zeros((high + 4 * _CLEAR_PX, wide + 4 * _CLEAR_PX), np.uint8)
    corner = np.array([x - 2 * _CLEAR_PX, y - 2 * _CLEAR_PX], np.int32)
    cv2.fillPoly(own, [outline - corner], 255)
    side = 2 * _CLEAR_PX + 1
    grown = cv2.dilate(own, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    found, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(found, key=len) + corner, np.int32)


def _write_labels(draw: ImageDraw.ImageDraw, marks: Sequence[_Mark], size: tuple[int, int], bar: Box | None) -> None:
    """Each label on the place that hides least: no defect, no other label, near its own region, inside the frame."""
    font = _font(17)
    taken = [mark.box for mark in marks] + ([bar] if bar else [])
    for mark in marks:
        widest = max(draw.textlength(line, font) for line in mark.lines)
        wide, high = int(widest) + 12, 21 * len(mark.lines) + 6
        x, y = _place(mark.box, (wide, high), size, taken)
        label = (x, y, x + wide, y + high)
        taken.append(label)
        near_x = min(max((mark.box[0] + mark.box[2]) // 2, x), x + wide)
        near_y = y if y > mark.box[3] else y + high if y + high < mark.box[1] else y + high // 2
        edge_x = min(max(near_x, mark.box[0] - _CLEAR_PX), mark.box[2] + _CLEAR_PX)
        edge_y = min(max(near_y, mark.box[1] - _CLEAR_PX), mark.box[3] + _CLEAR_PX)
        draw.line((near_x, near_y, edge_x, edge_y), fill=mark.colour, width=2)
        draw.rectangle(label, fill=mark.colour, outline=WHITE)
        for row, line in enumerate(mark.lines):
            draw.text((x + 6, y + 3 + 21 * row), line, font=font, fill=WHITE)


def _show_places(whole: Image.Image, taken: NDArray[np.uint8], marks: Sequence[_Mark], top: int) -> None:
    """The strip below the picture: as many places as fit, the most serious first, each beside its like."""
    draw, font = ImageDraw.Draw(whole), _font(15)
    left = _GAP_PX
    for number, mark in enumerate(marks):
        if left + 2 * _TILE_PX + _GAP_PX > whole.width - _MORE_PX * (number < len(marks) - 1):
            draw.text((left, top + _TILE_PX // 2), f"+{len(marks) - number}", font=font, fill=WHITE)
            break
        x, y, side = window_of(mark.seen)
        for tile, middle in enumerate(((x, y), mark.alike or (x, y))):
            place = Image.fromarray(cut(taken, (*middle, side))).resize((_TILE_PX, _TILE_PX), Image.Resampling.BICUBIC)
            whole.paste(place, (left + tile * _TILE_PX, top + _GAP_PX))
        frame = (left - 1, top + _GAP_PX - 1, left + 2 * _TILE_PX, top + _GAP_PX + _TILE_PX)
        draw.rectangle(frame, outline=mark.colour, width=2)
        name = " ".join(mark.lines[0].split()[:2])
        draw.text((left, top + _GAP_PX + _TILE_PX + 2), f"{name} | elsewhere", font=font, fill=WHITE)
        left += 2 * _TILE_PX + 2 * _GAP_PX


def _place(box: Box, label: tuple[int, int], size: tuple[int, int], taken: Sequence[Box]) -> tuple[int, int]:
    """Upper left corner of a label: a search over a coarse grid, so it is the same every time."""
    (wide, high), (width, height) = label, size
    xs = np.unique(np.clip([*range(2, width, _GRID_PX), box[0], box[2] - wide], 0, max(0, width - wide - 2)))
    ys = np.unique(np.clip([*range(2, height, _GRID_PX), box[1] - high - 6, box[3] + 6], 0, max(0, height - high - 2)))
    x, y = np.meshgrid(xs.astype(np.float64), ys.astype(np.float64))
    gap_x = np.maximum(0, np.maximum(box[0] - (x + wide), x - box[2]))
    gap_y = np.maximum(0, np.maximum(box[1] - (y + high), y - box[3]))
    aside = np.abs(x + wide / 2 - (box[0] + box[2]) / 2)
    cost = np.hypot(gap_x, gap_y) + 0.05 * aside
    for x0, y0, x1, y1 in taken:
        over_x = np.clip(np.minimum(x + wide, x1 + 4) - np.maximum(x, x0 - 4), 0, None)
        over_y = np.clip(np.minimum(y + high, y1 + 4) - np.maximum(y, y0 - 4), 0, None)
        cost += over_x * over_y
    row, column = np.unravel_index(int(cost.argmin()), cost.shape)
    return int(xs[column]), int(ys[row])


def _scale_bar(draw: ImageDraw.ImageDraw, size: tuple[int, int], mm_per_px: float | None) -> Box | None:
    """5 mm, or the nearest round length that fits the picture; returns the place it takes."""
    if mm_per_px is None or not math.isfinite(mm_per_px) or mm_per_px <= 0:
        return None
    width, height = size
    fitting = [mm for mm in (5, 10, 20, 50, 100, 2, 1, 0.5, 0.1) if 24 <= mm / mm_per_px <= width / 3]
    if not fitting:
        return None
    length = round(fitting[0] / mm_per_px)
    text, font = f"{fitting[0]:g} mm", _font(15)
    wide = max(length, int(draw.textlength(text, font))) + 16
    box = (width - wide - 8, height - 40, width - 8, height - 8)
    draw.rectangle(box, fill=INK)
    draw.text((box[0] + (wide - draw.textlength(text, font)) / 2, box[1] + 3), text, font=font, fill=WHITE)
    start = box[0] + (wide - length) // 2
    draw.rectangle((start, box[3] - 8, start + length, box[3] - 5), fill=WHITE)
    return box


def _write_banner(draw: ImageDraw.ImageDraw, verdict: Verdict, unit: int | None, width: int, *, unwritten: int) -> None:
    draw.rectangle((0, 0, width, BANNER_PX - 1), fill=colour_of(verdict))
    big, small = _font(28), _font(16)
    word = verdict.disposition.value + (f"  {verdict.reason.value.replace('_', ' ')}" if verdict.reason else "")
    draw.text((12, 2), word, font=big, fill=WHITE)
    name = "" if unit is None else f"unit {unit}"
    draw.text((width - 12 - draw.textlength(name, big), 2), name, font=big, fill=WHITE)
    more = f"+{unwritten} not labelled: " if unwritten > 0 else ""
    text = plain(more + (verdict.text or "no finding"))
    draw.text((12, 37), _cut(draw, text, small, width - 24), font=small, fill=WHITE)


def _cut(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    text = text[: width // 3]  # no letter is narrower; a long error text is not measured letter by letter
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(text + "...", font) > width:
        text = text[:-4]
    return text + "..."


def warmed(pixels: NDArray[np.generic], heat: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture in grey with the eyes' suspicion over it in colour, as large as the annotated one.

    Args:
        pixels: as the camera delivered them.
        heat: (h, w) 0..255 over the whole picture, see models.eyes.Look.
    """
    picture, _ = _fitted(as_picture(pixels))
    height, width = picture.shape[:2]
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    over = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR)
    colours = cv2.cvtColor(cv2.applyColorMap(over, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    share = np.minimum(0.8, over[..., None].astype(np.float32) / 150)
    return np.asarray(grey * (1 - share) + colours * share, np.uint8)


def plain(text: str) -> str:
    """With the letters that Pillow's packed font has; others would be drawn as empty boxes.

    >>> plain("Pólvora ≥ 2 mm² ± 0.1")
    'Polvora >= 2 mm2 ± 0.1'
    """
    text = text.translate(_SPELT_OUT)
    kept = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if c == "±" or " " <= c <= "~" else "?" for c in kept)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
