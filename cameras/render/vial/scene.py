"""The background of a vial product: screen, guides and the plate a unit stands on."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.raster import F32, Random, f32, frame_axes, gaussian, in_three, noise
from cameras.render.truth import HEIGHT, WIDTH
from cameras.render.vial.paint import Picture, blend
from cameras.render.vial.stage import Stage
from cameras.render.vial.style import MIDDLE_X, Style


def draw_backdrop(rng: Random, style: Style) -> F32:
    """The empty station of a product, (HEIGHT, WIDTH, 3)."""
    x, y = frame_axes(WIDTH, HEIGHT)
    backdrop = style.backdrop
    field = np.ones((HEIGHT, WIDTH), np.float32)
    match backdrop.kind:
        case "backlight" | "blue light":
            half = rng.uniform(230, 520)
            soft = rng.uniform(10, 60)
            field = f32(0.16 + 0.84 / (1 + np.exp(np.clip((np.abs(x - MIDDLE_X) - half) / soft, -30, 30))))
        case "graded":
            field = f32(1.3 - 0.8 * y / HEIGHT if rng.random() < 0.5 else 0.55 + 0.8 * y / HEIGHT)
        case "cloth":
            pitch = rng.uniform(2.2, 4.0)
            weave = np.sin(x * (2 * np.pi / pitch)) * np.sin(y * (2 * np.pi / pitch))
            field = f32(1 + 0.05 * weave + 0.04 * noise(rng, HEIGHT, WIDTH, 2))
        case _:
            glow = np.exp(-(((x - MIDDLE_X) / 330) ** 2 + ((y - 220) / 260) ** 2))
            field = f32(0.86 + 0.2 * glow)
    pixels = in_three(field) * backdrop.level
    pixels += in_three(f32(noise(rng, HEIGHT, WIDTH, 2) * rng.uniform(0.2, 1.2)))
    _draw_guides(rng, style, pixels)
    _draw_plate(rng, style, pixels)
    return f32(pixels)


def _draw_plate(rng: Random, style: Style, pixels: F32) -> None:
    _, y = frame_axes(WIDTH, HEIGHT)
    edge = style.base_y - rng.uniform(1, 6)
    plate = f32(np.clip(y - edge + 0.5, 0, 1))
    tone = style.backdrop.plate * (0.9 + 0.35 * np.exp(-(((y - edge) / 3) ** 2)))
    blend(pixels, plate, in_three(f32(tone)))


def _draw_guides(rng: Random, style: Style, pixels: F32) -> None:
    """Harmless hardware beside the unit."""
    kind = style.backdrop.guides
    if kind == "none":
        return
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    reach = (max(style.container.radius, style.container.rim) + rng.uniform(1.5, 3.5)) * style.px_per_mm + 6
    height = style.base_y - rng.uniform(0.2, 0.5) * style.container.body * style.px_per_mm
    thick = rng.uniform(1.6, 4.0) * style.px_per_mm
    left, right = MIDDLE_X - reach, MIDDLE_X + reach
    white = (255.0,)
    match kind:
        case "rails":
            for x0, x1 in ((-10.0, left), (right, WIDTH + 10.0)):
                cv2.rectangle(mask, (round(x0), round(height - thick)), (round(x1), round(height + thick)), white, -1)
        case "posts":
            for post in (left - thick, right + thick):
                cv2.rectangle(mask, (round(post - thick), -5), (round(post + thick), HEIGHT + 5), white, -1)
        case _:
            for x0, x1 in ((-10.0, left), (right, WIDTH + 10.0)):
                cv2.rectangle(mask, (round(x0), round(height - thick)), (round(x1), round(height + thick)), white, -1)
                tip = x1 if x0 < 0 else x0
                cv2.circle(mask, (round(tip), round(height)), round(thick * 1.6), white, -1, cv2.LINE_AA)
    cover = gaussian(mask, 0.7) / np.float32(255)
    x, y = frame_axes(WIDTH, HEIGHT)
    across = f32(np.abs(x - MIDDLE_X) - reach - thick if kind == "posts" else y - height)
    shine = 0.75 + 0.5 * np.exp(-(((across + thick * 0.4) / (thick * 0.35)) ** 2))
    level = float(style.backdrop.level.mean())
    tone = rng.uniform(40, 95) if level > 60 else rng.uniform(50, 95)
    blend(pixels, f32(cover), in_three(f32(tone * shine)))


def lay_unit(stage: Stage, picture: Picture, backdrop: F32) -> F32:
    """Stand a painted unit on its plate, with the soft shadow it makes there."""
    x, y = frame_axes(WIDTH, HEIGHT)
    style = stage.style
    wide = style.container.radius * style.px_per_mm
    foot = float(stage.matrix[1, 2] + stage.matrix[1, 0] * stage.column(0) + stage.matrix[1, 1] * stage.row(0))
    axis = float(stage.matrix[0, 2] + stage.matrix[0, 0] * stage.column(0) + stage.matrix[0, 1] * stage.row(0))
    near = slice(max(0, int(foot) - 14), HEIGHT)
    aside = np.square((x[near] - np.float32(axis)) / np.float32(wide * 1.1))
    shadow = np.exp(-np.square(aside) - np.square((y[near] - np.float32(foot + 2)) / 5))
    pixels = backdrop.copy()
    pixels[near] *= in_three(f32(1 - 0.45 * shadow))
    pixels *= in_three(f32(1 - stage.into_frame(picture.alpha)))
    pixels += stage.into_frame(f32(picture.rgb * in_three(picture.alpha)))
    return pixels


def zones_of(stage: Stage, alpha: F32, closure: F32 | None, names: tuple[str, ...]) -> NDArray[np.uint8]:
    """Which zone every pixel of the window shows, of the intact and nominally filled unit."""
    style = stage.style
    container = style.container
    zones = np.zeros(stage.shape, np.uint8)
    here = alpha > 0.5
    zones[here] = names.index("body")
    content = stage.within(container.base, style.fill_mm) * stage.inside(stage.outline.inner) > 0.5
    zones[here & content] = names.index("content")
    upper = np.broadcast_to(stage.y > container.body + 1.0, stage.shape)
    zones[here & upper] = names.index("neck")
    if closure is None:
        zones[here & np.broadcast_to(stage.y > container.height - 6.0, stage.shape)] = names.index("closure")
    else:
        zones[closure > 0.5] = names.index("closure")
    return zones
