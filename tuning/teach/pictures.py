"""The photographs that a product is taught from: read, checked against each other, split with twins kept together.

Everything that is wrong is found before anything is taught, and listed: a picture that cannot be read, a mask of
another size, a box outside its picture, the same picture called good and bad.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from models.answer import note_pieces, parse_note
from models.errors import AnswerMalformed
from models.evaluate_eyes import MARKED as FAINT
from models.example_files import ANOMALY, LINES, can_be_shown, class_name, stored
from models.eyes import SMALLEST_EDGE
from models.note import PRODUCT, SEVERITIES, Note, Tier
from models.observation import Box
from models.package import sayable_class
from tuning.errors import TuningError
from tuning.teach.sources import Named, NamedMark, named_bad, named_good

FEWEST_GOOD, ASKED_GOOD = 10, 20
FEWEST_TO_NAME = 4  # pictures of a defect, for it to become a class of its own
MOST_MARKED = 0.95  # of a picture: a mask of more is inverted, or marked in a channel that does not count
UPRIGHT = 1  # EXIF orientation
MARKED, SHADE = 127, 32  # grey levels of a mask above which a pixel belongs to the defect, and is not black
LEAST_WHITE = 0.6  # of what is not black: edges are grey, a second colour would be lost
RULE_WORDS = (
    *SEVERITIES,
    "any",
    "every",
    "all",
    "no",
    "not",
    "off",
    "other",
    "more",
    "over",
    "under",
)  # of any sentence
SMALL_PX = 96  # edge of the small grey copies that twins are looked for in
TWINS_APART = 1.5  # grey levels, on average: twins differ by less
TWINS_SHARE = 0.35  # and by less than this share of what two pictures of one class usually differ by
LARGEST_GROUP = 0.6  # of the good pictures: what is left must still be a half


@dataclass(frozen=True, slots=True)
class Print:
    """By what a picture is known again."""

    digest: str
    small: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph of a unit."""

    name: str
    path: Path
    size: tuple[int, int]  # width, height in px
    defects: tuple[str, ...]  # kinds of defect that it shows; none: good
    masks: NDArray[np.bool_] | None  # (kinds, H, W); None: nobody marked where
    group: int  # twins and pictures of one group share it

    @property
    def is_bad(self) -> bool:
        return bool(self.defects)

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
    opened = _open(good, defects)
    photos, prints, problems = opened.photos, opened.prints, opened.problems
    count = sum(not photo.is_bad for photo in photos)
    if not problems and count < FEWEST_GOOD:
        problems.append(
            f"{good}: {count} good pictures, at least {FEWEST_GOOD} are needed and 50 are better: what is usual cannot "
            "be told from fewer. Photograph more good units, of several lots and days."
        )
    if problems:
        raise TuningError("\n".join([*problems, "Nothing was taught."]))
    too_few = f"{count} good pictures: what is usual is hardly known from so few, {ASKED_GOOD} to 100 are asked for."
    groups, remarks = _grouped(photos, prints, opened.groups)
    photos = [replace(photo, group=group) for photo, group in zip(photos, groups, strict=True)]
    if problem := _one_sided(photos):
        raise TuningError(f"{good}: {problem} Nothing was taught.")
    photos, few = _few_named_anomaly(photos)
    names = sorted({name for photo in photos for name in photo.defects} - {ANOMALY})
    return Photographs(
        tuple(photo for photo in photos if not photo.is_bad),
        tuple(photo for photo in photos if photo.is_bad),
        (*names, ANOMALY),
        (*opened.left_out, *([too_few] if count < ASKED_GOOD else []), *remarks, *few),
        _digest(photos, prints),
    )


@dataclass(frozen=True, slots=True)
class ToShow:
    """Photographs that are shown to a package and teach nothing."""

    photos: tuple[Photo, ...]
    groups: tuple[str, ...]  # of each, as it was stated; empty where nothing was
    remarks: tuple[str, ...]  # what was left out


def read_photographs(good: Path, defects: Path | None) -> ToShow:
    """The same photographs to be shown, not taught: however few they are, each under the name that it was given.

    Raises:
        TuningError: one problem a line, each with what to do.
    """
    for folder in (good, defects):
        if folder is not None and (folder / LINES).is_file():
            raise TuningError(
                f"{folder}: is a folder of examples already. Nothing was written. Name it with --data where it is to "
                "be shown."
            )
    opened = _open(good, defects)
    if opened.problems:
        raise TuningError("\n".join([*opened.problems, "Nothing was written."]))
    return ToShow(tuple(opened.photos), tuple(opened.groups), tuple(opened.left_out))


