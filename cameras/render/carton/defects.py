"""What happens to a carton's surface: wrinkles, bubbles, lifted edges, tears, a crushed corner, dirt.

Each function draws its defect where it finds a fair place and reports it; otherwise it draws nothing.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render import colour
from cameras.render.canvas import Place, Shadow, coverage_of
from cameras.render.carton.layout import polygon_coverage
from cameras.render.carton.parts import relief
from cameras.render.carton.work import Work, local_axes
from cameras.render.particles import draw_fibre, draw_speck
from cameras.render.raster import (
    F32,
    SUB,
    Mask,
    area_filtered,
    f32,
    frame_axes,
    gaussian,
    in_three,
    largest_piece,
    log_uniform,
    noise,
    shifted,
    shrunk,
)
from cameras.render.shapes import blob
from cameras.render.truth import HEIGHT, WIDTH


def _bent(work: Work, height: F32, strength: float, pull: float) -> None:
    """Shade a relief and let what is printed on it follow."""
    x, y = frame_axes(WIDTH, HEIGHT)
    slope_x = f32(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3)) / np.float32(8)
    slope_y = f32(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3)) / np.float32(8)
    drawn = cv2.remap(
        work.pixels,
        f32(x + slope_x * np.float32(pull)),
        f32(y + slope_y * np.float32(pull)),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    work.pixels[:] = f32(drawn) * in_three(relief(work, height, strength))


def _whole_label(work: Work) -> Mask:
    return np.asarray(work.label > 0.95)


def draw_wrinkle(work: Work) -> None:
    """One to three folds side by side, on the label where there is one, else in the board."""
    rng, small = work.rng, work.wanted["wrinkle"]
    on_label = bool(_whole_label(work).any())
    ground = _whole_label(work) if on_label else np.asarray((work.outline > 0.95) & (work.seal < 0.05))
    ground = ground & ((work.carton.flap < 0.05) | on_label)
    for _ in range(12):
        far = work.px(log_uniform(rng, 4, 9 if small else 30))
        middle = work.somewhere(shrunk(ground, max(3, int(far * 0.3))), far * 0.2)
        if middle is None:
            continue
        u, v = local_axes(*middle, rng.uniform(0, np.pi))
        bend, wave, phase = rng.normal() * 0.1 / far, rng.uniform(0.0, 0.02) * far, rng.uniform(0, 6.3)
        v = f32(v + bend * u**2 + wave * np.sin(u / far * 6 + phase))
        height, width = np.zeros((HEIGHT, WIDTH), np.float32), work.px(rng.uniform(0.22, 0.5))
        reach = np.zeros_like(height)
        for fold in range(int(rng.choice((1, 1, 2, 3)))):
            aside = v - np.float32(fold * work.px(rng.uniform(0.9, 2.0)) * (1 if fold % 2 else -1))
            along = u - np.float32(rng.normal() * 0.08 * far * fold)
            ends = np.clip(1 - (2 * along / (far * (1 - 0.2 * fold))) ** 2, 0, 1) ** 0.5
            ridge = np.exp(-np.abs(aside) / width) * ends
            height = f32(height + ridge)
            reach = np.maximum(reach, f32(ends * np.exp(-np.abs(aside) / (width * 2.4))))
        mask = f32((reach > 0.42) & (work.outline > 0.5) & ((work.label > 0.5) | (not on_label)))
        if float((mask * ground).sum()) < 0.9 * float(mask.sum()) or not work.is_free(mask):
            continue
        before = work.pixels.copy()
        bump = f32(gaussian(height, 0.7) * width * rng.uniform(1.2, 2.2) * (0.6 if small else 1.0) * ground)
        _bent(work, bump, rng.uniform(0.5, 0.85), rng.uniform(0.6, 1.6))
        crest = np.clip(height - 0.72, 0, 1) / np.float32(0.28) * ground
        work.pixels[:] *= in_three(f32(1 - rng.uniform(0.05, 0.2) * crest))
        work.report("wrinkle", mask, before=before)
        return


def draw_bubble(work: Work) -> None:
    """Air under the label: a flat dome with a rim and a small highlight."""
    rng, small, ground = work.rng, work.wanted["bubble"], _whole_label(work)
    for _ in range(12):
        across = work.px(log_uniform(rng, 2, 4 if small else 12))
        middle = work.somewhere(shrunk(ground, int(across * 1.02)), across * 0.7)
        if middle is None:
            continue
        side = int(across * 1.7 + 8) | 1
        shape = blob(rng, side, across / 2, flattening=rng.uniform(0.6, 1.0), roughness=0.16)
        inward = np.full((HEIGHT, WIDTH), -99, np.float32)
        left, top = int(middle[0]) - side // 2, int(middle[1]) - side // 2
        if left < 0 or top < 0 or left + side > WIDTH or top + side > HEIGHT:
            continue
        inward[top : top + side, left : left + side] = shape
        mask = f32(np.clip(inward + 0.5, 0, 1))
        if not work.is_free(mask) or float(mask[~ground].sum()) > 1:
            continue
        before = work.pixels.copy()
        deep = np.clip(inward / np.float32(across / 2), 0, 1)
        dome = f32(np.clip(1 - (1 - deep) ** 2, 0, 1) * across * rng.uniform(0.16, 0.3) * (0.7 if small else 1))
        dome = gaussian(dome, 0.8)
        _bent(work, dome, rng.uniform(0.4, 0.7), rng.uniform(1.0, 3.0))
        rim = np.clip(1 - np.abs(inward) / np.float32(1.6), 0, 1)
        work.pixels[:] *= in_three(f32(1 - rng.uniform(0.05, 0.16) * rim))
        light_x, light_y = work.carton.light
        x, y = frame_axes(WIDTH, HEIGHT)
        off_x = x - np.float32(middle[0] - light_x * across * 0.22)
        off_y = y - np.float32(middle[1] - light_y * across * 0.22)
        shine = np.exp(-(off_x**2 + off_y**2) / np.float32((0.14 * across) ** 2))
        work.pixels[:] += in_three(f32(shine * rng.uniform(15, 60)))
        work.report("bubble", mask, before=before)
        return


def draw_edge_lift(work: Work) -> None:
    """A corner of the label curled back so that its underside shows."""
    rng, small, label = work.rng, work.wanted["edge lift"], work.carton.label
    if label is None or not _whole_label(work).any():
        return
    rows, columns = np.nonzero(work.label > 0.5)
    quad = _corners_of(columns, rows)
    px_per_mm = work.carton.px_per_mm
    for _ in range(8):
        index = int(rng.integers(4))
        tip, along, aside = quad[index], quad[(index + 1) % 4], quad[(index - 1) % 4]
        first = log_uniform(rng, 2.2, 5 if small else 14) * px_per_mm
        second = float(np.clip(first * rng.uniform(0.45, 2.0), 2 * px_per_mm, 15 * px_per_mm))
        to_first, to_second = along - tip, aside - tip
        if first > 0.8 * np.linalg.norm(to_first) or second > 0.8 * np.linalg.norm(to_second):
            continue
        a = tip + to_first / np.linalg.norm(to_first) * first
        b = tip + to_second / np.linalg.norm(to_second) * second
        fold = (b - a) / np.linalg.norm(b - a)
        foot = a + fold * float(np.dot(tip - a, fold))
        turned = foot + (foot - tip) * rng.uniform(0.5, 0.95)
        outer = tip + (tip - foot) * 0.3
        cut = polygon_coverage(f32([a + (a - b) * 0.02, outer, b + (b - a) * 0.02]))
        gone = f32(np.clip(cut * (work.label > 0.02), 0, 1))
        back = polygon_coverage(f32([a, turned, b]))
        mask = f32(np.clip(np.maximum(gone * work.label, back), 0, 1) > 0.5)
        if not work.is_free(mask):
            continue
        before = work.pixels.copy()
        shade = np.clip(gaussian(back, 2.5) * 1.6, 0, 1)
        dark = shifted(shade, (turned - foot)[0] * 0.16, (turned - foot)[1] * 0.16, 0.0) * (1 - back)
        work.pixels[:] *= in_three(f32(1 - 0.5 * dark))
        uncovered = work.under_label * in_three(f32(1 - 0.32 * np.clip(gaussian(back, 4.0) * 2, 0, 1)))
        work.pixels[:] += (uncovered - work.pixels) * in_three(gone)
        normal = (turned - foot) / np.linalg.norm(turned - foot)
        x, y = frame_axes(WIDTH, HEIGHT)
        rise = (x - np.float32(foot[0])) * np.float32(normal[0]) + (y - np.float32(foot[1])) * np.float32(normal[1])
        rise = np.clip(rise / np.float32(np.linalg.norm(turned - foot)), 0, 1)
        tone = f32([226, 222, 206]) if rng.random() < 0.6 else f32([238, 238, 236])
        curl = in_three(f32(0.7 + 0.32 * np.sin(np.pi * np.clip(rise * 0.8 + 0.08, 0, 1)))) * tone
        work.pixels[:] += (curl - work.pixels) * in_three(back)
        work.label[:] *= 1 - gone
        work.report("edge lift", mask, before=before)
        return


def _corners_of(columns: NDArray[np.intp], rows: NDArray[np.intp]) -> F32:
    """The corners of a nearly upright rectangle of pixels, clockwise from the top left."""
    plus, minus = columns + rows, columns - rows
    picks = (plus.argmin(), minus.argmax(), plus.argmax(), minus.argmin())
    return f32([[columns[i] + 0.5, rows[i] + 0.5] for i in picks])


def draw_tear(work: Work) -> None:
    """From an edge of the label or of the board: a gaping split with fibrous white edges."""
    rng, small, carton = work.rng, work.wanted["tear"], work.carton
    on_label = bool(_whole_label(work).any()) and rng.random() < 0.6
    body = work.label if on_label else work.outline
    rows, columns = np.nonzero(body > 0.5)
    quad = _corners_of(columns, rows)
    for _ in range(12):
        far = work.px(log_uniform(rng, 2, 5 if small else 15))
        side = int(rng.integers(4))
        first, second = quad[side], quad[(side + 1) % 4]
        start = first + (second - first) * rng.uniform(0.1, 0.9)
        edge = (second - first) / np.linalg.norm(second - first)
        heading = float(np.arctan2(edge[0], -edge[1])) + rng.uniform(-0.7, 0.7)  # inward
        u, v = local_axes(float(start[0]), float(start[1]), heading)
        v = f32(v + rng.normal() * 0.3 / far * u**2 + noise(rng, HEIGHT, WIDTH, 4) * work.px(0.22))
        mouth = far * rng.uniform(0.1, 0.34)
        open_px = mouth * np.clip(1 - u / np.float32(far), 0, 1) ** rng.uniform(0.6, 1.1)
        inside = open_px - np.abs(v) + noise(rng, HEIGHT, WIDTH, 2) * work.px(0.1)
        reaches = (u < far) & (u > -3 - np.abs(v))
        rim = work.px(rng.uniform(0.3, 0.7)) * (0.75 + 0.4 * noise(rng, HEIGHT, WIDTH, 2))
        hole = f32(np.clip(inside + 0.5, 0, 1) * reaches * body)
        torn = f32(np.clip(inside + rim + 0.5, 0, 1) * (reaches & (u < far * 0.97)) * body)
        mask = f32(largest_piece(torn > 0.5))
        hole, torn = f32(hole * (mask > 0)), f32(torn * (mask > 0))
        if mask.sum() < 6 or not work.is_free(mask) or float(work.seal[mask > 0].mean()) > 0.02:
            continue
        before = work.pixels.copy()
        dark = np.clip(gaussian(torn, 1.2), 0, 1) * (1 - torn)
        work.pixels[:] *= in_three(f32(1 - 0.3 * dark))
        fibre = in_three(f32(noise(rng, HEIGHT, WIDTH, 1) * 7)) + f32([243, 240, 232]) * np.float32(
            rng.uniform(0.9, 1.0)
        )
        work.pixels[:] += (fibre - work.pixels) * in_three(torn)
        work.pixels[:] += (_under(work, on_label=on_label) - work.pixels) * in_three(hole)
        edge = np.clip(gaussian(f32(1 - hole), 1.8), 0, 1) * hole
        work.pixels[:] *= in_three(f32(1 - 0.35 * edge))
        if not on_label and carton.board == "kraft":
            work.pixels[:] *= in_three(f32(1 - 0.12 * torn))
        work.report("tear", mask, before=before)
        return


def _under(work: Work, *, on_label: bool) -> F32:
    """What a tear lays open: the board beneath a label; the board's grey core or the dark inside of the carton."""
    if on_label:
        return f32(work.under_label * np.float32(0.86))
    grain = in_three(f32(noise(work.rng, HEIGHT, WIDTH, 1) * 6))
    tone = (176, 164, 144) if work.rng.random() < 0.5 else (62, 58, 52)
    return f32(grain + f32(tone) * np.float32(work.rng.uniform(0.85, 1.1)))


