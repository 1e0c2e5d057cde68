"""What the mind is taught from, loaded once for all tests: its files take seconds to parse."""

import functools

from models.example import Challenge
from tuning.challenge import draw_challenge
from tuning.mind.material import Material, load_material

UNITS, QUESTIONS = 3, 240


@functools.cache
def material() -> Material:
    return load_material()


@functools.cache
def challenge() -> Challenge:
    """Of the embedded package."""
    return draw_challenge(UNITS, QUESTIONS)
