"""A whole package that needs no download: eyes that see colours, over a mind of random numbers or of the embedded one.

Verdicts of the eyes are predictable: a black disc is a spot, a red one a chip, a blue one a stain; a dim disc is one
that the eyes are unsure about; a green picture is one that they were not made for. Everything runs in ONNX Runtime.
"""

import functools
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save

from cameras.clock import Clock, SystemClock
from cameras.driver import Driver, open_camera
from inspector.examine import Examiner, Timing
from inspector.line.line import BatchResult, Line
from inspector.line.plc import SimulatedPlc
from inspector.recipe import Recipe
from inspector.records import InspectionRecord, RecordStore
from inspector.run import PLC_MEMORY, last_unit
from models.assemble import assemble
from models.criteria import CriteriaSheet
from models.digest import digest_file
from models.package import CLOSER_GRAPH, EYES_GRAPH, EYES_TENSORS, MANIFEST, DefectClass, Manifest, ModelPackage
from models.reading import Reading, ReadLine, reading_path
from models.regions import ESTIMATORS
from models.template import Template
from tests.integration import tiny_mind
from tests.tiny_closer import ADDED_ESTIMATORS, tiny_closer

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

ROWS, COLUMNS, CHANNELS = 192, 320, 4
MM_PER_PX = 0.1
FOIL, TABLET = 130, 225  # grey levels
SPOT, CHIP, STAIN = (0, 0, 0), (150, 0, 0), (0, 0, 150)
DIM = (60, 60, 60)  # a spot, perhaps
PLACES = tuple((x, y) for y in (60, 132) for x in (70, 160, 250))  # centres of the tablets, px
_SEEN = {"spot": (6.0, 0.0, 0.0), "chip": (0.0, 28.0, 0.0), "stain": (0.0, 0.0, 28.0)}  # bias, by red, by blue
_RADIUS = 26


@dataclass(frozen=True, slots=True)
class Disc:
    """A defect to draw."""

    mm: float  # diameter
    colour: tuple[int, int, int] = SPOT
    at: tuple[int, int] = PLACES[0]


# ------------------------------------------------------------ pictures
def unit(number: int, *discs: Disc, rows: int = ROWS, columns: int = COLUMNS) -> Pixels:
    """A blister of six white tablets on grey foil, its noise its own."""
    grain = np.random.default_rng(number).integers(-6, 7, (rows, columns, 1))
    pixels = np.full((rows, columns, 3), FOIL, np.int16) + grain
    ys, xs = np.mgrid[0:rows, 0:columns]
    for x, y in PLACES:
        pixels[(xs - x) ** 2 + (ys - y) ** 2 < _RADIUS**2] = TABLET
    for disc in discs:
        pixels[(xs - disc.at[0]) ** 2 + (ys - disc.at[1]) ** 2 < (disc.mm / 2 / MM_PER_PX) ** 2] = disc.colour
    return np.asarray(np.clip(pixels, 0, 255), np.uint8)


def green(number: int) -> Pixels:
    """A picture that has nothing to do with a blister."""
    pixels = unit(number)
    pixels[..., 1] = np.minimum(pixels[..., 1].astype(np.int16) + 110, 255).astype(np.uint8)
    pixels[..., 0] //= 2
    return pixels