@dataclass(frozen=True, slots=True)
class _Opened:
    photos: list[Photo]
    prints: list[Print]
    groups: list[str]  # as they were stated
    left_out: list[str]
    problems: list[str]


def _open(good: Path, defects: Path | None) -> _Opened:
    """Read every picture, and check each by itself and those with the same pixels."""
    problems: list[str] = []
    left_out: list[str] = []
    named = [*named_good(good, problems, left_out), *named_bad(defects, problems, left_out)]
    photos: list[Photo] = []
    prints: list[Print] = []
    for one in named:
        try:
            pixels = _read(one.path)
            _refuse_turned_or_several(one.path)
            kinds = tuple(sorted({class_name(name) for name in one.defects}))
            masks = _masks(one, kinds, pixels.shape[:2])
        except TuningError as error:
            problems.append(str(error))
            continue
        rows, columns = pixels.shape[:2]
        name = f"{one.path.parent.name}/{one.path.name}"
        photos.append(Photo(name, one.path, (columns, rows), kinds, masks, len(photos)))
        prints.append(_print(pixels))
    problems += [*_unspeakable({name for photo in photos for name in photo.defects}), *_two_minds(photos, prints)]
    return _Opened(photos, prints, [one.group for one in named], left_out, problems)


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


def _read(path: Path) -> NDArray[np.uint8]:
    pixels = stored(path)
    if pixels is None:
        raise TuningError(f"{path}: is no picture that can be read. Replace or delete it.")
    if not can_be_shown(pixels):
        raise TuningError(
            f"{path}: {pixels.dtype} {'x'.join(map(str, pixels.shape))}; taken are 8-bit pictures, grey or colour, of "
            f"at least {SMALLEST_EDGE} px, as the line's camera delivers them. Replace or delete it."
        )
    return pixels


def _refuse_turned_or_several(path: Path) -> None:
    """What the pixels do not show; asked once, not each time a picture is read."""
    if (turned := _orientation(path)) != UPRIGHT:
        raise TuningError(
            f"{path}: is stored turned (EXIF orientation {turned}): its mask would lie elsewhere than viewers show it. "
            "Save it upright."
        )
    if cv2.imcount(str(path)) > 1:
        raise TuningError(f"{path}: holds several pictures. Save one a file.")


def _orientation(path: Path) -> int:
    try:
        with Image.open(path) as picture:
            return int(picture.getexif().get(ExifTags.Base.Orientation, UPRIGHT))
    except (OSError, ValueError, SyntaxError):
        return UPRIGHT  # no such note that could be read


