"""One picture at the desk: the verdict that the belt would give, and everything that it rests on."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras.clock import HandClock
from cameras.config import SyntheticCamera
from cameras.driver import open_camera
from cameras.fitness import FitnessLimits, blurred_part
from inspector.examine import Examiner, SeenView, Timing
from inspector.line.line import sample_pixels
from inspector.recipe import approved
from models.eyes import Eyes
from models.package import ModelPackage
from models.verdict import Disposition, Reason
from tests import tiny
from tests.tiny import CHIP, DIM, STAIN, Disc


@pytest.fixture(scope="module")
def examiner(tmp_path_factory: pytest.TempPathFactory) -> Examiner:
    folder = tmp_path_factory.mktemp("tiny")
    package = tiny.build(folder)
    return Examiner(package, *approved(tiny.write_sheet(folder, package), package), threads=1)


def examine(examiner: Examiner, pixels: "tiny.Pixels | np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> SeenView:
    seen = examiner.see(pixels, view="top", mm_per_px=tiny.MM_PER_PX, limits=FitnessLimits())
    return examiner.judge(seen)


def test_a_clean_unit_is_settled_by_a_look(examiner: Examiner):
    seen = examiner.see(tiny.unit(1), view="top", mm_per_px=tiny.MM_PER_PX, limits=FitnessLimits())

    assert seen.verdict is not None
    assert seen.verdict.disposition is Disposition.ACCEPT
    assert seen.observations == ()
    assert "mind" not in examiner.judge(seen).times_ms


@pytest.mark.parametrize(
    ("disc", "disposition"),
    [
        (Disc(2.0), Disposition.REJECT),
        (Disc(2.0, CHIP), Disposition.REJECT),
        (Disc(2.0, STAIN), Disposition.HOLD),
        (Disc(2.5, DIM), Disposition.HOLD),
    ],
    ids=["spot", "chip", "stain", "dim"],
)
def test_what_a_look_leaves_open_is_asked_of_the_mind(examiner: Examiner, disc: Disc, disposition: Disposition):
    seen = examiner.see(tiny.unit(1, disc), view="top", mm_per_px=tiny.MM_PER_PX, limits=FitnessLimits())

    judged = examiner.judge(seen)

    assert seen.verdict is None
    assert len(seen.asked) == len(judged.judgements) == 1
    assert judged.verdict is not None
    assert judged.verdict.disposition is disposition
    assert judged.times_ms.keys() == {"eyes", "mind"}


def test_observations_that_no_criterion_needs_are_kept_too(examiner: Examiner):
    both = tiny.unit(1, Disc(2.0), Disc(0.6, at=tiny.PLACES[4]))

    judged = examine(examiner, both)

    assert judged.verdict is not None
    assert len(judged.observations) == 2
    assert len(judged.verdict.findings) == 1


def test_a_picture_unlike_the_packages_is_never_a_confident_accept(examiner: Examiner):
    verdict = examine(examiner, tiny.green(1)).verdict

    assert verdict is not None
    assert (verdict.disposition, verdict.reason) == (Disposition.HOLD, Reason.NOT_ASSESSABLE)


def test_a_picture_with_more_places_than_can_be_looked_at_is_held(examiner: Examiner):
    dirty = tiny.unit(1)
    for place in range(45):
        x, y = 12 + 24 * (place % 9), 12 + 24 * (place // 9)
        dirty[y : y + 8, x : x + 8] = 0

    verdict = examine(examiner, dirty).verdict

    assert verdict is not None
    assert (verdict.disposition, verdict.reason) == (Disposition.HOLD, Reason.NOT_ASSESSABLE)
    assert "more places stand out than are looked at (32)" in verdict.text


def test_a_picture_shrunk_until_the_limits_cannot_be_seen_is_held(tmp_path: Path):
    package = tiny.with_smallest(tiny.build(tmp_path), spot_px=8.0)
    examiner = Examiner(package, *approved(tiny.write_sheet(tmp_path, package), package), threads=1)
    large = tiny.unit(1, rows=2 * tiny.ROWS, columns=2 * tiny.COLUMNS)

    as_large, twice = examine(examiner, tiny.unit(1)).verdict, examine(examiner, large).verdict

    assert as_large is not None and as_large.disposition is Disposition.ACCEPT
    assert twice is not None and (twice.disposition, twice.reason) == (Disposition.HOLD, Reason.NOT_ASSESSABLE)
    assert "8 px at 0.2 mm/px = 1.60 mm" in twice.text


@pytest.mark.parametrize(
    ("pixels", "says"),
    [
        (np.zeros((0, 0, 3), np.uint8), "no picture"),
        (tiny.unit(1).astype(np.uint16), "16-bit"),
        (tiny.unit(1)[..., 0], "grey"),
        (np.full((200, 300, 3), 255, np.uint8), "overexposed"),
        (np.zeros((200, 300, 3), np.uint8), "underexposed"),
    ],
    ids=["nothing", "16-bit", "grey", "white", "black"],
)
def test_a_picture_that_is_not_fit_is_rejected_before_any_look(
    examiner: Examiner, pixels: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]", says: str
):
    judged = examine(examiner, pixels)

    assert judged.verdict is not None
    assert (judged.verdict.disposition, judged.verdict.reason) == (Disposition.REJECT, Reason.NOT_ASSESSABLE)
    assert says in judged.verdict.text
    assert judged.times_ms == {}


def test_the_same_picture_gets_the_same_verdict_again(examiner: Examiner):
    pixels = tiny.unit(3, Disc(0.9), Disc(2.0, CHIP, at=tiny.PLACES[2]))

    first, second = examine(examiner, pixels), examine(examiner, pixels)

    assert (first.verdict, first.observations, first.judgements) == (
        second.verdict,
        second.observations,
        second.judgements,
    )


def test_more_questions_than_were_rehearsed_are_allowed_more_time():
    timing = Timing(20.0, (10.0, 14.0, 18.0, 20.0))

    assert [timing.mind_ms(count) for count in (0, 1, 4, 8)] == [10.0, 10.0, 20.0, 40.0]


def test_warming_up_measures_looks_and_questions(examiner: Examiner):
    timing = examiner.warm_up(tiny.unit(1), mm_per_px=tiny.MM_PER_PX)

    assert timing.slowest_look_ms > 0
    assert len(timing.slowest_mind_ms) == 4


def test_a_package_is_warmed_up_on_the_sheets_own_questions(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory):
    package: ModelPackage = tiny.build(tmp_path_factory.mktemp("tiny"))
    text = tiny.sheet_text().replace('unit: mm, operator: ">", value: 1.0', 'unit: count, operator: ">", value: 2.0')
    sheet = tiny.write_sheet(tmp_path, package, text)

    timing = Examiner(package, *approved(sheet, package), threads=1).warm_up(tiny.unit(1), mm_per_px=tiny.MM_PER_PX)

    assert all(ms > 0 for ms in timing.slowest_mind_ms)


@pytest.fixture(scope="module")
def blister(embedded_package: Path, repository: Path) -> Examiner:
    package = ModelPackage.load(embedded_package)
    return Examiner(package, *approved(repository / "configs" / "criteria" / "blister.yaml", package), threads=1)


@pytest.fixture(scope="module")
def good_pack() -> "tiny.Pixels":
    """768 x 480 px, 18 tablets."""
    camera = SyntheticCamera(driver="synthetic", product=14, units_per_min=60, defective_pct=0, pool=8)
    return np.asarray(next(iter(open_camera(camera, HandClock()).frames())).pixels, np.uint8)


def said_of(examiner: Examiner, pixels: "tiny.Pixels", limits: FitnessLimits) -> tuple[Disposition, str]:
    verdict = examiner.judge(examiner.see(pixels, view="top", mm_per_px=0.12245, limits=limits)).verdict
    assert verdict is not None
    return verdict.disposition, verdict.text


@pytest.mark.parametrize("hidden", ["out of the picture", "covered"])
def test_half_a_pack_is_held_where_the_view_says_how_many_tablets_a_whole_one_shows(
    blister: Examiner, good_pack: "tiny.Pixels", hidden: str
):
    """Half a good pack is as familiar as a whole one."""
    half = good_pack.copy()
    half[:, 384:] = good_pack[:, :1] if hidden == "covered" else np.median(good_pack[:, :8], (0, 1)).astype(np.uint8)
    if hidden == "out of the picture":
        half = np.roll(half, 384, axis=1)

    assert said_of(blister, good_pack, FitnessLimits(tablets=18))[0] is Disposition.ACCEPT
    assert said_of(blister, half, FitnessLimits())[0] is Disposition.ACCEPT
    disposition, text = said_of(blister, half, FitnessLimits(tablets=18))
    assert disposition is Disposition.HOLD
    assert "9 of the 18 tablets of a whole pack" in text


def test_a_pack_that_lies_in_a_shadow_in_part_is_not_taken_for_blurred(blister: Examiner, good_pack: "tiny.Pixels"):
    shaded = good_pack.copy()
    shaded[:, :256] = (good_pack[:, :256] * 0.4).astype(np.uint8)

    assert "out of focus" not in said_of(blister, shaded, FitnessLimits())[1]


def test_a_pack_of_which_one_corner_alone_is_sharp_is_blurred(embedded_package: Path, good_pack: "tiny.Pixels"):
    tablets = Eyes(ModelPackage.load(embedded_package), threads=1).look(good_pack, 0.12245).tablets
    assert tablets is not None
    smeared = good_pack.copy()
    smeared[:, :640] = cv2.GaussianBlur(good_pack, (0, 0), 3)[:, :640]

    assert len(tablets) == 18
    assert blurred_part(good_pack, tablets, FitnessLimits()) == ""
    assert blurred_part(smeared, tablets, FitnessLimits()).startswith("part of the picture is out of focus")


def test_a_pack_that_is_blurred_in_part_is_held(blister: Examiner, good_pack: "tiny.Pixels"):
    """A smear on the lens: the picture as a whole is in focus, and what lies under the smear cannot be seen."""
    smeared = good_pack.copy()
    smeared[:, :256] = cv2.GaussianBlur(good_pack, (0, 0), 4)[:, :256]

    assert said_of(blister, good_pack, FitnessLimits())[0] is Disposition.ACCEPT
    assert said_of(blister, smeared, FitnessLimits(least_sharpness_share=0))[0] is Disposition.ACCEPT
    disposition, text = said_of(blister, smeared, FitnessLimits())
    assert disposition is Disposition.HOLD
    assert text.startswith("part of the picture is out of focus: the tablet at ")


def test_the_line_warms_up_on_a_picture_on_which_places_stand_out(embedded_package):
    """Else the times that it measures would leave out the closer look."""
    eyes = Eyes(ModelPackage.load(embedded_package), threads=1)

    assert eyes.look(sample_pixels(768, 480), 0.12).observations
