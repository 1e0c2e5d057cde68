"""The photographs that a product is taught from: read, checked against each other, split with twins kept together.

    GOOD/*.png, *.jpg                   good units
    DEFECTS/NAME/*.png, *.jpg           units with a defect of that name; NAME_mask.png beside a picture marks where
    DEFECTS/*.png, *.jpg                units that are bad in a way that nobody named
    MANIFEST.jsonl                      in place of DEFECTS: one picture a line, see `ManifestLine`

Everything that is wrong is found before anything is taught, and listed: a picture that cannot be read, a mask of
another size, a box outside its picture, the same picture called good and bad.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.eyes import SMALLEST_EDGE
from tuning.errors import TuningError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
MASK = "_mask"  # at the end of a mask's name, before its suffix
FEWEST_GOOD = 10
FEWEST_TO_NAME = 4  # pictures of a defect, for it to become a class of its own
ANOMALY = "anomaly"  # what has no name of its own
MARKED = 127  # grey level of a mask above which a pixel belongs to the defect
ALIKE_BITS = 2  # of the 64 of a picture's fingerprint: twins differ by no more

Bits = NDArray[np.bool_]


class ManifestLine(BaseModel):
    """One bad unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str  # path from the manifest's folder
    defect: str = ""  # empty: bad in a way that nobody named
    mask: str = ""  # grey picture of the image's size, white where the defect is
    boxes: tuple[tuple[int, int, int, int], ...] = ()  # x0, y0, x1, y1; the last row and column excluded
    group: str = Field(default="", max_length=200)  # pictures of one unit or one video: never split


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph of a unit."""

    name: str
    path: Path
    size: tuple[int, int]  # width, height in px
    defect: str | None  # None: good
    mask: NDArray[np.bool_] | None  # (H, W); None: nobody marked where
    group: int  # twins and pictures of one group share it

    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3) RGB, read anew: a hundred large photographs do not fit beside a training."""
        return _read(self.path)


@dataclass(frozen=True, slots=True)
class Photographs:
    """Everything that a product is taught from."""

    good: tuple[Photo, ...]
    bad: tuple[Photo, ...]
    defects: tuple[str, ...]  # classes in alphabetical order, the anomaly last
    remarks: tuple[str, ...]  # what a person should look at, though it does not stop the teaching
    digest: str  # over every picture, name and mark

    @property
    def all(self) -> tuple[Photo, ...]:
        return self.good + self.bad


def open_photographs(good: Path, defects: Path | None) -> Photographs:
    """Read and check everything.

    Raises:
        TuningError: one problem a line, each with what to do.
    """
    problems: list[str] = []
    named = [(path, ManifestLine(image=path.name), False) for path in _pictures_in(good, problems)]
    named += [(path, line, True) for path, line in _bad(defects, problems)]
    photos: list[Photo] = []
    prints: list[tuple[str, Bits]] = []
    for path, line, is_bad in named:
        try:
            pixels = _read(path)
            mask = _mask(path, line, defects, pixels.shape[:2])
        except TuningError as error:
            problems.append(str(error))
            continue
        rows, columns = pixels.shape[:2]
        defect = (_class_name(line.defect) or ANOMALY) if is_bad else None
        name = f"{path.parent.name}/{path.name}"
        photos.append(Photo(name, path, (columns, rows), defect, mask, len(photos)))
        prints.append((hashlib.sha256(pixels.tobytes()).hexdigest(), _fingerprint(pixels)))
    problems += _two_minds(photos, prints)
    count = sum(photo.defect is None for photo in photos)
    if not problems and count < FEWEST_GOOD:
        problems.append(
            f"{good}: {count} good pictures, at least {FEWEST_GOOD} are needed and 50 are better: what is usual cannot "
            "be told from fewer. Photograph more good units, of several lots and days."
        )
    if problems:
        raise TuningError("\n".join([*problems, "Nothing was taught."]))
    groups, remarks = _grouped(photos, prints, [line.group for _, line, _ in named])
    photos = [Photo(p.name, p.path, p.size, p.defect, p.mask, group) for p, group in zip(photos, groups, strict=True)]
    photos, few = _few_named_anomaly(photos)
    names = sorted({p.defect for p in photos if p.defect} - {ANOMALY})
    return Photographs(
        tuple(p for p in photos if p.defect is None),
        tuple(p for p in photos if p.defect is not None),
        (*names, ANOMALY),
        (*remarks, *few),
        _digest(photos, prints),
    )


