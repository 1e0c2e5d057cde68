"""The embedded package on a GPU gives the verdicts that it gives on the CPU. Skipped where nothing runs CUDA."""

from itertools import islice
from pathlib import Path

import pytest

from cameras.clock import HandClock
from cameras.config import SyntheticCamera
from cameras.driver import open_camera
from cameras.fitness import FitnessLimits
from inspector.examine import Examiner, SeenView
from inspector.recipe import approved
from models.mind import Mind
from models.package import ModelPackage
from models.reading import read_sheet
from models.runtime import missing
from models.verdict import Disposition

UNITS = 40
REPETITIONS = 10
CAMERA = SyntheticCamera(driver="synthetic", product=14, units_per_min=60, defective_pct=60, pool=UNITS)
MM_PER_PX = 0.12245

pytestmark = pytest.mark.skipif(bool(missing("cuda")), reason=f"cuda: {missing('cuda')}")


@pytest.fixture(scope="module")
def pictures():
    return [picture.pixels for picture in islice(open_camera(CAMERA, HandClock()).frames(), UNITS)]


@pytest.fixture(scope="module")
def recipe(repository: Path, embedded_package: Path):
    package = ModelPackage.load(embedded_package)
    return package, *approved(repository / "configs" / "criteria" / "blister.yaml", package)


@pytest.fixture(scope="module")
def on_gpu(recipe) -> Examiner:
    return Examiner(*recipe, threads=2, device="cuda")


def examine(examiner: Examiner, pixels) -> SeenView:
    return examiner.judge(examiner.see(pixels, view="top", mm_per_px=MM_PER_PX, limits=FitnessLimits()))


def said(examiner: Examiner, pixels) -> tuple[Disposition, set[str]]:
    """A unit's disposition and the criteria that it rests on."""
    verdict = examine(examiner, pixels).verdict
    assert verdict is not None
    return verdict.disposition, {finding.criterion for finding in verdict.findings}


def test_eyes_and_mind_really_run_there(on_gpu: Examiner):
    assert on_gpu.providers == ("CUDAExecutionProvider", "CUDAExecutionProvider")


def test_a_gpu_gives_the_dispositions_and_criteria_of_the_cpu(recipe, on_gpu: Examiner, pictures):
    on_cpu = Examiner(*recipe, threads=2)

    assert [said(on_gpu, pixels) for pixels in pictures] == [said(on_cpu, pixels) for pixels in pictures]


def test_a_gpu_reads_the_sheet_as_it_was_read_and_approved(recipe):
    package, sheet, reading = recipe

    anew = read_sheet(
        sheet,
        Mind(package, threads=2, device="cuda"),
        package_digest=package.digest,
        defects=package.manifest.words.defects,
        glossary=package.manifest.glossary_with(sheet.glossary),
    )

    assert anew.notes == reading.notes


def test_a_gpu_repeats_itself_bit_for_bit(on_gpu: Examiner, pictures):
    def seen() -> list[tuple[object, ...]]:
        sights = [examine(on_gpu, pixels) for pixels in pictures[:4]]
        return [(one.observations, one.judgements, one.verdict) for one in sights]

    first = seen()
    for _ in range(REPETITIONS):
        assert seen() == first
