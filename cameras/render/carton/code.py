"""A unit's own prints: lot and expiry lines beside a matrix or above bars, and what can be wrong with them.

The matrix has its finder, its clock track and random modules between them: it need not decode.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.canvas import contrast_made
from cameras.render.carton.artwork import lay_ink
from cameras.render.carton.layout import Box, box_coverage, put, written
from cameras.render.carton.look import LEGEND, LINE_HEIGHT, CodeArea
from cameras.render.carton.print import laid, smeared, void_field
from cameras.render.carton.work import CODE_AREA, Flaw, Work, closed, local_axes
from cameras.render.raster import F32, Random, f32, gaussian, log_uniform, noise, pick
from cameras.render.shapes import blob
from cameras.render.truth import HEIGHT, WIDTH

Affine = NDArray[np.float64]  # (2, 3)
AS_IT_IS: Final[Affine] = np.eye(2, 3)


def print_code(work: Work, onto_label: Affine) -> None:
    """Print lot, expiry and code; `onto_label` says where the label came to lie."""
    code = work.carton.code
    place = onto_label if code.on_label else AS_IT_IS
    panel = moved(box_coverage(code.box, 1.0), place)
    work.canvas.zones[panel > 0.5] = CODE_AREA
    lines = _lot_lines(work.rng, code)
    lot = moved(_blurred(np.max(np.stack([line.ink for line in lines]), axis=0)), place)
    matrix = moved(_blurred(_code_coverage(work.rng, code, work.carton.px_per_mm)), place)
    if code.on_label and "label missing" in work.wanted:
        return
    density = f32(work.rng.uniform(0.84, 0.95) * (1 + 0.04 * noise(work.rng, HEIGHT, WIDTH, 1)))
    wrong_lot, lot_flaw = _wrong_lot(work, lines, lot, place)
    wrong_matrix, matrix_flaw = _wrong_code(work, matrix, moved(box_coverage(code.code), place))
    flaws = [flaw for flaw in (lot_flaw, matrix_flaw) if flaw is not None]
    unprinted = work.pixels.copy() if flaws else work.pixels
    good = work.pixels.copy() if flaws else work.pixels
    lay_ink(work.pixels, f32(np.maximum(wrong_lot, wrong_matrix) * density), code.ink)
    if flaws:
        lay_ink(good, f32(np.maximum(lot, matrix) * density), code.ink)
    for flaw in flaws:
        if flaw.whole:
            work.report(flaw.defect, flaw.mask, whole=True)
        elif flaw.ink is not None:
            contrast = contrast_made(unprinted, work.pixels, flaw.ink)
            work.report(flaw.defect, flaw.mask, length_mm=flaw.length_mm, contrast=contrast)
        else:
            work.report(flaw.defect, flaw.mask, before=good)


def moved(field: F32, place: Affine) -> F32:
    if np.array_equal(place, AS_IT_IS):
        return field
    return f32(cv2.warpAffine(field, place, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR))


def _blurred(ink: F32) -> F32:
    """Ink spreads a little."""
    return f32(np.clip(gaussian(ink, 0.4) * 1.06, 0, 1))


@dataclass(frozen=True, slots=True)
class _Line:
    """One printed line and the box of its characters."""

    ink: F32
    box: Box


def _lot_lines(rng: Random, code: CodeArea) -> list[_Line]:
    """This unit's lines, all in the size at which the longest still fits."""
    boxes = [box.part((LEGEND[2] + 0.02, 0, 1, 1)) for box in code.lines] if code.legends_in_artwork else code.lines
    month, year = int(rng.integers(1, 13)), int(rng.integers(2025, 2031))
    values = [f"{pick(rng, 'ABCDEFGHKLMNPRSTUVWX')}{int(rng.integers(1000, 99999)):05d}", f"{month:02d}/{year}"]
    values += [f"{int(rng.integers(10**6, 10**7))}" for _ in code.lines[2:]]
    if not code.legends_in_artwork:
        values = [f"{legend} {value}" for legend, value in zip(code.legends, values, strict=True)]
    height = boxes[0].high * LINE_HEIGHT
    widest = max(written(value, code.lettering, height).shape[1] for value in values)
    height *= min(1.0, boxes[0].wide / widest)
    lines = list[_Line]()
    for box, value in zip(boxes, values, strict=True):
        patch = written(value, code.lettering, height)
        if code.dotted and height >= 14:  # below, its dots run together
            patch = _dotted(patch, height)
        x, y = round(box.left), round(box.top + (box.high - patch.shape[0]) / 2)
        ink = np.zeros((HEIGHT, WIDTH), np.float32)
        put(ink, patch, x, y)
        lines.append(_Line(ink, Box(x, y, x + patch.shape[1], y + patch.shape[0])))
    return lines


