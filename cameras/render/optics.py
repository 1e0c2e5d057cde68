"""From the flat scene to a photograph: lamps, glare, the camera's place, blur, noise and coding."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render.raster import F32, Random, f32, frame_axes, gaussian, in_three, noise
from cameras.render.truth import HEIGHT, WIDTH


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """Where the camera stands: a perspective map, and how much smaller it makes the scene."""

    matrix: NDArray[np.float64]
    zoom: float

    def seen(self, field: F32) -> F32:
        return f32(cv2.warpPerspective(field, self.matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR))

    def seen_zones(self, zones: NDArray[np.uint8]) -> NDArray[np.uint8]:
        size = (WIDTH, HEIGHT)
        return np.asarray(cv2.warpPerspective(zones, self.matrix, size, flags=cv2.INTER_NEAREST), np.uint8)


def choose_camera_place(rng: Random) -> CameraPlace:
    """A turn of up to four degrees, a little further away, and corners off by a few pixels."""
    turn, zoom = np.radians(rng.uniform(-4, 4)), rng.uniform(0.93, 1.0)
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float64)
    middle = np.array([WIDTH / 2, HEIGHT / 2])
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    moved = (corners - middle) @ rotation * zoom + middle + rng.normal(0, 3.5, (4, 2))
    matrix = cv2.getPerspectiveTransform(f32(corners), f32(moved))
    return CameraPlace(np.asarray(matrix, np.float64), zoom)


def light_up(rng: Random, pixels: F32, film: F32, *, held_out: bool) -> F32:
    """Lamp fall-off, a colour cast, a soft reflection, and streaks of glare where there is film (1) to make them."""
    x, y = frame_axes(WIDTH, HEIGHT)
    turn = rng.uniform(0, 2 * np.pi)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    light = rng.uniform(0.78, 1.1) * (1 + rng.uniform(0, 0.22) * ((x / WIDTH - 0.5) * cos + (y / HEIGHT - 0.5) * sin))
    if held_out:
        if rng.random() < 0.6:  # vignette
            light = light * (1 - rng.uniform(0.05, 0.22) * (((x / WIDTH - 0.5) ** 2 + (y / HEIGHT - 0.5) ** 2) * 2))
        if rng.random() < 0.4:  # two lamps
            light = light + rng.uniform(0.02, 0.1) * np.cos((x * sin + y * cos) / rng.uniform(60, 130))
    lit = pixels * in_three(f32(light))
    lit *= f32(1 + rng.normal(0, 0.02, 3))
    if rng.random() < 0.45:
        across = ((x - rng.uniform(0, WIDTH)) / rng.uniform(50, 220)) ** 2
        down = ((y - rng.uniform(0, HEIGHT)) / rng.uniform(40, 160)) ** 2
        lit += in_three(f32(np.exp(-(across + down)) * rng.uniform(8, 45)))
    if rng.random() < 0.22:
        lit += in_three(_glare_streaks(rng) * film)
    return lit


def _glare_streaks(rng: Random) -> F32:
    """Narrow bright bands, soft at their ends, as a lamp makes on wavy film."""
    x, y = frame_axes(WIDTH, HEIGHT)
    glare = np.zeros((HEIGHT, WIDTH), np.float32)
    turn = rng.uniform(0, np.pi)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    for _ in range(int(rng.integers(1, 4))):
        middle_x, middle_y = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)
        along = (x - middle_x) * cos + (y - middle_y) * sin
        across = (y - middle_y) * cos - (x - middle_x) * sin + rng.normal() * 3 * np.sin(along / rng.uniform(30, 90))
        ends = (along / rng.uniform(30, 260)) ** 2
        band = np.exp(-((across / rng.uniform(1.2, 8)) ** 2) - ends * ends)
        glare += f32(band * rng.uniform(12, 60))
    return glare


def photograph(
    rng: Random, pixels: F32, place: CameraPlace, background: F32 | None, *, held_out: bool
) -> NDArray[np.uint8]:
    """Take the picture: perspective, focus or motion blur, sharpening, sensor noise, JPEG.

    What lies beyond the scene's edge is `background`, or, where there is none, the edge goes on.
    """
    image = f32(
        cv2.warpPerspective(
            np.clip(pixels, 0, 255),
            place.matrix,
            (WIDTH, HEIGHT),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE if background is None else cv2.BORDER_CONSTANT,
            borderValue=(0.0,) if background is None else tuple(float(level) for level in background),
        )
    )
    if held_out and rng.random() < 0.35:
        image = _motion_blurred(rng, image)
    elif rng.random() < 0.6:
        image = gaussian(image, rng.uniform(0.35, 0.9))
    if rng.random() < 0.2:
        image = f32(image + 0.6 * (image - gaussian(image, 1.2)))
    strength = rng.uniform(0.8, 5.5)
    image = image + in_three(noise(rng, HEIGHT, WIDTH) * np.float32(strength * 0.7))
    image[..., 0] += noise(rng, HEIGHT, WIDTH) * strength * 0.6
    image[..., 2] += noise(rng, HEIGHT, WIDTH) * strength * 0.6
    taken = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        return _jpeg_coded(taken, quality=int(rng.uniform(62, 96)))
    return taken


def _motion_blurred(rng: Random, image: F32) -> F32:
    kernel = np.zeros((5, 5), np.float32)
    turn, reach = rng.uniform(0, np.pi), rng.uniform(0.6, 1.6)
    for step in np.linspace(-reach, reach, 9):
        x, y = round(2 + float(step) * float(np.cos(turn))), round(2 + float(step) * float(np.sin(turn)))
        kernel[y, x] = 1
    return f32(cv2.filter2D(image, -1, kernel / kernel.sum()))


def _jpeg_coded(image: NDArray[np.uint8], *, quality: int) -> NDArray[np.uint8]:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)
