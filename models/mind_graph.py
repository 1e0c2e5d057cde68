"""The mind as an ONNX graph, written node by node from its tensors: the same tensors give the same bytes on every
machine.

It refuses nothing and traces nothing. The decision a reader would question is how activations become eight bits: a
scale a token, not a scale a batch, so that what is said about one observation cannot depend on its neighbours in the
batch.

Inputs: x [B,T,D] embeddings; cos, sin [B,T,1,H/2] of each token's place; mask [B,1,T,S+T] added to the own part of
attention; pk.i [1,KV,H,P], pv.i [1,KV,P,H] the prefix, shared by the batch, keys transposed; ok.i, ov.i [B,KV,S,H]
the row's own past.
Outputs: logits [B,T,G] over the grammar's tokens; nk.i, nv.i [B,KV,S+T,H] the row's past with this pass.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Floats = NDArray[np.float32]
Precision = Literal["int8", "int4", "fp32"]
GROUP = 32  # weights of a row that share a scale in four bits
ONNX_OPSET, ORT_OPSET, IR_VERSION = 21, 1, 10


@dataclass(frozen=True, slots=True)
class MindShape:
    layers: int
    width: int
    heads: int
    key_heads: int
    head_width: int
    hidden: int
    theta: float  # base of the rotary angles
    epsilon: float  # of the norms


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One layer, rows are outputs: (out, in)."""

    attention_norm: Floats
    qkv: Floats  # queries, keys, values below each other
    attention_out: Floats
    mlp_norm: Floats
    gate_up: Floats  # gate, then up
    down: Floats


