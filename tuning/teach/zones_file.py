"""Zones as a person draws them: boxes on one good picture, read and checked before anything is taught."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from models.digest import digest_file
from models.eyes import TABLET
from models.note import PRODUCT, REST
from models.observation import Box
from models.package import Zone, ZoneName, ends_in_place
from models.problems import problems_of
from tuning.errors import TuningError
from tuning.teach.package import WHOLE
from tuning.teach.photo import Photo
from tuning.teach.pictures import RULE_WORDS, Photographs

MOST = 6
RESERVED = (REST, PRODUCT, *WHOLE.words, TABLET)  # the last is counted, and measured areas refer to it


class DrawnZone(BaseModel):
    """What a person says of a zone, and where it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str = ""  # what it is, in one line; its name where nothing is said
    words: tuple[str, ...] = ()  # what people call it
    boxes: tuple[Box, ...] = Field(min_length=1)  # x0, y0, x1, y1 in the picture; the last row and column excluded


class ZonesFile(BaseModel):
    """`--zones`: boxes by the names of their zones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    picture: str  # the good picture that the boxes are drawn on: its file name, or as much of its path as is needed
    zones: dict[ZoneName, DrawnZone] = Field(min_length=1, max_length=MOST)

    @staticmethod
    def load(path: Path) -> "ZonesFile":
        """Read the file; raises TuningError, one problem a line."""
        form = "Nothing was taught. Write `picture` and `zones`, UTF-8, as configs/zones/carton.yaml has them."
        try:
            return ZonesFile.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8-sig")))
        except ValidationError as error:
            raise TuningError(f"{problems_of(path, error)}\n{form}") from error
        except (OSError, ValueError, RecursionError, YAMLError) as error:
            raise TuningError(f"{path}: cannot be read ({' '.join(str(error).split())}). {form}") from error


@dataclass(frozen=True, slots=True)
class Drawn:
    """Checked zones of one picture."""

    photo: Photo
    zones: tuple[Zone, ...]  # the rest behind them
    boxes: tuple[tuple[Box, ...], ...]  # of each but the rest
    digest: str  # of the file


def zone_names(drawn: Drawn | None) -> tuple[str, ...]:
    """What a sheet may name."""
    return tuple(zone.name for zone in (drawn.zones if drawn else (WHOLE,)))


def open_zones(path: Path, photographs: Photographs) -> Drawn:
    """Read zones and check them against the pictures and the names of their defects.

    Raises:
        TuningError: one problem a line, with what to do.
    """
    file = ZonesFile.load(path)
    photo = _pictured(path, file.picture, photographs)
    problems = [*_misplaced(file, photo), *_unspeakable(file, photographs.defects)]
    problems += [] if problems else _over_each_other(file)
    if problems:
        raise TuningError("\n".join([*(f"{path}: {problem}" for problem in problems), "Nothing was taught."]))
    zones = [
        Zone(name=name, about=" ".join(zone.about.split()) or name, words=zone.words)
        for name, zone in file.zones.items()
    ]
    rest = Zone(name=REST, about="what is left of the unit")  # "outside the label" would be read as outside the rest
    return Drawn(photo, (*zones, rest), tuple(zone.boxes for zone in file.zones.values()), digest_file(path))


def _pictured(path: Path, picture: str, photographs: Photographs) -> Photo:
    """The good picture of that name."""
    wanted = Path(picture).parts
    found = [one for one in photographs.good if wanted and one.path.parts[-len(wanted) :] == wanted]
    if len(found) == 1:
        return found[0]
    wrong = "several of the good pictures are called so" if found else "is none of the good pictures"
    shown_as = found[0].name if found else photographs.good[0].path.name
    raise TuningError(
        f"{path}: picture: {picture}: {wrong}. Nothing was taught. Name the one that the boxes were drawn on, for "
        f"example {shown_as}."
    )


def _misplaced(file: ZonesFile, photo: Photo) -> Iterator[str]:
    columns, rows = photo.size
    for name, zone in file.zones.items():
        for x0, y0, x1, y1 in zone.boxes:
            if not (0 <= x0 < x1 <= columns and 0 <= y0 < y1 <= rows):
                yield (
                    f"zones.{name}.boxes: {[x0, y0, x1, y1]} does not lie in {file.picture} of {columns} x {rows} px. "
                    "Correct it: x0, y0, x1, y1 with x0 < x1 and y0 < y1."
                )


def _unspeakable(file: ZonesFile, defects: Sequence[str]) -> Iterator[str]:
    """Names that a sheet could not use, or would not be understood by."""
    called: dict[str, str] = {defect.lower(): "a defect" for defect in defects}
    for name, zone in file.zones.items():
        if name != name.lower():
            yield f"zones.{name}: write the name in small letters, as sheets do."
        for word in (name, *zone.words):
            plain = " ".join(word.lower().split())
            if not plain or plain in RESERVED or not set(RULE_WORDS).isdisjoint(plain.split()):
                yield f"zones.{name}: a zone cannot be called {word!r}, sentences use it otherwise. Use another word."
            elif (other := called.setdefault(plain, f"the zone {name}")) != f"the zone {name}":
                yield f"zones.{name}: {word!r} is what {other} is called. Use another word."
        if mistaken := [defect for defect in defects if ends_in_place(defect, name)]:
            yield f"zones.{name}: the defect {mistaken[0]!r} cannot be told from one in this zone. Rename one of them."


def _over_each_other(file: ZonesFile) -> Iterator[str]:
    for (one, first), (other, second) in combinations(file.zones.items(), 2):
        if any(_overlap(a, b) for a in first.boxes for b in second.boxes):
            yield (
                f"zones.{one}.boxes and zones.{other}.boxes overlap. A defect there would be judged by the words about "
                "one of them: draw boxes that do not, several for a zone round another."
            )


def _overlap(one: Box, other: Box) -> bool:
    return max(one[0], other[0]) < min(one[2], other[2]) and max(one[1], other[1]) < min(one[3], other[3])
