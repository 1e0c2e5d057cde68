"""From the trained network to the graph that ships: ONNX with a uint8 picture as its input, then int8 a channel each.

Refuses a graph that does not say what the network says. The picture's bytes are the first convolution's input as they
are. The last layers stay in float, a mask logit decides between accept and reject and costs nothing there, and so does
what compares places of the frame: in int8 its products name every second cell otherwise.
"""

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from models.eyes import OUTPUTS
from models.eyes import Sight as GraphSight
from models.regions import Maps
from tuning.errors import TuningError
from tuning.eyes.net import GREY, EyesNet

INPUT = "pixels"
ALLOWED_DRIFT = 0.02  # of a mask probability, network against its own float graph
CLASSES_ALIKE = 0.9  # of the cells that either sees something in, float graph against int8
COMPARES = ("MatMul", "Gemm", "Softmax")
ROWS, COLUMNS = 480, 768


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two forms of the eyes are apart, over some frames."""

    highest_mask: float  # largest difference of a mask probability
    mean_mask: float  # over the cells where either sees more than 0.05
    classes_alike: float  # share of those cells with the same first class


class Shipped(nn.Module):
    """The network as the runtime calls it."""

    def __init__(self, net: EyesNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        maps = self.net(pixels.permute(0, 3, 1, 2))
        return maps.mask, maps.classes, maps.zones, maps.features, maps.frame


class _Frames(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime carries no types
    def __init__(self, frames: Sequence[NDArray[np.uint8]]) -> None:
        self._left: Iterator[NDArray[np.uint8]] = iter(frames)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        frame = next(self._left, None)
        return None if frame is None else {INPUT: np.ascontiguousarray(frame[None])}


def export_float(net: EyesNet, path: Path) -> None:
    """Write the float graph."""
    net = net.eval().to(memory_format=torch.contiguous_format)
    example = torch.zeros(1, ROWS, COLUMNS, 3, dtype=torch.uint8)
    onnx.save(graph_of(Shipped(net), (example,), inputs=(INPUT,), outputs=OUTPUTS), path)


def graph_of(
    module: nn.Module,
    example: tuple[Tensor, ...],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    any_number: bool = False,
) -> onnx.ModelProto:
    """A module as a graph that does not say where it was exported: the same weights give the same bytes everywhere.

    Args:
        any_number: the first axis of every input may have any length.

    Raises:
        TuningError: torch wrote none.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes to its own authors
        program = torch.onnx.export(
            module,
            example,
            dynamo=True,
            verbose=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},) * len(example) if any_number else None,
        )
    if program is None:
        raise TuningError("eyes: torch wrote no graph. Nothing was exported. Install the recipe's versions.")
    model: onnx.ModelProto = program.model_proto
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model


def quantise(source: Path, target: Path, frames: Sequence[NDArray[np.uint8]]) -> None:
    """Static int8, a scale per channel, ranges from these frames."""
    with tempfile.TemporaryDirectory() as scratch:
        ready = Path(scratch) / "ready.onnx"
        quant_pre_process(source, ready, skip_symbolic_shape=True)
        graph = onnx.load(ready).graph
        less_grey = _from_bytes(graph)[2]
        as_bytes = {"scale": np.array(1, np.float32), "zero_point": np.array(GREY, np.uint8)}
        quantize_static(
            ready,
            target,
            _Frames(frames),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=sorted(_in_float(graph)),
            extra_options={
                "ActivationSymmetric": False,
                "WeightSymmetric": True,
                "TensorQuantOverrides": {less_grey.output[0]: [as_bytes]},
            },
        )
    onnx.save(_taking_bytes(onnx.load(target)), target)


def check_float(net: EyesNet, graph: Path, frames: Sequence[NDArray[np.uint8]]) -> Parity:
    """Network against its float graph.

    Raises:
        TuningError: they differ by more than rounding.
    """
    sight = GraphSight(graph.read_bytes(), threads=1)
    with torch.no_grad():
        said = [_shown(net.eval(), frame) for frame in frames]
    found = parity(said, [sight.maps(frame) for frame in frames])
    if found.highest_mask > ALLOWED_DRIFT:
        raise TuningError(
            f"eyes: the exported graph differs from the network by {found.highest_mask:.4f} in a mask probability "
            f"(limit {ALLOWED_DRIFT}). Nothing was written. Install the recipe's versions of torch and onnxscript."
        )
    return found


