"""The closer look: every region once more, cut out of the frame with its surroundings and enlarged.

The eyes' maps are drawn at the scale of a whole frame, where a chip of 8 px is four cells. Here it fills a patch of its
own, beside a patch of the place elsewhere in the picture that looks most like it (likeness.py): what a pack repeats is
what the place should look like. A small graph says what it is, how long and how large; the region stage hears both
opinions.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import PackageInvalid
from models.likeness import Likeness, Window
from models.observation import Box
from models.regions import Region
from models.runtime import Device, open_session, require_numbers

EDGE = 64  # px of a patch
ROOM = 1.8  # of a region's longer side, on the frame: what is round it says whether it is a defect
LEAST_PX = 32.0  # side of a window: enlarging twice shows all there is
ROWS = 8  # patches at once on a GPU, where a new number of them costs more than it saves
INPUTS = ("patches", "alike", "sides")
OUTPUTS = ("named", "sizes")


class Closer:
    """The closer look's graph: two times (n, 64, 64, 3) uint8 and (n, 1) log sides in, logits and log sizes out."""

    def __init__(self, graph: bytes, *, threads: int, device: Device = "cpu") -> None:
        self._session = open_session(graph, threads=threads, device=device).session
        self._rows = None if device == "cpu" else ROWS
        blank: dict[str, NDArray[np.generic]] = {
            INPUTS[0]: np.zeros((2, EDGE, EDGE, 3), np.uint8),
            INPUTS[1]: np.zeros((2, EDGE, EDGE, 3), np.uint8),
            INPUTS[2]: np.zeros((2, 1), np.float32),
        }
        try:
            named, sizes = self._session.run(list(OUTPUTS), blank)
        except Exception as error:  # ONNX Runtime's errors share no base
            raise PackageInvalid(
                f"closer look: the graph does not take two patches, their likes and their sides ({error}). Nothing was "
                "loaded. Assemble the package again."
            ) from error
        self.adds_facts, self.adds_estimators = named.shape[1], sizes.shape[1]

    @property
    def run_s(self) -> float:
        """Seconds in the graph so far."""
        return self._session.run_s

    def look(
        self, picture: NDArray[np.uint8], regions: Sequence[Region], *, corner: tuple[int, int] = (0, 0)
    ) -> list[Region]:
        """The same regions with what the closer look adds to their facts and to the estimates of their size.

        Args:
            picture: (H, W, 3), without what it was padded with: no region was ever taught beside a padding.
            corner: x, y of its first pixel in the frame that the regions' boxes are of.
        """
        if not regions:
            return []
        left, top = corner
        boxes = [(x0 - left, y0 - top, x1 - left, y1 - top) for x0, y0, x1, y1 in (region.box for region in regions)]
        windows = [window_of(box) for box in boxes]
        elsewhere = Likeness(picture)
        shifts = [elsewhere.shift(window, box) for window, box in zip(windows, boxes, strict=True)]
        alike = [shifted(window, shift) for window, shift in zip(windows, shifts, strict=True)]
        feed: dict[str, NDArray[np.generic]] = {
            INPUTS[0]: np.stack([cut(picture, window) for window in windows]),
            INPUTS[1]: np.stack([cut(picture, window) for window in alike]),
            INPUTS[2]: log_sides(windows),
        }
        named, sizes = self._session.run(list(OUTPUTS), feed, rows=self._rows)
        require_numbers(named, sizes)
        return [
            replace(
                region,
                facts=np.concatenate([region.facts, logits]),
                shape=np.concatenate([region.shape, size + np.float32(np.log(window[2]))]),
                alike=shift,
            )
            for region, window, shift, logits, size in zip(regions, windows, shifts, named, sizes, strict=True)
        ]


def window_of(box: Box) -> Window:
    """The square that is looked at for a region's box."""
    x0, y0, x1, y1 = box
    return (x0 + x1) / 2, (y0 + y1) / 2, max(ROOM * max(x1 - x0, y1 - y0), LEAST_PX)


def shifted(window: Window, shift: tuple[int, int]) -> Window:
    """The same square elsewhere."""
    x, y, side = window
    return x + shift[0], y + shift[1], side


def log_sides(windows: Sequence[Window]) -> NDArray[np.float32]:
    """(n, 1) logarithm of each side over the smallest one: how much is enlarged."""
    return np.log(np.array([[side / LEAST_PX] for _, _, side in windows], np.float32))


def cut(picture: NDArray[np.uint8], window: Window) -> NDArray[np.uint8]:
    """A window as a patch, (64, 64, 3); beyond the picture its edge goes on."""
    x, y, side = window
    rows, columns = picture.shape[:2]
    edge = max(2, round(side))
    x0, y0 = (min(max(round(at - side / 2), 1 - edge), most - 1) for at, most in ((x, columns), (y, rows)))
    left, top, right, bottom = max(-x0, 0), max(-y0, 0), max(x0 + edge - columns, 0), max(y0 + edge - rows, 0)
    piece = picture[max(y0, 0) : y0 + edge, max(x0, 0) : x0 + edge]
    if left or top or right or bottom:
        piece = np.asarray(cv2.copyMakeBorder(piece, top, bottom, left, right, cv2.BORDER_REPLICATE))
    method = cv2.INTER_AREA if edge > EDGE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(piece, (EDGE, EDGE), interpolation=method))
