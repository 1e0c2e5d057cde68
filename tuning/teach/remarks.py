"""What a person should look at after a teaching: doubtful labels, thresholds and sizes."""

from models.evaluate_eyes import SeenUnit
from models.operating import Point
from tuning.teach.shipped import Shipped


def doubtful_labels(seen: tuple[SeenUnit, ...], point: Point) -> list[str]:
    """Pictures whose label a person should look at again."""
    remarks = []
    for unit in seen:
        highest = unit.look.highest
        if not unit.defects and highest >= point.real_from:
            remarks.append(f"{unit.name}: called good, scored {highest:.2f} when it was held out. Is it?")
        elif unit.defects and highest < point.hold_from and unit.groups["pictures"] == "photographs":
            called = ", ".join(sorted({defect.defect for defect in unit.defects}))
            remarks.append(f"{unit.name}: called {called}, nothing was seen in it. Can a person see it?")
    return remarks


def doubtful_thresholds(shipped: Shipped) -> list[str]:
    """Where thresholds may be wrong for the network that ships."""
    wrong = []
    if shipped.lower is None:
        wrong.append("too few good pictures to keep some back, or too many of one group")
    if shipped.crowded:
        wrong.append("good pictures are full of what is faint")
    return [
        f"{why}: thresholds may be too high for what ships, and let defects pass. Set them on further units, "
        "`inspector operating-point`."
        for why in wrong
    ]


def untried_sizes(seen: tuple[SeenUnit, ...], smallest: dict[str, float | None]) -> list[str]:
    """Kinds of which limits are taken at sizes that none of its pictures shows."""
    untried: dict[float, list[str]] = {}
    for name, found_from in smallest.items():
        shown = [one.length_px for unit in seen for one in unit.defects if one.defect == name and not one.whole]
        if found_from is not None and shown and found_from < 0.8 * min(shown):
            untried.setdefault(round(found_from, 1), []).append(f"{name} (none below {min(shown):.0f} px was shown)")
    return [
        f"limits from {found_from:.1f} px on are taken, as all kinds together are found from there, for "
        f"{', '.join(names)}. Show smaller ones to be sure."
        for found_from, names in untried.items()
    ]
