"""Colours of tablets, particles and inks, and how far apart they look.

Colours are float32 RGB triples, 0..255. Held-out styles take their hues from two arcs that taught styles never use.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from cameras.render.raster import F32, Random, f32, pick


def lab(rgb: F32) -> F32:
    """CIE Lab of RGB values 0..255, any leading shape of at most two axes."""
    grid = f32(np.clip(rgb.reshape(1, -1, 3) if rgb.ndim < 3 else rgb, 0, 255)) / np.float32(255)
    return f32(f32(cv2.cvtColor(grid, cv2.COLOR_RGB2Lab)).reshape(rgb.shape))


def distance(first: F32, second: F32) -> float:
    """Lab distance (CIE 1976) of two colours; about 2.3 is just noticeable."""
    return float(np.linalg.norm(lab(first) - lab(second)))


def from_hsv(hue: float, saturation: float, value: float) -> F32:
    single = f32(cv2.cvtColor(f32([[[hue % 360, saturation, value]]]), cv2.COLOR_HSV2RGB))
    return f32(single[0, 0] * 255)


def grey(level: float) -> F32:
    return np.full(3, level, np.float32)


def hue(rng: Random, *, held_out: bool) -> float:
    while True:
        degrees = rng.uniform(0, 360)
        if held_out == (75 < degrees < 145 or 250 < degrees < 305):
            return degrees


def tablet_colour(rng: Random, *, held_out: bool) -> F32:
    if rng.random() < 0.38:  # white tablets are the most common product
        white = f32([238, 237, 232]) * rng.uniform(0.86, 1.05) + rng.normal(0, 3, 3)
        return f32(np.clip(white, 0, 252))
    return from_hsv(hue(rng, held_out=held_out), rng.uniform(0.12, 0.8), rng.uniform(0.45, 0.97))


def particle_colour(rng: Random, *, unlike: Sequence[F32], least: float) -> F32:
    """A dark or coloured particle at least `least` away from everything it could be mistaken for."""
    for _ in range(40):
        if rng.random() < 0.6:
            colour = f32(rng.uniform(8, 80) * rng.uniform(0.85, 1.15, 3))
        else:
            colour = from_hsv(rng.uniform(0, 360), rng.uniform(0.4, 0.95), rng.uniform(0.2, 0.75))
        if all(distance(colour, other) > least for other in unlike):
            return colour
    lightness = float(np.mean([lab(other)[0] for other in unlike]))
    return f32([10, 10, 12]) if lightness > 45 else f32([245, 240, 225])


def stain_colour(rng: Random, product: F32, *, faintest: float, strongest: float) -> tuple[F32, float]:
    """The product's colour turned towards a brown, grey or pink, and how far it turned."""
    tones = ((150, 105, 55), (190, 160, 80), (120, 90, 80), (205, 120, 110), (110, 115, 105), (160, 130, 60))
    for _ in range(30):
        tone = f32(pick(rng, tones)) * rng.uniform(0.75, 1.15)
        share = rng.uniform(0.12, 0.85)
        turned = f32(product * (1 - share) + tone * share)
        contrast = distance(turned, product)
        if faintest < contrast < strongest:
            return turned, contrast
    turned = f32(product * 0.8)
    return turned, distance(turned, product)


def ink_on(rng: Random, ground: F32) -> F32:
    """An ink that a printer would use on this ground."""
    dark = lab(ground)[0] > 50
    if rng.random() < 0.6:
        return f32([20, 20, 30]) if dark else f32([240, 240, 235])
    return from_hsv(rng.uniform(0, 360), rng.uniform(0.5, 0.95), rng.uniform(0.2, 0.5) if dark else 0.95)
