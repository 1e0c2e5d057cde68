"""The photographs that a product is taught from: read, and checked against each other.

Everything that is wrong is found before anything is taught, and listed: a picture that cannot be read, a mask of
another size, a box outside its picture, the same picture called good and bad.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.answer import note_pieces, parse_note
from models.errors import AnswerMalformed
from models.example_files import ANOMALY, LINES
from models.note import PRODUCT, SEVERITIES, Note, Tier
from models.package import sayable_class
from tuning.errors import TuningError
from tuning.teach.photo import Photo, read
from tuning.teach.sources import named_bad, named_good
from tuning.teach.twins import Print, grouped, one_sided, print_of, two_minds

FEWEST_GOOD, ASKED_GOOD = 10, 20
FEWEST_TO_NAME = 4  # pictures of a defect, for it to become a class of its own
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
    groups, remarks = grouped(photos, prints, opened.groups)
    photos = [replace(photo, group=group) for photo, group in zip(photos, groups, strict=True)]
    if problem := one_sided(photos):
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
            photo, pixels = read(one, group=len(photos))
        except TuningError as error:
            problems.append(str(error))
            continue
        photos.append(photo)
        prints.append(print_of(pixels))
    problems += [*_unspeakable({name for photo in photos for name in photo.defects}), *two_minds(photos, prints)]
    return _Opened(photos, prints, [one.group for one in named], left_out, problems)


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
