"""What all units of one vial or ampoule product share: container, glass, content, closure, background and lamps.

Held-out styles use containers, hues, backgrounds and guides that taught styles never use. The nominal fill of every
liquid lies within a tenth of the body's height: one picture must show that a level is wrong, with no second to compare.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from cameras.render import colour
from cameras.render.raster import F32, Random, f32, pick
from cameras.render.truth import HEIGHT, WIDTH

Make = Literal["tubular", "moulded", "ampoule"]
FLANGE_MM: Final = 3.6  # height of a vial's glass flange, ISO 8362-1


@dataclass(frozen=True, slots=True)
class Container:
    """Nominal sizes in mm."""

    name: str
    make: Make
    height: float  # to the top of the flange, or to the ampoule's tip
    body: float  # height of the cylinder
    radius: float
    neck: float  # radius of the neck; of an ampoule's constriction
    rim: float  # radius of the flange; of an ampoule's stem
    wall: float
    base: float


# Tubular vials: ISO 8362-1; moulded vials: about ISO 8362-4; ampoules: about ISO 9187-1 form B.
_CONTAINERS: Final = (
    Container("2R", "tubular", 35, 22, 8, 5.25, 6.5, 1.0, 0.8),
    Container("4R", "tubular", 45, 32, 8, 5.25, 6.5, 1.0, 0.8),
    Container("6R", "tubular", 40, 26, 11, 8.25, 10, 1.0, 0.8),
    Container("8R", "tubular", 45, 31, 11, 8.25, 10, 1.0, 0.8),
    Container("10R", "tubular", 45, 30, 12, 8.25, 10, 1.0, 0.8),
    Container("15R", "tubular", 60, 45, 12, 8.25, 10, 1.0, 0.8),
    Container("20R", "tubular", 55, 35, 15, 8.25, 10, 1.2, 1.0),
    Container("25R", "tubular", 65, 45, 15, 8.25, 10, 1.2, 1.0),
    Container("30R", "tubular", 75, 55, 15, 8.25, 10, 1.2, 1.0),
    Container("moulded 5 ml", "moulded", 41, 25, 10.5, 7.4, 10, 1.7, 2.4),
    Container("moulded 10 ml", "moulded", 53, 34, 12.7, 7.4, 10, 1.9, 2.8),
    Container("moulded 20 ml", "moulded", 58, 37, 16, 7.8, 10, 2.1, 3.2),
    Container("ampoule 1 ml", "ampoule", 62, 26, 5.4, 3.0, 3.5, 0.5, 0.7),
    Container("ampoule 2 ml", "ampoule", 70, 34, 5.4, 3.1, 3.6, 0.5, 0.7),
    Container("ampoule 3 ml", "ampoule", 73, 36, 6.4, 3.3, 3.9, 0.55, 0.7),
    Container("ampoule 5 ml", "ampoule", 82, 42, 7.4, 3.5, 4.3, 0.55, 0.8),
)
_HELD_OUT_NAMES: Final = ("4R", "8R", "15R", "30R", "moulded 10 ml", "ampoule 2 ml", "ampoule 5 ml")
HELD_OUT_CONTAINERS: Final = tuple(one for one in _CONTAINERS if one.name in _HELD_OUT_NAMES)
TAUGHT_CONTAINERS: Final = tuple(one for one in _CONTAINERS if one.name not in _HELD_OUT_NAMES)

TAUGHT_BACKGROUNDS: Final = ("backlight", "dark field", "grey")
HELD_OUT_BACKGROUNDS: Final = ("blue light", "graded", "cloth")
TAUGHT_GUIDES: Final = ("none", "none", "rails")
HELD_OUT_GUIDES: Final = ("star wheel", "posts")

TAUGHT_CAPS: Final[Mapping[str, tuple[int, int, int]]] = {
    "blue": (38, 78, 165),
    "red": (190, 32, 38),
    "yellow": (236, 200, 40),
    "white": (232, 232, 230),
    "grey": (128, 130, 134),
    "orange": (232, 118, 28),
    "light blue": (120, 178, 218),
    "burgundy": (118, 24, 50),
}
HELD_OUT_CAPS: Final[Mapping[str, tuple[int, int, int]]] = {
    "green": (36, 138, 66),
    "violet": (112, 60, 150),
    "turquoise": (30, 165, 160),
    "pink": (232, 140, 172),
    "black": (34, 34, 38),
    "ivory": (226, 214, 176),
}
_NEVER_LACQUERED: Final = ("white", "grey", "black", "ivory")  # such a seal looks bare, or like no colour at all
_TAUGHT_STOPPERS: Final = ((112, 114, 118), (62, 64, 68), (150, 150, 150))
_HELD_OUT_STOPPERS: Final = ((128, 74, 62), (92, 106, 122), (38, 38, 40))
_TAUGHT_AMBERS: Final = ((0.74, 0.41, 0.13), (0.66, 0.34, 0.11))
_HELD_OUT_AMBERS: Final = ((0.84, 0.56, 0.20), (0.48, 0.24, 0.10))
_TAUGHT_TINTS: Final = ((50, 0.12), (46, 0.3), (38, 0.5), (352, 0.55), (335, 0.25))  # hue in degrees, saturation
_HELD_OUT_TINTS: Final = ((78, 0.3), (200, 0.3), (285, 0.4), (20, 0.6))
_TAUGHT_CAKES: Final = ((238, 238, 234), (236, 230, 214), (225, 226, 228))
_HELD_OUT_CAKES: Final = ((240, 226, 190), (236, 214, 208), (214, 222, 208))


@dataclass(frozen=True, slots=True)
class Lamp:
    """A strip lamp mirrored in the glass: where its streak stands, as the sine of the glass's turn."""

    turn: float
    width: float
    strength: float


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What the camera sees behind and round the unit."""

    kind: str
    level: F32  # (3,) RGB
    surround: F32  # (3,) RGB that edges of glass bend into view
    front: float  # how strongly solid things are lit from the camera's side, 0..1
    guides: str
    plate: float  # level of the plate the unit stands on


@dataclass(frozen=True, slots=True)
class Closure:
    """A vial's stopper, seal and flip-off cap."""

    stopper: F32
    stopper_mm: float  # height of the stopper above the glass
    plug_mm: float  # how far it reaches below the top of the glass
    legs: bool  # a lyophilisation stopper's plug is slotted
    lacquer: F32 | None  # colour of a lacquered seal, the same as its cap's; None: bare aluminium
    cap: F32
    cap_name: str
    cap_mm: float  # height of the cap
    overhang: float  # of the cap past the seal, mm


