"""Where the photographs of a product lie and what is said about each, before any is read.

GOOD/*.png, *.jpg                   good units
DEFECTS/NAME/*.png, *.jpg           units with a defect of that name; NAME_mask.png beside a picture marks where
DEFECTS/*.png, *.jpg                units that are bad in a way that nobody named
MANIFEST.jsonl                      in place of DEFECTS: a picture and a defect of it a line, see `ManifestLine`
FOLDER/examples.jsonl               in place of either: what `inspector examples` writes, see models.example_files
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ExampleInvalid
from models.example import UNIT
from models.example_files import LINES, WrittenUnit, open_examples
from models.observation import Box
from models.problems import problems_of

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
MASK = "_mask"  # at the end of a mask's name, before its suffix
GOOD_NAMES = ("good", "ok")  # of a folder that other tools want among the defects


class ManifestLine(BaseModel):
    """One kind of defect of one bad unit; a unit with several has a line for each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str  # path from the manifest's folder
    defect: str = ""  # empty: bad in a way that nobody named
    mask: str = ""  # grey picture of the image's size, white where the defect is
    boxes: tuple[Box, ...] = ()  # x0, y0, x1, y1; the last row and column excluded; a mask, if given, says more
    group: str = Field(default="", max_length=200)  # pictures of one unit or one video: never split


@dataclass(frozen=True, slots=True)
class Named:
    """A picture and what is said about it, before it is read."""

    path: Path
    defects: tuple[str, ...] = ()  # none: good; an empty one: bad in a way that nobody named
    marks: tuple["NamedMark", ...] = ()  # none: nobody marked where
    group: str = ""


@dataclass(frozen=True, slots=True)
class NamedMark:
    """Where a defect of a picture is: in a box, by a mask, or by a mask of a box."""

    defect: str
    box: Box | None = None  # None: the whole picture
    mask: Path | None = None  # of the box's size; None: the whole box


def named_good(folder: Path, problems: list[str], left_out: list[str]) -> list[Named]:
    if (folder / LINES).is_file():
        units = _examples(folder, problems)
        return [Named(folder / one.image, group=one.groups.get(UNIT, "")) for one in units if not one.defects]
    pictures, masks = _pictures_in(folder, problems, left_out)
    problems += [f"{mask}: a mask among the good pictures. Move it beside its picture." for mask in masks.values()]
    return [Named(path) for path in pictures]


def named_bad(source: Path | None, problems: list[str], left_out: list[str]) -> Iterator[Named]:
    if source is None:
        return
    if source.is_file():
        yield from _listed(source, problems)
        return
    if (source / LINES).is_file():
        yield from _bad_examples(source, problems, left_out)
        return
    yield from _masked(source, "", problems, left_out)
    for folder in sorted(_folders_in(source)) if source.is_dir() else []:
        if folder.name.lower() in GOOD_NAMES:
            problems.append(f"{folder}: good units do not teach a defect. Name them with --good, or rename the folder.")
            continue
        problems += [
            f"{below}: lies two folders deep, where nothing is taken. Move its pictures into {folder}."
            for below in _folders_in(folder)
        ]
        yield from _masked(folder, folder.name, problems, left_out)


def _masked(folder: Path, name: str, problems: list[str], left_out: list[str]) -> Iterator[Named]:
    """The pictures of a folder, each with the mask beside it."""
    pictures, masks = _pictures_in(folder, problems, left_out)
    called = Counter(path.stem.lower() for path in pictures)
    problems += [
        f"{mask}: several pictures are called so, it is not known which of them it is of. Rename them."
        for stem, mask in masks.items()
        if called[stem] > 1
    ]
    for path in pictures:
        mask = masks.pop(path.stem.lower(), None)
        yield Named(path, (name,), (NamedMark(name, mask=mask),) if mask else ())
    problems += [
        f"{mask}: there is no picture that this mask belongs to. Rename or delete it." for mask in masks.values()
    ]


