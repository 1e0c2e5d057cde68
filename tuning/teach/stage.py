"""The region stage of a taught product: from a few dozen pictures to what a region is, whether it is real, how large.

Whether it is real rests on one number, the worst place's logit, scaled on pictures that the networks never saw. What
it is called is a linear opinion on the features under it, apart from that: a handful of pictures teaches no more.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from models.regions import ESTIMATORS, Region, Thresholds, facts_width
from tuning.eyes.calibrate import familiar
from tuning.eyes.sizes import KNOTS_PX, blend, crossed, quantiles
from tuning.teach.graph import COARSE, STRANGE, WHOLE, RememberingSight
from tuning.teach.held_out import Case, look
from tuning.teach.kept_back import Lower, shifted
from tuning.teach.lessons import Shown, variation_of, varied
from tuning.teach.net import CHANNELS
from tuning.teach.parts import sides_of
from tuning.teach.zones import Places

Floats = NDArray[np.float32]

FEATURES = CHANNELS + 3  # what says how bad a place and its picture are comes last
HIGHEST = 3 * FEATURES  # of a region's facts: where the highest value of each feature begins
WORST_FACTS = HIGHEST + COARSE, HIGHEST + STRANGE, HIGHEST + WHOLE
UNKNOWN_FACTS = 3  # the last ones: a photograph's scale is not known
FEWEST_SIZED = 24  # marked defects that were found, for a size to be stated
VARIATIONS = 2  # of each bad picture that teaches names
NAMING_STEPS, NAMING_RATE, NAMING_DECAY = 600, 5e-3, 0.3
STEEPEST = 3.0
NEVER = -1e4  # logit
AS_SHARED = 1.1  # of a zone's fact: one that has half of the region less than another is a third as likely


@dataclass(frozen=True, slots=True)
class Logistic:
    """Slope and intercept of the logit that a region is real."""

    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class Sizes:
    """How a region's size follows from its estimators; a class has a constant of its own. Tensors of region_stage."""

    length: NDArray[np.float64]  # (classes, estimators + 1)
    area: NDArray[np.float64]
    spreads: NDArray[np.float64]  # (2, knots) of length and area


@dataclass(frozen=True, slots=True)
class Learnt:
    """What held-out pictures said of a product's graphs: all that a region stage is made of, but its names."""

    defects: tuple[str, ...]
    logistic: Logistic
    at: Thresholds  # of its regions
    sizes: Sizes | None  # None: too few marks were found
    weight: float  # of the memory's deviations beside the network's logits
    whole: float  # of the whole picture's opinion beside them
    places: Places
    seed: int

    def lower_by(self, lower: Lower) -> "Learnt":
        """The same of a network whose logits of good pictures are so much lower: what is faint to it is looked at."""
        logistic = Logistic(self.logistic.slope, self.logistic.intercept + self.logistic.slope * lower.score)
        return replace(self, logistic=logistic, at=replace(self.at, faint=shifted(self.at.peak, -lower.mask)))