def write(folder: Path, pictures: Sequence[Pixels | bytes]) -> Path:
    """A folder of pictures, 001.png and on; bytes are written as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures, start=1):
        path = folder / f"{number:03d}.png"
        content = picture if isinstance(picture, bytes) else png(picture)
        path.write_bytes(content)
    return folder


def png(pixels: NDArray[np.generic]) -> bytes:
    done, encoded = cv2.imencode(".png", np.asarray(pixels[..., ::-1] if pixels.ndim == 3 else pixels))
    assert done
    return encoded.tobytes()


# ------------------------------------------------------------ sheets, readings, lines
def sheet_text(*, spot_mm: float = 1.0, spot: str = "major", zone: str = "", chip: str = "critical") -> str:
    """Spots over a limit, and no chips at all; a stain is nobody's."""
    return f"""\
# a comment that stays
id: tiny
title: Tiny blister
product: Tablets 6
version: 1
criteria:
  - id: S1
    defect: spot
    wording: Spots larger than {{limit}}{f" on the {zone}" if zone else ""} are {spot if spot != "off" else "major"}.
    limit: {{unit: mm, operator: ">", value: {spot_mm}}}
    zone: "{zone}"
    severity: {spot}
  - id: C1
    defect: chip
    wording: Chips are not permitted (critical).
    severity: {chip}
"""


def approved_reading(sheet: CriteriaSheet, package: ModelPackage) -> Reading:
    """As if the mind had read in every sentence just what its fields say, and a person had approved it."""
    lines = tuple(
        ReadLine(id=c.id, sentence=c.sentence, words=c.note, score=0.99, fields=c.note) for c in sheet.criteria
    )
    read = Reading(
        sheet_id=sheet.id,
        sheet_digest=sheet.digest,
        package_digest=package.digest,
        glossary_digest="sha256:" + "0" * 64,
        lines=lines,
    )
    return read.approved(by="A. Person", reason="test")


def write_sheet(folder: Path, package: ModelPackage, text: str | None = None) -> Path:
    """A sheet with its approved reading beside it."""
    path = folder / "sheet.yaml"
    path.write_text(text or sheet_text(), encoding="utf-8")
    approved_reading(CriteriaSheet.load(path), package).save(reading_path(path))
    return path


def write_line(
    folder: Path,
    package: ModelPackage,
    pictures: Sequence[Pixels | bytes] | Path,
    *,
    sheet: str | None = None,
    camera: str = "",
    gate_after_ms: float = 3000,
    units_per_min: float = 1200,
    accepts_pct: float = 0,
    loop: bool = False,
) -> Path:
    """A replay line over these pictures with sheet, reading and store beside it; `camera` replaces the replay."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = pictures if isinstance(pictures, Path) else write(folder / "pictures", pictures)
    write_sheet(folder, package, sheet)
    camera = camera or f"{{driver: replay, folder: {shown}, units_per_min: {units_per_min}, loop: {str(loop).lower()}}}"
    path = folder / "line.yaml"
    path.write_text(
        f"""\
name: tiny-line
package: {package.folder}
sheet: sheet.yaml
store: store
gate_after_ms: {gate_after_ms}
threads: 1
evidence: {{accepts_pct: {accepts_pct}}}
views:
  top: {{camera: {camera}, mm_per_px: {MM_PER_PX}}}
""",
        encoding="utf-8",
    )
    return path


def add_view(line: Path, folder: Path) -> None:
    """A second station: another camera that replays a folder."""
    side = f"  side: {{camera: {{driver: replay, folder: {folder}, units_per_min: 600}}, mm_per_px: {MM_PER_PX}}}\n"
    line.write_text(line.read_text() + side)


@contextmanager
def opened_line(
    path: Path, *, clock: Clock | None = None, timing: Timing | None = None, camera: Driver | None = None
) -> Iterator[Line]:
    """A line as `run_batch` opens it, with a given timing instead of this machine's, or a camera that no file names."""
    clock = clock or SystemClock()
    recipe = Recipe.load(path)
    with RecordStore.open(recipe.line.store) as store:
        plc = SimulatedPlc(
            recipe.line.store / PLC_MEMORY,
            stations=tuple(recipe.line.views),
            gate_after_ms=recipe.line.gate_after_ms,
            clock=clock,
            last_recorded=last_unit(store),
        )
        examiner = Examiner(recipe.package, recipe.sheet, recipe.reading, threads=1)
        cameras = {name: camera or open_camera(view.camera, clock) for name, view in recipe.line.views.items()}
        yield Line(recipe, examiner, timing or Timing(1.0, (1.0, 1.0, 1.0, 1.0)), cameras, plc, store, clock)