def _masks(one: Named, kinds: tuple[str, ...], shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """What is marked of each kind."""
    if not one.marks:
        return None
    masks = np.zeros((len(kinds), *shape), np.bool_)
    for mark in one.marks:
        own = masks[kinds.index(class_name(mark.defect))]
        if mark.box is None:
            own |= _whole(mark, one.path, shape)
        else:
            x0, y0, x1, y1 = mark.box
            own[y0:y1, x0:x1] |= _boxed(mark, mark.box, one.path, shape)
    return masks


def _whole(mark: NamedMark, picture: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask of the picture's size."""
    assert mark.mask is not None
    rows, columns = shape
    grey = _grey(mark.mask, picture)
    white = np.asarray(grey > MARKED, np.bool_)
    if white.shape != (rows, columns) or not 0 < white.mean() < MOST_MARKED:
        raise TuningError(
            f"{mark.mask}: {white.shape[1]} x {white.shape[0]} px, {int(white.sum())} of them white; the mask "
            f"of {picture.name} has its {columns} x {rows} px and is white where the defect is. Correct it, or leave "
            "it out."
        )
    if white.sum() < LEAST_WHITE * (grey > SHADE).sum():
        raise TuningError(
            f"{mark.mask}: most of what is marked for {picture.name} is neither black nor white, and would teach as "
            "good. Save one black and white mask a kind of defect, or leave it out."
        )
    return white


def _boxed(mark: NamedMark, box: Box, picture: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """What is marked in a box of the picture."""
    (rows, columns), (x0, y0, x1, y1) = shape, box
    if not (0 <= x0 < x1 <= columns and 0 <= y0 < y1 <= rows):
        raise TuningError(
            f"{picture}: box {[x0, y0, x1, y1]} does not lie in the picture of {columns} x {rows} px. Correct it: "
            "x0, y0, x1, y1 with x0 < x1 and y0 < y1."
        )
    if mark.mask is None:
        return np.ones((y1 - y0, x1 - x0), np.bool_)
    drawn = _grey(mark.mask, picture) > FAINT
    if drawn.shape != (y1 - y0, x1 - x0) or not drawn.any():
        raise TuningError(
            f"{mark.mask}: {drawn.shape[1]} x {drawn.shape[0]} px, {int(drawn.sum())} of them marked; a mask has the "
            f"{x1 - x0} x {y1 - y0} px of its box and is white where the defect is. Correct it, or leave it out."
        )
    return np.asarray(drawn, np.bool_)


def _grey(path: Path, picture: Path) -> NDArray[np.uint8]:
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise TuningError(f"{path}: the mask of {picture.name} cannot be read. Correct its path, or leave it out.")
    return np.asarray(grey, np.uint8)


def _unspeakable(names: Collection[str]) -> list[str]:
    """Names that the notes which reading makes could not hold, or that stand in sentences about any defect.

    No sheet about them would ever agree.
    """
    problems = []
    for name in sorted(names):
        tier = Tier(operator=">", limit=1.0, severity="major")
        notes = [Note(kind="off", defect=name), Note(kind="any", defect=name, severity="major", zone=PRODUCT)]
        notes += [Note(kind="count", defect=name, unit="count", tiers=(tier,), zone=PRODUCT, outside=True)]
        if name in (PRODUCT, *RULE_WORDS) or not _is_sayable(name) or not all(_reads_back(note) for note in notes):
            problems.append(f"{name}: a defect cannot be called so, the model's notes would not hold it. Rename it.")
    return problems


def _is_sayable(name: str) -> bool:
    try:
        sayable_class(name)
    except ValueError:
        return False
    return True


def _reads_back(note: Note) -> bool:
    try:
        return parse_note("".join(note_pieces(note)), (PRODUCT,)) == note
    except AnswerMalformed:
        return False


def _print(pixels: NDArray[np.uint8]) -> Print:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = np.asarray(cv2.resize(grey, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA), np.uint8)
    return Print(hashlib.sha256(pixels.tobytes()).hexdigest(), small)


def _two_minds(photos: Sequence[Photo], prints: Sequence[Print]) -> list[str]:
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


def _grouped(photos: Sequence[Photo], prints: Sequence[Print], stated: Sequence[str]) -> tuple[list[int], list[str]]:
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


def _one_sided(photos: Sequence[Photo]) -> str:
    """Why the good pictures make no two halves; empty where they do."""
    good = Counter(photo.group for photo in photos if not photo.is_bad)
    largest = max(good.values())
    if largest <= LARGEST_GROUP * good.total():
        return ""
    return (
        f"{largest} of the {good.total()} good pictures are of one group or show one unit again and again: half of the "
        "pictures must be kept back to try out what was taught. Photograph more units, or name smaller groups."
    )


def _few_named_anomaly(photos: Sequence[Photo]) -> tuple[list[Photo], list[str]]:
    counts = Counter(name for photo in photos for name in photo.defects)
    few = {name: n for name, n in sorted(counts.items()) if n < FEWEST_TO_NAME and name != ANOMALY}
    remarks = [
        f"{name}: {n} pictures are too few to tell it from others by name (at least {FEWEST_TO_NAME}); it is taught as "
        f"{ANOMALY}."
        for name, n in few.items()
    ]
    return [_with_anomaly(photo, few) for photo in photos], remarks


def _with_anomaly(photo: Photo, few: Collection[str]) -> Photo:
    """These kinds, and what is marked of them, as the anomaly."""
    names = [ANOMALY if name in few else name for name in photo.defects]
    defects = tuple(dict.fromkeys(names))
    if photo.masks is None or defects == photo.defects:
        return replace(photo, defects=defects)
    own = [[mask for mask, name in zip(photo.masks, names, strict=True) if name == kind] for kind in defects]
    return replace(photo, defects=defects, masks=np.stack([np.any(masks, axis=0) for masks in own]))


def _digest(photos: Sequence[Photo], prints: Sequence[Print]) -> str:
    whole = hashlib.sha256()
    for photo, one in zip(photos, prints, strict=True):
        marked = "" if photo.masks is None else hashlib.sha256(np.packbits(photo.masks).tobytes()).hexdigest()
        whole.update(f"{one.digest} {', '.join(photo.defects)} {marked}\n".encode())
    return f"sha256:{whole.hexdigest()}"
