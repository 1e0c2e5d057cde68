"""Where the photographs of a product lie and what is said about each, before any is read.

GOOD/*.png, *.jpg                   good units
DEFECTS/NAME/*.png, *.jpg           units with a defect of that name; NAME_mask.png beside a picture marks where
DEFECTS/*.png, *.jpg                units that are bad in a way that nobody named
MANIFEST.jsonl                      in place of DEFECTS: one picture a line, see `ManifestLine`
FOLDER/examples.jsonl               in place of either: what `inspector examples` writes, see models.example_files
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ExampleInvalid
from models.example_files import LINES, Box, WrittenUnit, open_examples

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
MASK = "_mask"  # at the end of a mask's name, before its suffix
GOOD_NAMES = ("good", "ok")  # of a folder that other tools want among the defects


class ManifestLine(BaseModel):
    """One bad unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str  # path from the manifest's folder
    defect: str = ""  # empty: bad in a way that nobody named
    mask: str = ""  # grey picture of the image's size, white where the defect is
    boxes: tuple[Box, ...] = ()  # x0, y0, x1, y1; the last row and column excluded
    group: str = Field(default="", max_length=200)  # pictures of one unit or one video: never split


@dataclass(frozen=True, slots=True)
class Named:
    """A picture and what is said about it, before it is read."""

    path: Path
    defects: tuple[str, ...] = ()  # none: good; an empty one: bad in a way that nobody named
    mask: Path | None = None  # of the picture's size, for its only defect
    boxes: tuple["NamedBox", ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class NamedBox:
    """Where one defect of a picture is."""

    box: Box
    defect: str
    mask: Path | None = None  # of the box's size; without it the whole box is the defect


def named_good(folder: Path, problems: list[str], left_out: list[str]) -> list[Named]:
    if (folder / LINES).is_file():
        return [Named(folder / unit.image) for unit in _examples(folder, problems) if not unit.defects]
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
        yield Named(path, (name,), masks.pop(path.stem.lower(), None))
    problems += [
        f"{mask}: there is no picture that this mask belongs to. Rename or delete it." for mask in masks.values()
    ]


def _bad_examples(folder: Path, problems: list[str], left_out: list[str]) -> Iterator[Named]:
    """The units with a defect that can be seen."""
    unclear = bad = 0
    for unit in _examples(folder, problems):
        bad += len(unit.defects) > 0
        if any(defect.specified for defect in unit.defects):
            boxes = tuple(
                NamedBox(defect.box_px, defect.defect, folder / defect.mask if defect.mask else None)
                for defect in unit.defects
            )
            yield Named(folder / unit.image, tuple(sorted({box.defect for box in boxes})), boxes=boxes)
        else:
            unclear += len(unit.defects) > 0
    if unclear:
        left_out.append(f"{folder.name}: {unclear} pictures whose defect is called too small or faint were left out.")
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
    known: dict[Path, int] = {}
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
            said = (f"{'.'.join(map(str, one['loc'])) or 'line'}: {one['msg']}" for one in error.errors())
            problems += [f"{manifest}:{number}: {problem}. Correct the line." for problem in said]
            continue
        image = manifest.parent / line.image
        if (first := known.setdefault(image.resolve(), number)) != number:
            problems.append(
                f"{manifest}:{number}: image: {line.image} stands on line {first} too. Put all its boxes on one line."
            )
            continue
        if not image.is_file():
            problems.append(f"{manifest}:{number}: image: {line.image} is not there. Correct the path.")
            continue
        mask = manifest.parent / line.mask if line.mask else None
        boxes = tuple(NamedBox(box, line.defect) for box in line.boxes)
        yield Named(image, (line.defect,), mask, boxes, group=line.group)


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