def run(
    path: Path, units: int | None = None, *, clock: Clock | None = None, each: Callable[[Line], None] | None = None
) -> BatchResult:
    """One batch on the line that `write_line` wrote."""
    with opened_line(path, clock=clock) as line:
        return line.run(units=units, each=each)


def records(path: Path, batch: int = 1) -> dict[int, InspectionRecord]:
    """A batch's records by unit, once the whole store has been verified."""
    with RecordStore.open_readonly(path.parent / "store") as store:
        store.verify(evidence=True)
        return {record.unit: record for record in store.records(batch)}


# ------------------------------------------------------------ the package
def build(folder: Path) -> ModelPackage:
    """The tiny package: seeing eyes, random mind."""
    folder.mkdir(parents=True, exist_ok=True)
    parts, wheel = tiny_mind.write_parts(folder)
    package = assemble(folder / "assembled", parts_folder=parts, wheel=wheel, pin=True)
    defects = tuple(d for d in package.manifest.defects if d.name != "empty pocket")
    others = tuple(DefectClass(name=name, about=f"what {name} is") for name in ("chip", "stain"))
    return with_eyes(package, folder / "package", (*defects, *others))


def with_smallest(package: ModelPackage, *, spot_px: float) -> ModelPackage:
    """The package in place, as if its eyes found spots from that size on."""
    content = package.manifest.model_dump()
    content["defects"] = [d | {"smallest_px": spot_px if d["name"] == "spot" else None} for d in content["defects"]]
    (package.folder / MANIFEST).write_bytes(Manifest.model_validate(content).to_bytes())
    return ModelPackage.load(package.folder)


def with_eyes(
    package: ModelPackage,
    folder: Path,
    defects: tuple[DefectClass, ...] | None = None,
    template: Template | None = None,
) -> ModelPackage:
    """The same package under eyes that see colours; its own classes unless `defects` are given."""
    shutil.copytree(package.folder, folder)
    seen = defects or package.manifest.defects
    zones = package.manifest.words.zones
    (folder / EYES_GRAPH).write_bytes(graph(tuple(d.name for d in seen), zones))
    (folder / CLOSER_GRAPH).write_bytes(tiny_closer(len(seen)))
    laid = template.tensors if template else {}
    (folder / EYES_TENSORS).write_bytes(save(tensors(len(seen), len(zones)) | laid))
    files = {name: digest_file(folder / name) for name in package.manifest.files}
    facts = {"defects": [d.model_dump(exclude={"smallest_px"}) for d in seen], "files": files}
    manifest = Manifest.model_validate(package.manifest.model_dump() | facts)
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    return ModelPackage.load(folder)


@functools.cache
def tensors(defects: int, zones: int) -> dict[str, Floats]:
    """A region stage that names by the class maps, and doubts what is not dark."""
    facts = 4 * CHANNELS + defects + zones + 5 + ESTIMATORS + defects + 1
    peak = 4 * CHANNELS + defects + zones
    hidden = np.zeros((1, facts, defects + 1), np.float32)
    bias = np.full((1, defects + 1), 10.0, np.float32)
    for place in range(defects):
        hidden[0, 4 * CHANNELS + place, place] = 2.0  # class logits reach the facts halved
    hidden[0, peak, defects], bias[0, defects] = -3.2, 20.5
    sizes = np.zeros((defects, ESTIMATORS + ADDED_ESTIMATORS + 1), np.float32)
    length, area = sizes.copy(), sizes.copy()
    length[:, 0], area[:, 4] = 1, 1
    zone = np.zeros((facts + 1, zones), np.float32)
    zone[4 * CHANNELS + defects : peak] = np.eye(zones)  # as the maps say
    away = np.zeros((CHANNELS, 1), np.float32)
    away[:2, 0] = (-20, 20)  # how much greener than grey
    return {
        "centre": np.zeros(facts, np.float32),
        "scale": np.ones(facts, np.float32),
        "hidden": hidden,
        "hidden_bias": bias,
        "out": np.eye(defects + 1, dtype=np.float32)[None],
        "out_bias": np.zeros((1, defects + 1), np.float32),
        "zone": zone,
        "length": length,
        "area": area,
        "knots": np.log(np.array([1, 500], np.float32)),
        "spreads": np.full((3, defects, 2), np.log(1.1), np.float32),
        "thresholds": np.array([0.4, 0.6, 32], np.float32),
        "unit_area": np.ones(1, np.float32),
        "usual": np.zeros(CHANNELS, np.float32),
        "whiten": away,
        "familiarity_limit": np.array([3.0], np.float32),
        "fewest_alike": np.zeros(1, np.float32),
    }


