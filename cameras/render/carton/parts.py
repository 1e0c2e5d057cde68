"""What is stuck on a unit's face or folded over it: label, flap and tamper seal, whole or wrong.

A flap that stands open is a wedge beside the seal, which still holds: an open flap never comes with a second defect
that is not declared.
"""

import cv2
import numpy as np

from cameras.render.carton.code import AS_IT_IS, Affine, moved
from cameras.render.carton.layout import Box, box_coverage, polygon_coverage, reach_of
from cameras.render.carton.work import LABEL, SEAL, Work, local_axes
from cameras.render.raster import F32, f32, gaussian, in_three, log_uniform, noise, shifted, slow_field
from cameras.render.truth import HEIGHT, WIDTH


def turned_about(box: Box, turn: float, dx: float, dy: float) -> Affine:
    """Turn about a box's middle, then shift."""
    x, y = box.middle
    cos, sin = float(np.cos(turn)), float(np.sin(turn))
    return np.array([[cos, -sin, x + dx - cos * x + sin * y], [sin, cos, y + dy - sin * x - cos * y]])


def farthest_mm(box: Box, place: Affine, px_per_mm: float) -> float:
    """How far a place takes the corner of a box that it takes farthest."""
    steps = box.corners @ place[:, :2].T + place[:, 2] - box.corners
    return float(np.hypot(steps[:, 0], steps[:, 1]).max()) / px_per_mm


def relief(work: Work, height: F32, strength: float) -> F32:
    """Gain of a surface that rises by `height` frame pixels towards the camera."""
    along_x = f32(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3)) / np.float32(8)
    along_y = f32(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3)) / np.float32(8)
    light_x, light_y = work.carton.light
    return f32(1 - strength * np.tanh(along_x * np.float32(light_x) + along_y * np.float32(light_y)))


def _cast_shadow(work: Work, coverage: F32, soft: float, far: float, strength: float) -> None:
    """Darken what lies beside a thing that stands a little above it."""
    light_x, light_y = work.carton.light
    dark = shifted(gaussian(coverage, soft), light_x * far, light_y * far, 0.0) * (1 - coverage)
    work.pixels[:] *= in_three(f32(1 - strength * dark))


def _lay(work: Work, pixels: F32, coverage: F32) -> None:
    window = reach_of(coverage)
    there = work.pixels[window]
    if there.size:
        there += (pixels[window] - there) * in_three(np.ascontiguousarray(coverage[window]))


def stick_label(work: Work) -> Affine:
    """Stick the label on; returns where it came to lie."""
    label = work.carton.label
    if label is None:
        return AS_IT_IS
    rng, px_per_mm = work.rng, work.carton.px_per_mm
    work.under_label[:] = work.pixels
    work.canvas.zones[label.outline > 0.5] = LABEL
    if "label missing" in work.wanted:
        work.report("label missing", f32(label.outline * work.outline), whole=True)
        return AS_IT_IS
    turn, dx, dy = np.radians(rng.normal() * 0.35), rng.normal() * 0.15 * px_per_mm, rng.normal() * 0.15 * px_per_mm
    place = turned_about(label.box, float(np.clip(turn, -0.014, 0.014)), dx, dy)
    skewed = _skewed_place(work, label.box) if "label skew" in work.wanted else None
    place = place if skewed is None else skewed
    coverage = moved(label.outline, place)
    paper = label.pixels + in_three(f32(noise(rng, HEIGHT, WIDTH, 1) * 1.1 + slow_field(rng, HEIGHT, WIDTH, 5) * 0.9))
    laid = f32(cv2.warpAffine(paper, place, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))
    edge = relief(work, f32(gaussian(coverage, 0.8) * 1.4), 0.3)
    _cast_shadow(work, coverage, 1.3, 1.4, 0.42)
    _lay(work, f32(laid * in_three(edge)), coverage)
    work.label[:] = coverage
    work.canvas.zones[coverage > 0.5] = LABEL
    if skewed is not None:
        length_mm = farthest_mm(label.box, place, px_per_mm)
        work.report("label skew", coverage, length_mm=length_mm)
        work.taken[coverage > 0.3] = 0  # a skewed label may carry another defect
    return place