def halves(photos: Sequence[Photo]) -> list[int]:
    """0 or 1 for each picture: two halves that share no group, each with its part of every class."""
    side: dict[int, int] = {}
    taken: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    for photo in photos:
        counts = taken[photo.defect]
        side.setdefault(photo.group, 0 if counts[0] <= counts[1] else 1)
        counts[side[photo.group]] += 1
    return [side[photo.group] for photo in photos]


def _pictures_in(folder: Path, problems: list[str]) -> list[Path]:
    if not folder.is_dir():
        problems.append(f"{folder}: is no folder. Name a folder of pictures.")
        return []
    found = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in SUFFIXES and not p.stem.endswith(MASK)]
    if not found and not any(p.is_dir() for p in folder.iterdir()):
        problems.append(f"{folder}: no pictures ({', '.join(SUFFIXES)}). Put them there, or name another folder.")
    return found


def _bad(source: Path | None, problems: list[str]) -> Iterator[tuple[Path, ManifestLine]]:
    if source is None:
        return
    if source.is_file():
        yield from _listed(source, problems)
        return
    for path in _pictures_in(source, problems):
        yield path, ManifestLine(image=path.name)
    for folder in sorted(p for p in source.iterdir() if p.is_dir()) if source.is_dir() else []:
        for path in _pictures_in(folder, problems):
            beside = path.with_name(f"{path.stem}{MASK}.png")
            mask = str(beside.relative_to(source)) if beside.exists() else ""
            yield path, ManifestLine(image=str(path.relative_to(source)), defect=folder.name, mask=mask)


def _listed(manifest: Path, problems: list[str]) -> Iterator[tuple[Path, ManifestLine]]:
    try:
        lines = manifest.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{manifest}: cannot be read ({error}). Write one picture a line, as JSON.")
        return
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = ManifestLine.model_validate_json(text)
        except ValidationError as error:
            said = (f"{'.'.join(map(str, one['loc'])) or 'line'}: {one['msg']}" for one in error.errors())
            problems += [f"{manifest}:{number}: {problem}. Correct the line." for problem in said]
            continue
        if not (manifest.parent / line.image).is_file():
            problems.append(f"{manifest}:{number}: image: {line.image} is not there. Correct the path.")
            continue
        yield manifest.parent / line.image, line


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error):
        pixels = None
    if pixels is None:
        raise TuningError(f"{path}: is no picture that can be read. Replace or delete it.")
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, 2)
    if pixels.dtype != np.uint8 or pixels.shape[2] != 3 or min(pixels.shape[:2]) < SMALLEST_EDGE:
        raise TuningError(
            f"{path}: {pixels.dtype} {'x'.join(map(str, pixels.shape))}; taught are 8-bit pictures, grey or colour, of "
            f"at least {SMALLEST_EDGE} px, as the line's camera delivers them. Replace or delete it."
        )
    return np.ascontiguousarray(pixels[..., ::-1], np.uint8)


def _mask(path: Path, line: ManifestLine, source: Path | None, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    rows, columns = shape
    if line.mask and source is not None:
        at = (source.parent if source.is_file() else source) / line.mask
        grey = cv2.imread(str(at), cv2.IMREAD_GRAYSCALE)
        if grey is None:
            raise TuningError(f"{at}: the mask of {path.name} cannot be read. Correct its path, or leave it out.")
        if grey.shape != (rows, columns) or not (grey > MARKED).any():
            raise TuningError(
                f"{at}: {grey.shape[1]} x {grey.shape[0]} px, {int((grey > MARKED).sum())} of them white; the mask of "
                f"{path.name} has its {columns} x {rows} px and is white where the defect is. Correct it, or leave it "
                "out."
            )
        return np.asarray(grey > MARKED, np.bool_)
    if not line.boxes:
        return None
    mask = np.zeros((rows, columns), np.bool_)
    for x0, y0, x1, y1 in line.boxes:
        if not (0 <= x0 < x1 <= columns and 0 <= y0 < y1 <= rows):
            raise TuningError(
                f"{path}: box {[x0, y0, x1, y1]} does not lie in the picture of {columns} x {rows} px. Correct it: "
                "x0, y0, x1, y1 with x0 < x1 and y0 < y1."
            )
        mask[y0:y1, x0:x1] = True
    return mask


def _class_name(said: str) -> str:
    """As the sheet and the model write it.

    >>> _class_name("Broken_large")
    'broken large'
    """
    return " ".join(said.replace("_", " ").split()).lower()


def _fingerprint(pixels: NDArray[np.uint8]) -> Bits:
    """64 comparisons of neighbouring brightnesses (difference hash)."""
    small = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA).astype(int)
    return np.asarray(small[:, 1:] > small[:, :-1]).ravel()


