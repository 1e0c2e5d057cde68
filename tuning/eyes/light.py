"""How the light, the colours and the focus of a picture are varied before it teaches."""

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def relit(pixels: NDArray[np.uint8] | F32, rng: np.random.Generator) -> F32:
    """Vary hue, light, contrast, sharpness and noise; (H, W, 3) in 0..255, and out."""
    out: NDArray[np.float32 | np.float64] = pixels.astype(np.float32)
    if rng.random() < 0.25:
        out = out[..., rng.permutation(3)]
    gain = np.float32(rng.uniform(0.8, 1.2)) * rng.uniform(0.93, 1.07, 3).astype(np.float32)
    out = out * gain + np.float32(rng.uniform(-12, 12))
    if rng.random() < 0.3:
        out = 255 * np.clip(out / 255, 0, 1) ** np.float32(rng.uniform(0.75, 1.33))
    if rng.random() < 0.2:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.3, 0.8))), np.float32)
    if rng.random() < 0.3:
        out = out + rng.standard_normal(out.shape, dtype=np.float32) * np.float32(rng.uniform(0, 5))
    return np.clip(out, 0, 255).astype(np.float32)


def taken_elsewhere(pixels: NDArray[np.uint8], rng: np.random.Generator) -> F32:
    """Vary what another line's lamps and lens would: uneven light, stronger or weaker colours, blur along a line.

    The lamps and blurs of held-out styles are drawn otherwise: these fields and kernels are not theirs.

    Args:
        pixels: (H, W, 3), 0..255.

    Returns:
        The same shape; values may leave 0..255 (`relit` clips them).
    """
    out: F32 = pixels.astype(np.float32)
    if rng.random() < 0.6:
        out = out * _uneven_light(out.shape[0], out.shape[1], rng)[..., None]
    if rng.random() < 0.4:
        grey = out.mean(-1, keepdims=True)
        out = grey + (out - grey) * np.float32(rng.uniform(0.4, 1.6))
    if rng.random() < 0.3:
        out = out[..., rng.permutation(3)]
    if rng.random() < 0.45:
        out = np.asarray(cv2.filter2D(out, -1, _long_blur(rng)), np.float32)
    return out


def _uneven_light(height: int, width: int, rng: np.random.Generator) -> F32:
    """A smooth field about 1."""
    cells = rng.integers(2, 5, 2)
    bumps = rng.standard_normal((int(cells[0]), int(cells[1]))).astype(np.float32)
    field = np.asarray(cv2.resize(bumps, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray(np.clip(1 + rng.uniform(0.02, 0.12) * field, 0.6, 1.4), np.float32)


def _long_blur(rng: np.random.Generator) -> F32:
    """A Gaussian kernel, longer in one direction than across it, summing to 1."""
    y, x = np.mgrid[-3:4, -3:4].astype(np.float32)
    turn, along, across = rng.uniform(0, np.pi), rng.uniform(0.4, 1.2), rng.uniform(0.25, 0.5)
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    kernel = np.exp(-0.5 * ((u / along) ** 2 + (v / across) ** 2))
    return np.asarray(kernel / kernel.sum(), np.float32)
