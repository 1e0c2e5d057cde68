"""Zones of a taught product: boxes that a person drew on one good picture, and where they lie in every other.

Every picture is laid over the product's template, so a place of it is the same place of the unit. What lies in no box
is elsewhere. A place belongs to one zone: boxes of two that overlap are refused, for a defect there would be judged by
the words about one of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from models.digest import digest_bytes
from models.example_files import ELSEWHERE
from models.observation import Box
from models.package import Zone, ZoneName, ends_in_place
from models.problems import problems_of
from models.regions import MAP_STRIDE
from tuning.errors import TuningError
from tuning.teach.lessons import shown
from tuning.teach.lying import Lying
from tuning.teach.package import PRODUCT
from tuning.teach.pictures import RULE_WORDS, Photo, Photographs

Floats = NDArray[np.float32]

MOST = 6
AVERAGED = 12  # good pictures under the drawn zones
SURE = 8.0  # logit of a place that lies in a zone as a whole
_COLOURS = ((40, 120, 240), (240, 140, 30), (40, 170, 80), (200, 60, 190), (230, 200, 40), (90, 200, 220))


class DrawnZone(BaseModel):
    """What a person says of a zone, and where it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str = ""  # what it is, in one line; its name where nothing is said
    words: tuple[str, ...] = ()  # what people call it
    boxes: tuple[Box, ...] = Field(min_length=1)  # x0, y0, x1, y1 in the picture; the last row and column excluded


class ZonesFile(BaseModel):
    """`--zones`: boxes by the names of their zones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    picture: str  # file name of the good picture that the boxes are drawn on
    zones: dict[ZoneName, DrawnZone] = Field(min_length=1, max_length=MOST)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Checked zones of one picture."""

    photo: Photo  # its masks are the zones
    zones: tuple[Zone, ...]  # in the order of its masks, elsewhere behind them
    digest: str  # of the file


