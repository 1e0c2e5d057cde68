"""Examples on disk: pictures of units, and a line each about what is really wrong with them.

    FOLDER/examples.jsonl    one unit a line, see `WrittenUnit`
    FOLDER/*.png             the pictures and the masks that the lines name

Data of a site and rendered units take this one form. Lines are refused before anything is shown, pictures and masks
when their turn comes, and with them everything: a mask of another size, a box outside its picture or a defect that the
package has no word for would be counted as a miss that nobody made.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypeGuard

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from models.digest import digest_bytes, digest_file
from models.errors import ExampleInvalid
from models.evaluate_eyes import MARKED
from models.example import ShownDefect, ShownUnit
from models.eyes import SMALLEST_EDGE
from models.note import PRODUCT, REST
from models.observation import Box
from models.problems import problems_of

LINES = "examples.jsonl"
ANOMALY = "anomaly"  # the class of what has no name of its own


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def class_name(said: str) -> str:
    """As the sheet and the model write it; the anomaly where nobody named it.

    >>> class_name("Broken_large")
    'broken large'
    """
    return " ".join(said.replace("_", " ").split()).lower() or ANOMALY


class WrittenDefect(Strict):
    """One thing that is wrong with a unit, as a person or the renderer marked it."""

    defect: Annotated[str, AfterValidator(class_name)]  # a class of the package
    zone: str
    box_px: Box  # x0, y0, x1, y1 in the picture; the last row and column excluded
    mask: str = ""  # grey picture of the box's size; empty: the whole box is the defect
    length_mm: float | None = Field(
        default=None, gt=0, allow_inf_nan=False
    )  # longest dimension; measured on the mask where it is not given
    area_mm2: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    specified: bool = True  # large and distinct enough that it must be found
    whole: bool = False  # the whole part is wrong, so that its size says nothing


class WrittenUnit(Strict):
    """One picture and the truth about it."""

    image: str
    mm_per_px: float = Field(ge=1e-4, le=10)
    unit_area_mm2: float = Field(gt=0, allow_inf_nan=False)  # nominal, seen from above: what limits in % refer to
    defects: tuple[WrittenDefect, ...] = ()  # none: the unit is good
    # Subgroups that are reported apart, for example {"lot": "A17"}; pictures of one "unit" teach, or try out, together.
    groups: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class ExampleFolder:
    """A folder whose lines were read and checked; pictures are read as they are asked for, one at a time."""

    folder: Path
    units: tuple[WrittenUnit, ...]
    zones: frozenset[str] | None = None  # of the package; None: any
    rest: str = ""  # the zone of a taught package for what lies in none of its zones, whatever the line says
    named: frozenset[str] | None = None  # of a taught package: what has none of these names is an anomaly to it

    def __len__(self) -> int:
        return len(self.units)

    def __iter__(self) -> Iterator[ShownUnit]:
        """Raises ExampleInvalid at a picture or mask that cannot be read or does not fit its line."""
        for unit in self.units:
            shown = _shown(self.folder, unit)
            yield replace(shown, defects=tuple(map(self._as_the_package_knows, shown.defects)))

    @property
    def unnamed(self) -> Mapping[str, int]:
        """How many defects go by a name that the package does not know, for each: they are anomalies to it."""
        known = self.named
        said = (defect.defect for unit in self.units for defect in unit.defects)
        return {} if known is None else Counter(name for name in said if name not in known)

    @property
    def unplaced(self) -> Mapping[str, int]:
        """How many defects lie in a zone that the package does not know, for each, where it has others."""
        if not self.rest or len(self.zones or ()) < 2:
            return {}
        return Counter(d.zone for unit in self.units for d in unit.defects if d.zone not in (self.zones or ()))

    def _as_the_package_knows(self, defect: ShownDefect) -> ShownDefect:
        name = defect.defect if self.named is None or defect.defect in self.named else ANOMALY
        zone = self.rest if self.rest and defect.zone not in (self.zones or ()) else defect.zone
        return replace(defect, defect=name, zone=zone)

    @property
    def digest(self) -> str:
        """Of the lines, the pictures and the masks: whatever changes a figure changes it."""
        names = [name for unit in self.units for name in (unit.image, *(d.mask for d in unit.defects if d.mask))]
        parts = [digest_file(self.folder / name) for name in (LINES, *names)]
        return digest_bytes("".join(parts).encode())


def open_examples(
    folder: Path, *, defects: Collection[str] | None = None, zones: Sequence[str] | None = None
) -> ExampleFolder:
    """Read a folder's lines and check that every picture is there.

    Args:
        defects: classes of the package that is to be shown them; None where there is none yet. Where the anomaly is one
            of them, any other name is an anomaly too.
        zones: its zones; where there is one only, every defect lies in it, and where the rest is one of them, what lies
            in a zone of another name is of the rest.

    Raises:
        ExampleInvalid: one line a problem, `file:line: field: problem`, with what to do.
    """
    path = folder / LINES
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ExampleInvalid(
            f"{path}: cannot be read ({error}). Nothing was shown. Name a folder with {LINES}, one unit a line; "
            "`inspector examples` writes one to look at."
        ) from error
    units: list[WrittenUnit] = []
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            unit = WrittenUnit.model_validate_json(line)
        except ValidationError as error:
            problems += problems_of(f"{path}:{number}", error).splitlines()
            continue
        units.append(unit)
        problems += [f"{path}:{number}: {problem}" for problem in _problems(folder, unit, defects, zones)]
    images = [Path(unit.image).as_posix() for unit in units]
    twice = sorted(name for name, count in Counter(images).items() if count > 1)
    problems += [f"{path}: {name} is on two lines. Delete one." for name in twice]
    if not units and not problems:
        problems.append(f"{path}: no unit. Write one a line; `inspector examples` writes a folder to look at.")
    if problems:
        raise ExampleInvalid("\n".join(problems))
    rest = _rest(zones) if zones else ""
    named = frozenset(defects) if defects is not None and ANOMALY in defects else None
    return ExampleFolder(folder, tuple(units), None if zones is None else frozenset(zones), rest, named)


def _must_be_known(zone: str, zones: Sequence[str]) -> bool:
    """Where a product has several zones none is the whole of it: what lies anywhere would be judged as of the rest."""
    return not _rest(zones) or (zone == PRODUCT and len(zones) > 1)


def _rest(zones: Sequence[str]) -> str:
    return zones[0] if len(zones) == 1 else REST if REST in zones else ""


def write_examples(folder: Path, units: Iterable[ShownUnit]) -> int:
    """Write units as a folder that `open_examples` takes; returns how many.

    The lines come last, so that an interrupted writing leaves no folder that could be shown.

    Raises:
        ExampleInvalid: the folder is not empty, or cannot be written to the end.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ExampleInvalid(f"{folder}: holds something already. Nothing was written. Name an empty folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lines = [_written(folder, number, unit).model_dump_json() for number, unit in enumerate(units, start=1)]
        unfinished = folder / f"{LINES}.part"
        unfinished.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        unfinished.rename(folder / LINES)
    except OSError as error:
        raise ExampleInvalid(
            f"{folder}: cannot be written: {error.strerror}. What is there has no {LINES} and cannot be shown. Make "
            "room, or name another disk, delete the folder and repeat."
        ) from error
    return len(lines)


def _problems(
    folder: Path, unit: WrittenUnit, defects: Collection[str] | None, zones: Sequence[str] | None
) -> list[str]:
    found = [] if (folder / unit.image).is_file() else [f"image: {unit.image} is not there. Correct the path."]
    for defect in unit.defects:
        if defects is not None and ANOMALY not in defects and defect.defect not in defects:
            found.append(f"defects: the package has no {defect.defect}, only {', '.join(defects)}. Use its words.")
        if zones is not None and defect.zone not in zones and _must_be_known(defect.zone, zones):
            way = ", or write photographs anew with `inspector examples --package`" if defect.zone == PRODUCT else ""
            found.append(
                f"defects: the package has no zone {defect.zone}, only {', '.join(zones)}. Use its words{way}."
            )
        if defect.mask and not (folder / defect.mask).is_file():
            found.append(f"defects: mask {defect.mask} is not there. Correct the path, or leave it empty.")
        x0, y0, x1, y1 = defect.box_px
        if not (0 <= x0 < x1 and 0 <= y0 < y1):
            found.append(f"defects: box {list(defect.box_px)} is not x0, y0, x1, y1 with x0 < x1, y0 < y1. Correct it.")
    return found


def _shown(folder: Path, unit: WrittenUnit) -> ShownUnit:
    picture = _picture(folder / unit.image)
    defects = tuple(_defect(folder, unit, defect, picture.shape) for defect in unit.defects)
    return ShownUnit(unit.image, picture, unit.mm_per_px, unit.unit_area_mm2, defects, unit.groups)


def stored(path: Path) -> NDArray[np.generic] | None:
    """(H, W, channels) of a picture as a camera would deliver it; None where it cannot be read.

    Red comes first and a monochrome camera's grey stands in three channels. It is neither turned nor stretched to 8
    bits, which would show the eyes another unit.
    """
    try:
        pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error):
        return None
    if pixels is None:
        return None
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, 2)
    return np.ascontiguousarray(pixels[..., ::-1])


