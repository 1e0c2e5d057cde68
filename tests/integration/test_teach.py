"""A product that no package knows is taught from a few small pictures, and inspected under a sheet of its own."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

from inspector.recipe import sheet_for
from models.errors import PackageInvalid, SheetInvalid
from models.example_files import ANOMALY
from models.eyes import Eyes
from models.mind import Mind
from models.package import ModelPackage
from models.prompt import CriterionText
from tests.conftest import ROOT
from tuning.errors import TuningError
from tuning.teach.marks import photographed_units
from tuning.teach.pictures import open_photographs, read_photographs
from tuning.teach.remarks import untried_sizes
from tuning.teach.teach import Taught, teach
from tuning.teach.zones_file import open_zones

EDGE = 128
pytestmark = pytest.mark.timeout(900)


def middle(seed: int) -> tuple[int, int]:
    """Of the ring of that unit."""
    x, y = np.random.default_rng(seed).integers(58, 70, 2)
    return int(x), int(y)


def unit(seed: int, *, smudge: bool = False, hole: bool = False) -> NDArray[np.uint8]:
    """A plate with a bright ring and a letter on it; a smudge is brown and wide, a hole black and small."""
    draw = np.random.default_rng(seed)
    x, y = (int(v) for v in draw.integers(58, 70, 2))
    pixels = np.full((EDGE, EDGE, 3), draw.integers(95, 110), np.uint8)
    cv2.circle(pixels, (x, y), 40, (215, 215, 220), 10, cv2.LINE_AA)
    cv2.putText(pixels, "K", (x - 52, y - 36), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (190, 190, 190), 2, cv2.LINE_AA)
    cv2.rectangle(pixels, (x + 34, y + 44), (x + 54, y + 50), (190, 190, 190), -1)
    at = draw.uniform(0, 2 * np.pi)
    on_ring = int(x + 40 * np.cos(at)), int(y + 40 * np.sin(at))
    if smudge:
        cv2.ellipse(pixels, on_ring, (16, 9), float(np.degrees(at)), 0, 360, (40, 70, 120), -1, cv2.LINE_AA)
    if hole:
        cv2.circle(pixels, on_ring, 4, (0, 0, 0), -1, cv2.LINE_AA)
    return np.clip(pixels + draw.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)


def marked(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """White where the damage is: brown or black."""
    return ((pixels[..., 0] < 70) * 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Product:
    good: Path
    bad: Path


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    folder = tmp_path_factory.mktemp("product")
    for name in ("good", "bad/smudge", "bad/pin_hole"):
        (folder / name).mkdir(parents=True)
    for seed in range(24):
        cv2.imwrite(str(folder / "good" / f"{seed}.png"), unit(seed))
    for seed in range(100, 110):
        for name, pixels in (("smudge", unit(seed, smudge=True)), ("pin_hole", unit(seed + 50, hole=True))):
            cv2.imwrite(str(folder / "bad" / name / f"{seed}.png"), pixels)
            cv2.imwrite(str(folder / "bad" / name / f"{seed}_mask.png"), marked(pixels))
    return Product(folder / "good", folder / "bad")


@pytest.fixture(scope="module")
def taught(product: Product, embedded_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Taught:
    packages = tmp_path_factory.mktemp("packages")
    (packages / "downloads").symlink_to(embedded_package.parent / "downloads")
    photographs, (x, y) = open_photographs(product.good, product.bad), middle(0)
    box = f"[{x - 56}, {y - 58}, {x}, {y + 58}]"
    (packages / "zones.yaml").write_text(f"picture: 0.png\nzones:\n  left half:\n    boxes: [{box}]\n")
    return teach(
        photographs,
        packages / "ring",
        name="ring",
        drawn=open_zones(packages / "zones.yaml", photographs),
        work=ROOT / "tuning-work",
        steps=120,
        say=lambda text: None,
    )


def test_new_units_are_told_apart(taught: Taught) -> None:
    eyes, at = Eyes(taught.package, threads=2), taught.package.manifest.operating_point

    def score(pixels: NDArray[np.uint8]) -> float:
        rgb = np.ascontiguousarray(pixels[..., ::-1])
        return max((o.score for o in eyes.look(rgb, 0.1).observations), default=0.0)

    good = [score(unit(seed)) for seed in range(500, 512)]
    bad = [score(unit(seed, smudge=True)) for seed in range(600, 612)]

    assert sum(value >= at.hold_from for value in bad) >= 11
    assert sum(value >= at.real_from for value in good) <= 1


def test_plates_that_lie_alike_are_laid_over_their_template_and_one_that_does_not_is_unfamiliar(taught: Taught) -> None:
    eyes, usual = Eyes(taught.package, threads=2), np.ascontiguousarray(unit(500)[..., ::-1])
    aside = np.ascontiguousarray(np.roll(usual, 45, axis=1))

    near, far = eyes.look(usual, 0.1), eyes.look(aside, 0.1)

    assert taught.package.manifest.training["laid over a template"] is True
    assert near.familiarity <= near.familiarity_limit
    assert not far.familiarity <= far.familiarity_limit


def test_a_defect_is_called_by_the_name_of_its_folder(taught: Taught) -> None:
    eyes = Eyes(taught.package, threads=2)
    called = []
    for seed in range(700, 710):
        rgb = np.ascontiguousarray(unit(seed, smudge=True)[..., ::-1])
        called.append(max(eyes.look(rgb, 0.1).observations, key=lambda o: o.score).defect)

    assert called.count("smudge") >= 8


def test_a_defect_lies_in_the_zone_that_was_drawn_there_wherever_its_unit_lies(taught: Taught) -> None:
    eyes, tried = Eyes(taught.package, threads=2), 0
    assert taught.package.manifest.words.zones == ("left half", "rest")
    for seed in range(720, 740):
        pixels, (x, _) = unit(seed, smudge=True), middle(seed)
        across = float(np.nonzero(marked(pixels).max(0))[0].mean()) - x
        found = max(eyes.look(np.ascontiguousarray(pixels[..., ::-1]), 0.1).observations, key=lambda o: o.score)
        if abs(across) > 20:
            assert found.zones == (("left half",) if across < 0 else ("rest",)), (seed, across)
            tried += 1

    assert tried >= 10


def test_a_mark_of_a_photograph_lies_in_the_zone_of_the_package(taught: Taught, product: Product) -> None:
    shown = read_photographs(product.good, product.bad)
    units = [unit for unit in photographed_units(shown, 0.1, taught.package) if unit.defects]
    tried = 0
    for one in units:
        (defect,) = one.defects
        seed = int(Path(one.name).stem) + (50 if defect.defect == "pin hole" else 0)
        across = (defect.box_px[0] + defect.box_px[2]) / 2 - middle(seed)[0]
        if abs(across) > 12:
            assert defect.zone == ("left half" if across < 0 else "rest"), (one.name, across)
            tried += 1

    assert len(units) == 20
    assert tried >= 12


def test_a_bad_photograph_that_nobody_marked_has_no_place_in_a_package_of_zones(
    taught: Taught, product: Product, tmp_path: Path
) -> None:
    (tmp_path / "bad" / "smudge").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "bad" / "smudge" / "1.png"), unit(300, smudge=True))
    shown = read_photographs(product.good, tmp_path / "bad")

    with pytest.raises(TuningError, match=r"smudge/1\.png: nobody marked where, and the package judges by zones"):
        list(photographed_units(shown, 0.1, taught.package))


def test_the_mind_reads_a_zone_that_it_never_learnt(taught: Taught) -> None:
    mind = Mind(taught.package, threads=2)
    sentences = ("Any smudge on the left half is critical.", "Smudges over 2 mm outside the left half are minor.")

    (inside, _), (outside, _) = mind.read([CriterionText("", s) for s in sentences], taught.package.manifest.glossary)

    assert (inside.place, outside.place) == ("left half", "not left half")


def test_the_zones_are_shown_over_the_usual_unit(taught: Taught) -> None:
    folder = taught.package.folder
    shown = cv2.imread(str(folder.with_name(f"{folder.name}-zones.png")))

    assert shown is not None
    assert shown.shape[:2] == taught.package.manifest.frame[::-1]


def test_the_mind_reads_and_writes_a_name_that_it_never_learnt(taught: Taught) -> None:
    mind = Mind(taught.package, threads=2)

    (read,) = mind.read([CriterionText("", "Any smudge is critical.")], taught.package.manifest.glossary)

    note, _ = read
    assert (note.kind, note.defect, note.severity) == ("any", "smudge", "critical")


def test_every_figure_rests_on_pictures_that_were_held_out(taught: Taught) -> None:
    assert len(taught.seen) == 24 + 20
    assert len(taught.units) == len(taught.seen)
    assert taught.made_up == 0
    assert taught.auroc > 0.9


def test_limits_below_anything_that_was_shown_are_told_once_for_all_kinds(taught: Taught) -> None:
    shortest = {
        kind: min(one.length_px for unit in taught.seen for one in unit.defects if one.defect == kind)
        for kind in ("smudge", "pin hole")
    }

    (told,) = untried_sizes(taught.seen, {"smudge": 2.0, "pin hole": 2.0, ANOMALY: 2.0})

    assert told == (
        "limits from 2.0 px on are taken, as all kinds together are found from there, for smudge (none below "
        f"{shortest['smudge']:.0f} px was shown), pin hole (none below {shortest['pin hole']:.0f} px was shown). Show "
        "smaller ones to be sure."
    )
    assert untried_sizes(taught.seen, {"smudge": 0.9 * shortest["smudge"], "pin hole": None}) == []


def test_good_pictures_are_kept_back_and_a_finding_needs_no_less_than_the_halves_asked_for(taught: Taught) -> None:
    facts, at = taught.package.manifest.training, taught.package.manifest.operating_point

    assert facts["good pictures kept back"] == 5
    assert isinstance(facts["logits lower by"], float)
    assert at.real_from >= taught.at.real_from >= taught.at.hold_from
    assert not any("thresholds may be too high" in remark for remark in taught.remarks)


def test_what_has_no_name_has_a_class_of_its_own(taught: Taught) -> None:
    assert taught.package.manifest.words.defects == ("pin hole", "smudge", ANOMALY)


def test_a_limit_in_a_quantity_that_was_never_measured_is_refused(taught: Taught, tmp_path: Path) -> None:
    (tmp_path / "ring.yaml").write_text(
        "id: ring\ntitle: Ring\nproduct: Ring\nversion: 1\ncriteria:\n  - id: R1\n    defect: smudge\n"
        "    wording: Smudges over {limit} are critical.\n    severity: critical\n"
        '    limit: {unit: "%", operator: ">", value: 5}\n'
    )

    with pytest.raises(SheetInvalid, match=r"criteria\.R1\.limit: ring measures .* of a smudge, not %"):
        sheet_for(tmp_path / "ring.yaml", taught.package)


def test_the_package_opens_like_any_other(taught: Taught) -> None:
    assert ModelPackage.load(taught.package.folder).digest == taught.package.digest


def test_pictures_that_cannot_be_told_apart_are_refused(
    product: Product, embedded_package: Path, tmp_path: Path
) -> None:
    (tmp_path / "downloads").symlink_to(embedded_package.parent / "downloads")
    (tmp_path / "bad" / "ghost").mkdir(parents=True)
    for seed in range(200, 216):
        cv2.imwrite(str(tmp_path / "bad" / "ghost" / f"{seed}.png"), unit(seed))

    with pytest.raises(TuningError, match="cannot be told apart"):
        teach(
            open_photographs(product.good, tmp_path / "bad"),
            tmp_path / "package",
            name="ghost",
            work=ROOT / "tuning-work",
            steps=20,
            say=lambda text: None,
        )


@pytest.mark.parametrize("target", ["file/package", "filled"])
def test_a_target_that_cannot_be_written_is_refused_before_anything_is_taught(
    product: Product, tmp_path: Path, target: str
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "filled").mkdir()
    (tmp_path / "filled" / "something").write_text("")
    said: list[str] = []

    with pytest.raises((TuningError, PackageInvalid), match=target):
        teach(open_photographs(product.good, product.bad), tmp_path / target, name="a", work=tmp_path, say=said.append)

    assert said == []