@dataclass(frozen=True, slots=True)
class Style:
    container: Container
    px_per_mm: float
    base_y: float  # frame row of the unit's foot
    elevation: float  # sine of the angle from which the camera looks down
    glass: F32  # (3,) transmission of both walls
    amber: bool
    content: Literal["liquid", "cake"]
    tint: F32  # (3,) transmission of the liquid, or RGB of the cake
    fill_mm: float  # nominal height of meniscus or cake above the foot
    closure: Closure
    rings: tuple[tuple[float, F32], ...]  # an ampoule's colour rings: height in mm and RGB
    backdrop: Backdrop
    lamps: tuple[Lamp, ...]

    @property
    def ampoule(self) -> bool:
        return self.container.make == "ampoule"

    @property
    def total_mm(self) -> float:
        return self.container.height + (0 if self.ampoule else self.closure.stopper_mm + self.closure.cap_mm + 0.3)


def choose_style(rng: Random, *, held_out: bool) -> Style:
    container = _choose_container(rng, held_out=held_out)
    ampoule = container.make == "ampoule"
    content: Literal["liquid", "cake"] = "cake" if not ampoule and rng.random() < 0.45 else "liquid"
    closure = _choose_closure(rng, lyophilised=content == "cake", held_out=held_out)
    amber = rng.random() < (0.4 if ampoule else 0.16)
    ambers = _HELD_OUT_AMBERS if held_out else _TAUGHT_AMBERS
    glass = f32(pick(rng, ambers)) if amber else f32([0.965, 0.98, 0.972]) * rng.uniform(0.97, 1.0)
    total = container.height + (0.0 if ampoule else closure.stopper_mm + closure.cap_mm + 0.3)
    return Style(
        container=container,
        px_per_mm=HEIGHT * rng.uniform(0.85, 0.9) / total,
        base_y=HEIGHT * rng.uniform(0.955, 0.968),
        elevation=rng.uniform(0.02, 0.065),
        glass=f32(glass),
        amber=amber,
        content=content,
        tint=_choose_tint(rng, content, held_out=held_out),
        fill_mm=_choose_fill(rng, container, content),
        closure=closure,
        rings=_choose_rings(rng, container, held_out=held_out) if ampoule else (),
        backdrop=_choose_backdrop(rng, amber=amber, held_out=held_out),
        lamps=_choose_lamps(rng),
    )