def _bad_examples(folder: Path, problems: list[str], left_out: list[str]) -> Iterator[Named]:
    """The units whose every kind of defect can be seen."""
    unclear = bad = 0
    for unit in _examples(folder, problems):
        bad += len(unit.defects) > 0
        kinds = {defect.defect for defect in unit.defects}
        if kinds and kinds == {defect.defect for defect in unit.defects if defect.specified}:
            marks = tuple(
                NamedMark(defect.defect, defect.box_px, folder / defect.mask if defect.mask else None)
                for defect in unit.defects
            )
            yield Named(folder / unit.image, tuple(kinds), marks, unit.groups.get(UNIT, ""))
        else:
            unclear += len(kinds) > 0
    if unclear:
        left_out.append(
            f"{folder.name}: {unclear} pictures with a defect that is called too small or faint were left out."
        )
    if not bad and not problems:
        problems.append(
            f"{folder / LINES}: no unit has a defect. Name a folder with bad units, or leave --defects out."
        )


def _examples(folder: Path, problems: list[str]) -> tuple[WrittenUnit, ...]:
    try:
        return open_examples(folder).units
    except ExampleInvalid as error:
        problems += str(error).split("\n")
        return ()


def _listed(manifest: Path, problems: list[str]) -> Iterator[Named]:
    try:
        lines = manifest.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{manifest}: cannot be read ({error}). Write one picture a line, as JSON.")
        return
    if not any(text.strip() for text in lines):
        problems.append(f"{manifest}: no picture. Write one a line, as JSON, or leave --defects out.")
    of_image: dict[Path, list[tuple[int, ManifestLine]]] = {}
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        if not text.lstrip().startswith("{"):
            problems.append(
                f'{manifest}:{number}: is no JSON object. Write {{"image": "bad/1.png", "defect": "chip"}}, one a line.'
            )
            continue
        try:
            line = ManifestLine.model_validate_json(text)
        except ValidationError as error:
            found = problems_of(f"{manifest}:{number}", error).splitlines()
            problems += [f"{problem}. Correct the line." for problem in found]
            continue
        image = manifest.parent / line.image
        if not image.is_file():
            problems.append(f"{manifest}:{number}: image: {line.image} is not there. Correct the path.")
            continue
        of_image.setdefault(image.resolve(), []).append((number, line))
    for numbered in of_image.values():
        problems += [f"{manifest}:{problem}" for problem in _at_odds(numbered)]
        lines_of = [line for _, line in numbered]
        marks = tuple(mark for line in lines_of for mark in _marks(manifest.parent, line))
        names = tuple(line.defect for line in lines_of)
        yield Named(manifest.parent / lines_of[0].image, names, marks, max(line.group for line in lines_of))


def _at_odds(numbered: list[tuple[int, ManifestLine]]) -> Iterator[str]:
    """What the lines of one picture say against each other."""
    (first, one), *others = numbered
    known = {one.defect: first}
    for number, line in others:
        if (before := known.setdefault(line.defect, number)) != number:
            yield (
                f"{number}: image: {line.image} stands on line {before} too, with the same defect. Put all its boxes "
                "on one line."
            )
        if bool(line.mask or line.boxes) != bool(one.mask or one.boxes):
            yield f"{number}: image: {line.image} is marked here or on line {first} only. Mark each defect, or none."
        if line.group != one.group:
            yield f"{number}: group: {line.image} is in another one on line {first}. Name the same."


def _marks(folder: Path, line: ManifestLine) -> list[NamedMark]:
    """Its mask, or else its boxes."""
    if line.mask:
        return [NamedMark(line.defect, mask=folder / line.mask)]
    return [NamedMark(line.defect, box) for box in line.boxes]


def _pictures_in(folder: Path, problems: list[str], left_out: list[str]) -> tuple[list[Path], dict[str, Path]]:
    """The pictures of a folder, and its masks by the name of their picture in small letters."""
    if not folder.is_dir():
        problems.append(f"{folder}: is no folder. Name a folder of pictures.")
        return [], {}
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    found = [path for path in files if path.suffix.lower() in SUFFIXES]
    pictures = [path for path in found if not path.stem.lower().endswith(MASK)]
    masks = {path.stem.lower().removesuffix(MASK): path for path in found if path not in pictures}
    if others := [path.name for path in files if path not in found]:
        shown = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        left_out.append(f"{folder}: {len(others)} files that are no {'/'.join(SUFFIXES)} were left out: {shown}.")
    if not pictures and not _folders_in(folder):
        problems.append(f"{folder}: no pictures ({', '.join(SUFFIXES)}). Put them there, or name another folder.")
    return pictures, masks


def _folders_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