def crush_corner(work: Work) -> None:
    """Push one corner of the carton in: its outline gives way, the board folds and its ink cracks."""
    rng, face = work.rng, work.carton.face
    small = work.wanted["crushed corner"]
    for _ in range(6):
        radius = work.px(log_uniform(rng, 4, 7 if small else 16))
        corner = face.corners[int(rng.integers(4))]
        inward = f32(np.array(face.middle) - corner)
        heading = float(np.arctan2(np.sign(inward[1]), np.sign(inward[0]))) + rng.uniform(-0.3, 0.3)
        u, v = local_axes(float(corner[0]), float(corner[1]), heading)
        away = np.sqrt(u * u + v * v) * (1 + 0.1 * noise(rng, HEIGHT, WIDTH, 9) * (radius > 0))
        weight = f32(np.clip(1 - away / np.float32(radius), 0, 1))
        mask = f32((weight > 0.1) & (work.carton.outline > 0.5))
        if not work.is_free(mask):
            continue
        before = work.pixels * in_three(work.outline) + work.carton.belt_tone * in_three(f32(1 - work.outline))
        x, y = frame_axes(WIDTH, HEIGHT)
        push = f32(weight**1.3 * radius * rng.uniform(0.22, 0.42))
        cos, sin = np.float32(np.cos(heading)), np.float32(np.sin(heading))
        map_x, map_y = f32(x - push * cos), f32(y - push * sin)
        border = cv2.BORDER_REPLICATE
        work.pixels[:] = f32(cv2.remap(work.pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=border))
        work.outline[:] = f32(cv2.remap(work.outline, map_x, map_y, cv2.INTER_LINEAR))
        height, cracks = np.zeros_like(weight), np.zeros_like(weight)
        for fold in range(int(rng.integers(2, 5))):
            turn = np.float32(rng.normal() * 0.35)
            line = u * np.cos(turn) + v * np.sin(turn) - np.float32(radius * rng.uniform(0.25, 0.85))
            line = line + noise(rng, HEIGHT, WIDTH, 9) * np.float32(work.px(0.3))
            height = f32(height + np.abs(line) * (1 if fold % 2 else -1))
            cracks = np.maximum(cracks, f32(np.exp(-np.abs(line) / work.px(0.16)) * np.clip(weight * 4, 0, 1)))
        soft = np.clip(weight * 3, 0, 1)
        shade = relief(work, f32(gaussian(height, 0.8) * rng.uniform(0.5, 0.9)), rng.uniform(0.3, 0.5))
        work.pixels[:] *= in_three(f32(1 + (shade - 1) * soft))
        tone = f32([236, 233, 224]) * np.float32(0.95)
        rough = np.clip(0.6 + 0.5 * noise(rng, HEIGHT, WIDTH, 1), 0, 1) * rng.uniform(0.4, 0.8)
        work.pixels[:] += (tone - work.pixels) * in_three(f32(cracks * rough * soft))
        after = work.pixels * in_three(work.outline) + work.carton.belt_tone * in_three(f32(1 - work.outline))
        kept = work.pixels.copy()
        work.pixels[:] = after
        work.report("crushed corner", mask, before=before)
        work.pixels[:] = kept
        return


