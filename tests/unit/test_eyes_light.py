"""How crops are varied: reproducibly, and as lamps and lenses would, not as defects."""

import numpy as np
import pytest

from cameras.render import render
from tuning.eyes.light import relit, taken_elsewhere

SEEDS = range(40)


@pytest.mark.parametrize("vary", [relit, taken_elsewhere])
def test_the_same_draw_varies_a_picture_in_the_same_way(vary):
    pixels = render(3).pixels[:320, :448]

    first, again = (vary(pixels, np.random.default_rng(7)) for _ in range(2))

    assert first.shape == pixels.shape and first.dtype == np.float32
    np.testing.assert_array_equal(first, again)


def test_light_and_blur_of_elsewhere_put_nothing_on_a_plain_surface():
    plain = np.full((320, 448, 3), 128, np.uint8)

    for seed in SEEDS:
        taken = taken_elsewhere(plain, np.random.default_rng(seed)).mean(-1)
        steps = np.abs(np.diff(taken, axis=0)).max(), np.abs(np.diff(taken, axis=1)).max()
        assert max(steps) < 2.0, f"seed {seed}: an edge where there is none"


def test_a_picture_taken_elsewhere_keeps_everything_where_it_was():
    """A blur that shifted a picture would move its defects off their masks."""
    plain = np.zeros((65, 65, 3), np.uint8)
    plain[32, 32] = 255

    for seed in SEEDS:
        taken = taken_elsewhere(plain, np.random.default_rng(seed)).max(-1)
        assert int(taken.argmax()) == 32 * 65 + 32
