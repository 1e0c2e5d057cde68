"""The closer look's training on a few windows: the resumed result, the graph, what it is taught on."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from cameras.render import CLASSES
from models.closer import INPUTS, OUTPUTS, Closer, cut, window_of
from models.runtime import open_session
from tests.integration.tiny_frame import tiny_truth
from tuning.config import AgainConfig, CloserConfig
from tuning.errors import TuningError
from tuning.eyes.checkpoint import load_average, peek
from tuning.eyes.closer.export import export_closer
from tuning.eyes.closer.net import CloserNet
from tuning.eyes.closer.places import Place
from tuning.eyes.closer.train import PatchSampler, train_closer
from tuning.eyes.course import REPORT_EVERY, Progress
from tuning.eyes.pool import PooledFrame
from tuning.eyes.pretrained import bare_trunk

CONFIG = CloserConfig(
    steps=REPORT_EVERY - 3,
    again=(AgainConfig(steps=5, rate_share=0.5, weights=dict.fromkeys(CLASSES, 1.0) | {"chip": 2.0}),),
    batch=2,
    learning_rate=0.001,
    trunk_rate_share=0.3,
    weight_decay=0.01,
    warm_up_steps=2,
    average_decay=0.9,
    on_nothing=0.5,
    moved=0.05,
    scaled=0.1,
    weights=dict.fromkeys(CLASSES, 1.0),
)


class Killed(Exception):
    """Stands for the power that fails."""


def test_a_resumed_training_of_the_closer_look_ends_where_an_uninterrupted_one_does(tmp_path):
    straight = _trained(tmp_path / "straight.safetensors")

    with pytest.raises(Killed):
        _trained(tmp_path / "half.safetensors", report=_kill)
    assert 0 < peek(tmp_path / "half.safetensors").step < CONFIG.all_steps
    resumed = _trained(tmp_path / "half.safetensors")

    assert all(torch.equal(straight[name], resumed[name]) for name in straight)


def test_the_closer_looks_graph_says_what_its_network_says(tmp_path):
    torch.manual_seed(3)
    net = CloserNet(bare_trunk(), classes=len(CLASSES)).eval()
    graph = tmp_path / "closer.onnx"
    draw = np.random.default_rng(1)
    patches, alike = draw.integers(0, 256, (2, 5, 64, 64, 3), np.uint8)
    sides = draw.random((5, 1), np.float32)

    export_closer(net, graph)

    feed = dict(zip(INPUTS, (patches, alike, sides), strict=True))
    session = open_session(graph, threads=1).session
    said = session.run(list(OUTPUTS), feed)
    with torch.no_grad():
        shown = (torch.from_numpy(one).permute(0, 3, 1, 2) for one in (patches, alike))
        known = net(*shown, torch.from_numpy(sides))
    assert np.abs(said[0] - known.named.numpy()).max() < 1e-3
    assert np.abs(said[1] - known.sizes.numpy()).max() < 1e-3
    for one, by_two in zip(said, session.run(list(OUTPUTS), feed, rows=2), strict=True):
        assert np.abs(one - by_two).max() < 1e-5  # as on a GPU: by a fixed number, the last time filled up
    assert b'File "' not in graph.read_bytes()
    assert Closer(graph.read_bytes(), threads=1).look(patches[0], []) == []


def test_a_pool_that_never_shows_a_class_is_refused():
    places = [place for place in _places() if place.label != CLASSES.index("crack")]

    with pytest.raises(TuningError, match="no window shows crack"):
        PatchSampler(places, CONFIG, seed=0)


def test_a_window_at_the_frames_corner_goes_on_beyond_it():
    frame = np.full((80, 100, 3), 7, np.uint8)
    frame[:10, :10] = 200

    patch = cut(frame, window_of((0, 0, 10, 10)))

    assert patch.shape == (64, 64, 3)
    assert int(patch[0, 0, 0]) == 200
    assert int(patch[-1, -1, 0]) == 7


def _trained(path: Path, report=lambda progress: None) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)  # of the trunk, which is pretrained elsewhere
    train_closer(bare_trunk(), _places(), CONFIG, path, seed=5, digest="recipe", report=report, save_every_s=0.0)
    net = CloserNet(bare_trunk(), classes=len(CLASSES))
    load_average(path, net)
    return net.state_dict()


def _kill(progress: Progress) -> None:
    raise Killed


def _places() -> list[Place]:
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (120, 160, 3), np.uint8)
    truth = tiny_truth()
    frame = PooledFrame(pixels, np.zeros((60, 80), np.uint8), np.zeros(0, np.uint8), truth)
    windows = [(60.0 + label, 50.0, 40.0) for label in range(len(CLASSES) + 1)]
    return [Place(frame, window, (30, 0), label, 1.0, 2.0, 1.5) for label, window in enumerate(windows)]