def draw_spot(work: Work) -> None:
    """A speck or a hair anywhere on the face."""
    rng, small, scale = work.rng, work.wanted["spot"], work.carton.px_per_mm
    for _ in range(12):
        middle = work.somewhere(shrunk(work.outline > 0.95, int(2 * scale)), 2.2 * scale)
        if middle is None:
            return
        place = Place(middle[0], middle[1], rng.uniform(0, 2 * np.pi))
        ground = work.pixels[int(middle[1]), int(middle[0])]
        around = work.pixels[
            int(middle[1]) - 5 : int(middle[1]) + 6 : 5, int(middle[0]) - 5 : int(middle[0]) + 6 : 5
        ].reshape(-1, 3)
        tone = colour.particle_colour(rng, unlike=(ground, f32(around.mean(0))), least=18 if small else 28)
        if not small and rng.random() < 0.2:
            particle = draw_fibre(rng, tone, scale)
        else:
            particle = draw_speck(rng, tone, scale, shortest_mm=0.3, longest_mm=0.8 if small else 4.0)
        if particle is None:
            continue
        coverage = coverage_of(area_filtered(particle.mask.astype(np.float32)), place)
        if not work.is_free(coverage) or float(work.outline[coverage > 0.5].min()) < 0.9:
            continue
        before = work.pixels.copy()
        work.canvas.lay(area_filtered(particle.patch), place, shadow=Shadow(0.1, 0.5, 0.5))
        work.report(
            "spot",
            coverage,
            before=before,
            length_mm=particle.length_sub / SUB / scale,
            area_mm2=particle.area_sub / (SUB * scale) ** 2,
        )
        return
