"""The eyes' training on a handful of frames: the quick backward, the resumed result, the matching of truth."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import onnx
import torch
from torch import nn

from cameras.render import render
from models.evaluate_eyes import Placed
from models.eyes import Sight
from tests.integration.tiny_frame import tiny_truth
from tuning.errors import TuningError
from tuning.eyes.checkpoint import load_checkpoint, peek, save_checkpoint
from tuning.eyes.export import INPUT, export_float, quantise
from tuning.eyes.matching import match
from tuning.eyes.net import GREY, IMAGENET_MEAN, IMAGENET_STD, EyesNet, Stem
from tuning.eyes.pool import DefectTruth, PooledFrame
from tuning.eyes.pretrained import bare_trunk
from tuning.eyes.quick import with_quick_backward


def test_the_quick_backward_gives_the_stock_gradients() -> None:
    torch.manual_seed(0)
    stock = EyesNet(bare_trunk(), classes=3, zones=2, channels=8).train()
    quick = EyesNet(bare_trunk(), classes=3, zones=2, channels=8).train()
    quick.load_state_dict(stock.state_dict())
    with_quick_backward(quick.blocks)
    pixels = torch.rand(1, 3, 96, 96) * 255

    for net in (stock, quick):
        maps = net(pixels)
        (maps.mask.sum() + maps.features.pow(2).sum()).backward()

    expected, given = (
        {name: parameter.grad for name, parameter in net.named_parameters() if parameter.grad is not None}
        for net in (stock, quick)
    )
    fixed = {name for name in expected if re.search(r"blocks\..*(conv_dw|bn\d)\.weight", name)}
    assert given.keys() == expected.keys() - fixed
    assert "blocks.0.0.conv_pw.weight" in given
    for name, gradient in given.items():
        assert float((expected[name] - gradient).norm()) <= 1e-3 * float(expected[name].norm()) + 1e-6, name


def test_the_first_convolution_takes_bytes_as_it_was_pretrained_to_take_normalised_pictures() -> None:
    trunk = bare_trunk().eval()
    conv, norm = trunk.get_submodule("conv_stem"), trunk.get_submodule("bn1")
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 3, 64, 96), np.uint8))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) * 255 for values in (IMAGENET_MEAN, IMAGENET_STD))

    with torch.no_grad():
        normalised = norm(conv((pixels.float() - mean) / std))
        taken = Stem(conv, norm).eval()(pixels)

    inside = (..., slice(-1), slice(-1))  # the last row and column are padded with grey, not with the mean colour
    assert torch.allclose(taken[inside], normalised[inside], atol=1e-4)


def test_the_eight_bit_graph_takes_a_pictures_bytes_as_they_are(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole, small = tmp_path / "whole.onnx", tmp_path / "small.onnx"
    frames = [render(seed, content="dense").pixels for seed in (1, 2)]

    export_float(EyesNet(bare_trunk(), classes=3, zones=2, channels=8), whole)
    quantise(whole, small, frames)

    graph = onnx.load(small).graph
    turned, scaled, first = (node.op_type for node in _from(graph, INPUT, 3))
    assert (turned, scaled, first) == ("Transpose", "DequantizeLinear", "Conv")
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    assert [float(constants[name]) for name in _from(graph, INPUT, 2)[-1].input[1:]] == [1, GREY]
    said = [Sight(path.read_bytes(), threads=1).maps(frames[0]).zones for path in (whole, small)]
    assert float(np.corrcoef(said[0].ravel(), said[1].ravel())[0, 1]) > 0.99


def test_a_graph_that_does_not_begin_as_expected_is_refused(tmp_path: Path) -> None:
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Cast", [INPUT], ["out"], to=onnx.TensorProto.FLOAT)],
        "other",
        [onnx.helper.make_tensor_value_info(INPUT, onnx.TensorProto.UINT8, [1, 4, 4, 3])],
        [onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, [1, 4, 4, 3])],
    )
    other = tmp_path / "other.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)]), other)

    with pytest.raises(TuningError, match="pixels of the graph goes to Cast, not to one Transpose alone"):
        quantise(other, tmp_path / "small.onnx", [])


def _from(graph: onnx.GraphProto, value: str, count: int) -> list[onnx.NodeProto]:
    """The first nodes on a value's way through a graph."""
    found: list[onnx.NodeProto] = []
    for _ in range(count):
        found.append(next(node for node in graph.node if value in node.input))
        value = found[-1].output[0]
    return found


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"

    straight = _trained(range(6))
    half = _trained(range(3), save=path)
    resumed = _trained(range(3, 6), load=path)

    assert peek(path).step == 3
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
    assert not all(torch.equal(straight[name], half[name]) for name in straight)


def _trained(steps: range, *, save: Path | None = None, load: Path | None = None) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimiser = torch.optim.AdamW(net.parameters(), 0.01, fused=True)
    average = {name: value.clone() for name, value in net.state_dict().items()}
    if load is not None:
        load_checkpoint(load, net=net, average=average, optimiser=optimiser)
    for step in steps:
        x = torch.from_numpy(np.random.default_rng((1, step)).standard_normal((5, 4)).astype(np.float32))
        optimiser.zero_grad()
        net(x).pow(2).mean().backward()
        optimiser.step()
    if save is not None:
        save_checkpoint(save, net=net, average=average, optimiser=optimiser, step=steps.stop, digest="recipe")
    return {name: value.clone() for name, value in net.state_dict().items()}


def test_a_region_belongs_to_the_defect_that_it_covers() -> None:
    frame = _frame_with(box=(10, 10, 20, 20))
    on, beside = _square(12, 12), _square(60, 60)

    matched = match([beside, on], frame)

    assert matched.regions_of == ((1,),)
    assert matched.defect_of == (None, 0)


def test_a_region_that_only_touches_a_defect_does_not_find_it() -> None:
    matched = match([_square(22, 22)], _frame_with(box=(10, 10, 20, 20)))

    assert matched.regions_of == ((),)


def _square(x: int, y: int) -> Placed:
    return np.ones((8, 8), bool), (x, y)


def _frame_with(*, box: tuple[int, int, int, int]) -> PooledFrame:
    defect = DefectTruth(
        defect="spot",
        length_mm=1.0,
        area_mm2=1.0,
        length_px=10.0,
        contrast=30.0,
        specified=True,
        whole=False,
        box_px=box,
        zone="tablet",
        mask_at=0,
    )
    truth = tiny_truth(defect)
    masks = np.full((box[2] - box[0]) * (box[3] - box[1]), 255, np.uint8)
    return PooledFrame(np.zeros((80, 80, 3), np.uint8), np.zeros((40, 40), np.uint8), masks, truth)
