"""One intact tablet from above: outline, relief, imprint, shading and gloss.

The result is premultiplied RGBA at SUB times the frame, on a square canvas that leaves room for what sticks out.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.blister.style import Imprint, Product
from cameras.render.lettering import lettered
from cameras.render.raster import F32, SUB, area_filtered, f32, gaussian, slopes
from cameras.render.shapes import centred_axes, signed_distance


@dataclass(frozen=True, slots=True)
class Tablet:
    """A tablet as drawn and as laid: damage is done at SUB times the frame, before area filtering."""

    drawn: F32  # premultiplied RGBA
    filtered: F32
    outline: F32  # area-filtered alpha

    @classmethod
    def of(cls, drawn: F32) -> "Tablet":
        filtered = area_filtered(drawn)
        return cls(drawn, filtered, np.ascontiguousarray(filtered[..., 3]))


def canvas_radius(half_x: float, half_y: float) -> int:
    return int(max(half_x, half_y) * SUB * 1.22) + 3 * SUB


def draw_tablet(product: Product, radius: int, *, imprinted: bool = True, turn_deg: float = 0.0) -> F32:
    """Draw one tablet.

    Args:
        product: what to draw; half axes in frame pixels.
        radius: half the side of the canvas, in pixels of SUB times the frame.
        imprinted: whether the tablet carries its imprint (a rogue product may not).
        turn_deg: turn of the imprint; a round tablet lies in its pocket at any angle.

    Returns:
        (2 * radius + 1, 2 * radius + 1, 4) float32 premultiplied RGBA, colour 0..255 and alpha 0..1.
    """
    u, v = centred_axes(radius, SUB)
    outside = signed_distance(product.shape, u, v, product.half_x, product.half_y)
    alpha = np.clip(0.5 - outside * SUB, 0, 1)
    relief = _relief(product, outside)
    ink: F32 | None = None
    if imprinted and product.imprint.kind != "none":
        mark = f32(_turned(_imprint_mask(product, radius), turn_deg)) / np.float32(255)
        if product.imprint.kind == "print":
            ink = mark
        else:
            relief = f32(relief - product.imprint.depth * gaussian(mark, SUB * 0.5))
    shade = _shade(product, relief)
    rgb = np.empty((*outside.shape, 3), np.float32)
    rgb[:] = product.colour
    if product.cap_colour is not None:
        rgb, shade = _with_cap(product, rgb, shade, u, v)
    if ink is not None:
        covered = (product.imprint.cover * ink)[..., None]
        rgb = rgb * (1 - covered) + product.imprint.ink * covered
    rgb = rgb * shade[..., None]
    if product.gloss > 0:
        rgb = rgb + (product.gloss * _gloss(product, u, v))[..., None]
    return f32(np.dstack([np.clip(rgb, 0, 255) * alpha[..., None], alpha]))


def _relief(product: Product, outside: F32) -> F32:
    radius = min(product.half_x, product.half_y)
    capsule = product.shape == "capsule"
    bevel = radius if capsule else radius * product.bevel
    inward = np.clip(-outside / bevel, 0, 1)
    relief = bevel * product.steepness * np.sqrt(np.clip(1 - (1 - inward) ** 2, 0, 1))
    if not capsule:
        relief = relief + product.dome * radius * np.clip(1 - (outside + radius) ** 2 / radius**2 * 0.8, 0, 1)
    return f32(relief)


def _shade(product: Product, relief: F32) -> F32:
    along_x, along_y = slopes(relief)
    toward_light = np.tanh(along_x * product.light[0] + along_y * product.light[1])
    steep = 1 - 1 / np.sqrt(1 + along_x**2 + along_y**2)
    return f32(1 - product.shading * toward_light - product.edge_shading * steep)


def _with_cap(product: Product, rgb: F32, shade: F32, u: F32, v: F32) -> tuple[F32, F32]:
    lies_along_x = product.half_x >= product.half_y
    along = u if lies_along_x else v
    seam = (product.half_x if lies_along_x else product.half_y) * product.seam
    cap = np.clip((along - seam) * SUB + 0.5, 0, 1)[..., None]
    groove = 0.18 * np.exp(-(((along - seam) / 0.9) ** 2))
    return f32(rgb * (1 - cap) + product.cap_colour * cap), f32(shade - groove)


def _gloss(product: Product, u: F32, v: F32) -> F32:
    light_x, light_y = product.light
    if product.shape == "capsule":
        lies_along_x = product.half_x >= product.half_y
        across, along = (v, u) if lies_along_x else (u, v)
        radius, half_length = min(product.half_x, product.half_y), max(product.half_x, product.half_y)
        ridge = np.exp(-(((across + np.sign(light_y + 0.01) * 0.42 * radius) / (0.13 * radius)) ** 2))
        return f32(ridge * np.clip(1.3 - (along / (half_length - radius * 0.5 + 1)) ** 2 * 1.2, 0, 1))
    x = (u + light_x * product.half_x * 0.45) / (product.half_x * 0.28)
    y = (v + light_y * product.half_y * 0.45) / (product.half_y * 0.22)
    return f32(np.exp(-(x**2 + y**2)))


def _turned(mask: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    if degrees == 0:
        return mask
    side = mask.shape[0]
    matrix = cv2.getRotationMatrix2D((side // 2, side // 2), degrees, 1)
    return np.asarray(cv2.warpAffine(mask, matrix, (side, side)), np.uint8)


def _imprint_mask(product: Product, radius: int) -> NDArray[np.uint8]:
    imprint = product.imprint
    mask = np.zeros((2 * radius + 1, 2 * radius + 1), np.uint8)
    reach = min(product.half_x, product.half_y) * SUB
    match imprint.kind:
        case "embossed" | "print":
            _write(mask, imprint, product.half_x * SUB, product.half_y * SUB)
        case "score" | "half score" | "cross":
            _draw_scores(mask, imprint.kind, radius, reach, upright=product.half_y <= product.half_x)
        case "ring":
            cv2.circle(mask, (radius, radius), int(reach * 0.55), (255.0,), max(1, int(reach * 0.07)), cv2.LINE_AA)
        case _:
            _draw_logo(mask, imprint, radius, reach)
    return mask


def _write(mask: NDArray[np.uint8], imprint: Imprint, half_x: float, half_y: float) -> None:
    reach = min(half_x, half_y)
    height = imprint.height * reach * (1.0 if len(imprint.lines) == 1 else 0.72)
    centre = mask.shape[0] // 2
    for index, text in enumerate(imprint.lines):
        line = lettered(imprint.lettering, text, height)
        widest = 1.45 * half_x * (1.0 if len(imprint.lines) == 1 else 0.85)
        if line.shape[1] > widest:
            size = (max(3, int(widest)), max(3, int(line.shape[0] * widest / line.shape[1])))
            line = np.asarray(cv2.resize(line, size, interpolation=cv2.INTER_AREA), np.uint8)
        high, wide = line.shape
        row = (index - (len(imprint.lines) - 1) / 2) * 1.35 * height
        room = max(0.0, 1.0 - wide / (1.6 * half_x))
        x = int(centre + imprint.place[0] * half_x * room - wide / 2)
        y = int(centre + imprint.place[1] * half_y * 0.6 + row - high / 2)
        if x >= 0 and y >= 0 and x + wide <= mask.shape[1] and y + high <= mask.shape[0]:
            mask[y : y + high, x : x + wide] = np.maximum(mask[y : y + high, x : x + wide], line)


def _draw_scores(mask: NDArray[np.uint8], kind: str, radius: int, reach: float, *, upright: bool) -> None:
    far = int(reach * 0.86)
    stroke = max(1, int(reach * (0.08 if kind == "cross" else 0.09)))
    directions = ((0, 1), (1, 0)) if upright else ((1, 0), (0, 1))
    for step_x, step_y in directions if kind == "cross" else directions[:1]:
        start = (radius - step_x * far, radius - step_y * far)
        if kind == "half score":
            start = (radius + step_x * far // 8, radius + step_y * far // 8)
        end = (radius + step_x * far, radius + step_y * far)
        cv2.line(mask, start, end, (255.0,), stroke, cv2.LINE_AA)


def _draw_logo(mask: NDArray[np.uint8], imprint: Imprint, radius: int, reach: float) -> None:
    """An embossed maker's sign: a polygon outline with a bar or a dot in it."""
    corners = 3 + len(imprint.lines[0]) % 4
    size = reach * max(0.3, imprint.height)
    angles = np.arange(corners) * 2 * np.pi / corners - np.pi / 2
    points = np.round(np.stack([radius + size * np.cos(angles), radius + size * np.sin(angles)], 1)).astype(np.int32)
    stroke = max(1, int(reach * 0.06))
    cv2.polylines(mask, [points], True, (255.0,), stroke, cv2.LINE_AA)
    if corners % 2:
        cv2.circle(mask, (radius, radius), max(1, int(size * 0.22)), (255.0,), -1, cv2.LINE_AA)
    else:
        bar = int(size * 0.4)
        cv2.line(mask, (radius - bar, radius), (radius + bar, radius), (255.0,), stroke, cv2.LINE_AA)
