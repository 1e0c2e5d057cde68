"""Pools: rendered frames with their truth on disk, memory-mapped, in shards that several processes write.

A shard is finished when its truth file exists (it is written last and moved into place), so an interrupted rendering
goes on where it stopped. The pool is named by a digest over every shard's truth, which names the shard's bytes.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from cameras.render import render
from tuning.config import RenderConfig, Strict
from tuning.side_by_side import plainly_ended, workers

SHARD = 100  # frames
ZONE_STRIDE = 2  # px of the frame per cell of the stored zone map


class DefectTruth(Strict):
    """One defect that was drawn; its mask is `box_px` large and starts at `mask_at` in the shard's masks."""

    defect: str
    length_mm: float
    area_mm2: float
    length_px: float
    contrast: float
    specified: bool
    whole: bool
    box_px: tuple[int, int, int, int]
    zone: str
    mask_at: int


class FrameTruth(Strict):
    """What one frame shows."""

    seed: int
    mm_per_px: float
    unit_area_mm2: float
    defects: tuple[DefectTruth, ...]


class ShardTruth(Strict):
    """The truth file of a shard."""

    recipe: RenderConfig  # of these frames only
    digest: str  # of pixels, zones and masks
    frames: tuple[FrameTruth, ...]


@dataclass(frozen=True, slots=True)
class PooledFrame:
    """A frame as the pool keeps it."""

    pixels: NDArray[np.uint8]  # (H, W, 3) RGB, memory-mapped
    zones: NDArray[np.uint8]  # (H/2, W/2), memory-mapped
    masks: NDArray[np.uint8]  # all masks of its shard in one row
    truth: FrameTruth

    def mask(self, defect: DefectTruth) -> NDArray[np.uint8]:
        """Soft coverage of one defect in its box, 0..255."""
        x0, y0, x1, y1 = defect.box_px
        size = (y1 - y0) * (x1 - x0)
        return self.masks[defect.mask_at : defect.mask_at + size].reshape(y1 - y0, x1 - x0)


@dataclass(frozen=True, slots=True)
class Pool:
    """Every frame of a pool, in recipe order."""

    frames: tuple[PooledFrame, ...]
    digest: str


def render_pool(
    folder: Path, recipe: tuple[RenderConfig, ...], *, processes: int, progress: Callable[[int, int], None]
) -> Pool:
    """Render what is missing and open the pool.

    Args:
        folder: of this pool alone.
        progress: called with frames done and frames in all after every shard.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards = _shards(folder, recipe)
    total = sum(run.frames for run in recipe)
    missing = [(path, run) for path, run in shards if not _finished(path, run)]
    done = total - sum(run.frames for _, run in missing)
    progress(done, total)
    if missing:
        with plainly_ended(), workers(processes) as executor:
            waiting = {executor.submit(render_shard, path, run): run for path, run in missing}
            for future in as_completed(waiting):
                future.result()
                done += waiting[future].frames
                progress(done, total)
    return open_pool(folder, recipe)


def open_pool(folder: Path, recipe: tuple[RenderConfig, ...]) -> Pool:
    """Open a finished pool; the pixels stay on disk."""
    frames: list[PooledFrame] = []
    name = hashlib.sha256()
    for path, _ in _shards(folder, recipe):
        truth = ShardTruth.model_validate_json(_file(path, "truth.json").read_bytes())
        pixels = np.load(_file(path, "pixels.npy"), mmap_mode="r")
        zones = np.load(_file(path, "zones.npy"), mmap_mode="r")
        masks = np.load(_file(path, "masks.npy"))
        frames += [PooledFrame(pixels[i], zones[i], masks, frame) for i, frame in enumerate(truth.frames)]
        name.update(truth.model_dump_json().encode())
    return Pool(tuple(frames), name.hexdigest())


def render_shard(path: Path, run: RenderConfig) -> None:
    """Render one shard; runs in a process of its own."""
    cv2.setNumThreads(1)
    _file(path, "truth.json").unlink(missing_ok=True)  # of another renderer: it must not stand beside new pictures
    pictures, zones, masks, truths, mask_at = [], [], [], [], 0
    for seed in range(run.first_seed, run.first_seed + run.frames):
        frame = render(seed, content=run.content)
        defects = []
        for drawn in frame.defects:
            facts = {key: getattr(drawn, key) for key in DefectTruth.model_fields if key != "mask_at"}
            defects.append(DefectTruth(**facts, mask_at=mask_at))
            masks.append(drawn.mask.ravel())
            mask_at += drawn.mask.size
        facts = {key: getattr(frame, key) for key in FrameTruth.model_fields if key != "defects"}
        truths.append(FrameTruth(**facts, defects=tuple(defects)))
        pictures.append(frame.pixels)
        zones.append(frame.zones[::ZONE_STRIDE, ::ZONE_STRIDE])
    arrays = {
        "pixels.npy": np.stack(pictures),
        "zones.npy": np.stack(zones),
        "masks.npy": np.concatenate(masks) if masks else np.zeros(0, np.uint8),
    }
    digest = hashlib.sha256()
    for name, array in arrays.items():
        np.save(_file(path, name), array)
        digest.update(array.tobytes())
    unfinished = _file(path, "truth.part")
    unfinished.write_text(ShardTruth(recipe=run, digest=digest.hexdigest(), frames=tuple(truths)).model_dump_json())
    unfinished.rename(_file(path, "truth.json"))


def _shards(folder: Path, recipe: tuple[RenderConfig, ...]) -> list[tuple[Path, RenderConfig]]:
    parts = []
    for run in recipe:
        for start in range(0, run.frames, SHARD):
            count = min(SHARD, run.frames - start)
            part = run.model_copy(update={"first_seed": run.first_seed + start, "frames": count})
            parts.append((folder / f"{run.content}-{part.first_seed:07d}", part))
    return parts


def _finished(path: Path, run: RenderConfig) -> bool:
    """Whether a shard is there whole and is what this program draws: its first picture is drawn again and compared."""
    try:
        if ShardTruth.model_validate_json(_file(path, "truth.json").read_bytes()).recipe != run:
            return False
        first, *_ = (np.load(_file(path, name), mmap_mode="r") for name in ("pixels.npy", "zones.npy", "masks.npy"))
    except (OSError, EOFError, ValueError):  # another version keeps other facts; a full disk cuts files off
        return False
    return np.array_equal(first[0], render(run.first_seed, content=run.content).pixels)


def _file(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}.{name}")
