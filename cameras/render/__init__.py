"""Pictures of blister packs with the whole truth about them, drawn from a seed."""

from cameras.render.blister import render
from cameras.render.truth import CLASSES, HEIGHT, WIDTH, ZONES, Content, Rendered, TrueDefect

__all__ = ["CLASSES", "HEIGHT", "WIDTH", "ZONES", "Content", "Rendered", "TrueDefect", "render"]
