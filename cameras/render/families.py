"""Every family that can be drawn, and `render`: one frame of one unit from a seed, with the whole truth about it.

The same seed, styles and content give the same bytes on one machine and library version, whatever the thread count.
"""

from typing import Final

import numpy as np

from cameras.errors import CameraError
from cameras.render.blister.family import BLISTER
from cameras.render.bottle.family import BOTTLE
from cameras.render.carton.family import CARTON
from cameras.render.loose.family import LOOSE
from cameras.render.scene import Family, photographed
from cameras.render.truth import Content, Rendered
from cameras.render.vial.family import VIAL

FAMILIES: Final[dict[str, Family]] = {family.name: family for family in (BLISTER, LOOSE, VIAL, BOTTLE, CARTON)}
_ATTEMPTS: Final = 20
_LOOKS: Final = 1_000_003  # keeps a product's draws apart from those of any unit


def render(
    seed: int,
    *,
    family: str = "blister",
    held_out: bool = False,
    content: Content = "mixed",
    product: int | None = None,
) -> Rendered:
    """Draw one frame.

    Args:
        seed: not negative; names the frame.
        family: a key of `FAMILIES`.
        held_out: draw from the styles kept for judging: other layouts, hues, shapes, materials, lamps and typefaces.
        content: "good" has no defect, "defective" one to three, "mixed" none in two of five frames and else one to
            four, "dense" more, small and faint ones more often (to learn from, not to judge by).
        product: not negative; frames of one product show one batch under one camera: the same shapes, colours, print,
            lamp and scale, so that only the units differ. None: every seed has a product of its own.

    Raises:
        CameraError: the seed or the product is negative, or there is no such family.
    """
    if seed < 0:
        raise CameraError(f"render: seed {seed} is negative. Nothing was drawn. Give a seed from 0 up.")
    if product is not None and product < 0:
        raise CameraError(f"render: product {product} is negative. Nothing was drawn. Give a product from 0 up.")
    if family not in FAMILIES:
        raise CameraError(f"render: no family {family!r}. Nothing was drawn. Choose one of {', '.join(FAMILIES)}.")
    drawn = FAMILIES[family]
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng((seed, attempt))
        look = rng if product is None else np.random.default_rng((product, _LOOKS))
        scene = drawn.draw(rng, look, held_out, content)
        frame = photographed(scene, drawn, rng, look, seed, held_out=held_out)
        if frame.defects or scene.planned == 0:
            return frame
    raise CameraError(
        f"render: seed {seed}: none of the defects of {_ATTEMPTS} attempts could be drawn. Use another seed."
    )
