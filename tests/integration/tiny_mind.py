"""A mind small enough for a test: a random Llama of two layers in a wheel, and an adapter that fits it.

It answers nonsense, but by the same files, the same grammar and the same arithmetic as the real one.
"""

import zipfile
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from models.answer import LANGUAGE
from models.assemble import ADAPTED, Parts, adapter_name
from models.digest import digest_file
from models.grammar import grammar_tokens
from models.package import AdapterFacts, Base, DefectClass, PackageFacts, Zone
from models.tokens import Tokens, tokenizer_json
from models.verdict import OperatingPoint

Floats = NDArray[np.float32]

LAYERS, WIDTH, HEADS, KEY_HEADS, HEAD_WIDTH, HIDDEN = 2, 64, 4, 2, 16, 96
RANK, ALPHA, THETA, EPSILON = 4, 8.0, 10_000.0, 1e-5
MEMBER = "tiny/tiny.gguf"
WHEEL = "tiny-0.1-py3-none-any.whl"
MERGES = ("m m", "Ġ mm", "> =")
DEFECTS = ("crack", "spot", "empty pocket")
ZONES = ("foil", "tablet")


def letters() -> list[str]:
    """The 256 letters that stand for bytes in a byte-level vocabulary."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + place) for place in range(len(others))]


def vocabulary() -> list[str]:
    return [*letters(), *(merge.replace(" ", "") for merge in MERGES)]


def weights(seed: int = 1) -> dict[str, Floats]:
    """Random tensors under transformers' names; rows are outputs."""
    draw = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> Floats:
        return np.asarray(draw.standard_normal((rows, columns)) / columns**0.5, np.float32)

    def norm() -> Floats:
        return draw.uniform(0.8, 1.2, WIDTH).astype(np.float32)

    tensors = {"model.embed_tokens": matrix(len(vocabulary()), WIDTH) * np.float32(4), "model.norm": norm()}
    for index in range(LAYERS):
        name = f"model.layers.{index}"
        tensors |= {
            f"{name}.input_layernorm": norm(),
            f"{name}.self_attn.q_proj": matrix(WIDTH, WIDTH),
            f"{name}.self_attn.k_proj": matrix(KEY_HEADS * HEAD_WIDTH, WIDTH),
            f"{name}.self_attn.v_proj": matrix(KEY_HEADS * HEAD_WIDTH, WIDTH),
            f"{name}.self_attn.o_proj": matrix(WIDTH, WIDTH),
            f"{name}.post_attention_layernorm": norm(),
            f"{name}.mlp.gate_proj": matrix(HIDDEN, WIDTH),
            f"{name}.mlp.up_proj": matrix(HIDDEN, WIDTH),
            f"{name}.mlp.down_proj": matrix(WIDTH, HIDDEN),
        }
    return tensors


def adapter(encode_from: Path, seed: int = 2) -> dict[str, NDArray[np.generic]]:
    """A tuned part in half precision, as the tuning writes it."""
    draw = np.random.default_rng(seed)
    tensors: dict[str, NDArray[np.generic]] = {}
    base = weights()
    for index in range(LAYERS):
        for linear in ADAPTED:
            out, width = base[f"model.layers.{index}.{linear}"].shape
            tensors[adapter_name(index, linear, "A")] = (0.2 * draw.standard_normal((RANK, width))).astype(np.float16)
            tensors[adapter_name(index, linear, "B")] = (0.2 * draw.standard_normal((out, RANK))).astype(np.float16)
    tokens = np.array(grammar_tokens(Tokens(encode_from).encode, facts("").words), np.int64)
    tensors["grammar_tokens"] = tokens
    tensors["head"] = draw.standard_normal((len(tokens), WIDTH)).astype(np.float16)
    return tensors


def merged(tuned: dict[str, NDArray[np.generic]]) -> dict[str, Floats]:
    """The base with the adapter in it, by plain matrix product."""
    tensors = weights()
    for index in range(LAYERS):
        for linear in ADAPTED:
            a, b = (tuned[adapter_name(index, linear, m)].astype(np.float64) for m in "AB")
            name = f"model.layers.{index}.{linear}"
            tensors[name] = (tensors[name] + ALPHA / RANK * (b @ a)).astype(np.float32)
    return tensors


def write_wheel(folder: Path) -> Path:
    """The base as a wheel with a GGUF file, query and key heads in llama.cpp's order."""
    source = folder / "tiny.gguf"
    writer = gguf.GGUFWriter(source, "llama")
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_freq_base(THETA)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(vocabulary())
    writer.add_token_merges(list(MERGES))
    for name, tensor in weights().items():
        writer.add_tensor(_gguf_name(name), _interleaved(name, tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    wheel = folder / WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(source, MEMBER)
    return wheel


def facts(digest: str) -> PackageFacts:
    return PackageFacts(
        name="tiny",
        version="1",
        family="blister",
        frame=(768, 480),
        defects=tuple(DefectClass(name=name, about=f"what {name} is", words=("mark",)) for name in DEFECTS),
        zones=tuple(Zone(name=name, about=f"where {name} is") for name in ZONES),
        operating_point=OperatingPoint(real_from=0.5, hold_from=0.2, doubt_from=0.1, sure_from=0.5),
        context_tokens=1024,
        language=LANGUAGE,
        base=Base(requirement="tiny==0.1", wheel=WHEEL, member=MEMBER, sha256=digest),
        adapter=AdapterFacts(rank=RANK, alpha=ALPHA),
    )


def write_parts(folder: Path) -> tuple[Path, Path]:
    """A folder of tuned parts and the wheel of their base, not pinned yet -> (parts, wheel)."""
    parts = folder / "parts"
    parts.mkdir()
    wheel = write_wheel(folder)
    letters_file = folder / "letters.json"
    letters_file.write_bytes(tokenizer_json(vocabulary(), MERGES))
    save_file(adapter(letters_file), parts / "mind.safetensors")
    (parts / "eyes.onnx").write_bytes(b"a graph")
    (parts / "closer.onnx").write_bytes(b"a graph")
    save_file({"nothing": np.zeros(1, np.float32)}, parts / "eyes.safetensors")
    Parts(package=facts(digest_file(wheel))).save(parts)
    return parts, wheel


def _gguf_name(name: str) -> str:
    named = {
        "model.embed_tokens": "token_embd",
        "model.norm": "output_norm",
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
    if name in named:
        return f"{named[name]}.weight"
    layer, _, part = name.removeprefix("model.layers.").partition(".")
    return f"blk.{layer}.{named[part]}.weight"


def _interleaved(name: str, tensor: Floats) -> Floats:
    heads = HEADS if name.endswith("q_proj") else KEY_HEADS if name.endswith("k_proj") else 0
    if not heads:
        return tensor
    return np.ascontiguousarray(tensor.reshape(heads, 2, HEAD_WIDTH // 2, -1).swapaxes(1, 2).reshape(tensor.shape))
