"""What tests of the renderers share: a defect's mask where its frame shows it."""

import numpy as np
from numpy.typing import NDArray

from cameras.render import HEIGHT, WIDTH, TrueDefect


def on_frame(defect: TrueDefect) -> NDArray[np.uint8]:
    """The mask in a frame of its own, (HEIGHT, WIDTH) 0..255."""
    x0, y0, x1, y1 = defect.box_px
    whole = np.zeros((HEIGHT, WIDTH), np.uint8)
    whole[y0:y1, x0:x1] = defect.mask
    return whole