def can_be_shown(pixels: NDArray[np.generic]) -> TypeGuard[NDArray[np.uint8]]:
    """Whether the eyes take such a picture."""
    return pixels.dtype == np.uint8 and pixels.shape[2] == 3 and min(pixels.shape[:2]) >= SMALLEST_EDGE


def _picture(path: Path) -> NDArray[np.uint8]:
    pixels = stored(path)
    if pixels is None:
        raise ExampleInvalid(f"{path}: is no picture that can be read. Nothing more was shown. Replace or delete it.")
    if not can_be_shown(pixels):
        raise ExampleInvalid(
            f"{path}: {pixels.dtype} {'x'.join(map(str, pixels.shape))}, shown are 8-bit pictures, grey or colour, of "
            f"at least {SMALLEST_EDGE} px, as the line examines them. Nothing more was shown. Replace or delete it."
        )
    return pixels


def _defect(folder: Path, unit: WrittenUnit, defect: WrittenDefect, shape: tuple[int, ...]) -> ShownDefect:
    _, _, x1, y1 = defect.box_px
    rows, columns = shape[:2]
    if x1 > columns or y1 > rows:
        raise ExampleInvalid(
            f"{folder / unit.image}: box {list(defect.box_px)} of a {defect.defect} lies outside the picture of "
            f"{columns} x {rows} px. Nothing more was shown. Correct the box."
        )
    mask = _mask(folder, unit, defect)
    length_px = longest_px(mask)
    length_mm = defect.length_mm or length_px * unit.mm_per_px
    area_mm2 = defect.area_mm2 or float((mask / 255).sum()) * unit.mm_per_px**2
    return ShownDefect(
        defect=defect.defect,
        zone=defect.zone,
        box_px=defect.box_px,
        mask=mask,
        sizes={"mm": length_mm, "mm2": area_mm2, "%": 100 * area_mm2 / unit.unit_area_mm2},
        length_px=length_mm / unit.mm_per_px,
        specified=defect.specified,
        whole=defect.whole,
    )