def _choose_container(rng: Random, *, held_out: bool) -> Container:
    draw = rng.random()
    make: Make = "ampoule" if draw < 0.26 else "moulded" if draw < 0.45 else "tubular"
    every = HELD_OUT_CONTAINERS if held_out else TAUGHT_CONTAINERS
    return pick(rng, tuple(one for one in every if one.make == make))


def _choose_closure(rng: Random, *, lyophilised: bool, held_out: bool) -> Closure:
    caps = HELD_OUT_CAPS if held_out else TAUGHT_CAPS
    name = pick(rng, tuple(caps))
    cap = f32(caps[name]) * rng.uniform(0.94, 1.04)
    return Closure(
        stopper=f32(pick(rng, _HELD_OUT_STOPPERS if held_out else _TAUGHT_STOPPERS)) * rng.uniform(0.9, 1.1),
        stopper_mm=rng.uniform(2.2, 3.2),
        plug_mm=FLANGE_MM + rng.uniform(1.8, 3.6),
        legs=lyophilised,
        lacquer=f32(cap) if rng.random() < 0.55 and name not in _NEVER_LACQUERED else None,
        cap=f32(cap),
        cap_name=name,
        cap_mm=rng.uniform(1.4, 2.4),
        overhang=rng.uniform(0.0, 0.6),
    )


def _choose_tint(rng: Random, content: str, *, held_out: bool) -> F32:
    if content == "cake":
        return f32(pick(rng, _HELD_OUT_CAKES if held_out else _TAUGHT_CAKES)) * rng.uniform(0.94, 1.03)
    if rng.random() < 0.6:
        return f32([0.985, 0.99, 0.985])
    hue, saturation = pick(rng, _HELD_OUT_TINTS if held_out else _TAUGHT_TINTS)
    return f32(colour.from_hsv(hue + rng.uniform(-5, 5), saturation * rng.uniform(0.7, 1.2), 0.97) / 255)


def _choose_fill(rng: Random, container: Container, content: str) -> float:
    if container.make == "ampoule":
        return container.body * rng.uniform(0.86, 0.94)
    if content == "cake":
        return container.base + container.body * rng.uniform(0.3, 0.52)
    return container.base + (container.body - container.base) * rng.uniform(0.76, 0.86)


def _choose_rings(rng: Random, container: Container, *, held_out: bool) -> tuple[tuple[float, F32], ...]:
    caps = tuple((HELD_OUT_CAPS if held_out else TAUGHT_CAPS).values())
    waist = container.body + (container.radius - container.neck) * 1.1 + 3.2
    rings = [(waist, f32(pick(rng, caps)))]
    for index in range(int(rng.integers(0, 3))):
        rings.append((waist + 7.5 + 2.0 * index, f32(pick(rng, caps))))
    return tuple(rings)


def _choose_backdrop(rng: Random, *, amber: bool, held_out: bool) -> Backdrop:
    kind = pick(rng, HELD_OUT_BACKGROUNDS if held_out else TAUGHT_BACKGROUNDS)
    guides = pick(rng, HELD_OUT_GUIDES if held_out else TAUGHT_GUIDES)
    if amber and kind == "dark field":  # a dark field shows nothing of amber glass
        kind = "backlight"
    match kind:
        case "backlight":
            level, surround, front = rng.uniform(198, 226), rng.uniform(12, 45), rng.uniform(0.6, 0.85)
        case "dark field":
            level, surround, front = rng.uniform(12, 36), rng.uniform(130, 205), rng.uniform(0.7, 0.95)
        case "blue light":
            level, surround, front = rng.uniform(165, 200), rng.uniform(15, 45), rng.uniform(0.6, 0.85)
        case _:
            level, surround, front = rng.uniform(95, 160), rng.uniform(18, 45), rng.uniform(0.7, 0.95)
    tone = f32([0.78, 0.93, 1.1]) if kind == "blue light" else f32(1 + rng.normal(0, 0.012, 3))
    return Backdrop(
        kind=kind,
        level=f32(level * tone),
        surround=f32(surround * (1 + rng.normal(0, 0.02, 3))),
        front=front,
        guides=guides,
        plate=rng.uniform(0.25, 0.8) * level if level > 60 else rng.uniform(35, 80),
    )


def _choose_lamps(rng: Random) -> tuple[Lamp, ...]:
    lamps = [Lamp(rng.uniform(-0.75, -0.4), rng.uniform(0.02, 0.06), rng.uniform(40, 150))]
    if rng.random() < 0.6:
        lamps.append(Lamp(rng.uniform(0.45, 0.8), rng.uniform(0.015, 0.05), rng.uniform(25, 110)))
    return tuple(lamps)


MIDDLE_X: Final = WIDTH / 2