def _skewed_place(work: Work, box: Box) -> Affine | None:
    """Turned by 2.2 degrees or more, or shifted by 1.8 mm or more, still on the face and off every defect."""
    rng, small = work.rng, work.wanted["label skew"]
    px_per_mm, face = work.carton.px_per_mm, work.carton.face
    for _ in range(60):
        turn = np.radians(log_uniform(rng, 2.2, 4.0 if small else 11.0)) * (1 if rng.random() < 0.5 else -1)
        far, toward = log_uniform(rng, 1.8, 3.0 if small else 7.0) * px_per_mm, rng.uniform(0, 2 * np.pi)
        match int(rng.integers(3)):
            case 0:
                far *= 0.1
            case 1:
                turn *= 0.1
            case _:
                far *= 0.4
        place = turned_about(box, float(turn), far * float(np.cos(toward)), far * float(np.sin(toward)))
        corners = box.corners @ place[:, :2].T + place[:, 2]
        low, high = corners.min(0), corners.max(0)
        inside = low[0] > face.left and low[1] > face.top and high[0] < face.right and high[1] < face.bottom
        coverage = moved(box_coverage(box), place)
        if inside and not (coverage * work.carton.flap).any() and not work.taken[coverage > 0.5].any():
            return place
    return None


def close_flap(work: Work) -> None:
    """Fold the flap over the face's end: its edge shows the board's thickness and a shadow beside it."""
    flap = work.carton.flap
    toward_hinge = 1.3 if not work.carton.layout.flap_left else -1.3
    tone = f32(work.carton.board_tone * 0.35 + 165)
    rim = np.clip(flap - shifted(flap, toward_hinge, 0.0, 0.0), 0, 1)
    beside = np.clip(gaussian(flap, 1.5) * 2 * (1 - flap), 0, 1)
    wide = np.clip(gaussian(flap, 4.0) * (1 - flap), 0, 1)
    work.pixels[:] *= in_three(f32((1 - 0.4 * beside) * (1 - 0.12 * wide) * (1 + 0.012 * flap)))
    _lay(work, np.broadcast_to(tone, work.pixels.shape), f32(rim * 0.75))
    if "carton open" in work.wanted:
        _open_flap(work)


def _open_flap(work: Work) -> None:
    """Lift one corner of the flap, or all its edge where no seal holds it."""
    rng, carton = work.rng, work.carton
    face, inward = carton.face, -1.0 if carton.layout.flap_left else 1.0  # inward: towards the hinge
    up = rng.random() < 0.5
    end = face.top if up else face.bottom
    if carton.seal is None:
        start = (
            face.top + face.high * rng.uniform(0.05, 0.55) if not up else face.bottom - face.high * rng.uniform(0, 0.5)
        )
    else:
        start = carton.seal.box.top - 2 if up else carton.seal.box.bottom + 2
    depth = abs(carton.edge_x - carton.seam_x)
    widest = min(log_uniform(rng, 2.5 if work.wanted["carton open"] else 3.5, 9.0) * carton.px_per_mm, 0.72 * depth)
    if abs(end - start) < 7 * carton.px_per_mm:
        return
    steps = np.linspace(0, 1, 14)
    lifted = carton.seam_x + inward * widest * steps ** rng.uniform(1.0, 1.8)
    along = start + (end - start) * steps
    past = end + (6 if not up else -6)
    edge = np.stack([lifted, along], 1)
    outer = [[lifted[-1], past], [carton.seam_x - inward * 1.0, past], [carton.seam_x - inward * 1.0, start]]
    gap = polygon_coverage(f32(np.vstack([edge, outer])))
    if not work.is_free(f32(gap * work.outline)):
        return
    before = work.pixels.copy()
    _, across = local_axes(carton.seam_x, start, float(np.arctan2(end - start, inward * widest)))
    from_edge = np.clip(np.abs(across) / widest * 1.3, 0, 1)
    inner = f32(in_three(f32(26 + 84 * from_edge**1.5 + noise(rng, HEIGHT, WIDTH, 1) * 1.5)) * f32([1, 0.97, 0.92]))
    near = np.clip(gaussian(gap, 3.5) * 2, 0, 1) * (1 - gap)
    tilt = carton.flap * np.clip(gaussian(gap, 9.0) * 2.2, 0, 1)
    light = 1 + rng.choice((-0.2, 0.1)) * tilt - 0.35 * near * (1 - carton.flap)
    work.pixels[:] *= in_three(f32(light))
    _lay(work, inner, gap)
    rim = np.clip(shifted(gap, inward * 2.6, 0.0, 0.0) - gap, 0, 1) * carton.flap
    _lay(work, np.broadcast_to(f32(carton.board_tone * 0.3 + 178), work.pixels.shape), f32(rim * 0.9))
    work.report("carton open", f32(gap * work.outline), before=before)