def _mask(folder: Path, unit: WrittenUnit, defect: WrittenDefect) -> NDArray[np.uint8]:
    x0, y0, x1, y1 = defect.box_px
    if not defect.mask:
        return np.full((y1 - y0, x1 - x0), 255, np.uint8)
    mask = cv2.imread(str(folder / defect.mask), cv2.IMREAD_GRAYSCALE)
    if mask is None or mask.shape != (y1 - y0, x1 - x0) or not (mask > MARKED).any():
        seen = "no picture"
        if mask is not None:
            seen = f"{mask.shape[1]} x {mask.shape[0]} px, {int((mask > MARKED).sum())} of them marked"
        raise ExampleInvalid(
            f"{folder / defect.mask}: {seen}; a mask of {unit.image} is grey, {x1 - x0} x {y1 - y0} px as its box, and "
            "white where the defect is. Nothing more was shown. Correct the mask, or leave it out."
        )
    return np.asarray(mask, np.uint8)


def longest_px(mask: NDArray[np.uint8]) -> float:
    """Longest distance across the marked pixels, in px."""
    points = cv2.findNonZero((mask > MARKED).astype(np.uint8))
    hull = cv2.convexHull(np.asarray(points, np.int32))[:, 0].astype(np.float64)
    return float(np.sqrt(((hull[:, None] - hull[None]) ** 2).sum(-1).max())) + 1


def _written(folder: Path, number: int, unit: ShownUnit) -> WrittenUnit:
    image = f"unit-{number:05d}.png"
    _write(folder / image, unit.pixels[..., ::-1])
    defects = []
    for index, defect in enumerate(unit.defects, start=1):
        mask = f"unit-{number:05d}-mask-{index}.png"
        _write(folder / mask, defect.mask)
        defects.append(
            WrittenDefect(
                defect=defect.defect,
                zone=defect.zone,
                box_px=defect.box_px,
                mask=mask,
                length_mm=defect.sizes["mm"] or None,  # nobody marked where
                area_mm2=defect.sizes["mm2"] or None,
                specified=defect.specified,
                whole=defect.whole,
            )
        )
    return WrittenUnit(
        image=image,
        mm_per_px=unit.mm_per_px,
        unit_area_mm2=unit.unit_area_mm2,
        defects=tuple(defects),
        groups=dict(unit.groups),
    )


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    done, png = cv2.imencode(".png", pixels)
    if not done:
        raise ExampleInvalid(f"{path}: pixels of shape {pixels.shape} make no PNG. Nothing more was written.")
    path.write_bytes(png.tobytes())
