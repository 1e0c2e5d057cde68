"""What a loose unit lies on: belts, plates and formed nests, even in light; the unit's shadow is not theirs.

Held-out materials are never taught.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from cameras.render import colour
from cameras.render.canvas import Place
from cameras.render.loose.style import Loose
from cameras.render.loose.unit import outline
from cameras.render.raster import F32, Random, f32, frame_axes, gaussian, noise, pick, slow_field
from cameras.render.truth import HEIGHT, WIDTH

TAUGHT_TRAYS: Final = ("smooth belt", "rubber belt", "steel", "nest")
HELD_OUT_TRAYS: Final = ("woven belt", "perforated", "cup")


@dataclass(frozen=True, slots=True)
class Tray:
    """What a product lies on."""

    material: str
    colour: F32
    middle: Place  # nominal place of the unit
    pitch_px: float  # of weave, holes or pebbles
    strength: float
    shadow: float  # how dark a unit's shadow is on it

    @property
    def is_nest(self) -> bool:
        return self.material in ("nest", "cup")


def choose_tray(look: Random, product: Loose, *, held_out: bool) -> Tray:
    material = pick(look, HELD_OUT_TRAYS if held_out else TAUGHT_TRAYS)
    tone = product.colour
    for _ in range(40):
        match material:
            case "steel":
                tone = colour.grey(look.uniform(95, 205)) * f32([0.98, 1.0, 1.02])
            case "rubber belt":
                tone = colour.grey(look.uniform(28, 75)) * f32(look.uniform(0.9, 1.1, 3))
            case _ if look.random() < 0.5:
                tone = colour.grey(look.uniform(120, 238)) * f32(look.uniform(0.97, 1.03, 3))
            case _:
                tone = colour.from_hsv(
                    colour.hue(look, held_out=held_out), look.uniform(0.08, 0.5), look.uniform(0.3, 0.85)
                )
        if all(colour.distance(tone, other) > 22 for other in product.colours):
            break
    return Tray(
        material=material,
        colour=f32(np.clip(tone, 0, 255)),
        middle=Place(WIDTH / 2 + look.normal() * 14, HEIGHT / 2 + look.normal() * 8, look.normal() * 0.15),
        pitch_px=look.uniform(7, 16) if material == "woven belt" else look.uniform(60, 110),
        strength=look.uniform(0.5, 1.2),
        shadow=look.uniform(0.3, 0.6),
    )


def draw_tray(rng: Random, tray: Tray, product: Loose) -> F32:
    x, y = frame_axes(WIDTH, HEIGHT)
    uneven = 1 + 0.02 * slow_field(rng, HEIGHT, WIDTH, 3)
    lamp_x, lamp_y, _ = product.lamp
    match tray.material:
        case "steel":
            brushed = cv2.blur(noise(rng, HEIGHT, WIDTH, 1), (121, 1)) + 0.3 * cv2.blur(
                noise(rng, HEIGHT, WIDTH), (41, 1)
            )
            uneven += 0.16 * tray.strength * f32(brushed)
        case "rubber belt":
            bumps = noise(rng, HEIGHT, WIDTH, 4)
            rise = (
                cv2.Sobel(bumps, cv2.CV_32F, 1, 0, ksize=3) * lamp_x
                + cv2.Sobel(bumps, cv2.CV_32F, 0, 1, ksize=3) * lamp_y
            )
            uneven -= 0.06 * tray.strength * f32(rise) - 0.03 * noise(rng, HEIGHT, WIDTH, 1)
        case "woven belt":
            off_x, off_y = rng.uniform(0, 50, 2)
            turns = np.float32(np.pi / tray.pitch_px)
            warp, weft = np.sin((x + off_x) * turns), np.sin((y + off_y) * turns)
            over = (warp * weft > 0).astype(np.float32)
            thread = over * np.abs(warp) + (1 - over) * np.abs(weft)
            uneven += 0.2 * tray.strength * (gaussian(f32(thread), 0.8) - 0.6) + 0.03 * noise(rng, HEIGHT, WIDTH, 1)
        case "perforated":
            uneven += 0.01 * noise(rng, HEIGHT, WIDTH, 1)
            off_x, off_y = rng.uniform(0, tray.pitch_px, 2)
            row = np.floor((y + off_y) / tray.pitch_px)
            hole_x = np.mod(x + off_x + row * tray.pitch_px / 2, tray.pitch_px) - tray.pitch_px / 2
            hole_y = np.mod(y + off_y, tray.pitch_px) - tray.pitch_px / 2
            away = np.sqrt(hole_x**2 + hole_y**2) - 0.2 * tray.pitch_px
            lip = np.exp(-((away / 2.5) ** 2)) * (hole_x * lamp_x + hole_y * lamp_y) / (0.2 * tray.pitch_px)
            uneven = uneven * (1 - 0.75 * np.clip(0.5 - away, 0, 1)) - 0.18 * lip
        case _:
            uneven += 0.012 * noise(rng, HEIGHT, WIDTH, 1) + 0.01 * noise(rng, HEIGHT, WIDTH, 4)
    if tray.is_nest:
        uneven = uneven * _nest_gain(tray, product)
    return f32(tray.colour * f32(uneven)[..., None])


def _nest_gain(tray: Tray, product: Loose) -> F32:
    """A hollow that follows the good unit's outline with a little room; a cup has a second, outer step."""
    x, y = frame_axes(WIDTH, HEIGHT)
    cos, sin = np.float32(np.cos(tray.middle.turn)), np.float32(np.sin(tray.middle.turn))
    away_x, away_y = x - np.float32(tray.middle.x), y - np.float32(tray.middle.y)
    out = outline(product, f32(away_x * cos + away_y * sin), f32(away_y * cos - away_x * sin))
    lamp_x, lamp_y, _ = product.lamp
    facing = (away_x * lamp_x + away_y * lamp_y) / np.maximum(np.hypot(away_x, away_y), 1)
    gain = np.ones_like(x)
    for room, deep in ((13.0, 0.3), (34.0, 0.18)) if tray.material == "cup" else ((16.0, 0.32),):
        wall = np.exp(-(((out - room) / 5) ** 2))
        gain = (
            gain * (1 - deep * tray.strength * wall * facing) * (1 - 0.5 * deep * np.clip((room - out) / 8 + 0.5, 0, 1))
        )
    return f32(gain)