def graph(defects: tuple[str, ...], zones: tuple[str, ...]) -> bytes:
    """Dark is a defect, red and blue name it, near white is tablet, the rest is foil."""
    third = np.full(3, 1 / 3, np.float32)
    mix = np.stack([third, np.array([0, 1, 0]), np.array([1, -1, 0]), np.array([0, -1, 1])]).astype(np.float32) / 255
    named = np.zeros((len(defects), CHANNELS), np.float32)
    named_bias = np.full(len(defects), -8.0, np.float32)
    for place, defect in enumerate(defects):
        if defect in _SEEN:
            named_bias[place], named[place, 2], named[place, 3] = _SEEN[defect]
    lit = np.zeros((len(zones), 1), np.float32)
    lit_bias = np.array([{"foil": 0.0, "tablet": -20.0}.get(zone, -40.0) for zone in zones], np.float32)
    lit[zones.index("tablet"), 0] = 27
    steps = [
        helper.make_node("Cast", ["pixels"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["real"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["half"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["half", "darkness", "bright"], ["mask"]),
        helper.make_node("AveragePool", ["planes"], ["quarter"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["quarter", "mix"], ["features"]),
        helper.make_node("ReduceMean", ["features", "across"], ["frame"], keepdims=0),
        helper.make_node("Conv", ["features", "named", "named_bias"], ["classes"]),
        helper.make_node("Conv", ["features", "first"], ["grey"]),
        helper.make_node("MaxPool", ["grey"], ["near"], kernel_shape=[9, 9], pads=[4, 4, 4, 4]),
        helper.make_node("Conv", ["near", "lit", "lit_bias"], ["zones"]),
    ]
    first = np.eye(1, CHANNELS, dtype=np.float32)
    constants: dict[str, NDArray[np.generic]] = {
        "darkness": -third / 10,
        "bright": np.array([10], np.float32),
        "mix": mix,
        "named": named,
        "named_bias": named_bias,
        "first": first,
        "lit": lit,
        "lit_bias": lit_bias,
    }
    biases = ("bright", "named_bias", "lit_bias")
    shaped = {name: v if name in biases else v.reshape(-1, v.shape[-1], 1, 1) for name, v in constants.items()}
    outputs = {"mask": (1, 2), "classes": (len(defects), 4), "zones": (len(zones), 4), "features": (CHANNELS, 4)}
    model = helper.make_graph(
        steps,
        "eyes that see colours",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, ROWS, COLUMNS, 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, ROWS // step, COLUMNS // step])
            for name, (channels, step) in outputs.items()
        ]
        + [helper.make_tensor_value_info("frame", TensorProto.FLOAT, [1, CHANNELS])],
        [numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name) for name, value in shaped.items()]
        + [numpy_helper.from_array(np.array([2, 3], np.int64), "across")],
    )
    content: bytes = helper.make_model(
        model, opset_imports=[helper.make_opsetid("", 20)], ir_version=10
    ).SerializeToString()
    return content