def _two_minds(photos: Sequence[Photo], prints: Sequence[tuple[str, Bits]]) -> list[str]:
    """The same pixels under two labels: one of the labels is wrong, and nobody but a person knows which."""
    first: dict[str, Photo] = {}
    problems = []
    for photo, (digest, _) in zip(photos, prints, strict=True):
        before = first.setdefault(digest, photo)
        if before.defect != photo.defect:
            labels = " and ".join(p.defect or "good" for p in (before, photo))
            problems.append(f"{before.path} and {photo.path}: the same picture is called {labels}. Delete one of them.")
    return problems


def _grouped(
    photos: Sequence[Photo], prints: Sequence[tuple[str, Bits]], stated: Sequence[str]
) -> tuple[list[int], list[str]]:
    """A group number for each picture: stated groups, and twins, which would otherwise be taught and tested at once."""
    numbers = list(range(len(photos)))

    def root(i: int) -> int:
        while numbers[i] != i:
            i = numbers[i]
        return i

    twins: list[str] = []
    for i, photo in enumerate(photos):
        for k in range(i):
            alike = photos[k].defect == photo.defect and int((prints[i][1] != prints[k][1]).sum()) <= ALIKE_BITS
            same = prints[i][0] == prints[k][0]
            if same:
                twins.append(f"{photos[k].name} and {photo.name}: the same picture twice; one of them would do.")
            if same or (stated[i] and stated[i] == stated[k]) or (alike and _nearly_equal(photos[k], photo)):
                numbers[root(i)] = root(k)
    return [root(i) for i in range(len(photos))], twins


def _nearly_equal(one: Photo, other: Photo) -> bool:
    """Two frames of the same thing: fingerprints of a product that always lies alike say little."""
    if one.size != other.size:
        return False
    a, b = (
        cv2.resize(cv2.cvtColor(photo.pixels(), cv2.COLOR_RGB2GRAY), (96, 96), interpolation=cv2.INTER_AREA)
        for photo in (one, other)
    )
    return float(np.abs(a.astype(np.float32) - b.astype(np.float32)).mean()) < 1.5


def _few_named_anomaly(photos: Sequence[Photo]) -> tuple[list[Photo], list[str]]:
    counts: dict[str, int] = defaultdict(int)
    for photo in photos:
        if photo.defect:
            counts[photo.defect] += 1
    few = {name: n for name, n in sorted(counts.items()) if n < FEWEST_TO_NAME and name != ANOMALY}
    remarks = [
        f"{name}: {n} pictures are too few to tell it from others by name (at least {FEWEST_TO_NAME}); it is taught as "
        f"{ANOMALY}."
        for name, n in few.items()
    ]
    renamed = [Photo(p.name, p.path, p.size, ANOMALY if p.defect in few else p.defect, p.mask, p.group) for p in photos]
    return renamed, remarks


def _digest(photos: Sequence[Photo], prints: Sequence[tuple[str, Bits]]) -> str:
    whole = hashlib.sha256()
    for photo, (digest, _) in zip(photos, prints, strict=True):
        marked = "" if photo.mask is None else hashlib.sha256(np.packbits(photo.mask).tobytes()).hexdigest()
        whole.update(f"{digest} {photo.defect} {marked}\n".encode())
    return f"sha256:{whole.hexdigest()}"
