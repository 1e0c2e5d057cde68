"""Eyes without a training: a graph that calls red a defect, and a region stage that believes what the mask says."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save

from models.eyes import EyesParts
from models.regions import ESTIMATORS
from tests.tiny_closer import ADDED_ESTIMATORS, tiny_closer

DEFECTS, ZONES = ("chip", "spot"), ("foil", "pocket", "tablet")
ROWS, COLUMNS, CHANNELS = 96, 160, 3
FACTS = 4 * CHANNELS + len(DEFECTS) + len(ZONES) + 5 + ESTIMATORS + len(DEFECTS) + 1

Floats = NDArray[np.float32]


def tiny_parts(**changed: Floats) -> EyesParts:
    """Red is a defect, a spot; white is tablet, the rest is foil; a size is the longest distance seen."""
    return EyesParts(graph_with(), tiny_closer(len(DEFECTS)), save(dict(tiny_tensors() | changed)), DEFECTS, ZONES)


def tiny_tensors() -> dict[str, Floats]:
    """A region stage that always says: real by 0.88, and a spot."""
    blend = np.zeros((len(DEFECTS), ESTIMATORS + ADDED_ESTIMATORS + 1), np.float32)
    length, area = blend.copy(), blend.copy()
    length[:, 0], area[:, 2] = 1, 1
    logits = np.array([[0.0, 2.0, 0.0]], np.float32)
    zone = np.zeros((FACTS + 1, len(ZONES)), np.float32)
    zone[4 * CHANNELS + len(DEFECTS) :][: len(ZONES)] = np.eye(len(ZONES))  # as the maps say
    return {
        "centre": np.zeros(FACTS, np.float32),
        "scale": np.ones(FACTS, np.float32),
        "hidden": np.zeros((1, FACTS, 4), np.float32),
        "hidden_bias": np.zeros((1, 4), np.float32),
        "out": np.zeros((1, 4, len(DEFECTS) + 1), np.float32),
        "out_bias": logits,
        "zone": zone,
        "length": length,
        "area": area,
        "knots": np.log(np.array([2, 50], np.float32)),
        "spreads": np.full((3, len(DEFECTS), 2), 0.1, np.float32),
        "thresholds": np.array([0.3, 0.5, 20], np.float32),
        "unit_area": np.ones(1, np.float32),
        "usual": np.zeros(CHANNELS, np.float32),
        "whiten": np.eye(CHANNELS, dtype=np.float32) / 255,
        "familiarity_limit": np.ones(1, np.float32),
        "fewest_alike": np.zeros(1, np.float32),
    }


def picture(*, rows: int = ROWS, columns: int = COLUMNS) -> NDArray[np.uint8]:
    """Grey foil with a white tablet on it, a sixth of the width wide."""
    pixels = np.full((rows, columns, 3), 60, np.uint8)
    ys, xs = np.mgrid[0:rows, 0:columns]
    pixels[(xs - columns * 0.7) ** 2 + (ys - rows * 0.5) ** 2 < (columns / 12) ** 2] = 255
    return pixels


def with_disc(pixels: NDArray[np.uint8], centre: tuple[float, float], radius: float) -> NDArray[np.uint8]:
    """A red disc at x, y."""
    ys, xs = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    out = pixels.copy()
    out[(xs - centre[0]) ** 2 + (ys - centre[1]) ** 2 < radius**2] = (255, 0, 0)
    return out


def graph_with(*, rare: float = -8.0) -> bytes:
    """The graph; `rare` is what a cell without any red comes to."""

    def constant(name: str, value: NDArray[np.generic]) -> TensorProto:
        return numpy_helper.from_array(value, name)

    red_over_green = np.array([1, -1, 0], np.float32).reshape(1, 3, 1, 1) / 16
    classes = np.zeros((len(DEFECTS), 3, 1, 1), np.float32)
    green = np.array([[0, 0, 0], [0, 0, 0], [0, 1 / 16, 0]], np.float32).reshape(3, 3, 1, 1)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["real"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["half"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("AveragePool", ["planes"], ["features"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Conv", ["half", "redness", "rare"], ["mask"]),
        helper.make_node("Conv", ["features", "named"], ["classes"]),
        helper.make_node("Conv", ["features", "green", "dark"], ["zones"]),
        helper.make_node("ReduceMean", ["features", "across"], ["frame"], keepdims=0),
    ]
    sizes = {"mask": (1, 2), "classes": (len(DEFECTS), 4), "zones": (len(ZONES), 4), "features": (CHANNELS, 4)}
    graph = helper.make_graph(
        nodes,
        "tiny eyes",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, ROWS, COLUMNS, 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, ROWS // step, COLUMNS // step])
            for name, (channels, step) in sizes.items()
        ]
        + [helper.make_tensor_value_info("frame", TensorProto.FLOAT, [1, CHANNELS])],
        [
            constant("redness", red_over_green),
            constant("rare", np.array([rare], np.float32)),
            constant("named", classes),
            constant("green", green),
            constant("across", np.array([2, 3], np.int64)),
            constant("dark", np.array([0, -5, -10], np.float32)),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content


def altered(tensors: Mapping[str, Floats], name: str) -> dict[str, Floats]:
    """The same without one tensor."""
    return {key: value for key, value in tensors.items() if key != name}