def stick_seal(work: Work) -> None:
    """Stick the tamper seal across the flap's edge."""
    seal = work.carton.seal
    if seal is None:
        return
    rng, px_per_mm = work.rng, work.carton.px_per_mm
    shape = box_coverage(seal.box, seal.corner)
    place = turned_about(
        seal.box, float(np.radians(rng.normal() * 1.0)), rng.normal() * 0.25 * px_per_mm, rng.normal() * 0.4 * px_per_mm
    )
    work.canvas.zones[shape > 0.5] = SEAL
    if "seal missing" in work.wanted:
        work.report("seal missing", shape, whole=True)
        return
    misplaced = _misplaced_seal(work, seal.box) if "seal misplaced" in work.wanted else None
    place = place if misplaced is None else misplaced
    coverage = moved(shape, place)
    work.canvas.zones[coverage > 0.5] = SEAL
    work.seal[:] = coverage
    bare = work.pixels.copy()
    grain = _seal_grain(work)
    _draw_seal(work, grain, coverage, coverage, place)
    if misplaced is not None:
        work.report("seal misplaced", coverage, length_mm=farthest_mm(seal.box, place, px_per_mm))
    elif "seal broken" in work.wanted:
        _break_seal(work, grain, coverage, place, bare)


def _misplaced_seal(work: Work, box: Box) -> Affine | None:
    """So far over to one side that it bridges the flap's edge by less than 5 mm, or not at all."""
    rng, px_per_mm = work.rng, work.carton.px_per_mm
    depth = abs(work.carton.edge_x - work.carton.seam_x)
    toward_flap = -1.0 if work.carton.layout.flap_left else 1.0
    for _ in range(8):
        bridged = rng.uniform(2.0, 3.6) if work.wanted["seal misplaced"] else rng.uniform(-2.5, 3.0)
        far = box.wide / 2 - bridged * px_per_mm
        onto_flap = rng.random() < 0.5 and far + box.wide / 2 < depth
        dx = far * (toward_flap if onto_flap else -toward_flap)
        place = turned_about(box, float(np.radians(rng.normal() * 6)), dx, rng.normal() * px_per_mm)
        if work.is_free(moved(box_coverage(box), place)):
            return place
    return None


