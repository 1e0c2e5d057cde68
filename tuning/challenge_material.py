"""What a challenge speaks of: the embedded package's classes, or those of a package that was taught its product.

A taught package's mind is the embedded one: whether it reads a sheet about *these* kinds and places is what its site
has to know. Each goes by its own name, turned as English turns it, and by the words that the package's glossary has for
it: what else people call it nobody told the package.
"""

from dataclasses import replace

from models.package import DefectClass, PackageFacts
from tuning.challenge_wordings import HeldOut, Known
from tuning.mind.material import Material
from tuning.mind.speak import plural
from tuning.mind.wording import Called, Place

STATES = ("ing", "ed", "en")  # how a name's last word ends where it says what became of the first: label missing


def speaks_of(material: Material, facts: PackageFacts) -> bool:
    """Whether a package has the very classes and zones of the material."""
    return set(facts.words.defects) == set(material.own.defects) and set(facts.words.zones) == set(material.own.zones)


def material_of(facts: PackageFacts, material: Material) -> Material:
    """The same wordings, over a package's own classes and zones."""
    words = material.wordings.words
    classes = {one.name: _called(one) for one in facts.defects}
    zones = words.zones | {zone.name: Place(gloss=zone.about, words=(zone.name, *zone.words)) for zone in facts.zones}
    return Material(
        replace(material.wordings, words=words.model_copy(update={"own": classes, "zones": zones})),
        facts.glossary,
        zones=facts.words.zones,
        sized=tuple(name for name, called in classes.items() if called.units) or tuple(classes),
    )


def held_out_of(material: Material, held_out: HeldOut) -> HeldOut:
    """Held-out forms over the same classes and zones; no whole sentences, which are about others."""
    words = material.wordings.words
    return held_out.model_copy(
        update={
            "defects": {name: Known(words=called.many, rare=()) for name, called in words.own.items()},
            "zones": {zone: words.zones[zone].words for zone in material.zones},
            "sentences": (),
        }
    )


def _called(one: DefectClass) -> Called:
    first = turned(one.name)
    return Called(
        units=() if first != one.name else one.quantities,
        gloss=one.about,
        many=tuple(dict.fromkeys((one.name, plural(first), *(plural(word) for word in one.words)))),
        one=tuple(dict.fromkeys((first, *one.words))),
    )


def turned(name: str) -> str:
    """A name as it stands before a noun's plural.

    >>> turned("label missing"), turned("wrong cap colour"), turned("crimp open")
    ('missing label', 'wrong cap colour', 'open crimp')
    """
    *first, last = name.split()
    return " ".join((last, *first)) if first and last.endswith(STATES) else name
