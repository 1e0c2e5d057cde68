"""Pictures of units with the whole truth about them, drawn from a seed."""

from cameras.render.families import FAMILIES, render
from cameras.render.truth import CLASSES, HEIGHT, WIDTH, ZONES, Content, Rendered, TrueDefect

__all__ = ["CLASSES", "FAMILIES", "HEIGHT", "WIDTH", "ZONES", "Content", "Rendered", "TrueDefect", "render"]
