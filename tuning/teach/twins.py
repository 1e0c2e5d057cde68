"""Pictures that belong together, the same one under two labels, and halves that share none."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tuning.teach.photo import Photo

SMALL_PX = 96  # edge of the small grey copies that twins are looked for in
TWINS_APART = 1.5  # grey levels, on average: twins differ by less
TWINS_SHARE = 0.35  # and by less than this share of what two pictures of one class usually differ by
LARGEST_GROUP = 0.6  # of the good pictures: what is left must still be a half


@dataclass(frozen=True, slots=True)
class Print:
    """By what a picture is known again."""

    digest: str
    small: NDArray[np.uint8]


def print_of(pixels: NDArray[np.uint8]) -> Print:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = np.asarray(cv2.resize(grey, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA), np.uint8)
    return Print(hashlib.sha256(pixels.tobytes()).hexdigest(), small)


def two_minds(photos: Sequence[Photo], prints: Sequence[Print]) -> list[str]:
    """The same pixels under two labels: one of the labels is wrong, and nobody but a person knows which."""
    first: dict[str, Photo] = {}
    problems = []
    for photo, one in zip(photos, prints, strict=True):
        before = first.setdefault(one.digest, photo)
        if before.defects != photo.defects:
            labels = " and ".join(", ".join(p.defects) or "good" for p in (before, photo))
            problems.append(
                f"{before.path} and {photo.path}: the same picture is called {labels}. Delete one of them; if "
                "it shows both, give it a line for each in a manifest."
            )
    return problems


def grouped(photos: Sequence[Photo], prints: Sequence[Print], stated: Sequence[str]) -> tuple[list[int], list[str]]:
    """A group number for each picture: stated groups, and twins, which would otherwise be taught and tested at once.

    Two frames of one unit differ far less than two units do; a product that always lies alike has no other measure.
    """
    numbers = list(range(len(photos)))

    def root(i: int) -> int:
        while numbers[i] != i:
            i = numbers[i]
        return i

    small = np.array([one.small for one in prints], np.float32)
    apart = np.array([np.abs(small - own).mean((1, 2)) for own in small])
    of_class = np.array([", ".join(photo.defects) for photo in photos])
    pairs = np.triu(of_class[:, None] == of_class[None], 1)
    twin = min(TWINS_APART, TWINS_SHARE * float(np.median(apart[pairs]))) if pairs.any() else TWINS_APART
    twins: list[str] = []
    for i, photo in enumerate(photos):
        for k in range(i):
            same = prints[i].digest == prints[k].digest
            if same:
                twins.append(f"{photos[k].name} and {photo.name}: the same picture twice; one of them would do.")
            alike = _share_a_label(photos[k], photo) and photos[k].size == photo.size and apart[i, k] < twin
            if same or alike or (stated[i] and stated[i] == stated[k]):
                numbers[root(i)] = root(k)
    return [root(i) for i in range(len(photos))], twins


def _share_a_label(one: Photo, other: Photo) -> bool:
    return not set(one.defects).isdisjoint(other.defects) or not (one.is_bad or other.is_bad)


def one_sided(photos: Sequence[Photo]) -> str:
    """Why the good pictures make no two halves; empty where they do."""
    good = Counter(photo.group for photo in photos if not photo.is_bad)
    largest = max(good.values())
    if largest <= LARGEST_GROUP * good.total():
        return ""
    return (
        f"{largest} of the {good.total()} good pictures are of one group or show one unit again and again: half of the "
        "pictures must be kept back to try out what was taught. Photograph more units, or name smaller groups."
    )


def halves(photos: Sequence[Photo]) -> list[int]:
    """0 or 1 for each picture: two halves that share no group, each with its part of every class."""
    side: dict[int, int] = {}
    taken: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for photo in photos:
        counts = [taken[name] for name in photo.defects or ("",)]
        first, second = (sum(own[at] for own in counts) for at in (0, 1))
        side.setdefault(photo.group, 0 if first <= second else 1)
        for own in counts:
            own[side[photo.group]] += 1
    return [side[photo.group] for photo in photos]