@dataclass(frozen=True, slots=True)
class Places:
    """Where the zones of a product lie in the frame, over its template if it has one."""

    zones: tuple[Zone, ...]
    shares: Floats  # (zones, H, W) share of the pixel that lies in each, sums to 1

    @staticmethod
    def whole(frame: tuple[int, int]) -> "Places":
        """One zone: the product."""
        return Places((PRODUCT,), np.ones((1, *frame), np.float32))

    @staticmethod
    def of(drawn: Drawn, frame: tuple[int, int], lying: Lying | None) -> "Places":
        """Zones as they lie in every picture that is laid over the template.

        Raises:
            TuningError: the units lie otherwise in every picture, or a zone is too small to be told apart.
        """
        if lying is None:
            raise TuningError(
                "zones: the units do not lie alike, so what was drawn on one picture is elsewhere in the next. Nothing "
                "was taught. Guide the units on the belt and photograph them anew, or leave --zones out."
            )
        if drawn.photo.path not in {photo.path for photo in lying.photographs.good}:
            raise TuningError(
                f"zones: {drawn.photo.name} does not lie as the others do. Nothing was taught. Draw the zones on "
                "another good picture."
            )
        (one,) = shown([drawn.photo], *frame, lying.template)
        assert one.masks is not None
        own = np.clip(one.masks, 0, 1)
        shares = np.concatenate([own, np.clip(1 - own.sum(0, keepdims=True), 0, 1)])
        places = Places(drawn.zones, np.ascontiguousarray(shares / shares.sum(0), np.float32))
        for zone, logits in zip(drawn.zones[:-1], places.logits, strict=False):
            if not (logits > SURE / 2).any():
                raise TuningError(
                    f"zone {zone.name}: too small, or not in the picture once it is laid as the others lie; the eyes "
                    f"tell places of {MAP_STRIDE} px of their {frame[1]} x {frame[0]} px apart. Nothing was taught. "
                    "Draw it larger, or photograph closer."
                )
        return places

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(zone.name for zone in self.zones)

    @property
    def logits(self) -> Floats:
        """(zones, H / 4, W / 4) as the maps of the eyes have them."""
        rows, columns = self.shares.shape[1:]
        size = (columns // MAP_STRIDE, rows // MAP_STRIDE)
        coarse = [cv2.resize(own, size, interpolation=cv2.INTER_AREA) for own in self.shares]
        return np.asarray(np.stack(coarse) * SURE, np.float32)

    def under(self, box: Box, mask: NDArray[np.uint8]) -> str:
        """The zone of most of a mask.

        Args:
            box: x0, y0, x1, y1 in the frame.
            mask: (h, w) of the box, not 0 where it lies.
        """
        x0, y0, x1, y1 = box
        votes = self.shares[:, y0:y1, x0:x1][:, mask > 0].sum(1)
        return self.zones[int(votes.argmax())].name

    def paint(self, lying: Lying, to: Path) -> None:
        """Write a picture for a person to look at: the usual good unit, each zone in a colour with its name."""
        rows, columns = self.shares.shape[1:]
        good = shown(lying.photographs.good[:AVERAGED], rows, columns, lying.template)
        usual = np.mean([one.pixels for one in good], axis=0, dtype=np.float32)
        for own, colour in zip(self.shares[:-1], _COLOURS, strict=False):
            usual += 0.35 * own[..., None] * (np.array(colour, np.float32) - usual)
        picture = np.clip(usual, 0, 255).astype(np.uint8)
        for zone, own, colour in zip(self.zones, self.shares[:-1], _COLOURS, strict=False):
            inside = (own > 0.5).astype(np.uint8)
            outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            cv2.drawContours(picture, outlines, -1, colour, 2)
            x, y, _, height = cv2.boundingRect(inside)
            at = (x, y - 6 if y > 20 else y + height + 18)
            cv2.putText(picture, zone.name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 5, cv2.LINE_AA)
            cv2.putText(picture, zone.name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
        if not cv2.imwrite(str(to), picture[..., ::-1]):
            raise TuningError(f"{to}: cannot be written. Nothing was taught. Name a folder on a disk with room.")


def zone_names(drawn: Drawn | None) -> tuple[str, ...]:
    """What a sheet may name."""
    return tuple(zone.name for zone in (drawn.zones if drawn else (PRODUCT,)))


def open_zones(path: Path, photographs: Photographs) -> Drawn:
    """Read zones and check them against the pictures and the names of their defects.

    Raises:
        TuningError: one problem a line, with what to do.
    """
    try:
        content = path.read_bytes()
        file = ZonesFile.model_validate(YAML(typ="safe", pure=True).load(content.decode("utf-8-sig")))
    except ValidationError as error:
        raise TuningError(f"{problems_of(path, error)}\nNothing was taught.") from error
    except (OSError, ValueError, RecursionError, YAMLError) as error:
        raise TuningError(
            f"{path}: cannot be read ({' '.join(str(error).split())}). Nothing was taught. Write `picture` and "
            "`zones`, as configs/zones/carton.yaml has them."
        ) from error
    photo = next((one for one in photographs.good if one.path.name == file.picture), None)
    if photo is None:
        raise TuningError(
            f"{path}: picture: {file.picture} is none of the good pictures. Nothing was taught. Name the file that "
            f"the boxes were drawn on, for example {photographs.good[0].path.name}."
        )
    masks = _masks(file, photo)
    problems = [*_misplaced(file, photo), *_unspeakable(file, photographs.defects)]
    problems += [] if problems else _over_each_other(file, masks)
    if problems:
        raise TuningError("\n".join([*(f"{path}: {problem}" for problem in problems), "Nothing was taught."]))
    zones = [Zone(name=name, about=zone.about or name, words=zone.words) for name, zone in file.zones.items()]
    rest = Zone(name=ELSEWHERE, about=f"outside the {' and the '.join(file.zones)}")
    return Drawn(replace(photo, masks=masks), (*zones, rest), digest_bytes(content))


def _masks(file: ZonesFile, photo: Photo) -> NDArray[np.bool_]:
    """(zones, H, W) of the picture."""
    columns, rows = photo.size
    masks = np.zeros((len(file.zones), rows, columns), np.bool_)
    for own, zone in zip(masks, file.zones.values(), strict=True):
        for x0, y0, x1, y1 in zone.boxes:
            own[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = True
    return masks


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
    called: dict[str, str] = dict.fromkeys(defects, "a defect")
    for name, zone in file.zones.items():
        if name in (*RULE_WORDS, ELSEWHERE, PRODUCT.name, *PRODUCT.words) or name != name.lower():
            yield f"zones.{name}: a zone cannot be called so, sentences use it otherwise. Rename it, in small letters."
        for word in (name, *zone.words):
            if (other := called.setdefault(word, f"the zone {name}")) != f"the zone {name}":
                yield f"zones.{name}: {word!r} is what {other} is called. Use another word."
        if mistaken := [defect for defect in defects if ends_in_place(defect, name)]:
            yield f"zones.{name}: the defect {mistaken[0]!r} cannot be told from one in this zone. Rename one of them."


def _over_each_other(file: ZonesFile, masks: NDArray[np.bool_]) -> Iterator[str]:
    for (one, first), (other, second) in combinations(zip(file.zones, masks, strict=True), 2):
        if both := int((first & second).sum()):
            yield (
                f"zones.{one}.boxes and zones.{other}.boxes have {both} px in common. A defect there would be judged "
                "by the words about one of them: draw boxes that do not overlap, several for a zone round another."
            )