def real_logistic(cases: Sequence[Case]) -> Logistic:
    """Logistic regression of "this picture is bad" on its worst place, both sides weighing alike."""
    x = torch.tensor([case.highest for case in cases], dtype=torch.float64)
    y = torch.tensor([float(case.is_bad) for case in cases], dtype=torch.float64)
    weight = torch.where(y > 0, 0.5 / y.sum(), 0.5 / (1 - y).sum())
    line = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([line], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        each = functional.binary_cross_entropy_with_logits(line[0] * x + line[1], y, reduction="none")
        total: torch.Tensor = (each * weight).sum() + 0.02 * (line[0] - 1) ** 2
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    slope, intercept = line.detach().tolist()
    if slope <= 0:  # worse places in good pictures than in bad ones: nothing can be told, and the figures will say so
        return Logistic(0.01, 0.0)
    return Logistic(min(slope, STEEPEST), intercept)


def sizes_of(cases: Sequence[Case], defects: Sequence[str]) -> Sizes | None:
    """Sizes from the marked defects that were found; None where too few were."""
    seen, length, root, labels = [], [], [], []
    for case in cases:
        for j, mark in enumerate(case.marks):
            hits = [region for region, at in zip(case.regions, case.marks_of, strict=True) if at == j]
            if hits and not case.made_up:
                best = max(hits, key=lambda region: float(region.shape[2]))
                seen.append(best.shape)
                length.append(np.log(mark.length_px))
                root.append(np.log(mark.area_px2) / 2)
                labels.append(defects.index(mark.defect))
    if len(seen) < FEWEST_SIZED:
        return None
    of_class = np.eye(len(defects))[labels]  # beside the estimators, and drawn to nothing like them
    facts = np.concatenate([np.array(seen), of_class, np.ones((len(seen), 1))], 1)
    lengths, roots = np.array(length), np.array(root)
    by_length, by_root = blend(facts, lengths), blend(facts, roots)
    at = facts @ by_length
    spreads = [quantiles(at, np.abs(crossed(facts, lengths))), quantiles(at, 2 * np.abs(crossed(facts, roots)))]
    return Sizes(_by_class(by_length), _by_class(by_root), np.array(spreads))


def _by_class(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of estimators, classes and the constant as (classes, estimators + 1)."""
    estimators, constants = weights[:ESTIMATORS], weights[ESTIMATORS:-1] + weights[-1]
    return np.column_stack([np.tile(estimators, (len(constants), 1)), constants])


def region_stage(
    sight: RememberingSight, own: list[Shown], learnt: Learnt, more: Sequence[Floats] = ()
) -> dict[str, Floats]:
    """The region stage of a graph, its names taught on variations of the pictures that taught the graph.

    Args:
        more: statistics of good pictures that did not teach it: what they look like is usual, too.
    """
    rng = np.random.default_rng(learnt.seed)
    good, bad = sides_of(own)
    again = [(one, False) for one in bad] + [(_variation(one, rng), False) for one in bad for _ in range(VARIATIONS)]
    taught = look(sight, again, learnt.at)
    usual = look(sight, [(_variation(one, rng), False) for one in good], learnt.at)
    blank = sight.maps(np.zeros((sight.rows, sight.columns, 3), np.uint8))
    frames = [*(case.frame for case in (*usual, *taught)), *more]
    named = naming_rows(taught, learnt.defects)
    return tensors_of(named, learnt, frames=frames, facts=facts_width(blank))


def _variation(one: Shown, rng: np.random.Generator) -> Shown:
    pixels, masks = varied(one.pixels.astype(np.float32), one.masks, rng, variation_of(one))
    return replace(one, pixels=np.ascontiguousarray(pixels).astype(np.uint8), masks=masks)


def naming_rows(cases: Sequence[Case], defects: Sequence[str]) -> tuple[list[Region], list[int]]:
    """The regions that teach names: on a mark, or the strongest of a bad picture that nobody marked."""
    named = []
    for case in cases:
        at_marks = zip(case.regions, case.marks_of, strict=True)
        named += [(region, case.marks[at].defect) for region, at in at_marks if at is not None]
        if case.is_bad and not case.marks:
            named += [(region, case.shown.photo.defects[0]) for region in case.regions[:1]]
    return [region for region, _ in named], [defects.index(defect) for _, defect in named]


def tensors_of(
    named: tuple[list[Region], list[int]], learnt: Learnt, *, frames: Sequence[Floats], facts: int
) -> dict[str, Floats]:
    """Everything under the names of models.region_stage.RegionStage.

    Args:
        named: regions and the classes they teach.
        frames: statistics of whole pictures of the product, as varied as the line will show them.
        facts: how many a region has.
    """
    line, sizes, classes = learnt.logistic, learnt.sizes, len(learnt.defects)
    regions, labels = named
    table = np.array([region.facts for region in regions], np.float32).reshape(-1, facts)
    centre = table.mean(0) if len(table) else np.zeros(facts, np.float32)
    scale = (table.std(0) if len(table) else np.zeros(facts, np.float32)) + np.float32(0.05)
    zones, first = len(learnt.places.zones), HIGHEST + FEATURES + classes  # of the facts: each zone's share of a region
    x = (table - centre) / scale
    x[:, first : first + zones] = 0  # where nothing was taught, a name would hang on noise
    weights = _naming(x, labels, classes, learnt.seed)
    weights[first : first + zones] = 0
    both = np.concatenate([weights[:-1], -weights[:-1]], 1)
    out = np.concatenate([np.eye(classes), -np.eye(classes)])
    real = np.zeros(facts + 1)
    real[-1] = line.intercept
    for fact, share in zip(WORST_FACTS, (1.0, learnt.weight, learnt.whole), strict=True):
        real[fact] = line.slope * share * scale[fact]
        real[-1] += line.slope * share * centre[fact]
    where = np.zeros((facts + 1, zones))
    where[first : first + zones] = AS_SHARED * np.diag(scale[first : first + zones])
    where[-1] = AS_SHARED * centre[first : first + zones]
    unsized = np.zeros((classes, ESTIMATORS + 1))
    length, area = (sizes.length, sizes.area) if sizes else (unsized, unsized)
    spreads = sizes.spreads if sizes else np.full((2, len(KNOTS_PX)), 1.0)
    tensors = {
        "centre": centre,
        "scale": scale,
        "hidden": both[None],
        "hidden_bias": np.concatenate([weights[-1], -weights[-1]])[None],
        "out": np.pad(out, ((0, 0), (0, 1)))[None],
        "out_bias": np.append(np.zeros(classes), NEVER)[None],
        "zone": where,
        "length": length,
        "area": area,
        "knots": np.log(KNOTS_PX),
        "spreads": np.repeat(np.concatenate([spreads, spreads[1:]])[:, None], classes, 1),
        "thresholds": np.array([one for one in astuple(learnt.at) if one is not None]),
        "unit_area": np.ones(1),
        "real": real,
    } | familiar(frames, alike=0)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in sorted(tensors.items())}


def _naming(x: Floats, labels: Sequence[int], classes: int, seed: int) -> NDArray[np.float64]:
    """(facts + 1, classes) of a multinomial regression in which every class weighs alike."""
    weights = np.zeros((x.shape[1] + 1, classes))
    if len(set(labels)) < 2:
        weights[-1, labels[0] if labels else classes - 1] = 5.0
        return weights
    torch.manual_seed(seed)
    known = torch.from_numpy(x[:, :-UNKNOWN_FACTS]).float()
    y = torch.tensor(labels)
    counts = torch.bincount(y, minlength=classes).float()
    line = torch.nn.Linear(known.shape[1], classes)
    torch.nn.init.zeros_(line.weight)
    optimiser = torch.optim.AdamW(line.parameters(), NAMING_RATE, weight_decay=NAMING_DECAY)
    of_class = 1 / counts.clamp(min=1)
    for step in range(NAMING_STEPS):
        for group in optimiser.param_groups:
            group["lr"] = NAMING_RATE * (1 - step / NAMING_STEPS) + 1e-5
        said = line(known + torch.randn_like(known) * 0.3)
        loss = functional.cross_entropy(said, y, weight=of_class, label_smoothing=0.02)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    weights[: known.shape[1]] = line.weight.detach().numpy().T
    weights[-1] = line.bias.detach().numpy()
    weights[-1, counts.numpy() == 0] = -20.0  # a class that no region shows
    return weights