def quantise(weight: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Eight bits with a scale an output channel: the largest magnitude of a row becomes 127.

    Element by element and without BLAS, so that it comes out the same everywhere.

    Returns:
        (in, out) int8 and (out,) float32, so that int8 * scale is the transposed weight.

    >>> quantise(np.array([[0.5, -1.0]], np.float32))[0].tolist()
    [[64], [-127]]
    """
    largest = np.abs(weight).max(axis=1)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    steps = np.rint(weight / scale[:, None]).astype(np.int8)
    return np.ascontiguousarray(steps.T), scale


def quantise_groups(weight: Floats) -> tuple[NDArray[np.uint8], Floats]:
    """Four bits with a scale for each group of a row: the largest magnitude of a group becomes 8 on its own side.

    As `com.microsoft.MatMulNBits` reads them: steps from 0 to 15 around 8, two in a byte, the first one low.

    Returns:
        (out, groups, GROUP / 2) uint8 and (out * groups,) float32; rows are filled up with zeros to whole groups.

    >>> [number.tolist() for number in quantise_groups(np.array([[-1.0, 0.5]], np.float32))][0][0][0][:2]
    [192, 136]
    """
    rows, columns = weight.shape
    groups = np.zeros((rows, -(-columns // GROUP), GROUP), np.float32)
    groups.reshape(rows, -1)[:, :columns] = weight
    far = np.take_along_axis(groups, np.abs(groups).argmax(axis=2)[:, :, None], 2)[:, :, 0]
    scale = np.where(far != 0, far / np.float32(-8), np.float32(1)).astype(np.float32)
    steps = np.clip(np.rint(groups / scale[:, :, None]) + 8, 0, 15).astype(np.uint8)
    return np.ascontiguousarray(steps[:, :, ::2] | steps[:, :, 1::2] << 4), scale.ravel()


def build_mind(
    shape: MindShape, layers: Iterable[LayerWeights], norm: Floats, head: Floats, *, precision: Precision = "int8"
) -> bytes:
    """The whole graph, serialised.

    Args:
        shape: dimensions that the tensors must have.
        layers: in order; taken one at a time, so that the full-precision mind is never in memory twice.
        norm: (D,) the last norm.
        head: (G, D), one row for each token of the grammar; always in full precision.
        precision: "int8" ships; the others are what `inspector bench precision` compares it with.
    """
    graph = _Graph(shape, precision)
    stream = graph.enter()
    for index, layer in enumerate(layers):
        stream = graph.layer(index, stream, layer)
    last = graph.norm("norm", stream, norm)
    flat = graph.node("MatMul", [last, graph.constant("head.weight", np.ascontiguousarray(head.T))], "logits.flat")
    logits_shape = graph.node("Concat", ["size.BT", graph.int_constant("size.G", [-1])], "size.logits", axis=0)
    graph.node("Reshape", [flat, logits_shape], "logits")
    return bytes(graph.model(head.shape[0]).SerializeToString(deterministic=True))


@dataclass(frozen=True, slots=True)
class _Narrow:
    """Names of a value in eight bits and of its scales, one a token (N, 1); otherwise the value itself."""

    value: str
    scale: str


class _Graph:
    """Nodes and constants in the order of writing, which is the order of the bytes."""

    def __init__(self, shape: MindShape, precision: Precision) -> None:
        self.shape, self.precision = shape, precision
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def int_constant(self, name: str, values: Sequence[int]) -> str:
        return self.constant(name, np.array(values, np.int64))

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        output: str,
        *,
        domain: str = "",
        **attributes: int | float | Sequence[int],
    ) -> str:
        self._append(kind, inputs, [output], domain, attributes)
        return output

    def split(self, value: str, sizes: str, outputs: Sequence[str], axis: int) -> None:
        self._append("Split", [value, sizes], outputs, "", {"axis": axis})

    def _append(
        self,
        kind: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        domain: str,
        attributes: dict[str, int | float | Sequence[int]],
    ) -> None:
        made = helper.make_node(kind, list(inputs), list(outputs), name=f"{outputs[0]}/{kind}", domain=domain or None)
        for name in sorted(attributes):
            made.attribute.append(helper.make_attribute(name, attributes[name]))
        self.nodes.append(made)

    # ------------------------------------------------------------ parts
    def enter(self) -> str:
        """Sizes that every layer needs, and the tokens of all rows as one list."""
        s = self.shape
        for name, source, axis in (("B", "x", 0), ("T", "x", 1), ("P", "pk.0", 3), ("SO", "mask", 3)):
            self.node("Shape", [source], f"size.{name}", start=axis, end=axis + 1)
        self.node("Shape", ["x"], "size.BT", start=0, end=2)
        self.int_constant("size.H", [s.heads])
        self.int_constant("size.KV", [s.key_heads])
        self.int_constant("size.HD", [s.head_width])
        self.node("Mul", ["size.T", self.int_constant("size.group", [s.heads // s.key_heads])], "size.TG")
        for name, parts in (
            ("own", ("B", "H", "T", "SO")),
            ("prefix", ("B", "H", "T", "P")),
            ("own_grouped", ("B", "KV", "TG", "SO")),
            ("prefix_grouped", ("B", "KV", "TG", "P")),
            ("query_grouped", ("B", "KV", "TG", "HD")),
            ("query", ("B", "H", "T", "HD")),
            ("prefix_and_own", ("P", "SO")),
        ):
            self.node("Concat", [f"size.{part}" for part in parts], f"size.{name}", axis=0)
        self.node(
            "Concat",
            ["size.BT", self.int_constant("size.tail", [s.heads + 2 * s.key_heads, s.head_width])],
            "size.heads",
            axis=0,
        )
        self.int_constant("size.flat", [-1, s.width])
        self.int_constant("size.joined", [-1, s.heads * s.head_width])
        self.int_constant("parts.qk_v", [s.heads + s.key_heads, s.key_heads])
        self.int_constant("parts.q_k", [s.heads, s.key_heads])
        self.int_constant("parts.halves", [s.head_width // 2, s.head_width // 2])
        if self.precision == "int8":
            self.int_constant("last_axis", [-1])
            self.int_constant("list_shape", [-1])
            self.constant("one", np.array(1, np.float32))
            self.constant("step", np.array(1 / 127, np.float32))
            self.constant("least", np.array(1e-12, np.float32))
            self.constant("middle", np.array(128, np.uint8))
        stream = self.node("Reshape", ["x", "size.flat"], "stream")
        if self.precision == "int8":
            self.node("Shape", [stream], "size.N", start=0, end=1)
            self.node("Expand", ["middle", "size.N"], "middles")
        return stream

    def norm(self, name: str, value: str, weight: Floats) -> str:
        scale = self.constant(f"{name}.weight", weight)
        return self.node("SimplifiedLayerNormalization", [value, scale], name, axis=-1, epsilon=self.shape.epsilon)

    def narrow(self, name: str, value: str) -> _Narrow:
        """value [N,in] in eight bits, a scale a token."""
        if self.precision != "int8":
            return _Narrow(value, "")
        magnitude = self.node("Abs", [value], f"{name}.magnitude")
        largest = self.node("ReduceMax", [magnitude, "last_axis"], f"{name}.largest", keepdims=1)
        held = self.node("Max", [largest, "least"], f"{name}.held")
        scale = self.node("Mul", [held, "step"], f"{name}.token_scale")
        listed = self.node("Reshape", [scale, "list_shape"], f"{name}.token_scales")
        return _Narrow(self.node("QuantizeLinear", [value, listed, "middles"], f"{name}.eight", axis=0), scale)

    def product(self, name: str, narrow: _Narrow, weight: Floats) -> str:
        """Times the transposed weight; the scale of each token is still to be multiplied in."""
        if self.precision == "fp32":
            return self.node("MatMul", [narrow.value, self.constant(f"{name}.weight", weight.T.copy())], name)
        if self.precision == "int4":
            return self._grouped_product(name, narrow.value, weight)
        steps, scale = quantise(weight)
        inputs = [narrow.value, self.constant(f"{name}.weight", steps), "one"]
        inputs += [self.constant(f"{name}.scale", scale), "middle"]
        return self.node("MatMulIntegerToFloat", inputs, name, domain="com.microsoft")

    def _grouped_product(self, name: str, value: str, weight: Floats) -> str:
        packed, scale = quantise_groups(weight)
        inputs = [value, self.constant(f"{name}.weight", packed), self.constant(f"{name}.scale", scale)]
        outputs, columns = weight.shape
        facts = {"K": columns, "N": outputs, "bits": 4, "block_size": GROUP}
        return self.node("MatMulNBits", inputs, name, domain="com.microsoft", **facts)

    def scaled(self, name: str, value: str, *scales: str) -> str:
        """value [N,out] times the scales of its tokens; only eight bits have any."""
        for place, scale in enumerate(scale for scale in scales if scale):
            value = self.node("Mul", [value, scale], f"{name}.{place}")
        return value

    def linear(self, name: str, value: str, weight: Floats) -> str:
        """value [N,in] times the transposed weight."""
        narrow = self.narrow(name, value)
        return self.scaled(f"{name}.scaled", self.product(f"{name}.product", narrow, weight), narrow.scale)

    def layer(self, index: int, stream: str, weights: LayerWeights) -> str:
        p = f"layer.{index}"
        divided = weights.qkv.copy()
        divided[: self.shape.heads * self.shape.head_width] *= np.float32(self.shape.head_width**-0.5)
        qkv = self.linear(f"{p}.qkv", self.norm(f"{p}.attention_norm", stream, weights.attention_norm), divided)
        attended = self.linear(f"{p}.out", self.attention(p, index, qkv), weights.attention_out)
        stream = self.node("Add", [stream, attended], f"{p}.attended")
        return self.node("Add", [stream, self.mlp(p, stream, weights)], f"{p}.stream")

    def mlp(self, p: str, stream: str, weights: LayerWeights) -> str:
        """The scale of `up` waits until after `down`: narrowing does not see a scale that a whole token shares."""
        narrow = self.narrow(f"{p}.mlp", self.norm(f"{p}.mlp_norm", stream, weights.mlp_norm))
        gate_rows, up_rows = np.split(weights.gate_up, 2)
        gate = self.scaled(f"{p}.gate.scaled", self.product(f"{p}.gate", narrow, gate_rows), narrow.scale)
        up = self.product(f"{p}.up", narrow, up_rows)
        silu = self.node("Mul", [gate, self.node("Sigmoid", [gate], f"{p}.sigmoid")], f"{p}.silu")
        mixed = self.narrow(f"{p}.mixed", self.node("Mul", [silu, up], f"{p}.mixed.value"))
        down = self.product(f"{p}.down", mixed, weights.down)
        return self.scaled(f"{p}.down.scaled", down, self.scaled(f"{p}.both_scales", mixed.scale, narrow.scale))

    def attention(self, p: str, index: int, qkv: str) -> str:
        """Queries look at the shared prefix and at the row's own tokens under one softmax; heads of one key head
        sit together.
        """
        self.node("Reshape", [qkv, "size.heads"], f"{p}.by_head")
        self.split(f"{p}.by_head", "parts.qk_v", [f"{p}.qk", f"{p}.v"], axis=2)
        self.split(f"{p}.qk", "parts.halves", [f"{p}.a", f"{p}.b"], axis=3)
        for name, half, turn in (("ac", "a", "cos"), ("bs", "b", "sin"), ("bc", "b", "cos"), ("as", "a", "sin")):
            self.node("Mul", [f"{p}.{half}", turn], f"{p}.{name}")
        self.node("Sub", [f"{p}.ac", f"{p}.bs"], f"{p}.turned_a")
        self.node("Add", [f"{p}.bc", f"{p}.as"], f"{p}.turned_b")
        self.node("Concat", [f"{p}.turned_a", f"{p}.turned_b"], f"{p}.turned", axis=3)
        self.node("Transpose", [f"{p}.turned"], f"{p}.turned_t", perm=[0, 2, 1, 3])
        self.split(f"{p}.turned_t", "parts.q_k", [f"{p}.q", f"{p}.k"], axis=1)
        self.node("Transpose", [f"{p}.v"], f"{p}.v_t", perm=[0, 2, 1, 3])
        keys = self.node("Concat", [f"ok.{index}", f"{p}.k"], f"nk.{index}", axis=2)
        values = self.node("Concat", [f"ov.{index}", f"{p}.v_t"], f"nv.{index}", axis=2)
        query = self.node("Reshape", [f"{p}.q", "size.query_grouped"], f"{p}.q_grouped")
        self.node("MatMul", [query, f"pk.{index}"], f"{p}.to_prefix")
        self.node("Reshape", [f"{p}.to_prefix", "size.prefix"], f"{p}.to_prefix_h")
        self.node("Transpose", [keys], f"{p}.keys_t", perm=[0, 1, 3, 2])
        self.node("MatMul", [query, f"{p}.keys_t"], f"{p}.to_own")
        self.node("Reshape", [f"{p}.to_own", "size.own"], f"{p}.to_own_h")
        self.node("Add", [f"{p}.to_own_h", "mask"], f"{p}.to_own_m")
        self.node("Concat", [f"{p}.to_prefix_h", f"{p}.to_own_m"], f"{p}.scores", axis=3)
        self.node("Softmax", [f"{p}.scores"], f"{p}.weights", axis=-1)
        self.split(f"{p}.weights", "size.prefix_and_own", [f"{p}.w_prefix", f"{p}.w_own"], axis=3)
        self.node("Reshape", [f"{p}.w_prefix", "size.prefix_grouped"], f"{p}.w_prefix_g")
        self.node("Reshape", [f"{p}.w_own", "size.own_grouped"], f"{p}.w_own_g")
        self.node("MatMul", [f"{p}.w_prefix_g", f"pv.{index}"], f"{p}.from_prefix")
        self.node("MatMul", [f"{p}.w_own_g", values], f"{p}.from_own")
        self.node("Add", [f"{p}.from_prefix", f"{p}.from_own"], f"{p}.seen")
        self.node("Reshape", [f"{p}.seen", "size.query"], f"{p}.seen_h")
        self.node("Transpose", [f"{p}.seen_h"], f"{p}.seen_t", perm=[0, 2, 1, 3])
        return self.node("Reshape", [f"{p}.seen_t", "size.joined"], f"{p}.joined")

    def model(self, tokens: int) -> ModelProto:
        s = self.shape
        inputs = [_value("x", ["B", "T", s.width]), _value("cos", ["B", "T", 1, s.head_width // 2])]
        inputs += [_value("sin", ["B", "T", 1, s.head_width // 2]), _value("mask", ["B", 1, "T", "SO"])]
        outputs = [_value("logits", ["B", "T", tokens])]
        for index in range(s.layers):
            inputs += [
                _value(f"pk.{index}", [1, s.key_heads, s.head_width, "P"]),
                _value(f"pv.{index}", [1, s.key_heads, "P", s.head_width]),
            ]
            inputs += [_value(f"{name}.{index}", ["B", s.key_heads, "S", s.head_width]) for name in ("ok", "ov")]
            outputs += [_value(f"{name}.{index}", ["B", s.key_heads, "SO", s.head_width]) for name in ("nk", "nv")]
        graph = helper.make_graph(self.nodes, "mind", inputs, outputs, self.constants)
        opsets = [helper.make_opsetid("", ONNX_OPSET), helper.make_opsetid("com.microsoft", ORT_OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def _value(name: str, dimensions: Sequence[int | str]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(dimensions))