def _dotted(patch: NDArray[np.uint8], height_px: float) -> NDArray[np.uint8]:
    """The same characters as rows of dots, seven or eight to a capital, as an ink jet prints them."""
    step = max(2, int(height_px / 8))
    size = (max(2, round(patch.shape[1] / step)), max(2, round(patch.shape[0] / step)))
    cells = f32(cv2.resize(patch, size, interpolation=cv2.INTER_AREA)) > 105
    v, u = np.mgrid[0:step, 0:step].astype(np.float32) - np.float32((step - 1) / 2)
    dot = np.clip(step * 0.5 + 0.35 - np.sqrt(u * u + v * v), 0, 1) * 255
    return np.asarray(np.kron(cells, dot), np.uint8)


def _code_coverage(rng: Random, code: CodeArea, px_per_mm: float) -> F32:
    """A square matrix, or bars with digits beneath."""
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    box = code.code
    if code.modules:
        cells = rng.random((code.modules, code.modules)) < 0.5
        cells[0, ::2], cells[0, 1::2] = True, False  # clock track
        cells[::2, -1], cells[1::2, -1] = False, True
        cells[:, 0], cells[-1, :] = True, True  # finder
        side = round(box.wide)
        fine = cv2.resize(cells.astype(np.uint8) * 255, (side * 4, side * 4), interpolation=cv2.INTER_NEAREST)
        put(ink, np.asarray(cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA), np.uint8), box.left, box.top)
        return ink
    thin, widths = 0.36 * px_per_mm, list[float]()
    while sum(widths) < box.wide - 6 * thin:
        widths.append(float(rng.choice([1, 1, 2, 3])) * thin)
    digits = box.high * 0.2
    high, edge = max(3, round(box.high - digits * 1.2)), 0.0
    row = np.zeros(round(box.wide) * 4, np.uint8)
    for index, width in enumerate(widths):
        if index % 2 == 0:
            row[round(edge * 4) : round((edge + width) * 4)] = 255
        edge += width
    bars = cv2.resize(row[None], (round(box.wide), 1), interpolation=cv2.INTER_AREA)
    put(ink, np.repeat(np.asarray(bars, np.uint8), high, axis=0), box.left, box.top)
    text = written("".join(str(int(rng.integers(10))) for _ in range(13)), code.lettering, digits * 0.8)
    put(ink, text, box.left + 3, box.top + high + digits * 0.25)
    return ink


def _wrong_lot(work: Work, lines: list[_Line], lot: F32, place: Affine) -> tuple[F32, Flaw | None]:
    """The lot lines as they are wanted, and what is wrong with them."""
    for wanted, wrong in (("lot missing", _lot_missing), ("misplaced print", _lot_misplaced)):
        if wanted in work.wanted:
            return wrong(work, lines, lot, place)
    if "lot smear" in work.wanted:
        drawn = smeared(work, lot, lot >= 0, small=work.wanted["lot smear"])
        if drawn is not None:
            return drawn.coverage, Flaw("print smear", drawn.mask)
    if "lot void" in work.wanted:
        return _lot_void(work, lot, small=work.wanted["lot void"])
    return lot, None


def _extent(lines: list[_Line], place: Affine) -> F32:
    """The block of lines as one piece: the gap between two lines belongs to it."""
    corners = np.concatenate([line.box.corners for line in lines])
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    return moved(box_coverage(Box(float(left), float(top), float(right), float(bottom)).grown(1.5)), place)


def _lot_missing(work: Work, lines: list[_Line], lot: F32, place: Affine) -> tuple[F32, Flaw | None]:
    """All lines; only one of them where a pre-printed legend still says that there should be one."""
    gone = list(range(len(lines)))
    if work.carton.code.legends_in_artwork and work.rng.random() < 0.5:
        gone = [int(work.rng.integers(min(2, len(lines))))]
    left = [line.ink for row, line in enumerate(lines) if row not in gone]
    ink = moved(_blurred(np.max(np.stack(left), axis=0)), place) if left else np.zeros_like(lot)
    return ink, Flaw("lot missing", _extent([lines[row] for row in gone], place), whole=True)


def _lot_misplaced(work: Work, lines: list[_Line], lot: F32, place: Affine) -> tuple[F32, Flaw | None]:
    """Shifted by 2.2 mm or more so that a good part of it leaves its panel."""
    rng, extent = work.rng, _extent(lines, place)
    zone = work.canvas.zones == CODE_AREA
    small, covered = work.wanted["misplaced print"], work.nominal_seal()
    for _ in range(30):
        far, toward = log_uniform(rng, 2.2, 5.0 if small else 13.0) * work.carton.px_per_mm, rng.uniform(0, 2 * np.pi)
        dx, dy, turn = far * float(np.cos(toward)), far * float(np.sin(toward)), float(rng.normal() * 0.02)
        shift = np.array([[1, -turn, dx], [turn, 1, dy]])
        middle = np.array([np.mean([line.box.middle[axis] for line in lines]) for axis in (0, 1)])
        shift[:, 2] += middle - shift[:, :2] @ middle
        there = moved(extent, shift)
        inside = there > 0.5
        outside_zone = float((~zone[inside]).mean()) if inside.any() else 0.0
        off_face = float((work.outline[inside] < 0.5).mean()) if inside.any() else 1.0
        hidden = float((covered[inside] > 0.5).mean()) if inside.any() else 1.0
        complete = float(there.sum()) > 0.97 * float(extent.sum())
        if outside_zone > 0.12 and off_face < 0.01 and hidden < 0.1 and complete and work.is_free(there):
            ink = moved(lot, shift)
            corners = np.concatenate([line.box.corners for line in lines])
            steps = corners @ shift[:, :2].T + shift[:, 2] - corners
            length_mm = float(np.hypot(steps[:, 0], steps[:, 1]).max()) / work.carton.px_per_mm
            return ink, Flaw("misplaced print", there, length_mm=length_mm, ink=ink)
    return lot, None


