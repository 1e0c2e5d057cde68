"""What the mind's tasks are made of: classes and zones, what people call them, and invented words.

Half of the tasks speak of the product's own nine classes, the other half of a hundred others, and late courses of
products that sites may teach: matching a word to the list is what must be learned, not the list. Half of the defects
go by an invented word that only the glossary explains, for the same reason.
"""

from dataclasses import dataclass
from importlib import resources
from random import Random

from ruamel.yaml import YAML

from cameras.render import ZONES
from models.note import REST
from tuning.mind import wording
from tuning.mind.carried import Open, opened
from tuning.mind.speak import Said
from tuning.mind.wording import Wordings

SYLLABLES = tuple(
    (
        "ba be bi bo bu da de di do fa fe fi ga go ka ke ki ko la le li lo ma me mi mo na ne no pa pe ra re "
        "ri ro sa se si so ta te ti to va vi vo za zi zo "
    ).split()
)
ADJECTIVES = tuple(
    (
        "pale dull rough loose open grey brown light dark wet dry thin thick round long short raised sunken "
        "faint sharp soft hard deep flat "
    ).split()
)
NOUNS = tuple(
    (
        "mark line point ring patch trace edge lump grain flake bit end fault island cloud halo band run drop "
        "vein bump ridge shell film streak "
    ).split()
)
PARTS = ("coat", "shell", "rim", "core", "film", "layer", "product", "surface")
OWN = 0.55  # share of tasks in the product's own vocabulary


@dataclass(frozen=True, slots=True)
class Vocabulary:
    defects: tuple[str, ...]
    zones: tuple[str, ...]

    @property
    def places(self) -> tuple[str, ...]:
        """Zones that a rule can be restricted to: to name the only one restricts nothing, and forms fit no rest."""
        return tuple(zone for zone in self.zones if zone != REST) if len(self.zones) > 1 else ()


@dataclass(frozen=True, slots=True)
class Material:
    """Wordings and the package's glossary, loaded once."""

    wordings: Wordings
    glossary: dict[str, tuple[str, ...]]
    zones: tuple[str, ...] = ZONES  # of the product
    sized: tuple[str, ...] = ("spot", "stain", "chip", "fragment", "crack")  # classes that are limited by their size
    opened: tuple[Open, ...] = ()  # written sentences that can be said of any class
    written_share: float = 0.4  # of sentences about its own classes: somebody wrote them, they are no form

    @property
    def everything(self) -> Vocabulary:
        """Every class and zone that has words of its own."""
        words = self.wordings.words
        return Vocabulary((*words.own, *words.others), tuple(words.zones))

    @property
    def nameable(self) -> Vocabulary:
        """Every class and zone that any task can name."""
        everything, wordings = self.everything, self.wordings
        described = [name for one in wordings.described for kind in one.kinds.values() for name in kind.names]
        defects = dict.fromkeys((*everything.defects, *wordings.products.names, *described))
        return Vocabulary(tuple(defects), (*everything.zones, "product"))

    @property
    def own(self) -> Vocabulary:
        """The product's classes and zones, in their order."""
        return Vocabulary(tuple(self.wordings.words.own), self.zones)


def load_material() -> Material:
    text = resources.files("models").joinpath("embedded", "glossary.yaml").read_text(encoding="utf-8")
    wordings = wording.load_wordings()
    glossary = {word: tuple(said) for word, said in YAML(typ="safe", pure=True).load(text).items()}
    return Material(wordings, glossary, opened=opened(wordings.written, wordings.words))


def draw_vocabulary(draw: Random, material: Material, own: float) -> tuple[Vocabulary, bool]:
    if draw.random() < own:
        listed = material.own
        if draw.random() < 0.4:
            listed = Vocabulary(_shuffled(draw, listed.defects), _shuffled(draw, listed.zones))
        return listed, True
    everything = material.everything
    return Vocabulary(
        tuple(draw.sample(everything.defects, draw.randint(8, 14))),
        tuple(draw.sample(everything.zones, draw.randint(3, 6))),
    ), False


def _shuffled(draw: Random, words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(draw.sample(words, len(words)))


def draw_called(draw: Random, material: Material, defect: str) -> Said:
    called = material.wordings.words.called(defect)
    return Said(draw.choice(called.many), draw.choice(called.one))


def invented_word(draw: Random) -> str:
    way = draw.random()
    if way < 0.45:
        return "".join(draw.choice(SYLLABLES) for _ in range(draw.randint(2, 3)))
    pair = f"{draw.choice(ADJECTIVES)} {draw.choice(NOUNS)}"
    return pair if way < 0.85 else f"{draw.choice(PARTS)} {draw.choice(NOUNS)}"