def _seal_grain(work: Work) -> F32:
    """Brightness of this unit's seal about its tone."""
    rng = work.rng
    field = slow_field(rng, HEIGHT, WIDTH, 4) * 1.5 + noise(rng, HEIGHT, WIDTH, 1) * 0.8
    if work.carton.seal is not None and work.carton.seal.style == "silver":
        streaks = f32(cv2.resize(noise(rng, HEIGHT // 6, WIDTH), (WIDTH, HEIGHT)))
        field = field + slow_field(rng, HEIGHT, WIDTH, 9) * 14 + streaks * np.float32(5)
    return f32(field)


def _draw_seal(work: Work, grain: F32, coverage: F32, outline: F32, place: Affine) -> None:
    """Film or paper over what is there; `coverage` is what is left of its `outline`."""
    seal = work.carton.seal
    if seal is None:
        return
    pixels = in_three(grain) + seal.tone
    lettering = moved(seal.print_coverage, place) * 0.85
    ink = f32([60, 62, 70]) if float(seal.tone.mean()) > 130 else f32([240, 240, 240])
    pixels += (ink - pixels) * in_three(f32(lettering))
    pixels *= in_three(relief(work, f32(gaussian(coverage, 0.9) * 1.6), 0.32))
    _cast_shadow(work, coverage, 1.2, 1.2, 0.36)
    share = coverage * seal.opacity
    if seal.style == "clear":  # its lettering and its edge are what one sees of it
        rim = np.clip(gaussian(outline, 1.0) * (1 - gaussian(outline, 1.0)) * 4, 0, 1) * coverage
        share = np.clip(share + 0.5 * lettering * coverage + 0.35 * rim, 0, 0.95)
    _lay(work, f32(pixels), f32(share))
    seam = relief(work, f32(gaussian(work.carton.flap, 2.0) * 3.0), 0.22)  # it follows the step of the flap
    work.pixels[:] *= in_three(f32(1 + (seam - 1) * coverage))


def _break_seal(work: Work, grain: F32, whole: F32, place: Affine, bare: F32) -> None:
    """Slit along the flap's edge, its torn edges white, one half slipped a little."""
    rng, carton = work.rng, work.carton
    before = work.pixels.copy()
    px_per_mm, middle_y = carton.px_per_mm, float(np.mean(np.nonzero(whole > 0.5)[0]))
    u, v = local_axes(carton.seam_x, middle_y, np.pi / 2 + float(rng.normal() * 0.04))
    jag = np.cumsum(rng.normal(0, 0.35, HEIGHT + WIDTH)).astype(np.float32)
    jag -= f32(np.linspace(jag[0], jag[-1], len(jag)))
    jag = f32(np.clip(jag, -0.6 * px_per_mm, 0.6 * px_per_mm))
    along = np.clip((u + HEIGHT / 2).astype(np.int32), 0, len(jag) - 1)
    aside = np.abs(v + jag[along])
    width = rng.uniform(0.3, 0.6) * px_per_mm * (1 if work.wanted["seal broken"] else rng.uniform(1.0, 2.2))
    slit = np.clip(width / 2 - aside + 0.5, 0, 1)
    rim_px = rng.uniform(0.3, 0.7) * px_per_mm
    torn = np.clip(width / 2 + rim_px * (0.7 + 0.4 * noise(rng, HEIGHT, WIDTH, 2)) - aside + 0.5, 0, 1) * (1 - slit)
    slip = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, float(rng.normal() * 0.5 * px_per_mm)]])
    coverage = f32(np.where(carton.flap > 0.5, moved(whole, slip), whole))
    work.pixels[:] = bare
    _draw_seal(work, grain, f32(coverage * (1 - slit)), coverage, place)
    work.pixels[:] *= in_three(f32(1 - 0.45 * slit * coverage))
    if carton.seal is not None and carton.seal.style != "clear":
        _lay(work, np.broadcast_to(f32([246, 245, 240]), work.pixels.shape), f32(torn * coverage * 0.9))
    else:
        _lay(work, np.broadcast_to(f32([252, 252, 252]), work.pixels.shape), f32(torn * coverage * 0.6))
    work.seal[:] = coverage
    work.report("seal broken", f32(np.clip(slit + torn, 0, 1) * coverage > 0.4), before=before)