def check_quantised(source: Path, target: Path, frames: Sequence[NDArray[np.uint8]]) -> Parity:
    """Float graph against int8 graph; how much the difference costs is judged by the figures on other frames.

    Raises:
        TuningError: they name too many cells differently.
    """
    before, after = (GraphSight(path.read_bytes(), threads=1) for path in (source, target))
    found = parity([before.maps(frame) for frame in frames], [after.maps(frame) for frame in frames])
    if found.classes_alike < CLASSES_ALIKE:
        raise TuningError(
            f"eyes: the int8 graph names only {found.classes_alike:.2f} of the cells as the float graph does (limit "
            f"{CLASSES_ALIKE}). Nothing was released. Leave more of the graph in float."
        )
    return found


def parity(these: Sequence[Maps], those: Sequence[Maps]) -> Parity:
    """Compare maps frame by frame."""
    highest, drift, alike = 0.0, [], []
    for one, other in zip(these, those, strict=True):
        a, b = (1 / (1 + np.exp(-maps.mask)) for maps in (one, other))
        highest = max(highest, float(np.abs(a - b).max()))
        seen = np.maximum(a, b) > 0.05
        drift.append(np.abs(a - b)[seen])
        coarse = seen.reshape(seen.shape[0] // 2, 2, seen.shape[1] // 2, 2).any((1, 3))
        alike.append((one.classes.argmax(0) == other.classes.argmax(0))[coarse])
    cells, same = np.concatenate(drift), np.concatenate(alike)
    if not len(cells):
        return Parity(highest, 0.0, 1.0)
    return Parity(highest, float(cells.mean()), float(same.mean()))


def _shown(net: EyesNet, frame: NDArray[np.uint8]) -> Maps:
    maps = net(torch.from_numpy(np.array(frame)).permute(2, 0, 1)[None])
    named = (maps.mask[0], maps.classes, maps.zones, maps.features, maps.frame)
    return Maps(*(map_[0].numpy() for map_ in named))


def _from_bytes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """What a picture's bytes go through: turned, cast, less GREY, and what comes next."""
    nodes: list[onnx.NodeProto] = []
    value = INPUT
    for kind in ("Transpose", "Cast", "Sub", ""):
        takers = [node for node in graph.node if value in node.input]
        if len(takers) != 1 or kind not in ("", takers[0].op_type):
            raise TuningError(
                f"eyes: {value} of the graph goes to {', '.join(node.op_type for node in takers)}, not to one {kind} "
                "alone. Nothing was exported. Install the recipe's versions of torch and onnxscript."
            )
        nodes += takers
        value = takers[0].output[0]
    return nodes


def _taking_bytes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without turning bytes into float, less GREY, and that into the very same bytes again."""
    graph = model.graph
    turned, cast, less_grey, again = _from_bytes(graph)
    (scaled,) = (node for node in graph.node if again.output[0] in node.input)
    scaled.input[0] = turned.output[0]
    grey = [one for one in graph.initializer if one.name in less_grey.input]
    gone = {one.name for one in grey} | {node.output[0] for node in (cast, less_grey, again)}
    for node in (cast, less_grey, again):
        graph.node.remove(node)
    for constant in grey:
        graph.initializer.remove(constant)
    for info in [one for one in graph.value_info if one.name in gone]:
        graph.value_info.remove(info)
    return model


def _in_float(graph: onnx.GraphProto) -> set[str]:
    """Nodes that compare places or give an output, and those that serve the frame's statistics alone."""
    outputs = {one.name for one in graph.output}
    last = {node.name for node in graph.node if outputs & set(node.output) or node.op_type in COMPARES}
    return last | (_leading_to(graph, {"frame"}) - _leading_to(graph, outputs - {"frame"}))


def _leading_to(graph: onnx.GraphProto, wanted: set[str]) -> set[str]:
    """Names of the nodes that these values depend on."""
    found: set[str] = set()
    for node in reversed(graph.node):  # in the order of computation, so one pass is enough
        if wanted & set(node.output):
            found.add(node.name)
            wanted = wanted | set(node.input)
    return found