def _lot_void(work: Work, lot: F32, *, small: bool) -> tuple[F32, Flaw | None]:
    """A fleck without ink, or a dead nozzle's row through all characters of a line."""
    rng, px_per_mm = work.rng, work.carton.px_per_mm
    text = closed(np.asarray(lot > 0.35), int(0.9 * px_per_mm))
    across = log_uniform(rng, 1.0, 2.0 if small else 6.0) * px_per_mm
    middle = work.somewhere(np.asarray(lot > 0.6), across * 0.6)
    if middle is None:
        return lot, None
    if rng.random() < 0.4:
        u, v = local_axes(*middle, rng.normal() * 0.01)
        thick = rng.uniform(0.35, 0.8) * px_per_mm
        field = f32(np.clip(thick / 2 - np.abs(v) + 0.5, 0, 1) * np.clip(across / 2 - np.abs(u) + 0.5, 0, 1))
    else:
        field = laid(void_field(work, across), *middle)
    faded = f32(lot * (1 - field * rng.uniform(0.85, 1.0)))
    mask = f32((field > 0.5) & (text > 0))
    lost = float((lot - faded).sum())
    return (faded, Flaw("print void", mask)) if lost > 3 and mask.sum() >= 4 else (lot, None)


def _wrong_code(work: Work, matrix: F32, square: F32) -> tuple[F32, Flaw | None]:
    """The code as it is wanted: missing, or with a blot, scratches, a worn patch or a smear."""
    if "code missing" in work.wanted:
        return np.zeros_like(matrix), Flaw("code missing", square, whole=True)
    small = work.wanted.get("code damaged")
    if small is None:
        return matrix, None
    rng, px_per_mm = work.rng, work.carton.px_per_mm
    kind = pick(rng, ("blot", "scratch", "worn", "smear"))
    if kind == "smear":
        drawn = smeared(work, matrix, square > 0.5, small=small)
        return (matrix, None) if drawn is None else (drawn.coverage, Flaw("code damaged", drawn.mask))
    field = _damage_field(work, kind, matrix, square, small=small)
    if field is None:
        return matrix, None
    if kind == "worn":
        field = f32(field * np.clip(0.75 + 0.5 * noise(rng, HEIGHT, WIDTH, 2), 0.2, 1))
    field = f32(field * square)
    damaged = f32(np.maximum(matrix, field)) if kind == "blot" else f32(matrix * (1 - 0.96 * field))
    mask = closed(np.asarray(np.abs(damaged - matrix) > 0.3), int(1.2 * px_per_mm))
    mask = f32(mask * (closed(field > 0.3, 3) > 0))
    return (damaged, Flaw("code damaged", mask)) if mask.sum() >= 6 else (matrix, None)


def _damage_field(work: Work, kind: str, matrix: F32, square: F32, *, small: bool) -> F32 | None:
    """Where a code is scratched, blotted or worn."""
    rng, px_per_mm = work.rng, work.carton.px_per_mm
    across = log_uniform(rng, 1.5, 4.0 if small else 11.0) * px_per_mm
    middle = work.somewhere(np.asarray((square > 0.5) & (matrix > 0.5)), 0)
    if middle is None:
        return None
    if kind == "scratch":
        field, heading = np.zeros_like(matrix), rng.uniform(0, np.pi)
        for _ in range(int(rng.integers(1, 4))):
            u, v = local_axes(*middle, heading + rng.normal() * 0.1)
            v = v + rng.normal() * 0.8 * px_per_mm + 0.1 * px_per_mm * np.sin(u / px_per_mm)
            width = rng.uniform(0.3, 0.7) * px_per_mm
            line = np.clip(width / 2 - np.abs(v) + 0.5, 0, 1) * np.clip(across / 2 - np.abs(u) + 0.5, 0, 1)
            field = np.maximum(field, f32(line))
        return field
    side = int(across * 1.8 + 8) | 1
    shape = blob(rng, side, across / 2, flattening=rng.uniform(0.5, 1.0), roughness=0.4)
    return laid(f32(np.clip(shape + 0.5, 0, 1)), *middle)
